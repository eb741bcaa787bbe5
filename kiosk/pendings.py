"""The pending record of a journey: purpose, card and the proofs already given."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, delete, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.steps import Purpose
from kiosk.storage.models import AssistanceRow, CardRow, CodeMailRow, CodeState, PendingRow
from kiosk.store import Store
from kiosk.visit import Visit

NO_CODE = (CodeState.NONE, CodeState.USED, CodeState.VOID)


class ProofMissing(Exception):
    """What a journey has to build on is not on record, or no longer counts. Nothing was changed."""


class Pendings:
    """Creates, finds and sweeps pending records, inside others' units of work."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, session: AsyncSession, visit: Visit, purpose: Purpose) -> PendingRow | None:
        """The record of this card for that purpose."""
        query = select(PendingRow).where(
            PendingRow.card == visit.known.card, PendingRow.purpose == purpose.value
        )
        return (await session.exec(query)).one_or_none()

    async def open(self, session: AsyncSession, visit: Visit, purpose: Purpose) -> PendingRow:
        """The record, made if there is none, now belonging to this visit.

        Raises ProofMissing where the card is no longer in the store.
        """
        row = await self.get(session, visit, purpose)
        if row is None:
            if await session.get(CardRow, visit.known.card) is None:
                raise ProofMissing
            row = PendingRow(
                card=visit.known.card,
                purpose=purpose.value,
                visit=visit.reference,
                kiosk=self._store.kiosk,
                created_at=self._store.clock.now(),
            )
        if row.visit != visit.reference and row.email_at is not None:
            # A right code is for the visit in which it was entered: who comes back starts again.
            row.email_at = row.questions_at = None
            row.assisted = False
        row.visit = visit.reference
        session.add(row)
        await session.flush()
        return row

    async def record_questions(
        self, session: AsyncSession, visit: Visit, purpose: Purpose, *, assisted: bool = False
    ) -> None:
        """The questions were answered, or an assistance code stood in for them."""
        row = await self.open(session, visit, purpose)
        row.questions_at = self._store.clock.now()
        row.assisted = assisted

    async def drop(self, session: AsyncSession, visit: Visit, purpose: Purpose) -> None:
        """The journey is complete: nothing is pending."""
        await session.exec(
            delete(PendingRow).where(
                col(PendingRow.card) == visit.known.card, col(PendingRow.purpose) == purpose.value
            )
        )

    async def sweep(self) -> None:
        """Erase what can no longer be resumed, and mails that no longer count for the rates."""
        now = self._store.clock.now()
        proofs = now - timedelta(minutes=self._store.settings.unlock.proofs_valid_minutes)
        code_over = or_(
            col(PendingRow.code_state).in_([state.value for state in NO_CODE]),
            col(PendingRow.code_expires_at) <= now,
            # a kiosk that died while sending: nobody can know this code
            and_(
                col(PendingRow.code_state) == CodeState.SENDING.value,
                col(PendingRow.code_sent_at) <= now - timedelta(minutes=2),
            ),
        )
        proof_over = or_(col(PendingRow.questions_at).is_(None), col(PendingRow.questions_at) <= proofs)
        email_over = or_(col(PendingRow.email_at).is_(None), col(PendingRow.email_at) <= proofs)
        async with self._store.work() as session:
            await session.exec(delete(PendingRow).where(code_over, proof_over, email_over))
            await session.exec(delete(CodeMailRow).where(col(CodeMailRow.at) < now - timedelta(hours=24)))

    async def void_all(self) -> None:
        """The clock is not to be believed: no code that waits may be used any more.

        Mails dated in the future are forgotten, or they would count against the rates until then.
        """
        now = self._store.clock.now()
        async with self._store.work() as session:
            await session.exec(delete(CodeMailRow).where(col(CodeMailRow.at) > now))
            await session.exec(delete(PendingRow))
            await session.exec(delete(AssistanceRow))
