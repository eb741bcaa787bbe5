"""The kiosks on one store: each says every few seconds that it is there, and how it is."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.models import KioskRow
from kiosk.store import Store

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=10)  # between two signs of life
SILENT = timedelta(seconds=45)  # after which a kiosk counts as gone
KEPT = timedelta(days=30)  # how long one that is gone stays listed


@dataclass(frozen=True)
class Sighting:
    """A kiosk as the store knows it. ``clock_error``: seconds that its own clock is ahead of the store's."""

    name: str
    version: str
    state: str
    seen_at: datetime
    since: datetime
    clock_error: float
    silent: bool
    namesake: bool  # another one of this name is there too


class Fleet:
    """This kiosk's place among the others."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._instance = uuid.uuid4().hex  # of this process: two machines may have one name by mistake
        self._last: tuple[str, datetime] | None = None

    async def beat(self, session: AsyncSession, state: str, *, always: bool = False) -> None:
        """Say in this unit of work that the kiosk is in that state, where it is time to, or news."""
        now = self._store.clock.now()
        said = self._last is not None and self._last[0] == state and timedelta() <= now - self._last[1] < BEAT
        if said and not always:
            return
        error = self._store.clock.error().total_seconds()
        known = await session.exec(
            update(KioskRow)
            .where(col(KioskRow.instance) == self._instance)
            .values(state=state, seen_at=now, clock_error=error)
            .returning(col(KioskRow.instance))
        )
        if known.first() is None:
            await self._arrive(session, state, now, error)
        self._last = (state, now)

    async def _arrive(self, session: AsyncSession, state: str, now: datetime, error: float) -> None:
        name = self._store.kiosk
        gone = col(KioskRow.seen_at) < now - SILENT
        await session.exec(delete(KioskRow).where(col(KioskRow.name) == name, gone))
        others = await session.exec(
            select(KioskRow.instance).where(KioskRow.name == name, KioskRow.state != "stopped")
        )
        if others.first() is not None:
            log.error("another kiosk calls itself %r too: give each a site.kiosk_name of its own", name)
        session.add(
            KioskRow(
                instance=self._instance,
                name=name,
                version=version("unlock-kiosk"),
                state=state,
                started_at=now,
                seen_at=now,
                clock_error=error,
            )
        )

    async def forget_the_future(self) -> None:
        """The present time is right: what was seen after it was seen by a wrong clock."""
        now = self._store.clock.now()
        async with self._store.work() as session:
            await session.exec(update(KioskRow).where(col(KioskRow.seen_at) > now).values(seen_at=now))

    async def forget_all(self) -> None:
        """What is known of every kiosk is of another time."""
        async with self._store.work() as session:
            await session.exec(delete(KioskRow))

    async def sightings(self) -> Sequence[Sighting]:
        """Every kiosk that was seen within thirty days, by name."""
        now = self._store.clock.now()
        recent = select(KioskRow).where(col(KioskRow.seen_at) >= now - KEPT)
        async with self._store.work() as session:
            rows = (await session.exec(recent.order_by(KioskRow.name, col(KioskRow.seen_at)))).all()
        alive = [row.name for row in rows if row.state != "stopped" and now - row.seen_at <= SILENT]
        return [
            Sighting(
                name=row.name,
                version=row.version,
                state=row.state,
                seen_at=row.seen_at,
                since=row.started_at,
                clock_error=row.clock_error,
                silent=row.state != "stopped" and now - row.seen_at > SILENT,
                namesake=alive.count(row.name) > 1,
            )
            for row in rows
        ]
