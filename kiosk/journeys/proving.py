"""The ways a holder shows who they are, and how a passcode is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from pydantic import SecretStr

from cardio.errors import PasscodeLocked, PasscodeRefused, WrongPasscode
from kiosk.codes import Sent, Then, TooManyMails
from kiosk.dialogue import Dialogue
from kiosk.journeys.endings import CannotHelp, SomethingElse
from kiosk.mail import MailNotSent
from kiosk.proofs import passcodes
from kiosk.proofs.emails import mask
from kiosk.refusals import CodeRefusal, PasscodeRule, Why
from kiosk.service import Service
from kiosk.steps import (
    Activity,
    AnswerQuestions,
    Busy,
    CodeChoice,
    CodeNotSent,
    EnterAssistance,
    EnterCode,
    EnterPasscode,
    LastTry,
    NewPasscode,
    Place,
    Purpose,
)
from kiosk.visit import Visit


async def by_passcode(
    visit: Visit, dialogue: Dialogue, service: Service, purpose: Purpose, place: Place
) -> SecretStr:
    """The present passcode, checked by the card; asks before the last try is spent."""
    tries = visit.sight.tries_left
    wrong = too_short = False
    while True:
        if tries == 1 and not await dialogue.ask(LastTry(place=place)):
            raise SomethingElse
        passcode = await dialogue.ask(
            EnterPasscode(
                purpose=purpose,
                tries_left=tries,
                wrong=wrong,
                too_short=too_short,
                format=visit.sight.passcode_format,
                place=place,
            )
        )
        try:
            async with dialogue.busy(Busy(Activity.CHECKING_PASSCODE, place=place)):
                await service.cards.check_passcode(visit, passcode, purpose)
            return passcode
        except PasscodeRefused:
            wrong, too_short = False, True
        except WrongPasscode as refusal:
            if refusal.tries_left == 0:
                raise CannotHelp(Why.PASSCODE_LOCKED) from None
            tries, wrong, too_short = refusal.tries_left, True, False
        except PasscodeLocked:
            raise CannotHelp(Why.PASSCODE_LOCKED) from None


async def by_questions(
    visit: Visit, dialogue: Dialogue, service: Service, purpose: Purpose, place: Place
) -> None:
    """The holder's security questions, all at once; one submission is one attempt."""
    left, wrong = visit.known.attempts_left, False
    while True:
        answers = await dialogue.ask(
            AnswerQuestions(
                questions=visit.known.questions,
                attempts_left=left,
                wrong=wrong,
                explain=purpose is Purpose.UNLOCK and not wrong,
                code_minutes=service.settings.codes.minutes,
                place=place,
            )
        )
        async with dialogue.busy(Busy(Activity.CHECKING_ANSWERS, place=place)):
            verdict = await service.attempts.check(visit, purpose, answers, dialogue.language)
        if verdict.right:
            return
        left, wrong = verdict.attempts_left, True
        if left == 0:
            raise CannotHelp(Why.BLOCKED)


async def by_assistance(visit: Visit, dialogue: Dialogue, service: Service, place: Place) -> None:
    """An assistance code from the RA, in place of the questions."""
    refusal: CodeRefusal | None = None
    left: int | None = None
    while True:
        typed = await dialogue.ask(EnterAssistance(refusal=refusal, tries_left=left, place=place))
        async with dialogue.busy(Busy(Activity.CHECKING_CODE, place=place)):
            entry = await service.assistance.check(visit, typed, dialogue.language)
        if entry.right:
            return
        if entry.refusal is not CodeRefusal.WRONG:
            raise CannotHelp(Why.NO_PROOF)
        refusal, left = entry.refusal, entry.tries_left


async def by_emailed_code(
    visit: Visit,
    dialogue: Dialogue,
    service: Service,
    purpose: Purpose,
    place: Place,
    *,
    email: str | None = None,
    draft: str | None = None,
    then: Then | None = None,
) -> SecretStr:
    """A code to the address, entered here; a code that is already under way is used.

    ``then`` runs in the transaction that consumes the code. Returns the code, which must not
    become the passcode.
    """
    pending = visit.pending(purpose)
    resumed = pending is not None and draft is None
    address = pending.email if pending and resumed and pending.email else email or visit.known.email
    masked = mask(address)
    refusal: CodeRefusal | None = None
    left: int | None = None
    sent: Sent | None = None
    if pending is not None and resumed and pending.code_expires_at is not None:
        sent = Sent(pending.code_expires_at, await service.codes.resend_at(visit, purpose))
    while True:
        if sent is None:
            sent, refusal = await _send(visit, dialogue, service, purpose, place, address, draft)
            left = None
        answer = await dialogue.ask(
            EnterCode(
                purpose=purpose,
                masked=masked,
                expires_at=sent.expires_at,
                resend_at=sent.resend_at,
                refusal=refusal,
                tries_left=left,
                something_else=resumed,
                place=place,
            )
        )
        if answer is CodeChoice.SEND_AGAIN:
            sent, draft = None, None
        elif answer is CodeChoice.SOMETHING_ELSE:
            raise SomethingElse
        elif isinstance(answer, SecretStr):
            async with dialogue.busy(Busy(Activity.CHECKING_CODE, place=place)):
                entry = await service.codes.check(visit, purpose, answer, then)
            if entry.right:
                return answer
            refusal, left = entry.refusal, entry.tries_left
            sent = Sent(sent.expires_at, await service.codes.resend_at(visit, purpose))


async def _send(
    visit: Visit,
    dialogue: Dialogue,
    service: Service,
    purpose: Purpose,
    place: Place,
    address: str,
    draft: str | None,
) -> tuple[Sent, CodeRefusal | None]:
    """Mail a code, until the server takes it or the person gives up."""
    masked = mask(address)
    while True:
        try:
            async with dialogue.busy(Busy(Activity.SENDING_MAIL, masked, place)):
                return await service.codes.send(visit, purpose, address, dialogue.language, draft), None
        except TooManyMails as limit:
            return _still_waiting(service, limit.again_at), CodeRefusal.TOO_MANY
        except MailNotSent:
            if not await dialogue.ask(CodeNotSent(masked=masked, place=place)):
                raise CannotHelp(Why.MAIL) from None


def _still_waiting(service: Service, again_at: datetime | None) -> Sent:
    """No mail may go out now: nothing can be entered until one may, or not in this visit at all."""
    if again_at is None:
        raise CannotHelp(Why.MAIL)
    return Sent(service.store.clock.now(), again_at)


async def choose_passcode(
    visit: Visit,
    dialogue: Dialogue,
    service: Service,
    place: Place,
    save: Callable[[SecretStr], Awaitable[None]],
    *,
    code: SecretStr | None = None,
    present: SecretStr | None = None,
) -> None:
    """A new passcode, twice, under the rules; ``save`` writes it to the card, which may refuse it."""
    fmt = passcodes.narrow(service.settings.passcode, visit.sight.passcode_format)
    refusal = None
    while True:
        new, again = await dialogue.ask(NewPasscode(format=fmt, refusal=refusal, place=place))
        refusal = passcodes.check(
            new, again, fmt=fmt, code=code, own_id=visit.known.holder_id, present=present
        )
        if refusal is None:
            try:
                async with dialogue.busy(Busy(Activity.WRITING_CARD, place=place)):
                    await save(new)
                return
            except PasscodeRefused:
                refusal = PasscodeRule.CARD
