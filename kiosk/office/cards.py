"""Cards in the store: their list, and their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cardio.card import CardId
from kiosk.enrolment import EnrolledCard
from kiosk.families import families
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.settings import Settings
from kiosk.storage.models import CardState, UnblockState


@dataclass(frozen=True)
class CardSummary:
    """A card as a list shows it. ``unblock_secret``: "kept", "none", or "refused" by the card once."""

    card: str
    holder_id: str
    holder_name: str
    state: str
    unblock_secret: str
    key_pinned: bool
    created_at: datetime


def summary(enrolled: EnrolledCard) -> CardSummary:
    """What may be told of a card."""
    card, holder = enrolled.card, enrolled.holder
    refused = card.unblock_state == UnblockState.FAILED.value
    return CardSummary(
        str(CardId(card.family, card.kind, card.serial)),
        holder.holder_id,
        holder.name,
        card.state,
        ("refused" if refused else "kept") if enrolled.has_secret else "none",
        card.public_key is not None,
        card.created_at,
    )


async def all_cards(settings: Settings, holder_id: str | None) -> Sequence[CardSummary]:
    """Every card, or those of one holder. Raises EnrolmentError for an unknown holder."""
    async with office(settings) as parts:
        if holder_id is not None:
            await parts.enrolment.holder(holder_id)
        return [summary(one) for one in await parts.enrolment.cards(holder_id)]


async def set_state(settings: Settings, serial: str, state: CardState, reason: str, *, by: str) -> CardId:
    """Suspend, revoke or take a card back into use. Raises EnrolmentError."""
    reason = fields.checked("the reason", fields.reason, reason)
    known = families(settings)
    family = next((one for one in known if serial.startswith(f"{one.name}:")), known[0])
    card = fields.checked("SERIAL", fields.card_id, serial, family)
    async with office(settings) as parts:
        await parts.enrolment.set_card_state(card, state, by=by, reason=reason)
    return card
