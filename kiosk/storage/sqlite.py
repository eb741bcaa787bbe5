"""SQLite: the store of one kiosk, in a file of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy import Engine, ExceptionContext, NullPool, create_engine, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.keys import sync_folder
from kiosk.storage.backend import StoreUnavailable

log = logging.getLogger(__name__)

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a counter that was spent must stay spent after a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA secure_delete=ON",  # erased answers leave no trace in free pages
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-65536",  # kibibytes: an import writes to every index all over
)
_TRIES = 4  # to empty the log
_TRY = 0.4  # seconds that each waits for a reader, and keeps others from writing
_PAUSE = 0.1  # seconds between two of them, for those


class Sqlite:
    """A database file. Every unit of work begins by taking the file's only write lock."""

    one_at_a_time = True
    role = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = str(path)

    def engine(self) -> AsyncEngine:
        """Connections for units of work."""
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{self.path}",
            hide_parameters=True,  # or an error would print what a person typed
        )
        _prepare(engine.sync_engine, PRAGMAS, "BEGIN IMMEDIATE")
        event.listen(engine.sync_engine, "handle_error", _read_only_is_lost)
        return engine

    def plain(self, *, write: bool = False) -> Engine:
        """Connections without a pool. Foreign keys are not enforced: a migration may rebuild a table."""
        if not write:
            return create_engine(
                "sqlite://", creator=self.read_only, poolclass=NullPool, hide_parameters=True
            )
        engine = create_engine(f"sqlite:///{self.path}", poolclass=NullPool, hide_parameters=True)
        _prepare(engine, [pragma for pragma in PRAGMAS if "foreign_keys" not in pragma], "BEGIN IMMEDIATE")
        return engine

    def read_only(self) -> sqlite3.Connection:
        """A connection that changes nothing, beside a running kiosk. Raises sqlite3.Error."""
        return sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)

    def revision(self) -> str | None:
        """The migration the file is at, None where there is no file or no schema."""
        if not self.path.exists():
            return None
        try:
            with closing(self.read_only()) as connection:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error:
            return None
        return str(row[0]) if row else None

    async def time(self, session: AsyncSession) -> datetime | None:
        """None: file and kiosk have the same clock."""
        return None

    async def ticket(self, session: AsyncSession) -> str | None:
        """None: a commit returns when it is on the disk, or raises."""
        return None

    async def took_place(self, engine: AsyncEngine, ticket: str) -> bool:
        """Never in doubt."""
        raise StoreUnavailable("a commit failed")

    async def watch(self, session: AsyncSession, seconds: float | None) -> AbstractContextManager[None]:
        """Nothing to watch: the busy timeout ends what waits for a lock."""
        return nullcontext()

    async def erase(self) -> bool:
        """Move the write-ahead log, which still holds what was deleted, into the file."""
        return await asyncio.to_thread(self.empty_log)

    def empty_log(self) -> bool:
        """The same, at once; whether it was done. Whoever still reads what was is waited for a little."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_TRY)) as connection:
                for _ in range(_TRIES):
                    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                    if not busy:
                        return True
                    sleep(_PAUSE)
        except sqlite3.Error as error:
            log.warning("the write-ahead log was not emptied: %s", type(error).__name__)
            return False
        log.warning(
            "what was erased is not gone from the database's files yet: another program reads them; "
            "the kiosk's next daily task sees to it, or 'kiosk retention'"
        )
        return False


def copied(source: Path, target: Path) -> None:
    """Copy a database that may be in use, consistently, to a new file of mode 0600, and onto the disk.

    Raises FileExistsError, OSError, and sqlite3.Error where the source cannot be read.
    """
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with closing(Sqlite(source).read_only()) as there, closing(sqlite3.connect(target)) as here:
            there.backup(here)  # in one step: the copy is of one moment
            here.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        os.fsync(descriptor)
        sync_folder(target.parent)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _prepare(engine: Engine, pragmas: list[str] | tuple[str, ...], begin: str) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # pysqlite's own BEGIN comes too late for a counter
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(pragma)
            cursor.close()
        except BaseException:
            connection.close()  # nobody else knows it yet: its thread would run on
            raise

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.execute(text(begin))


def _read_only_is_lost(context: ExceptionContext) -> None:
    """What was opened while the disk was read-only stays so for good: take another connection."""
    if "readonly" in str(context.original_exception):
        context.is_disconnect = True
