"""Failures to sign in cost time: that name, at that kiosk. A colleague elsewhere does not wait.

A try is spent before anything is checked, so many at once are no more than one. Names are kept as keyed
hashes: people type passwords into the wrong field, and a name that nobody has waits like any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, delete, update
from sqlmodel import col, func, select

from kiosk.audit import Event, Outcome, Subject
from kiosk.storage.staff import StaffDelayRow, StaffRefusalRow
from kiosk.storage.trail import AuditRow
from kiosk.store import Store

DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))  # the last one again and again
FORGOTTEN = timedelta(hours=24)  # after this long a name begins anew
HOUR = timedelta(hours=1)
ALARM = 10  # failures an hour, over the whole fleet


class Slowing:
    """Counts failures, and says who has to wait."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def spend(self, name: str) -> datetime | None:
        """Spend this name's try at this kiosk; None where it had one, else when it has one again."""
        index, now, kiosk = self._store.persons.staff_index(name), self._store.clock.now(), self._store.kiosk
        until, failures = col(StaffDelayRow.until), col(StaffDelayRow.failures)
        mine = (col(StaffDelayRow.name) == index) & (col(StaffDelayRow.kiosk) == kiosk)
        second, third = now + DELAYS[1], now + DELAYS[2]
        stale = until < now - FORGOTTEN
        async with self._store.work() as session:
            await session.exec(delete(StaffDelayRow).where(mine, stale))
            spent = await session.exec(
                update(StaffDelayRow)
                .where(mine, until <= now)
                .values(failures=failures + 1, until=case((failures == 1, second), else_=third))
                .returning(failures)
            )
            if spent.first() is not None:
                return None
            waits = await session.get(StaffDelayRow, (index, kiosk))
            if waits is not None:
                return waits.until
            session.add(StaffDelayRow(name=index, kiosk=kiosk, failures=1, until=now + DELAYS[0]))
            return None

    async def forgive(self, name: str) -> None:
        """They have signed in: nothing is counted against the name any more."""
        index, kiosk = self._store.persons.staff_index(name), self._store.kiosk
        async with self._store.work() as session:
            mine = (col(StaffDelayRow.name) == index) & (col(StaffDelayRow.kiosk) == kiosk)
            await session.exec(delete(StaffDelayRow).where(mine))

    async def refused(self, about: Subject, reason: str, **detail: str) -> None:
        """Put a failure on record; ten within an hour in the whole fleet are an alarm, once an hour."""
        now, at = self._store.clock.now(), col(StaffRefusalRow.at)
        recent, alarms = at.between(now - HOUR, now), col(AuditRow.at) > now - HOUR
        async with self._store.work() as session:
            if self._store.database.backend.one_at_a_time:  # in a fleet no kiosk takes them away
                await session.exec(delete(StaffRefusalRow).where(at < now - HOUR))
            session.add(StaffRefusalRow(at=now, kiosk=self._store.kiosk))
            await session.flush()
            count = (
                await session.exec(select(func.count()).select_from(StaffRefusalRow).where(recent))
            ).one()
            audit = self._store.audit
            audit.record(session, Event.STAFF_REFUSED, about, Outcome.REFUSED, reason, at=None, **detail)
            if count < ALARM:
                return
            told = select(AuditRow.seq).where(AuditRow.event == Event.STAFF_ALARM.value, alarms).limit(1)
            if (await session.exec(told)).first() is None:
                audit.record(
                    session, Event.STAFF_ALARM, Subject(), Outcome.ALARM, "", at=None, failures=count
                )
