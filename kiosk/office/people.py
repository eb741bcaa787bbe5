"""Holders: adding, looking up, and helping the blocked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from kiosk import erasure
from kiosk.enrolled import EnrolledHolder
from kiosk.enrolment import EnrolmentError
from kiosk.office import deeds, pages
from kiosk.office.cards import UNREADABLE, CardSummary, summary
from kiosk.office.office import office
from kiosk.proofs.emails import mask
from kiosk.settings import Settings
from kiosk.staff.desk import EventLine
from kiosk.storage.models import row_id


@dataclass(frozen=True)
class HolderSummary:
    """A holder as a list shows them; ``email`` is the RA's. Times are UTC."""

    id: str
    name: str
    email: str
    failed_attempts: int
    blocked_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Person:
    """A holder with their cards; ``own_email`` is masked, and empty where not registered.

    ``may_unlock_from``: the registration is held until then. ``assistance_ends`` is set while a code waits.
    ``events``: the newest that are about them, the newest first. Times are UTC.
    """

    holder: HolderSummary
    registered: bool
    own_email: str
    cards: tuple[CardSummary, ...]
    registered_at: datetime | None
    may_unlock_from: datetime | None
    attempts_left: int
    assistance_ends: datetime | None
    events: tuple[EventLine, ...]


async def add(
    settings: Settings, holder_id: str, name: str, email: str, reason: str = "", *, by: str
) -> None:
    """Add a holder. Raises EnrolmentError where a value cannot stand, or the id is taken."""
    holder = deeds.new_holder(settings, holder_id, name, email)
    async with office(settings) as parts:
        await deeds.add(parts, holder, reason, by=by)


async def everybody(settings: Settings) -> AsyncIterator[list[HolderSummary]]:
    """Every holder, by id, page by page."""
    async with office(settings) as parts:
        async for page in parts.enrolment.all_holders():
            yield [_summary(row) for row in page]


async def find(settings: Settings, text: str) -> list[HolderSummary]:
    """The holders of that id, address or visit, or whose name has all these words.

    Raises EnrolmentError, also for the reference of a visit that leads to nobody, and says why.
    """
    if not text.strip():
        raise EnrolmentError("say who is looked for: an id, an address, a reference, or words of a name")
    async with office(settings) as parts:
        found = [_summary(row) for row in await parts.enrolment.find(text)]
        if not found and (why := await parts.enrolment.why_nobody(text)):
            raise EnrolmentError(why)
        return found


async def of_card(settings: Settings, serial: str) -> list[HolderSummary]:
    """The holder of a card, as a list of one; an empty one where the store does not know the card.

    Raises EnrolmentError for what is no card's number.
    """
    card = deeds.card_id(settings, serial)
    async with office(settings) as parts:
        known = await parts.service.holders.find(card)
        return [] if known is None else [_summary(await parts.enrolment.holder(known.holder_id))]


async def one(settings: Settings, holder_id: str) -> Person:
    """One holder. Raises EnrolmentError if there is none of that id."""
    async with office(settings) as parts:
        page = await pages.page(parts, holder_id)
        holder = await parts.enrolment.holder(holder_id)
        cards = await parts.enrolment.cards(holder_id)
    return Person(
        _summary(holder),
        registered=page.registered_at is not None,
        own_email=page.own_email,
        cards=tuple(map(summary, cards)),
        registered_at=page.registered_at,
        may_unlock_from=page.may_unlock_from,
        attempts_left=page.attempts_left,
        assistance_ends=page.assistance_ends,
        events=page.events,
    )


async def clear_block(settings: Settings, holder_id: str, reason: str, *, by: str) -> None:
    """Give the holder all attempts back. Raises EnrolmentError, also where nothing is to be cleared."""
    async with office(settings) as parts:
        await deeds.clear_block(parts, holder_id, reason, by=by)


async def assist(settings: Settings, holder_id: str, reason: str, *, by: str) -> tuple[SecretStr, datetime]:
    """Issue an assistance code; returns it and its end (UTC).

    Raises EnrolmentError for officers' own cards, and where there is no address for the emailed code.
    """
    async with office(settings) as parts:
        return await deeds.assist(parts, holder_id, reason, by=by)


async def set_email(
    settings: Settings, holder_id: str, email: str, reason: str, *, by: str
) -> tuple[str, tuple[str, ...]]:
    """Have codes go to another address: that one, and masked those that gave way and are told.

    Raises EnrolmentError, for officers' own cards too.
    """
    async with office(settings) as parts:
        before = await deeds.set_email(parts, holder_id, email, reason, by=by)
    new = deeds.address(settings, email)
    return new, tuple(mask(old) for old in before.addresses if old != new)


async def withdraw(settings: Settings, holder_id: str, reason: str, *, by: str) -> tuple[str, ...]:
    """End a registration; the addresses that are told of it, masked. Raises EnrolmentError."""
    async with office(settings) as parts:
        before = await deeds.withdraw(parts, holder_id, reason, by=by)
    return tuple(map(mask, before.addresses))


async def forget(settings: Settings, holder_id: str, reason: str, *, by: str) -> int:
    """Erase a holder and their cards; how many audit events stay, with a bare key.

    Raises EnrolmentError, also for a reason that names the person: it stays.
    """
    async with office(settings) as parts:
        reason = await deeds.reason_about(parts, holder_id, reason)
        holder = await parts.enrolment.holder(holder_id)
        return await erasure.forget(parts.service.store, row_id(holder.row), by=by, reason=reason)


def _summary(holder: EnrolledHolder) -> HolderSummary:
    row = holder.row
    return HolderSummary(
        row.holder_id,
        UNREADABLE if holder.name is None else holder.name,
        UNREADABLE if holder.email is None else holder.email,
        row.attempts,
        row.blocked_at,
        row.created_at,
    )
