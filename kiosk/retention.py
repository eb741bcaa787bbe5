"""What is over is not kept for longer than the site says; enforced once a day, by one kiosk of a store."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import CursorResult, Delete, delete, or_, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from cardio.card import CardId
from kiosk.audit import Event, Subject
from kiosk.holders import OPEN_WRITES, Holders
from kiosk.incidents import redacted
from kiosk.letters import NoticeKind
from kiosk.notices import Notices
from kiosk.registrations import Registrations
from kiosk.storage.models import (
    AssistanceRow,
    CardRow,
    CardWriteRow,
    HolderRow,
    NoticeRow,
    NoticeState,
    RegistrationRow,
)
from kiosk.storage.trail import AuditRow, AuditStoreRow
from kiosk.store import Store

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
LAPSES = 50  # registrations in one go, or a card put in would have to wait: the rest is for tomorrow
STRETCH = 1000  # registrations looked at in one go, for the same reason


class Counts(NamedTuple):
    """How much was erased, of what."""

    registrations: int
    writes: int
    notices: int
    assistance: int


class Retention:
    """Enforces the settings of [retention], as far as the kiosk's account of the database may.

    Audit events are dropped by `kiosk audit close` alone. Its time is the one that the clock would show
    had nobody set it: a clock that jumps erases nothing, and dates no event into the future.
    """

    def __init__(
        self, store: Store, holders: Holders, registrations: Registrations, notices: Notices
    ) -> None:
        self._store = store
        self._holders = holders
        self._registrations = registrations
        self._notices = notices

    async def tend(self) -> None:
        """Tell the audit trail's head, and enforce what is due today. Raises nothing."""
        try:
            self._store.audit.tell_head(await self._store.head())
            if await self._claim():
                await self.enforce()
        except Exception as error:  # tomorrow is another day; the people at the kiosk come first
            log.error("the daily tasks were not done\n%s", redacted(error))

    async def enforce(self, *, by: str = "") -> Counts:
        """Erase what is over, and say how much of what. Raises StoreUnavailable."""
        lapsed = await self._lapse()
        now, days = self._store.clock.steady(), self._store.settings.retention
        async with self._store.work() as session:
            counts = Counts(
                registrations=lapsed,
                writes=await _gone(session, _writes(now, days.writes_days)),
                notices=await _gone(session, _notices(now, days.notices_days)),
                assistance=await _gone(
                    session, delete(AssistanceRow).where(col(AssistanceRow.expires_at) < now - DAY)
                ),
            )
            await session.exec(update(AuditStoreRow).values(daily_at=now))
            about = Subject(actor=by)
            self._store.audit.record(session, Event.RETENTION_ENFORCED, about, at=now, **counts._asdict())
            to, language = self._store.settings.audit.head_mail, self._store.settings.site.language
            await self._notices.queue(session, NoticeKind.AUDIT_HEAD, None, to, language)
        await self._store.database.forget()  # in any case: a command may have left it undone
        return counts

    async def _claim(self) -> bool:
        """Whether this kiosk is the one that does it today. A time in the future was written in error."""
        now, at = self._store.clock.steady(), col(AuditStoreRow.daily_at)
        async with self._store.work() as session:
            claimed = await session.exec(
                update(AuditStoreRow)
                .where(or_(at.is_(None), at <= now - DAY, at > now))
                .values(daily_at=now)
                .returning(col(AuditStoreRow.id))
            )
            return claimed.scalar_one_or_none() is not None

    async def _lapse(self) -> int:
        """End the registrations that nobody has used for retention.unused_days."""
        days = self._store.settings.retention.unused_days
        if not days:
            return 0
        limit = self._store.clock.steady() - timedelta(days=days)
        cards, after = list[CardRow](), -1
        while len(cards) < LAPSES:
            async with self._store.work() as session:
                end = (await session.exec(_stretch(after))).one()
                if end is None:
                    break
                cards += (await session.exec(_unused(limit, after, end))).all()
            after = end
        lapsed: set[int] = set()
        for card in cards[:LAPSES]:
            known = await self._holders.find(CardId(card.family, card.kind, card.serial))
            if known is not None and known.registered and known.holder not in lapsed:
                await self._registrations.lapse(known, self._store.settings.site.language)
                lapsed.add(known.holder)
        return len(lapsed)


def _stretch(after: int) -> SelectOfScalar[int | None]:
    """Selects where the next registrations that are looked at in one go end; nothing where none is left."""
    holder = col(RegistrationRow.holder)
    some = select(holder).where(holder > after).order_by(holder).limit(STRETCH).subquery()
    return select(func.max(some.c.holder))


def _unused(limit: datetime, after: int, end: int) -> SelectOfScalar[CardRow]:
    """Selects the cards of those among them who are registered since then, and have put in none."""
    used = select(AuditRow.seq).where(
        AuditRow.holder_key == HolderRow.audit_key,
        AuditRow.event == Event.CARD_SEEN.value,
        AuditRow.at >= limit,
    )
    return (
        select(CardRow)
        .join(HolderRow)
        .join(RegistrationRow, col(RegistrationRow.holder) == col(HolderRow.id))
        .where(col(RegistrationRow.holder) > after, col(RegistrationRow.holder) <= end)
        .where(RegistrationRow.registered_at < limit, ~used.exists(), ~col(HolderRow.selftest))
        .order_by(col(CardRow.id))
        .limit(LAPSES)
    )


def _writes(now: datetime, days: int) -> Delete | None:
    """Settled card writes: what is open is still to be found out."""
    if not days:
        return None
    return delete(CardWriteRow).where(
        col(CardWriteRow.state).not_in(OPEN_WRITES), col(CardWriteRow.settled_at) < now - timedelta(days=days)
    )


def _notices(now: datetime, days: int) -> Delete | None:
    """Notices that no mail server has taken."""
    if not days:
        return None
    return delete(NoticeRow).where(
        col(NoticeRow.state) == NoticeState.GIVEN_UP.value,
        col(NoticeRow.created_at) < now - timedelta(days=days),
    )


async def _gone(session: AsyncSession, statement: Delete | None) -> int:
    """Carry it out; how many rows it has deleted."""
    if statement is None:
        return 0
    done: CursorResult[object] = await session.exec(statement)
    return done.rowcount
