"""The scheduled report: put among the mails that are sent, once for all kiosks of a store.

That it was is an event in the same unit of work. So whoever is killed before has done nothing, and whoever
comes after sees it.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Subject
from kiosk.incidents import redacted
from kiosk.letters import NoticeKind
from kiosk.notices import Notices
from kiosk.reports.periods import Period, midnight
from kiosk.reports.writing import mailed_period
from kiosk.storage.trail import AuditRow, AuditStoreRow
from kiosk.store import Store

log = logging.getLogger(__name__)


class ReportMail:
    """Queues the report on the last whole day, week or month; `Notices` writes it when it is sent."""

    def __init__(self, store: Store, notices: Notices) -> None:
        self._store = store
        self._notices = notices
        self._done = ""  # so that this kiosk asks the store once a period

    async def tend(self) -> None:
        """Queue it where nobody has yet. Raises nothing."""
        if not self._store.settings.reports.mail_to:
            return
        try:
            await self._queue_once(self._store.clock.now())
        except Exception as error:  # the next look is in an hour; the people at the kiosk come first
            log.error("the report was not put among the mails\n%s", redacted(error))

    async def queue(self, *, by: str) -> Period:
        """Queue it whether it was or not; on what it is. Raises StoreUnavailable."""
        period = mailed_period(self._store, self._store.clock.now())
        async with self._store.work() as session:
            await self._put(session, period, by)
        return period

    async def _queue_once(self, at: datetime) -> None:
        period = mailed_period(self._store, at)
        if self._done == _name(self._store, period):
            return
        async with self._store.work() as session:
            # Whoever else looks for the same at this moment waits here, and then finds the event.
            await session.exec(update(AuditStoreRow).values(daily_at=AuditStoreRow.daily_at))
            if not await self._known(session, period):
                await self._put(session, period)
        self._done = _name(self._store, period)

    async def _known(self, session: AsyncSession, period: Period) -> bool:
        """Whether it was queued, or nothing had happened yet that could be reported."""
        queued = select(AuditRow.seq).where(
            AuditRow.event == Event.REPORT_QUEUED.value, AuditRow.reason == _name(self._store, period)
        )
        oldest = (await session.exec(select(func.min(AuditRow.at)))).one()
        if oldest is None or oldest >= midnight(period.until):
            return True
        return (await session.exec(queued.limit(1))).first() is not None

    async def _put(self, session: AsyncSession, period: Period, by: str = "") -> None:
        for to in self._store.settings.reports.mail_to:
            await self._notices.queue(session, NoticeKind.REPORT, None, to, "en")
        self._store.audit.record(
            session, Event.REPORT_QUEUED, Subject(actor=by), reason=_name(self._store, period)
        )


def _name(store: Store, period: Period) -> str:
    return f"{store.settings.reports.every} {period.first}"
