"""Assistance codes: the RA's word, in place of the security questions.

The officer has spoken to the person. The emailed code is still needed.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import update
from sqlmodel import col

from kiosk.audit import Event, Outcome, Subject
from kiosk.codes import Entry
from kiosk.letters import NoticeKind
from kiosk.notices import Notices
from kiosk.pendings import Pendings
from kiosk.proofs.codes import clean, new_code
from kiosk.proofs.hashing import Hasher
from kiosk.refusals import CodeRefusal
from kiosk.steps import Purpose
from kiosk.storage.models import AssistanceRow, CodeState, HolderRow
from kiosk.store import Store
from kiosk.visit import Known, Visit

DIGITS = 10


def _context(holder_key: str) -> str:
    return f"assistance|{holder_key}"


class Assistance:
    """Issues and checks assistance codes."""

    def __init__(self, store: Store, hasher: Hasher, pendings: Pendings, notices: Notices) -> None:
        self._store = store
        self._hasher = hasher
        self._pendings = pendings
        self._notices = notices

    async def issue(self, known: Known, *, by: str, reason: str, language: str = "en") -> SecretStr:
        """Make a code, shown this once to the officer ``by``; an earlier one is void."""
        code = new_code(DIGITS)
        hashed = await self._hasher.hash(_context(known.holder_key), code)
        now = self._store.clock.now()
        async with self._store.work(known.holder) as session:
            await session.merge(
                AssistanceRow(
                    holder=known.holder,
                    code_hash=hashed,
                    issued_by=by,
                    issued_at=now,
                    expires_at=now + timedelta(minutes=self._store.settings.codes.assistance_minutes),
                )
            )
            about = Subject(known.holder_key, known.card_key, actor=by, selftest=known.selftest)
            self._store.audit.record(session, Event.ASSISTANCE_ISSUED, about, reason=reason)
            await self._notices.queue(session, NoticeKind.ASSISTANCE_ISSUED, known, known.email, language)
        return code

    async def check(self, visit: Visit, typed: SecretStr, language: str) -> Entry:
        """Spend a try and check the code; a right one is consumed and stands for the questions."""
        hashed_wrong = await self._spend(visit)
        if isinstance(hashed_wrong, CodeRefusal):
            return await self._refuse(visit, hashed_wrong, None)
        hashed, wrong = hashed_wrong
        code = SecretStr(clean(typed.get_secret_value()))
        if not await self._hasher.matches(_context(visit.known.holder_key), code, hashed):
            left = self._store.settings.codes.tries - wrong
            return await self._refuse(visit, CodeRefusal.WRONG if left else CodeRefusal.VOID, left)
        async with self._store.work(visit.known.holder) as session:
            used = await session.exec(
                update(AssistanceRow)
                .where(
                    col(AssistanceRow.holder) == visit.known.holder,
                    col(AssistanceRow.code_hash) == hashed,
                    col(AssistanceRow.state) == CodeState.USABLE.value,
                )
                .values(state=CodeState.USED.value, code_hash="")
                .returning(col(AssistanceRow.holder))
            )
            if used.scalar_one_or_none() is not None:
                await self._pendings.record_questions(session, visit, Purpose.UNLOCK, assisted=True)
                self._store.audit.record(session, Event.ASSISTANCE_CHECKED, visit.about)
                await self._notices.queue(
                    session, NoticeKind.ASSISTANCE_USED, visit.known, visit.known.email, language
                )
                return Entry()
        return await self._refuse(visit, CodeRefusal.VOID, None)

    async def _spend(self, visit: Visit) -> tuple[str, int] | CodeRefusal:
        now = self._store.clock.now()
        wrong = col(AssistanceRow.wrong)
        async with self._store.work(visit.known.holder) as session:
            spent = await session.exec(
                update(AssistanceRow)
                .where(
                    col(AssistanceRow.holder) == visit.known.holder,
                    col(AssistanceRow.state) == CodeState.USABLE.value,
                    col(AssistanceRow.expires_at) > now,
                    wrong < self._store.settings.codes.tries,
                )
                .values(wrong=wrong + 1)
                .returning(col(AssistanceRow.code_hash), wrong)
            )
            if (row := spent.first()) is not None:
                return str(row[0]), int(row[1])
            there = await session.get(AssistanceRow, visit.known.holder)
        expired = there is not None and there.state == CodeState.USABLE.value and there.expires_at <= now
        return CodeRefusal.EXPIRED if expired else CodeRefusal.VOID

    async def _refuse(self, visit: Visit, why: CodeRefusal, left: int | None) -> Entry:
        async with self._store.work(visit.known.holder) as session:
            if left == 0:
                await session.exec(
                    update(AssistanceRow)
                    .where(col(AssistanceRow.holder) == visit.known.holder)
                    .values(state=CodeState.VOID.value, code_hash="")
                )
            self._store.audit.record(
                session, Event.ASSISTANCE_CHECKED, visit.about, Outcome.REFUSED, why.value, tries_left=left
            )
        return Entry(why, left)

    async def clear_block(self, known: Known, *, by: str, reason: str) -> None:
        """The RA gives the holder their attempts back."""
        async with self._store.work(known.holder) as session:
            await session.exec(
                update(HolderRow).where(col(HolderRow.id) == known.holder).values(attempts=0, blocked_at=None)
            )
            about = Subject(known.holder_key, known.card_key, actor=by, selftest=known.selftest)
            self._store.audit.record(session, Event.BLOCK_CLEARED, about, reason=reason)
