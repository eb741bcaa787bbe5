"""Cards in the store: their list, and their states."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cardio.card import CardId
from kiosk.enrolled import EnrolledCard, unknown_card
from kiosk.office import deeds
from kiosk.office.office import office
from kiosk.settings import Settings
from kiosk.storage.models import CardRow, CardState, UnblockState
from kiosk.unblock import Source

UNREADABLE = "(cannot be read)"  # a name or an address that does not open


@dataclass(frozen=True)
class CardSummary:
    """A card as a list shows it.

    ``proves_itself``: "always", "after the passcode" or "when unlocked", by what is pinned or was proven; or
    "no". ``unblock_secret``: "kept", "derived", "none", "unfit" (kept, but no such card takes it), "being
    replaced", or "refused" by the card once.
    """

    card: str
    holder_id: str
    holder_name: str
    state: str
    unblock_secret: str
    proves_itself: str
    created_at: datetime


def summary(enrolled: EnrolledCard) -> CardSummary:
    """What may be told of a card."""
    card = enrolled.card
    return CardSummary(
        str(CardId(card.family, card.kind, card.serial)),
        enrolled.holder_id,
        UNREADABLE if enrolled.holder_name is None else enrolled.holder_name,
        card.state,
        _unblock_secret(enrolled),
        _proves_itself(card),
        card.created_at,
    )


def _proves_itself(card: CardRow) -> str:
    if card.public_key is not None:
        return "always"
    if card.passcode_key is not None:
        return "after the passcode"
    return "when unlocked" if card.mutual_proven else "no"


def _unblock_secret(enrolled: EnrolledCard) -> str:
    if enrolled.source is Source.NONE and not enrolled.replacing:
        return "none"
    if enrolled.card.unblock_state == UnblockState.FAILED.value:
        return "refused"
    return "being replaced" if enrolled.replacing else str(enrolled.source.value)


async def all_cards(settings: Settings, holder_id: str | None) -> AsyncIterator[Sequence[CardSummary]]:
    """Every card, page by page, or those of one holder. Raises EnrolmentError for an unknown holder."""
    async with office(settings) as parts:
        if holder_id is not None:
            await parts.enrolment.holder(holder_id)
            yield [summary(one) for one in await parts.enrolment.cards(holder_id)]
            return
        async for page in parts.enrolment.all_cards():
            yield [summary(one) for one in page]


async def clear_secret(settings: Settings, serial: str, reason: str, *, by: str) -> CardId:
    """Let a card's unblock secret be sent again, or be replaced by another. Raises EnrolmentError."""
    card = deeds.card_id(settings, serial)
    async with office(settings) as parts:
        await deeds.clear_secret(parts, card, reason, by=by)
    return card


async def set_state(settings: Settings, serial: str, state: CardState, reason: str, *, by: str) -> CardId:
    """Suspend, revoke or take a card back into use. Raises EnrolmentError."""
    card = deeds.card_id(settings, serial)
    async with office(settings) as parts:
        await deeds.set_state(parts, card, state, reason, by=by)
    return card


async def owned(settings: Settings, serial: str) -> tuple[CardId, str]:
    """A card of the store, and its holder's id. Raises EnrolmentError."""
    card = deeds.card_id(settings, serial)
    async with office(settings) as parts:
        known = await parts.service.holders.find(card)
    if known is None:
        raise unknown_card(card)
    return card, known.holder_id
