"""Copies of a store that is a file, and putting one back. A server has its own means: docs/fleet.md.

No key is in a copy: without them nobody reads a secret, a name or an address in it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk.audit import Event, Subject
from kiosk.chain import Head
from kiosk.enrolment import EnrolmentError
from kiosk.keyring import key_ring
from kiosk.keys import MISSING, KeyProblem, sync_folder
from kiosk.office import auditing, fields
from kiosk.office.office import office
from kiosk.origin import StrangePepper
from kiosk.ownership import own_reader
from kiosk.settings import Settings
from kiosk.storage.place import sqlite_file
from kiosk.storage.schema import OLDEST, fits, misfit, other_rules
from kiosk.storage.sqlite import Sqlite, copied
from kiosk.trail import Told


@dataclass(frozen=True)
class Copy:
    """What a copy was found to hold: the audit trail's events and where it ends."""

    events: int
    head: Head


async def backup(settings: Settings, target: Path, told: Told, *, by: str) -> Copy:
    """Copy the store to a new file of mode 0600, of one moment, beside a running kiosk, and verify it.

    Raises EnrolmentError where the store is on a server, the file exists, or the copy is not whole (then
    it is not kept).
    """
    source = store_file(settings)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)  # of a backup that was interrupted
    try:
        await asyncio.to_thread(copied, source, part)
        found = await _verified(settings, part, target, told)
        os.link(part, target)  # which, unlike a rename, never writes over a file
        sync_folder(target.parent)
    except FileExistsError:
        raise EnrolmentError(f"{target}: exists already; nothing is written over") from None
    except sqlite3.Error as error:
        raise EnrolmentError(f"{source}: cannot be copied: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    async with office(settings) as parts:
        about = Subject(actor=by)
        await parts.service.store.record(Event.BACKED_UP, about, events=found.events, head=str(found.head))
    return found


async def restore(settings: Settings, source: Path, reason: str, told: Told, *, by: str) -> tuple[Copy, Path]:
    """Verify a copy and put it in the store's place; what it holds, and where the store of before is now.

    Codes that wait in it are void. Nothing is changed before the copy was found to be whole. Raises
    EnrolmentError, and ReaderTaken while a kiosk runs here.
    """
    reason = fields.checked("the reason", fields.reason, reason)
    path = store_file(settings)
    with own_reader(settings, "kiosk restore"):
        await _require_nobody(settings)
        part = path.with_name(f"{path.name}.restoring")
        _remove(part)
        try:
            await asyncio.to_thread(_taken, source, part)
            found = await _whole(settings, part, source, told)
            async with office(_at(settings, part)) as parts:
                await parts.service.pendings.void_all()
                await parts.fleet.forget_all()
                await parts.service.store.record(Event.RESTORED, Subject(actor=by), reason=reason)
            await asyncio.to_thread(_one_file, part)
            kept = _exchange(path, part)
        finally:
            _remove(part)
    return found, kept


def require_place(settings: Settings, source: Path) -> None:
    """Before anybody is asked: that there is something to restore, a place for it, and keys to read it with.

    Raises EnrolmentError, and OSError where the backup cannot be read.
    """
    store_file(settings)
    with source.open("rb"):
        pass
    directory = settings.state_directory
    if not directory.is_dir():
        raise EnrolmentError(
            f"{directory}: is not there yet: make it (install -d -m 700 -o ACCOUNT {directory}), put the "
            "keys into it that the backup was made with, and restore then"
        )
    try:
        key_ring(settings)
    except KeyProblem as problem:
        fault = str(problem).removesuffix(f"; {MISSING}")  # a new one would open nothing in a backup
        raise EnrolmentError(f"{fault}; first put back the keys that the backup was made with") from None


def store_file(settings: Settings) -> Path:
    """The file that the store is. Raises EnrolmentError where it is on a server."""
    path = sqlite_file(settings)
    if path is None:
        raise EnrolmentError("the store is on a server: use pg_dump and pg_restore, see docs/fleet.md")
    return path


def _at(settings: Settings, path: Path) -> Settings:
    return settings.changed(database={"url": f"sqlite:///{path.absolute()}"})


async def _whole(settings: Settings, path: Path, source: Path, told: Told) -> Copy:
    """What was copied from ``source``. Raises EnrolmentError unless it is a whole store of this release."""
    revision = Sqlite(path).revision()
    if revision is None:
        raise EnrolmentError(f"{source}: is no whole backup of a kiosk; nothing was changed")
    if revision < OLDEST:
        newer = "restore it with the release that made it, then 'kiosk db upgrade'; nothing was changed"
        raise EnrolmentError(f"{source}: its schema is {revision}, older than this release's: {newer}")
    try:
        return await _verified(settings, path, source, told)
    except EnrolmentError as fault:
        raise EnrolmentError(f"{fault}; nothing was changed") from None


async def _verified(settings: Settings, path: Path, shown: Path, told: Told) -> Copy:
    """Raises EnrolmentError unless the file is a whole store of this release, its audit trail unbroken."""
    if not fits(revision := Sqlite(path).revision()):
        raise EnrolmentError(f"{shown}: {misfit(revision)}")
    if fault := await asyncio.to_thread(_fault, path):
        raise EnrolmentError(f"{shown}: is damaged: {fault}")
    if others := await asyncio.to_thread(other_rules, path):
        raise EnrolmentError(
            f"{shown}: has other triggers or views than a store of its schema: "
            f"{', '.join(map(repr, others))}; it is not to be trusted: use another copy"
        )
    try:
        verdict = await auditing.verify(_at(settings, path), None, told)
    except StrangePepper:
        reason = "of a store with another pepper, or its audit trail is broken from the first event on"
        raise EnrolmentError(f"{shown}: is {reason}") from None
    if verdict.fault:
        raise EnrolmentError(f"{shown}: its audit trail is broken: {verdict.fault}")
    await asyncio.to_thread(_one_file, path)
    return Copy(verdict.verified.count, verdict.verified.head)


def _fault(path: Path) -> str:
    try:
        with closing(Sqlite(path).read_only()) as connection:
            (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if answer != "ok":
                return str(answer)
            if connection.execute("PRAGMA foreign_key_check").fetchone():
                return "rows point nowhere"
    except sqlite3.Error as error:
        return str(error)
    return ""


def _taken(source: Path, part: Path) -> None:
    """Copy a backup byte by byte: it is one file, and may be on a disk that takes no writes."""
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with source.open("rb") as there, os.fdopen(descriptor, "wb") as here:
        shutil.copyfileobj(there, here)


def _one_file(path: Path) -> None:
    """No log beside it, and all of it on the disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    with path.open("rb") as file:
        os.fsync(file.fileno())


async def _require_nobody(settings: Settings) -> None:
    """Raise EnrolmentError if a kiosk works on the store, as far as that can still be read."""
    if not fits(Sqlite(store_file(settings)).revision()):
        return
    try:
        async with office(settings) as parts:
            seen = await parts.fleet.sightings()
    except StrangePepper:  # no kiosk with these keys does anything there
        return
    alive = [one.name for one in seen if one.state != "stopped" and not one.silent]
    if alive:
        raise EnrolmentError(f"the kiosk {alive[0]!r} works on this store: stop it first, then wait a minute")


def _exchange(path: Path, part: Path) -> Path:
    """Put ``part`` in the place of ``path``; whatever ends it in between, one of the two is there, whole."""
    kept = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    if path.exists():
        Sqlite(path).empty_log()
        os.link(path, kept)
        for end in ("-wal", "-shm"):  # what could not be moved into a damaged file goes with it
            with suppress(FileNotFoundError):
                path.with_name(path.name + end).rename(kept.with_name(kept.name + end))
    part.replace(path)
    sync_folder(path.parent)
    return kept


def _remove(part: Path) -> None:
    for end in ("", "-wal", "-shm"):
        part.with_name(part.name + end).unlink(missing_ok=True)
