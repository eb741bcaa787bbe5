"""The table "When a card goes in": what a card that was read may have done. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kiosk.refusals import Why
from kiosk.settings import Settings
from kiosk.steps import Offer, Proof, Purpose
from kiosk.storage.models import CardState
from kiosk.unblock import FIELD
from kiosk.visit import Known, Pending, Sight, Visit

JOURNEY_OF = {
    Purpose.REGISTER: Offer.REGISTER,
    Purpose.UNLOCK: Offer.UNLOCK,
    Purpose.CHANGE_DETAILS: Offer.CHANGE_DETAILS,
    Purpose.CHANGE_EMAIL: Offer.CHANGE_DETAILS,
    Purpose.WITHDRAW: Offer.WITHDRAW,
}


@dataclass(frozen=True)
class Decision:
    """What to offer, in order, and why something is missing. No offers = the RA's contact."""

    offers: tuple[Offer, ...] = ()
    note: Why | None = None


def refusal(sight: Sight, known: Known | None, settings: Settings, now: datetime) -> Why | None:
    """Why this card gets no further than the RA's contact, before anything is offered."""
    if known is None or known.state is not CardState.ACTIVE:
        return Why.UNKNOWN_CARD
    if any(field != FIELD for field in known.shut):  # of the person; without a secret some things still work
        return Why.RECORD_SHUT
    ends = sight.certificate_ends
    if settings.unlock.refuse_expired_certificates and ends is not None and ends <= now:
        return Why.CERTIFICATE_EXPIRED
    return None


def pending_code(visit: Visit, settings: Settings) -> Pending | None:
    """The newest code that can be entered, and whose journey this card can still make."""
    for pending in visit.known.pending:
        if pending.code_expires_at is not None and _can_go_on(pending, visit, settings):
            return pending
    return None


def _can_go_on(pending: Pending, visit: Visit, settings: Settings) -> bool:
    known, sight = visit.known, visit.sight
    if pending.purpose is Purpose.UNLOCK:
        return can_unblock(known, sight, settings) and (pending.assisted or not known.blocked)
    if pending.purpose is Purpose.REGISTER and (known.registered or not can_register(known, sight, settings)):
        return False  # meanwhile, with another card; or it would lead to nothing
    return pending.purpose in JOURNEY_OF and not sight.locked and not known.blocked


def decide(visit: Visit, settings: Settings, now: datetime) -> Decision:
    """The rows of the table for an active, genuine card, from the top; the first that fits wins."""
    known, sight = visit.known, visit.sight
    usable = can_unblock(known, sight, settings)
    if sight.locked:
        return _locked(known, settings, now, usable=usable)
    helped = (Offer.ASSISTANCE,) if usable and known.email else ()
    if known.blocked:
        return Decision((Offer.CHANGE_PASSCODE, *helped), Why.BLOCKED)
    missing = missing_proof(known, settings, now)
    forgotten = (Offer.FORGOTTEN,) if usable and missing is None else ()
    assisted = helped if known.assistance else ()
    note = None if usable else Why.NO_UNBLOCK
    if known.registered:
        note = note or missing
        rest = (Offer.CHANGE_DETAILS, Offer.WITHDRAW)
        return Decision((Offer.CHANGE_PASSCODE, *forgotten, *assisted, *rest), note)
    register = (Offer.REGISTER,) if can_register(known, sight, settings) else ()
    note = None if register else note
    return Decision((*register, Offer.CHANGE_PASSCODE, *forgotten, *assisted), note)


def _locked(known: Known, settings: Settings, now: datetime, *, usable: bool) -> Decision:
    if not usable:
        return Decision(note=Why.NO_UNBLOCK)
    helped = (Offer.ASSISTANCE,) if known.email else ()
    if known.blocked:
        return Decision(helped, Why.BLOCKED)
    missing = missing_proof(known, settings, now)
    if missing is not None:
        return Decision(helped, missing)
    return Decision((Offer.UNLOCK, *(helped if known.assistance else ())))


def can_unblock(known: Known, sight: Sight, settings: Settings) -> bool:
    """Whether there is an unblock secret for this card, and it may be sent to the one in the reader."""
    return has_secret(known, sight, settings) and sight.belief.may_have_secret


def can_register(known: Known, sight: Sight, settings: Settings) -> bool:
    """Whether a registration may ever lead to an unlock."""
    return has_secret(known, sight, settings) and sight.belief.may_register


def has_secret(known: Known, sight: Sight, settings: Settings) -> bool:
    """Whether the unblock secret is there, was never refused, and has tries to spare."""
    tries = sight.unblock_tries
    spare = tries is None or tries >= settings.unlock.min_unblock_tries
    return known.has_unblock_secret and spare


def missing_proof(known: Known, settings: Settings, now: datetime) -> Why | None:
    """Why the holder cannot give what ``unlock.proofs`` asks, None if they can."""
    proofs = [Proof(name) for name in settings.unlock.proofs]
    if Proof.QUESTIONS in proofs and not known.registered:
        return Why.PROOF_MISSING
    if Proof.EMAIL_CODE in proofs and not known.email:
        return Why.PROOF_MISSING
    if known.registered and known.usable_from is not None and known.usable_from > now:
        return Why.HOLD
    return None
