"""Whether store and clock allow anybody to be served; and the signs of life that tell the fleet."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome, Subject
from kiosk.fleet import Fleet
from kiosk.origin import strange
from kiosk.pendings import Pendings
from kiosk.refusals import OutOfService
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.schema import fits, misfit, schema
from kiosk.storage.staff import ServiceStopRow
from kiosk.store import Store
from kiosk.tide import newest_moment

log = logging.getLogger(__name__)

LIMIT = 2.5  # seconds until a store that does not answer is away, whatever it is that hangs


class Watch:
    """Looks at store and clock, in one unit of work each time."""

    def __init__(self, store: Store, pendings: Pendings, fleet: Fleet) -> None:
        self._store = store
        self._pendings = pendings
        self._fleet = fleet
        self._looking: asyncio.Task[OutOfService | None] | None = None
        self._clock_refused = False
        self._told = ""
        self.closed: OutOfService | None = None  # what the last look came to
        self.note = ""  # what a technician who took the kiosk out of service wants people to read

    async def look(self, state: str) -> OutOfService | None:
        """Why nobody can be served, None where nothing speaks against it.

        ``state``: what the kiosk does at the moment, for the fleet. Returns within `LIMIT`; a look that
        hangs goes on meanwhile, and the next call waits for that one.
        """
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(state), name="watch")
        await asyncio.wait({self._looking}, timeout=LIMIT)
        if not self._looking.done():
            self.closed = OutOfService.STORE
        else:
            ended, self._looking = self._looking, None
            self.closed = ended.result()
        return self.closed

    async def leave(self) -> None:
        """The kiosk stops: tell the fleet, and end a look that hangs."""
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=LIMIT)
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(LIMIT), self._store.work() as session:
                await self._fleet.beat(session, "stopped")

    async def _look(self, state: str) -> OutOfService | None:
        doubtful = self._store.database.in_doubt  # what can be read need not take writes: a full disk
        try:
            async with self._store.work() as session:
                revision = await schema(session)
                if not fits(revision):
                    self._tell(f"the store cannot be used: {misfit(revision)}")
                    return OutOfService.SCHEMA
                if not await self._store.audit.chain.fits(session):
                    self._tell(str(strange(self._store.settings, self._store.database.backend.shown)))
                    return OutOfService.STORE
                stop = await session.get(ServiceStopRow, self._store.kiosk)
                state = OutOfService.TECHNICIAN.value if stop and state == "waiting" else state
                believable = await self._clock_is_believable(session, state, write=doubtful)
            if doubtful:
                self._store.database.in_doubt = False
            if not believable:
                await self._refuse_clock()
                return OutOfService.CLOCK
        except StoreUnavailable as away:
            self._tell(f"the store is away: {away}")
            return OutOfService.STORE
        if self._clock_refused:
            log.info("the clock is believed again")
        self._clock_refused = False
        if self._told:
            log.info("the store can be used again")
            self._told = ""
        self.note = stop.reason if stop is not None else ""
        return OutOfService.TECHNICIAN if stop is not None else None

    async def _clock_is_believable(self, session: AsyncSession, state: str, *, write: bool) -> bool:
        """Look at the clock; where it can be right, it never goes back behind what the store has seen."""
        clock, newest = self._store.clock, await newest_moment(session)
        if not clock.is_believable(newest):
            return False
        if newest is not None:
            clock.not_before(newest)
        await self._fleet.beat(session, state, always=write)
        return True

    async def _refuse_clock(self) -> None:
        """Void every pending code once; a clock that jumped to a plausible time is then taken as right."""
        if not self._clock_refused:
            log.error("the clock is not to be believed; pending codes are void")
            await self._pendings.void_all()
            async with self._store.work() as session:
                # Not at the time that the clock has jumped to: it might be the newest for years.
                at = self._store.clock.steady()
                self._store.audit.record(session, Event.CLOCK_REFUSED, Subject(), Outcome.REFUSED, at=at)
            self._clock_refused = True
        self._store.clock.accept()

    def _tell(self, what: str) -> None:
        """Into the log, once."""
        if what != self._told:
            log.error("%s", what)
            self._told = what
