"""The database: connections with the right pragmas, and one transaction per unit of work."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.models import AuditRow

SCHEMA = "0001"  # the migration this release works with (a test holds it against alembic's head)

log = logging.getLogger(__name__)

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a counter that was spent must stay spent after a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA secure_delete=ON",  # erased answers leave no trace in free pages
    "PRAGMA trusted_schema=OFF",
)


class StoreUnavailable(Exception):
    """The database cannot be used: nothing of this unit of work was kept."""


class Database:
    """One SQLite database. `transaction` is the only way in."""

    def __init__(self, url: str, directory: Path) -> None:
        self.path = database_path(url, directory)
        self._engine = _engine(self.path)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: committed when the body ends, rolled back when it raises.

        Raises StoreUnavailable where the database is away, locked, full or read-only.
        """
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except DBAPIError as error:
            raise StoreUnavailable(type(error.orig).__name__) from None

    async def ping(self) -> None:
        """Read one row. Raises StoreUnavailable."""
        async with self.transaction() as session:
            await session.exec(select(AuditRow.seq).limit(1))

    async def forget(self) -> None:
        """After something was erased: move the write-ahead log, which still holds it, into the file."""
        await asyncio.to_thread(_truncate_log, self.path)

    async def version(self) -> str | None:
        """The migration the database is at, None where it has none."""
        return await asyncio.to_thread(current_revision, self.path)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _truncate_log(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=1)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # a busy one is left to SQLite's own time
    except sqlite3.Error as error:
        log.warning("the write-ahead log was not emptied: %s", type(error).__name__)
    finally:
        connection.close()


def current_revision(path: Path) -> str | None:
    """The migration a database file is at, None where there is no file or no schema."""
    if not path.exists():
        return None
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    finally:
        connection.close()
    return str(row[0]) if row else None


def database_path(url: str, directory: Path) -> Path:
    """The file a ``sqlite:///`` URL names, relative to the state directory."""
    return directory / url.removeprefix("sqlite:///")


def _engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        hide_parameters=True,  # or an error would print what a person typed
    )

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # pysqlite's own BEGIN comes too late for a counter
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.execute(text("BEGIN IMMEDIATE"))

    return engine
