"""Holders: adding, looking up, and helping the blocked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from cardio.card import CardId
from kiosk import erasure
from kiosk.enrolment import EnrolledHolder, EnrolmentError, NewHolder
from kiosk.office import fields
from kiosk.office.cards import UNREADABLE, CardSummary, summary
from kiosk.office.office import office
from kiosk.office.operator import names
from kiosk.proofs.emails import mask
from kiosk.settings import Settings
from kiosk.storage.models import row_id
from kiosk.visit import Known
from kiosk.wiring import Parts


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
    """A holder with their cards; ``own_email`` is masked, and empty where not registered."""

    holder: HolderSummary
    registered: bool
    own_email: str
    cards: tuple[CardSummary, ...]


async def add(settings: Settings, holder_id: str, name: str, email: str, *, by: str) -> None:
    """Add a holder. Raises EnrolmentError where a value cannot stand, or the id is taken."""
    holder = NewHolder(
        fields.checked("the id", fields.holder_id, holder_id),
        fields.checked("the name", fields.name, name),
        fields.checked("the email address", fields.email, email, settings.email.domains),
    )
    async with office(settings) as parts:
        await parts.enrolment.add_holder(holder, by=by)


async def everybody(settings: Settings) -> AsyncIterator[list[HolderSummary]]:
    """Every holder, by id, page by page."""
    async with office(settings) as parts:
        async for page in parts.enrolment.all_holders():
            yield [_summary(row) for row in page]


async def find(settings: Settings, text: str) -> list[HolderSummary]:
    """The holders of that id or address, or whose name has all these words. Raises EnrolmentError."""
    if not text.strip():
        raise EnrolmentError("say who is looked for: an id, an address, or words of a name")
    async with office(settings) as parts:
        return [_summary(row) for row in await parts.enrolment.find(text)]


async def one(settings: Settings, holder_id: str) -> Person:
    """One holder. Raises EnrolmentError if there is none of that id."""
    async with office(settings) as parts:
        holder = await parts.enrolment.holder(holder_id)
        cards = await parts.enrolment.cards(holder_id)
        known = await _known(parts, holder_id)
    return Person(
        _summary(holder),
        registered=known is not None and known.registered,
        own_email=mask(known.own_email) if known is not None and known.own_email else "",
        cards=tuple(map(summary, cards)),
    )


async def clear_block(settings: Settings, holder_id: str, reason: str, *, by: str) -> None:
    """Give the holder all attempts back. Raises EnrolmentError, also where nothing is to be cleared."""
    reason = fields.checked("the reason", fields.reason, reason)
    async with office(settings) as parts:
        enrolled = await parts.enrolment.holder(holder_id)
        holder = enrolled.row
        await _require_impersonal(parts, enrolled, reason)
        known = await _known(parts, holder_id)
        if known is None or not (holder.attempts or holder.blocked_at):
            raise EnrolmentError(f"holder {holder_id!r} is not blocked and has all attempts")
        await parts.service.assistance.clear_block(known, by=by, reason=reason)


async def assist(settings: Settings, holder_id: str, reason: str, *, by: str) -> tuple[SecretStr, datetime]:
    """Issue an assistance code; returns it and its end (UTC).

    Raises EnrolmentError for officers' own cards, and where there is no address for the emailed code.
    """
    reason = fields.checked("the reason", fields.reason, reason)
    async with office(settings) as parts:
        await _require_impersonal(parts, await parts.enrolment.holder(holder_id), reason)
        await _require_another(parts, holder_id, by)
        known = await _known(parts, holder_id)
        if known is None:
            raise EnrolmentError(f"holder {holder_id!r} has no card: enrol one with 'kiosk card enrol'")
        if known.shut:
            raise EnrolmentError(f"parts of what is kept of holder {holder_id!r} do not open: 'kiosk doctor'")
        if not known.email:
            raise EnrolmentError(
                f"holder {holder_id!r} has no email address, and the code that is mailed is still needed"
            )
        code = await parts.service.assistance.issue(
            known, by=by, reason=reason, language=settings.site.language
        )
        ends = parts.service.store.clock.now() + timedelta(minutes=settings.codes.assistance_minutes)
        return code, ends


async def forget(settings: Settings, holder_id: str, reason: str, *, by: str) -> int:
    """Erase a holder and their cards; how many audit events stay, with a bare key.

    Raises EnrolmentError, also for a reason that names the person: it stays.
    """
    reason = fields.checked("the reason", fields.reason, reason)
    async with office(settings) as parts:
        holder = await parts.enrolment.holder(holder_id)
        await _require_impersonal(parts, holder, reason)
        return await erasure.forget(parts.service.store, row_id(holder.row), by=by, reason=reason)


async def _require_impersonal(parts: Parts, holder: EnrolledHolder, reason: str) -> None:
    """Raise EnrolmentError for a reason that names the holder, or a card of theirs: no event ever does."""
    cards = [one.card.serial for one in await parts.enrolment.cards(holder.row.holder_id)]
    names, address = (holder.name or "").split(), (holder.email or "").partition("@")[0]
    personal = [holder.row.holder_id, *names, address, *cards]
    fields.checked("the reason", fields.impersonal, reason, personal)


async def _require_another(parts: Parts, holder_id: str, by: str) -> None:
    """Raise EnrolmentError for officers themselves: by their name, their OS account, or their staff card."""
    themselves = names(by)
    mine = holder_id.casefold() in themselves
    for card in (one.card for one in await parts.enrolment.cards(holder_id)):
        account = await parts.accounts.of_card(CardId(card.family, card.kind, card.serial))
        mine = mine or (account is not None and account.name in themselves)
    if mine:
        raise EnrolmentError("nobody issues a code for themselves: ask another officer")


async def _known(parts: Parts, holder_id: str) -> Known | None:
    """The holder's facts, None without a card. No card is named: this is about the person."""
    cards = await parts.enrolment.cards(holder_id)
    if not cards:
        return None
    card = cards[0].card
    known = await parts.service.holders.find(CardId(card.family, card.kind, card.serial))
    return None if known is None else replace(known, card_key="")


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
