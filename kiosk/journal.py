"""The journal of card writes: intent committed, command sent, outcome committed.

Whatever is left in between is settled when the card is seen again, by asking the card.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome
from kiosk.holders import OPEN_WRITES
from kiosk.letters import NoticeKind
from kiosk.notices import Notices
from kiosk.pendings import Pendings, ProofMissing
from kiosk.standing import require_standing
from kiosk.steps import Proof, Purpose
from kiosk.storage.models import (
    CardRow,
    CardWriteRow,
    HolderRow,
    RegistrationRow,
    UnblockState,
    WriteState,
    row_id,
)
from kiosk.store import Store
from kiosk.visit import OpenWrite, Sight, Visit

UNPROVEN_SENDS = 2  # of a secret whose tries the card does not tell; factory counters start at 3


class Journal:
    """Writes down each card write before and after, and what follows from its success."""

    def __init__(self, store: Store, pendings: Pendings, notices: Notices) -> None:
        self._store = store
        self._pendings = pendings
        self._notices = notices

    async def begin(
        self,
        visit: Visit,
        purpose: Purpose,
        language: str,
        *,
        was_locked: bool = False,
        unblock_tries: int | None = None,
    ) -> int:
        """Commit the intent. Raises ProofMissing where the card, or a proof of an unlock, no longer holds."""
        async with self._store.work() as session:
            if purpose is Purpose.UNLOCK:
                await self._require_proofs(session, visit)
            else:
                await require_standing(session, self._store, visit, blocked_may=True)
            row = CardWriteRow(
                card=visit.known.card,
                visit=visit.reference,
                kiosk=self._store.kiosk,
                purpose=purpose.value,
                was_locked=was_locked,
                unblock_tries=unblock_tries,
                at=self._store.clock.now(),
                language=language,
            )
            session.add(row)
            self._store.audit.record(
                session, Event.CARD_WRITE_BEGUN, visit.about, purpose=purpose.value, was_locked=was_locked
            )
            await session.flush()
            return row_id(row)

    async def _require_proofs(self, session: AsyncSession, visit: Visit) -> None:
        row = await self._pendings.get(session, visit, Purpose.UNLOCK)
        if row is None or row.visit != visit.reference:
            raise ProofMissing
        card = await require_standing(session, self._store, visit, blocked_may=row.assisted)
        registration = await session.get(RegistrationRow, visit.known.holder)
        now, rules = self._store.clock.now(), self._store.settings.unlock
        held_back = registration is not None and registration.usable_from > now and not row.assisted
        if card.unblock_state != UnblockState.USABLE.value or held_back:
            raise ProofMissing
        fresh = now - timedelta(minutes=rules.proofs_valid_minutes)
        given = {Proof.QUESTIONS.value: row.questions_at, Proof.EMAIL_CODE.value: row.email_at}
        asked = {*rules.proofs, *([Proof.QUESTIONS.value] if row.assisted else [])}
        if any((at := given[proof]) is None or at < fresh for proof in asked):
            raise ProofMissing

    async def refused(self, visit: Visit, write: int, reason: str, *, blames_secret: bool = False) -> None:
        """The card answered with a refusal; ``blames_secret`` marks its unblock secret for everybody."""
        async with self._store.work() as session:
            await self._close(session, write, WriteState.REFUSED)
            self._store.audit.record(session, Event.CARD_WRITE_ENDED, visit.about, Outcome.REFUSED, reason)
            if blames_secret or await self._unproven_sends(session, visit) >= UNPROVEN_SENDS:
                await self._mark_secret(session, visit, reason)

    async def unknown(self, visit: Visit, write: int) -> None:
        """The answer was lost."""
        async with self._store.work() as session:
            await self._close(session, write, WriteState.UNKNOWN, settled=False)
            self._store.audit.record(session, Event.CARD_WRITE_ENDED, visit.about, Outcome.UNKNOWN)

    async def done(self, visit: Visit, write: int, purpose: Purpose, language: str) -> None:
        """The card did change: count and block are cleared by an unlock, the holder is told."""
        async with self._store.work() as session:
            if not await self._close(session, write, WriteState.DONE):
                return  # another kiosk has settled it
            self._store.audit.record(session, Event.CARD_WRITE_ENDED, visit.about)
            known = visit.known
            if purpose is Purpose.UNLOCK:
                await session.exec(
                    update(HolderRow)
                    .where(col(HolderRow.id) == known.holder)
                    .values(attempts=0, blocked_at=None)
                )
                await self._pendings.drop(session, visit, Purpose.UNLOCK)
            unlocked = purpose is Purpose.UNLOCK
            self._store.audit.record(
                session, Event.UNLOCKED if unlocked else Event.PASSCODE_CHANGED, visit.about
            )
            kind = NoticeKind.UNLOCKED if unlocked else NoticeKind.PASSCODE_CHANGED
            self._notices.queue(session, kind, known, known.email, language)

    async def not_done(self, visit: Visit, write: OpenWrite, sight: Sight) -> None:
        """The card was asked and had not changed."""
        async with self._store.work() as session:
            await self._close(session, write.id, WriteState.NOT_DONE)
            self._store.audit.record(
                session, Event.CARD_WRITE_ENDED, visit.about, Outcome.FAILED, "card unchanged"
            )
            unlock = write.purpose is Purpose.UNLOCK
            if unlock and await self._secret_is_suspect(session, visit, write, sight):
                await self._mark_secret(session, visit, "unproven")

    async def open_ended(self, visit: Visit, write: OpenWrite) -> None:
        """What the write did cannot be found out any more, and no longer matters."""
        async with self._store.work() as session:
            await self._close(session, write.id, WriteState.OPEN_ENDED)
            self._store.audit.record(
                session, Event.CARD_WRITE_ENDED, visit.about, Outcome.UNKNOWN, "cannot be found out"
            )

    async def _secret_is_suspect(
        self, session: AsyncSession, visit: Visit, write: OpenWrite, sight: Sight
    ) -> bool:
        """Whether the lost answer may have been a refusal of the secret, which costs one of its tries."""
        if write.unblock_tries is not None and sight.unblock_tries is not None:
            return sight.unblock_tries < write.unblock_tries
        return await self._unproven_sends(session, visit) >= UNPROVEN_SENDS

    async def _unproven_sends(self, session: AsyncSession, visit: Visit) -> int:
        """How often the secret was sent since it last worked, on a card that does not tell its tries."""
        mine = (CardWriteRow.card == visit.known.card, CardWriteRow.purpose == Purpose.UNLOCK.value)
        last = select(func.coalesce(func.max(CardWriteRow.id), 0)).where(
            *mine, CardWriteRow.state == WriteState.DONE.value
        )
        query = select(func.count()).where(
            *mine,
            col(CardWriteRow.id) > last.scalar_subquery(),
            col(CardWriteRow.unblock_tries).is_(None),
            col(CardWriteRow.state).in_((WriteState.NOT_DONE.value, WriteState.REFUSED.value)),
        )
        return (await session.exec(query)).one()

    async def _mark_secret(self, session: AsyncSession, visit: Visit, reason: str) -> None:
        await session.exec(
            update(CardRow)
            .where(col(CardRow.id) == visit.known.card)
            .values(unblock_state=UnblockState.FAILED.value)
        )
        self._store.audit.record(session, Event.UNBLOCK_SECRET_FAILED, visit.about, Outcome.ALARM, reason)

    async def _close(
        self, session: AsyncSession, write: int, state: WriteState, *, settled: bool = True
    ) -> bool:
        """Move a write that is still open to this state; False if it is closed already."""
        at = self._store.clock.now() if settled else None
        closed = await session.exec(
            update(CardWriteRow)
            .where(col(CardWriteRow.id) == write, col(CardWriteRow.state).in_(OPEN_WRITES))
            .values(state=state.value, settled_at=at)
            .returning(col(CardWriteRow.id))
        )
        return closed.scalar_one_or_none() is not None
