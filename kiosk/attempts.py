"""Security answers: three failed attempts, counted in the store over every visit, card and kiosk.

An attempt is spent before the answers are looked at, by one UPDATE, and given back when they were
right. Whoever is cut off in between has lost an attempt, never gained one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import case, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome
from kiosk.keys import KeyProblem
from kiosk.letters import NoticeKind
from kiosk.notices import Notices
from kiosk.pendings import Pendings
from kiosk.proofs.answers import normalise
from kiosk.proofs.hashing import Hasher
from kiosk.steps import Purpose
from kiosk.storage.models import HolderRow, SecurityAnswerRow
from kiosk.store import Store
from kiosk.visit import Visit


@dataclass(frozen=True)
class Verdict:
    """Whether all answers were right, and how many attempts are left if not."""

    right: bool
    attempts_left: int


def answer_context(holder_key: str, question: str) -> str:
    """Binds an answer's hash to its holder and question."""
    return f"answer|{holder_key}|{question}"


class Attempts:
    """Checks a holder's answers."""

    def __init__(self, store: Store, hasher: Hasher, pendings: Pendings, notices: Notices) -> None:
        self._store = store
        self._hasher = hasher
        self._pendings = pendings
        self._notices = notices

    async def check(
        self, visit: Visit, purpose: Purpose, answers: Sequence[SecretStr], language: str
    ) -> Verdict:
        """Spend an attempt and check all answers, in the order of the holder's questions.

        Right answers are recorded as a proof for ``purpose``. Raises StoreUnavailable, and KeyProblem where
        the pepper's token is out of reach.
        """
        spent = await self._spend(visit)
        if spent is None:
            return Verdict(right=False, attempts_left=0)
        try:
            right = await self._right(visit, answers)
        except KeyProblem:  # nothing was checked
            async with self._store.work() as session:
                await self._give_back(session, visit)
            raise
        left = self._store.settings.unlock.attempts - spent
        async with self._store.work(visit.known.holder) as session:
            if right:
                await self._give_back(session, visit)
                await self._pendings.record_questions(session, visit, purpose)
                self._store.audit.record(session, Event.ANSWERS_CHECKED, visit.about)
            else:
                self._store.audit.record(
                    session, Event.ANSWERS_CHECKED, visit.about, Outcome.REFUSED, attempts_left=left
                )
                if left == 0:
                    self._store.audit.record(session, Event.HOLDER_BLOCKED, visit.about, reason="attempts")
                    await self._notices.queue(
                        session, NoticeKind.BLOCKED, visit.known, visit.known.email, language
                    )
        return Verdict(right, left + 1 if right else left)

    async def _right(self, visit: Visit, answers: Sequence[SecretStr]) -> bool:
        rows = await self._rows(visit)
        return len(rows) == len(answers) > 0 and await self._hasher.all_match(
            [
                (
                    answer_context(visit.known.holder_key, row.question),
                    SecretStr(normalise(answer.get_secret_value())),
                    row.hash,
                )
                for row, answer in zip(rows, answers, strict=True)
            ]
        )

    async def _spend(self, visit: Visit) -> int | None:
        """The number of this attempt, None where none was left."""
        limit = self._store.settings.unlock.attempts
        count = col(HolderRow.attempts)
        now = self._store.clock.now()
        async with self._store.work(visit.known.holder) as session:
            spent = await session.exec(
                update(HolderRow)
                .where(
                    col(HolderRow.id) == visit.known.holder,
                    count < limit,
                    col(HolderRow.blocked_at).is_(None),
                )
                .values(attempts=count + 1, blocked_at=case((count + 1 >= limit, now), else_=None))
                .returning(count)
            )
            number = spent.scalar_one_or_none()
            if number is None:
                self._store.audit.record(
                    session, Event.ANSWERS_CHECKED, visit.about, Outcome.REFUSED, reason="blocked"
                )
            return number

    async def _rows(self, visit: Visit) -> Sequence[SecurityAnswerRow]:
        query = (
            select(SecurityAnswerRow)
            .where(SecurityAnswerRow.holder == visit.known.holder)
            .order_by(col(SecurityAnswerRow.position))
        )
        async with self._store.work() as session:
            return (await session.exec(query)).all()

    async def _give_back(self, session: AsyncSession, visit: Visit) -> None:
        """The attempt was not a failed one; a block that came with spending it goes too."""
        await session.exec(
            update(HolderRow)
            .where(col(HolderRow.id) == visit.known.holder, col(HolderRow.attempts) > 0)
            .values(attempts=col(HolderRow.attempts) - 1, blocked_at=None)
        )
