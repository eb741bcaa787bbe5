"""What a kiosk would do for a card that was inspected, and why it would not do more. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cardio.card import KeyUse
from cardio.reader import Reader
from kiosk.families import by_name, families
from kiosk.genuine import unproven
from kiosk.journeys.offers import Decision, decide, refusal
from kiosk.keys import KeyProblem
from kiosk.office.cards import summary
from kiosk.office.inspecting import SeenFamily, proves
from kiosk.office.office import office
from kiosk.refusals import Why
from kiosk.settings import Settings
from kiosk.steps import Offer
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import CardState
from kiosk.storage.schema import StoreOutOfDate
from kiosk.trusts import trusts
from kiosk.visit import Belief, Known, Sight, Visit
from kiosk.wiring import Parts

_UNLOCKS = (Offer.UNLOCK, Offer.FORGOTTEN)
_SECRETS = {
    "none": "there is no unblock secret for it",
    "refused": "the card refused its unblock secret once: it is not sent again until somebody has looked",
    "unfit": "its unblock secret is none that such a card takes",
}
"""Why there is none to send, by the words of 'kiosk card list'."""


@dataclass(frozen=True)
class Prospect:
    """What a kiosk would do for the card now.

    ``why`` is a sentence: why it could not be unlocked, or what else has to be known. ``state`` is that of
    the card in the store, "unknown", or empty where there is no store to ask; ``unblock_secret`` as 'kiosk
    card list' has it; ``proof`` says how the card would have to prove itself, and whether it could.
    """

    unlockable: bool
    why: str
    state: str = ""
    unblock_secret: str = ""
    offers: tuple[Offer, ...] = ()
    proof: str = ""


_REFUSED: dict[Why | None, str] = {
    Why.CERTIFICATE_EXPIRED: "its certificate has expired (unlock.refuse_expired_certificates)",
    Why.RECORD_SHUT: "what the store has of its holder cannot be read: 'kiosk doctor' looks at the keys",
}


async def prospect(settings: Settings, reader: Reader, insertion: int, seen: SeenFamily) -> Prospect:
    """Ask the store about a card, and the card for the proof a kiosk would want. Raises CardIOError."""
    try:
        async with office(settings) as parts:
            return await _ask(parts, settings, reader, insertion, seen)
    except (StoreOutOfDate, StoreUnavailable, KeyProblem, OSError) as problem:
        return Prospect(unlockable=False, why=f"there is no store to ask: {problem}")


async def _ask(
    parts: Parts, settings: Settings, reader: Reader, insertion: int, seen: SeenFamily
) -> Prospect:
    if seen.id is None or seen.passcode_format is None:
        raise ValueError("no card was identified")
    known = await parts.service.holders.find(seen.id)
    if known is None:
        return Prospect(
            unlockable=False, why="the store does not know it: enrol or import it", state="unknown"
        )
    cards = await parts.enrolment.cards(known.holder_id)
    kept = next(one for one in map(summary, cards) if one.card == str(seen.id))
    result = Prospect(unlockable=False, why="", state=known.state.value, unblock_secret=kept.unblock_secret)
    if known.state is not CardState.ACTIVE:
        return replace(result, why=f"it is {known.state.value}")
    belief, proof = await _proof(settings, reader, insertion, seen, known)
    result = replace(result, proof=proof)
    if belief is None or (belief is Belief.LATER and seen.passcode_tries == 0):
        return replace(result, why="it cannot prove that it is the card that was enrolled: it may be a copy")
    sight = Sight(
        id=seen.id,
        tries_left=seen.passcode_tries,
        unblock_tries=seen.unblock_tries,
        passcode_format=seen.passcode_format,
        certificate_ends=seen.certificate_ends,
        belief=belief,
    )
    now = parts.service.store.clock.now()
    if (refused := refusal(sight, known, settings, now)) in _REFUSED:
        return replace(result, why=_REFUSED[refused])
    decision = decide(Visit("", insertion, known, sight), settings, now)
    return replace(
        result,
        unlockable=any(offer in _UNLOCKS for offer in decision.offers),
        offers=decision.offers,
        why=_why(decision, sight, known, settings, kept.unblock_secret),
    )


async def _proof(
    settings: Settings, reader: Reader, insertion: int, seen: SeenFamily, known: Known
) -> tuple[Belief | None, str]:
    """What a kiosk would think of the card before its passcode, None if it would refuse it; and in words."""
    rule = settings.cards.table(seen.name).card_authentication
    family = by_name(families(settings), seen.name)
    free = next((key for key in seen.keys if key.use is KeyUse.FREE), None)
    if rule == "off":
        return Belief.PROVEN, "not asked for (card_authentication is off)"
    if known.public_key is not None:
        async with reader.session(insertion) as channel:
            card = await family.open(channel)
            if card is not None and card.id == seen.id and await proves(card, known.public_key):
                return Belief.PROVEN, "signs with the key pinned for it"
        return None, "does not sign with the key pinned for it"
    if free is not None and free.vouched and free.signs:
        return Belief.PROVEN, "signs with a key that a CA vouches for"
    if family.traits.mutual and known.has_unblock_secret:
        return Belief.MUTUAL, "by its unblock secret (mutual authentication), when it is unlocked"
    has_cas = seen.name in trusts(settings, datetime.now(UTC))
    belief = unproven(known, rule, has_cas=has_cas)
    if known.passcode_key is not None:
        return belief, "after the passcode, with the key pinned for it"
    if has_cas:
        return belief, "after the passcode, with a key that a CA vouches for"
    if belief is None:
        return None, "no key is pinned for it, and card_authentication demands one"
    return belief, "no key is pinned: a copy could not be told from it"


def _why(decision: Decision, sight: Sight, known: Known, settings: Settings, secret: str) -> str:
    """Why there is no unlock among the offers; empty where there is."""
    if any(offer in _UNLOCKS for offer in decision.offers):
        return ""
    if decision.note is Why.NO_UNBLOCK:
        return _why_no_secret(sight, known, settings, secret)
    if known.blocked:
        return "its holder is blocked: clear the block, or issue an assistance code"
    if decision.note is Why.HOLD:
        return "its holder registered only just now (register.hold_hours)"
    return "its holder has not registered" if not known.registered else "its holder has no email address"


_WHY_DOUBTED = (
    "it cannot prove itself while it is locked, and so is sent no unblock secret: another card has the same, "
    "or card_authentication demands a proof"
)


def _why_no_secret(sight: Sight, known: Known, settings: Settings, secret: str) -> str:
    least = settings.unlock.min_unblock_tries
    if not known.has_unblock_secret:
        return _SECRETS.get(secret, f"its unblock secret: {secret}")
    if sight.unblock_tries is not None and sight.unblock_tries < least:
        return f"its unblock secret has too few tries left: {sight.unblock_tries}, and {least} are needed"
    if sight.belief is Belief.DOUBTED:
        return _WHY_DOUBTED
    return "it is sent no unblock secret before a CA has vouched for it"
