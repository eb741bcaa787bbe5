"""A holder and a card as the store has them, and what is said of those that it does not have."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardio.card import CardId
from kiosk.arrivals import EnrolmentError
from kiosk.storage.models import CardRow, HolderRow
from kiosk.unblock import Source


@dataclass(frozen=True)
class EnrolledHolder:
    """A holder; name and the RA's address are None where they do not open."""

    row: HolderRow
    name: str | None = field(repr=False)
    email: str | None = field(repr=False)


@dataclass(frozen=True)
class EnrolledCard:
    """A card, its holder (the name None where it does not open), and where its unblock secret comes from.

    ``replacing``: a new one was begun, and which of the two the card holds is not known.
    """

    card: CardRow
    holder_id: str
    holder_name: str | None
    source: Source
    replacing: bool


def unknown_holder(holder_id: str) -> EnrolmentError:
    """The error for an id that nobody has."""
    return EnrolmentError(f"there is no holder {holder_id!r}: add one with 'kiosk holder add'")


def unknown_card(card: CardId) -> EnrolmentError:
    """The error for a card that the store does not know."""
    return EnrolmentError(f"there is no card {card} in the store")


def refused_before(name: str) -> EnrolmentError:
    """The error for a secret, of that name, that a card has refused."""
    return EnrolmentError(
        f"the card has refused this {name} before, so it is not sent again: see 'kiosk card clear-secret'"
    )
