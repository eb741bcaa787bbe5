"""Erasing persons: all that is theirs goes, and their audit events stay, which know them by a bare key."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import and_, delete
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk import refused
from kiosk.audit import Event, Subject
from kiosk.enrolment import EnrolmentError
from kiosk.holders import OPEN_WRITES
from kiosk.storage.models import (
    AssistanceRow,
    CardRow,
    CardState,
    CardWriteRow,
    CodeMailRow,
    HolderRow,
    HolderWordRow,
    NoticeRow,
    RefusedSecretRow,
    RegistrationRow,
)
from kiosk.storage.trail import AuditRow
from kiosk.store import Store

UNDER_WAY = timedelta(minutes=10)  # longer than any card write takes


async def forget(store: Store, holder: int, *, by: str, reason: str) -> int:
    """Erase one holder, by row id, with their cards; how many audit events stay with their bare key.

    Raises EnrolmentError where there is no such holder (any more), and where it is not known whether a
    write to one of their cards happened, unless that card was revoked.
    """
    async with store.work() as session:
        person = await session.get(HolderRow, holder)
        if person is None or person.selftest:
            raise EnrolmentError("there is no such holder any more")
        if await _written_just_now(session, store, holder):
            raise EnrolmentError(
                "a write to this holder's card is open: put the card in at a kiosk, which finds out what "
                "became of it; or, if the card is gone, revoke it ('kiosk card revoke') ten minutes later"
            )
        key = person.audit_key
        session.expunge(person)
        await _erase(session, [holder])
        store.audit.record(session, Event.HOLDER_FORGOTTEN, Subject(key, actor=by), reason=reason)
    await store.database.forget()
    async with store.work() as session:
        query = select(func.count()).select_from(AuditRow).where(AuditRow.holder_key == key)
        return (await session.exec(query)).one()


async def remove_selftest_holders(store: Store) -> None:
    """Remove self-test holders and all that is theirs; their audit events stay, and are marked."""
    async with store.work() as session:
        await _erase(session, (await session.exec(select(HolderRow.id).where(HolderRow.selftest))).all())


async def _written_just_now(session: AsyncSession, store: Store, holder: int) -> bool:
    lost = and_(
        col(CardRow.state) == CardState.REVOKED.value,
        col(CardWriteRow.at) < store.clock.now() - UNDER_WAY,
    )
    query = (
        select(CardWriteRow.id)
        .join(CardRow)
        .where(CardRow.holder == holder, col(CardWriteRow.state).in_(OPEN_WRITES), ~lost)
    )
    return (await session.exec(query.limit(1))).first() is not None


async def _erase(session: AsyncSession, holders: Collection[int | None]) -> None:
    """Secrets, pending records and answers go with the card or registration that they belong to."""
    rows = (await session.exec(select(CardRow).where(col(CardRow.holder).in_(holders)))).all()
    cards, numbers = [row.id for row in rows], [str(refused.number(row)) for row in rows]
    await session.exec(delete(CardWriteRow).where(col(CardWriteRow.card).in_(cards)))
    await session.exec(delete(RefusedSecretRow).where(col(RefusedSecretRow.card).in_(numbers)))
    await session.exec(delete(CardRow).where(col(CardRow.id).in_(cards)))
    for table in (NoticeRow, CodeMailRow, AssistanceRow, RegistrationRow, HolderWordRow):
        await session.exec(delete(table).where(col(table.holder).in_(holders)))
    await session.exec(delete(HolderRow).where(col(HolderRow.id).in_(holders)))
