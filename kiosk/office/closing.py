"""Closing the oldest segment of the audit trail: exported, verified, and then dropped as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlmodel import col, func, select

from kiosk.audit import Event, Subject
from kiosk.chain import Head
from kiosk.checkpoints import drop_segment
from kiosk.enrolment import EnrolmentError
from kiosk.office import exporting
from kiosk.office.auditing import told
from kiosk.office.exporting import Format
from kiosk.office.office import office
from kiosk.settings import Settings
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.trail import AuditRow, CheckpointRow
from kiosk.trail import Told, Trail


@dataclass(frozen=True)
class Closed:
    """The checkpoint, and the file in which its segment is from now on."""

    checkpoint: CheckpointRow
    file: Path


async def due(trail: Trail) -> int | None:
    """The last event of the segment that is older than retention.audit_days; None where there is none.

    All before it are older, too, as far as clocks were right; the newest event always stays.
    """
    store, start = trail.store, await trail.start()
    if not store.settings.retention.audit_days:
        return None
    limit = store.clock.now() - timedelta(days=store.settings.retention.audit_days)
    async with store.database.transaction() as session:
        young = select(func.min(AuditRow.seq)).where(col(AuditRow.at) >= limit)
        first_young = (await session.exec(young)).one()
        newest = (await session.exec(select(func.max(AuditRow.seq)))).one() or 0
    last = min(newest, first_young or newest) - 1
    return last if last > start.seq else None


async def close(
    settings: Settings, name: Callable[[int, int], Path], heard: Told, *, by: str
) -> Closed | None:
    """Close what is due; None where nothing is. ``name`` makes the file's from its first and last event.

    Raises EnrolmentError for a chain that is not whole, and where this account of the database may not
    drop events. Once the file is written it stays, whatever happens.
    """
    async with office(settings) as parts:
        return await close_due(parts.trail, name, heard, by=by)


async def close_due(trail: Trail, name: Callable[[int, int], Path], heard: Told, *, by: str) -> Closed | None:
    """Close what is due, as `close` does."""
    start, last = await trail.start(), await due(trail)
    if last is None:
        return None
    file = name(start.seq + 1, last)
    await exporting.write(file, Format.JSONL, trail.pages(col(AuditRow.seq) <= last), heard)
    checkpoint = await _checkpoint(trail, file, start, last, by)
    try:
        async with trail.store.work() as session:
            await drop_segment(session, checkpoint)
            trail.store.audit.record(
                session, Event.AUDIT_CLOSED, Subject(actor=by), first=checkpoint.first_seq, last=last
            )
    except StoreUnavailable as refused:
        raise EnrolmentError(
            f"{file} is written, but the database did not let go of its events ({refused}): use an account "
            "of the database that may delete audit events (docs/audit.md), and another file"
        ) from None
    await trail.store.database.forget()
    return Closed(checkpoint, file)


async def _checkpoint(trail: Trail, file: Path, start: Head, last: int, by: str) -> CheckpointRow:
    """The checkpoint of what is in the file, read again from there. Raises EnrolmentError."""
    store, _ = await trail.ends()
    try:
        found = exporting.verify(file, trail.store.audit.chain, None, lambda _: None)
        verified = found.verified
        if verified.fault or (found.store, verified.start, verified.head.seq) != (store, start, last):
            raise ValueError(told(verified.fault) or f"event {start.seq + 1} is not the first")
    except ValueError as wrong:
        raise EnrolmentError(
            f"nothing was closed, and {file} is worth nothing: {wrong}; see 'kiosk audit verify'"
        ) from None
    return trail.notary.checkpoint(
        store, start, verified.head, sha256=found.sha256, at=trail.store.clock.now(), by=by
    )
