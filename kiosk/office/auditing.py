"""The audit trail at the officer's desk: verifying, showing and exporting it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.audit import Event, Outcome, Subject
from kiosk.chain import Head
from kiosk.enrolment import EnrolmentError
from kiosk.office import exporting
from kiosk.office.cards import UNREADABLE
from kiosk.office.deeds import card_id
from kiosk.office.exporting import Format
from kiosk.office.office import office
from kiosk.persons import Personal
from kiosk.settings import Settings
from kiosk.storage.models import CardRow, HolderRow
from kiosk.storage.trail import AuditRow, CheckpointRow
from kiosk.trail import Told, Trail
from kiosk.verification import Fault, Flaw, Verified
from kiosk.wiring import Parts

_FLAWS = {
    Flaw.MISSING: "event {seq} is missing, but later ones are there",
    Flaw.OUT_OF_ORDER: "event {seq} stands where another has to be",
    Flaw.ALTERED: "event {seq} was altered, or was not written with this pepper",
    Flaw.PREVIOUS: "event {seq} does not follow the one before it: the chain has forked",
    Flaw.UNREADABLE: "event {seq} cannot be read",
    Flaw.CLOSED: "event {seq} is there, though its segment was closed",
    Flaw.CHECKPOINT: "the checkpoint at event {seq} is not signed with this pepper, or is out of place",
    Flaw.OTHER_HEAD: "event {seq} is another than the one of the given head",
    Flaw.CUT: "the trail ends at event {last}, too early: event {seq} is missing, and all after it",
}


@dataclass(frozen=True)
class Wanted:
    """Which events; times are aware. ``holder`` is their id, ``card`` its number as cards are listed."""

    since: datetime | None = None
    until: datetime | None = None
    events: tuple[str, ...] = ()
    holder: str = ""
    card: str = ""
    visit: str = ""
    alarms: bool = False


@dataclass(frozen=True)
class Shown:
    """An event for people, or as JSON: ``who`` and ``card`` in words where the mapping is still there."""

    seq: int
    at: datetime
    event: str
    outcome: str
    reason: str
    who: str
    card: str
    kiosk: str
    actor: str
    visit: str
    detail: str


@dataclass(frozen=True)
class Verdict:
    """What ``verify`` has found; ``fault`` in words, empty where the chain is whole."""

    verified: Verified
    fault: str = ""
    segment: CheckpointRow | None = field(default=None, repr=False)  # that an export is


def told(fault: Fault | None) -> str:
    """A fault in words; nothing where there is none."""
    return _FLAWS[fault.flaw].format(seq=fault.seq, last=fault.seq - 1) if fault else ""


async def events_in(settings: Settings) -> int:
    """How many events the store has."""
    async with office(settings) as parts:
        return await parts.trail.count()


async def verify(settings: Settings, expected: Head | None, heard: Told) -> Verdict:
    """Follow the chain in the store. Raises EnrolmentError for a head in a closed segment."""
    async with office(settings) as parts:
        verified = await parts.trail.verify(expected, heard)
        known = {0, *(row.last_seq for row in await parts.trail.checkpoints())}
        if expected and expected.seq < verified.start.seq and expected.seq not in known:
            raise EnrolmentError(
                f"event {expected.seq} is in a segment that was closed: give its export with --file, too"
            )
        return Verdict(verified, told(verified.fault))


async def verify_file(settings: Settings, file: Path, expected: Head | None, heard: Told) -> Verdict:
    """Follow the chain in an export, and hold it against the checkpoint of its segment, if it has one."""
    async with office(settings) as parts:
        try:
            found = exporting.verify(file, parts.service.store.audit.chain, expected, heard)
        except ValueError as wrong:
            raise EnrolmentError(str(wrong)) from None
        store, _ = await parts.trail.ends()
        verified, segment, fault = found.verified, None, found.verified.fault
        if found.store != store:
            raise EnrolmentError(f"{file}: is the trail of another store")
        for row in await parts.trail.checkpoints():
            if row.first_seq == verified.start.seq + 1 and parts.trail.notary.signed(store, row):
                segment = row
                if fault is None and verified.head.seq < row.last_seq:
                    fault = Fault(verified.head.seq + 1, Flaw.CUT)
        return Verdict(verified, told(fault), segment)


async def show(settings: Settings, wanted: Wanted, limit: int) -> list[Shown]:
    """The last so many events, newest last. Raises EnrolmentError for an unknown holder or card."""
    async with office(settings) as parts:
        events = await parts.trail.newest(limit, *await _clauses(parts, settings, wanted))
        people, cards = await _names(parts, events)
    return [
        Shown(
            seq=one["seq"],
            at=datetime.fromisoformat(one["at"]),
            event=one["event"],
            outcome=one["outcome"],
            reason=one["reason"],
            who=people.get(one["holder_key"], one["holder_key"]),
            card=cards.get(one["card_key"], one["card_key"]),
            kiosk=one["kiosk"],
            actor=one["actor"],
            visit=one["visit"],
            detail=one["detail"],
        )
        for one in events
    ]


async def export(
    settings: Settings, file: Path, form: Format, wanted: Wanted, heard: Told, *, by: str
) -> int:
    """Write the events to a new file; returns how many. That somebody did is an event itself."""
    async with office(settings) as parts:
        clauses = await _clauses(parts, settings, wanted)
        count = await exporting.write(file, form, parts.trail.pages(*clauses), heard)
        await parts.service.store.record(
            Event.AUDIT_EXPORTED, Subject(actor=by), events=count, format=form.value
        )
        return count


async def checkpoints(settings: Settings) -> tuple[str, Sequence[tuple[CheckpointRow, str]]]:
    """The public key (PEM) of the checkpoints, and each with the statement that is signed."""
    from kiosk.checkpoints import statement

    async with office(settings) as parts:
        store, _ = await parts.trail.ends()
        rows = [(row, statement(store, row).decode("ascii")) for row in await parts.trail.checkpoints()]
        return parts.trail.notary.public_key(), rows


async def _clauses(parts: Parts, settings: Settings, wanted: Wanted) -> list[ColumnElement[bool]]:
    unknown = set(wanted.events) - {event.value for event in Event}
    if unknown:
        raise EnrolmentError(f"there is no event {sorted(unknown)[0]!r}: docs/audit.md lists them")
    found: list[ColumnElement[bool]] = []
    if wanted.since:
        found.append(col(AuditRow.at) >= wanted.since)
    if wanted.until:
        found.append(col(AuditRow.at) < wanted.until)
    if wanted.events:
        found.append(col(AuditRow.event).in_(wanted.events))
    if wanted.holder:
        holder = await parts.enrolment.holder(wanted.holder)
        found.append(col(AuditRow.holder_key) == holder.row.audit_key)
    if wanted.card:
        found.append(col(AuditRow.card_key) == await _card_key(parts.trail, card_id(settings, wanted.card)))
    if wanted.visit:
        found.append(col(AuditRow.visit) == wanted.visit)
    if wanted.alarms:
        found.append(col(AuditRow.outcome) == Outcome.ALARM.value)
    return found


async def _card_key(trail: Trail, card: CardId) -> str:
    query = select(CardRow.audit_key).where(
        CardRow.family == card.family, CardRow.kind == card.kind, CardRow.serial == card.serial
    )
    async with trail.store.work() as session:
        key = (await session.exec(query)).one_or_none()
    if key is None:
        raise EnrolmentError(f"there is no card {card}: 'kiosk card list' shows those there are")
    return key


async def _names(parts: Parts, events: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    """Holders and cards by their audit keys, as far as they are still there."""
    holders = {one["holder_key"] for one in events} - {""}
    cards = {one["card_key"] for one in events} - {""}
    async with parts.service.store.work() as session:
        rows = await session.exec(select(HolderRow).where(col(HolderRow.audit_key).in_(holders)))
        people = {row.audit_key: await _name(parts, session, row) for row in rows}
        there = await session.exec(select(CardRow).where(col(CardRow.audit_key).in_(cards)))
        return (
            people,
            {row.audit_key: str(CardId(row.family, row.kind, row.serial)) for row in there},
        )


async def _name(parts: Parts, session: AsyncSession, row: HolderRow) -> str:
    opening = await parts.service.store.persons.opening(session, row.audit_key)
    return f"{row.holder_id} {opening.open(Personal.NAME, row.name) or UNREADABLE}"
