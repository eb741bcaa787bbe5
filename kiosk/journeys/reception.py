"""Receive a card: look at it, settle what is open, offer what it can have done, and do that."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from cardio.errors import (
    CardError,
    CardIOError,
    CardRemoved,
    CardUnsupported,
    NotGenuine,
    OutcomeUnknown,
    PasscodeLocked,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from kiosk.audit import Event, Outcome, Subject
from kiosk.dialogue import Dialogue
from kiosk.journeys.change_details import change_details, withdraw
from kiosk.journeys.change_passcode import change_passcode
from kiosk.journeys.endings import CannotHelp, SomethingElse, tell
from kiosk.journeys.offers import JOURNEY_OF, Decision, decide, pending_code, refusal
from kiosk.journeys.register import register
from kiosk.journeys.unlock import unlock
from kiosk.keys import KeyProblem
from kiosk.pendings import ProofMissing
from kiosk.refusals import Why
from kiosk.service import Service
from kiosk.steps import (
    Activity,
    Busy,
    Ending,
    EnterPasscode,
    Finished,
    Offer,
    Proof,
    Purpose,
    SeeRA,
    Welcome,
)
from kiosk.unblock import UnblockNotPossible
from kiosk.vault import VaultError
from kiosk.visit import Known, OpenWrite, Sight, Visit

log = logging.getLogger(__name__)

WHY_OF_ERROR: tuple[tuple[type[Exception], Why], ...] = (
    (CardUnsupported, Why.UNREADABLE),
    (NotGenuine, Why.NOT_GENUINE),
    (UnblockNotPossible, Why.NO_UNBLOCK),
    (WrongUnblockSecret, Why.NO_UNBLOCK),
    (UnblockSecretLocked, Why.NO_UNBLOCK),
    (VaultError, Why.RECORD_SHUT),
    (KeyProblem, Why.RECORD_SHUT),  # a token that was pulled out: nothing can be checked
    (ProofMissing, Why.PROOF_EXPIRED),
    (CardRemoved, Why.PUT_BACK),
    (OutcomeUnknown, Why.PUT_BACK),
    (CardError, Why.CARD_FAILED),
    (CardIOError, Why.PUT_BACK),
)


async def receive(
    reference: str,
    insertion: int,
    dialogue: Dialogue,
    service: Service,
    recognised: Callable[[Known], None] = lambda _: None,
) -> None:
    """One visit, from the card's going in to its last screen. Raises Abandoned, StoreUnavailable.

    Everything expected that can end a journey becomes the RA's contact here, in one place.
    ``recognised`` is told whose card it is, as soon as that is known.
    """
    about = Subject(visit=reference)
    try:
        async with dialogue.busy(Busy(Activity.READING_CARD)):
            await service.pendings.sweep()
            sight, known = await service.cards.look(reference, insertion)
        if known is not None:
            about = Visit(reference, insertion, known, sight).about
            if known.shut:
                await _alarm(about, ", ".join(known.shut), service)
        known = await _admit(sight, known, about, service)
        recognised(known)
        visit = Visit(reference, insertion, known, sight)
        await service.store.record(
            Event.CARD_SEEN,
            about,
            locked=sight.locked,
            tries_left=sight.tries_left,
            unblock_tries_left=sight.unblock_tries,
        )
        visit = await _settle(visit, dialogue, service)
        await _serve(visit, dialogue, service)
    except CannotHelp as end:
        await dialogue.ask(SeeRA(why=end.why, reference=reference))
    except (CardIOError, UnblockNotPossible, VaultError, KeyProblem, ProofMissing) as error:
        why = next(why for kind, why in WHY_OF_ERROR if isinstance(error, kind))
        log.warning("visit %s: %s: %s", reference, type(error).__name__, error)
        if isinstance(error, VaultError | KeyProblem):  # altered, or a token pulled out, since it went in
            await _alarm(about, str(error), service)
        elif not isinstance(error, NotGenuine):  # that alarm is on record already
            await service.store.record(Event.CARD_REFUSED, about, Outcome.FAILED, type(error).__name__)
        await dialogue.ask(SeeRA(why=why, reference=reference))


async def _alarm(about: Subject, reason: str, service: Service) -> None:
    """Something that is kept of card or holder does not open."""
    await service.store.record(Event.VAULT_SHUT, about, Outcome.ALARM, reason)


async def _serve(visit: Visit, dialogue: Dialogue, service: Service) -> None:
    """The pending code first; then what this card offers, until a journey has come to its end."""
    resume = pending_code(visit, service.settings)
    try:
        if resume is not None:
            await _run(JOURNEY_OF[resume.purpose], visit, dialogue, service)
            return
    except SomethingElse:
        visit = await _look_again(visit, dialogue, service)
    while True:
        decision = decide(visit, service.settings, service.store.clock.now())
        offer = await _offer(decision, visit, dialogue, service)
        try:
            await _run(offer, visit.afresh(), dialogue, service)
            return
        except SomethingElse:
            visit = await _look_again(visit, dialogue, service)


async def _look_again(visit: Visit, dialogue: Dialogue, service: Service) -> Visit:
    """The same visit with what card and store say now: tries may have been spent, a card revoked."""
    async with dialogue.busy(Busy(Activity.READING_CARD)):
        sight, known = await service.cards.look_again(visit)
    return replace(visit, sight=sight, known=await _admit(sight, known, visit.about, service))


async def _admit(sight: Sight, known: Known | None, about: Subject, service: Service) -> Known:
    """A card that may have anything done here. Raises CannotHelp for any other, which is audited."""
    why = refusal(sight, known, service.settings, service.store.clock.now())
    if known is not None and why is None:
        return known
    why = why or Why.UNKNOWN_CARD
    reason = known.state.value if known and why is Why.UNKNOWN_CARD else why.value
    await service.store.record(Event.CARD_REFUSED, about, Outcome.REFUSED, reason)
    raise CannotHelp(why)


async def _offer(decision: Decision, visit: Visit, dialogue: Dialogue, service: Service) -> Offer:
    """Ask which journey; not at all where there is one, and it begins by asking the questions."""
    if not decision.offers:
        why = decision.note or Why.NO_PROOF
        await service.store.record(Event.CARD_REFUSED, visit.about, Outcome.REFUSED, why.value)
        raise CannotHelp(why)
    missing = service.proofs_still_missing(visit)
    if decision.offers == (Offer.UNLOCK,) and missing and missing[0] is Proof.QUESTIONS:
        return Offer.UNLOCK
    return await dialogue.ask(
        Welcome(
            first_name=visit.known.first_name,
            offers=decision.offers,
            note=decision.note,
            locked=visit.sight.locked,
        )
    )


async def _run(offer: Offer, visit: Visit, dialogue: Dialogue, service: Service) -> None:
    match offer:
        case Offer.REGISTER:
            await register(visit, dialogue, service)
        case Offer.UNLOCK | Offer.FORGOTTEN | Offer.ASSISTANCE:
            await unlock(visit, dialogue, service, offer=offer)
        case Offer.CHANGE_PASSCODE:
            await change_passcode(visit, dialogue, service)
        case Offer.CHANGE_DETAILS:
            await change_details(visit, dialogue, service)
        case Offer.WITHDRAW:
            await withdraw(visit, dialogue, service)


async def _settle(visit: Visit, dialogue: Dialogue, service: Service) -> Visit:
    """Find out what became of a write whose answer was lost, by asking the card."""
    write = visit.known.open_write
    if write is None:
        return visit
    if write.done and visit.sight.locked:  # as it may have been since
        await service.journal.told(write.id)
    elif write.done:
        await tell(dialogue, service, Finished(ending=Ending.CARD_WORKS), write.id)
    elif write.was_locked:
        if visit.sight.locked:
            await service.journal.not_done(visit, write, visit.sight)
        else:
            await _done(visit, write, dialogue, service)
    elif visit.sight.locked and write.answered:
        await service.journal.taken_by_another(visit, write)
    elif visit.sight.locked:
        await service.journal.open_ended(visit, write, visit.sight)  # locked since: neither passcode opens it
    else:
        await _settle_by_asking(visit, write, dialogue, service)
    return await _look_again(visit, dialogue, service)


async def _settle_by_asking(visit: Visit, write: OpenWrite, dialogue: Dialogue, service: Service) -> None:
    """One VERIFY of the passcode the holder chose then, never the last try."""
    tries = visit.sight.tries_left
    if tries is not None and tries < 2:
        await service.journal.open_ended(visit, write, visit.sight)
        return
    too_short = False
    while True:
        step = EnterPasscode(
            purpose=Purpose.SETTLE,
            tries_left=tries,
            too_short=too_short,
            format=visit.sight.passcode_format,
        )
        passcode = await dialogue.ask(step)
        try:
            async with dialogue.busy(Busy(Activity.CHECKING_PASSCODE)):
                await service.cards.settle_by_asking(visit, passcode)
        except PasscodeRefused as refusal:
            too_short = True
            if refusal.sw:  # the card's own word: it may have cost a try
                await service.journal.open_ended(visit, write, visit.sight)
                return
        except PasscodeLocked:  # a card that does not tell its tries: neither passcode opens it
            await service.journal.open_ended(visit, write, visit.sight)
            raise CannotHelp(Why.PASSCODE_LOCKED) from None
        except WrongPasscode:
            await service.journal.not_done(visit, write, visit.sight)
            await dialogue.ask(Finished(ending=Ending.OLD_PASSCODE))
            return
        else:
            await _done(visit, write, dialogue, service)
            return


async def _done(visit: Visit, write: OpenWrite, dialogue: Dialogue, service: Service) -> None:
    await service.journal.done(visit, write.id, write.purpose, dialogue.language)
    await tell(dialogue, service, Finished(ending=Ending.CARD_WORKS), write.id)
