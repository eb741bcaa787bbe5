"""The store's database: one transaction per unit of work."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.clock import Clock
from kiosk.storage.backend import Backend, NotAllowed, StoreUnavailable, reason, refusal
from kiosk.storage.trail import AuditRow

__all__ = ["Database", "NotAllowed", "StoreUnavailable"]

PATIENCE = 4.0  # seconds for a unit of work at a kiosk
GREETING = 1.5  # seconds for the first answer on a connection


class Database:
    """A store's database. `transaction` is the only way in."""

    def __init__(self, backend: Backend, clock: Clock, patience: float | None = PATIENCE) -> None:
        """``patience``: seconds after which a unit of work is ended; None for the office's long ones."""
        self.backend = backend
        self._clock = clock
        self._patience = patience
        self._engine = backend.engine()
        self._left = False
        self.in_doubt = False
        """Whether a unit of work has failed, and nobody has written anything since to see that it works."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: committed when the body ends, rolled back when it raises.

        The clock heeds the database's, where that has one of its own. Raises StoreUnavailable where the
        database is away, locked, full or read-only, NotAllowed where the role may not: then nothing was kept.
        """
        try:
            async with await self._opened() as session:
                with await self.backend.watch(session, self._patience):
                    yield session
                    await session.flush()
                    await self._commit(session)
        except DBAPIError as error:
            self.in_doubt = True
            if (refused := refusal(error.orig, self.backend.role)) is not None:
                raise refused from None
            known = isinstance(error, OperationalError)  # of others nobody knows what they quote
            raise StoreUnavailable(reason(error) if known else type(error.orig).__name__) from None
        except PoolTimeout:
            raise StoreUnavailable("too many at once") from None

    async def _opened(self) -> AsyncSession:
        """A session on a connection that answers: a pooled one may be dead, after a restart or a failover."""
        try:
            return await self._greeted()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return await self._greeted()

    async def _greeted(self) -> AsyncSession:
        session = AsyncSession(self._engine, expire_on_commit=False)
        try:
            with await self.backend.watch(session, GREETING if self._patience else None):
                await self._heed(session)
        except BaseException:
            await session.close()
            raise
        return session

    async def _heed(self, session: AsyncSession) -> None:
        before = time.monotonic()
        if (at := await self.backend.time(session)) is not None:
            self._clock.heed(at, (time.monotonic() - before) / 2)

    async def _commit(self, session: AsyncSession) -> None:
        """Commit; where the answer is lost, find out what became of it."""
        ticket = await self.backend.ticket(session)
        try:
            await session.commit()
        except DBAPIError:
            if ticket is None or not await self.backend.took_place(self._engine, ticket):
                raise

    async def ping(self) -> None:
        """Read one row. Raises StoreUnavailable."""
        async with self.transaction() as session:
            await session.exec(select(AuditRow.seq).limit(1))

    async def forget(self) -> None:
        """After something was erased: let it be gone from the files, as far as this program can."""
        self._left = not await self.backend.erase()

    async def forget_the_rest(self) -> None:
        """The same once more, where it could not be done."""
        if self._left:
            await self.forget()

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
