"""What the services share: database, clock, audit trail, settings, the key of names and addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Audit, Event, Outcome, Subject
from kiosk.chain import Head, ends
from kiosk.clock import Clock
from kiosk.persons import Persons
from kiosk.settings import Settings
from kiosk.storage.database import Database
from kiosk.storage.models import HolderRow
from kiosk.tide import newest_moment


@dataclass(frozen=True)
class Store:
    """Passed to every service by its constructor."""

    database: Database
    clock: Clock
    audit: Audit
    settings: Settings
    persons: Persons

    @property
    def kiosk(self) -> str:
        """This machine's name."""
        return self.settings.site.kiosk_name

    @asynccontextmanager
    async def work(self, holder: int | None = None) -> AsyncIterator[AsyncSession]:
        """One unit of work (see `Database.transaction`), with its audit events. Raises StoreUnavailable.

        ``holder``: whose facts it reads and then changes, or whose card's; such units follow one another
        over the whole fleet. Single statements need no such order.
        """
        async with self.database.transaction() as session:
            if holder is not None and not self.database.backend.one_at_a_time:
                row = select(HolderRow.id).where(HolderRow.id == holder)
                await session.exec(row.with_for_update(key_share=True))  # cards and codes may refer to it
            yield session
            written = await self.audit.write(session)
        if written is not None:
            self.audit.kept(written)

    async def clock_is_believable(self) -> bool:
        """Whether the clock can be right, as far as itself and the store tell."""
        async with self.work() as session:
            return self.clock.is_believable(await newest_moment(session))

    async def head(self) -> Head:
        """Where the audit trail ends now. Raises StoreUnavailable."""
        async with self.work() as session:
            _, head = await ends(session)
            return head

    async def record(
        self,
        event: Event,
        about: Subject,
        outcome: Outcome = Outcome.OK,
        reason: str = "",
        **detail: str | int | bool | None,
    ) -> None:
        """Write one audit event in a unit of work of its own."""
        async with self.work() as session:
            self.audit.record(session, event, about, outcome, reason, at=None, **detail)
