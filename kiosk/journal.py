"""The journal of card writes: intent committed, command sent, outcome committed.

Whatever is left in between is settled when the card is seen again, by asking the card.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome
from kiosk.holders import OPEN_WRITES, UNTOLD
from kiosk.letters import NoticeKind
from kiosk.marks import (
    UNPROVEN_SENDS,
    give_back_unproven_send,
    secret_accepted,
    secret_failed,
    spend_unproven_send,
)
from kiosk.notices import Notices
from kiosk.pendings import Pendings, ProofMissing
from kiosk.standing import require_standing
from kiosk.steps import Proof, Purpose
from kiosk.storage.models import (
    CardRow,
    CardWriteRow,
    HolderRow,
    NextSecretRow,
    RegistrationRow,
    UnblockState,
    WriteState,
    row_id,
)
from kiosk.store import Store
from kiosk.unblock import UnblockNotPossible
from kiosk.visit import OpenWrite, Sight, Visit


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
        """Commit the intent. Raises ProofMissing where the card, or a proof of an unlock, no longer holds.

        Raises UnblockNotPossible where the secret was sent in vain as often as may be.
        """
        async with self._store.work(visit.known.holder) as session:
            if purpose is Purpose.UNLOCK:
                await self._require_proofs(session, visit)
                if unblock_tries is None and not await spend_unproven_send(session, visit.known.card):
                    raise UnblockNotPossible
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

    async def refused(
        self,
        visit: Visit,
        write: int,
        reason: str,
        *,
        sent: bool = True,
        blames_secret: bool = False,
        tries_now: int | None = None,
    ) -> bool:
        """The card answered with a refusal; whether its unblock secret is marked for it, for everybody.

        It is where the card says that it is wrong (``blames_secret``), and where the refusal may have
        cost one of its tries: there are fewer now, or the card does not tell. ``sent`` False: the
        command did not go out.
        """
        async with self._store.work(visit.known.holder) as session:
            row = await self._close(session, write, WriteState.REFUSED)
            self._store.audit.record(session, Event.CARD_WRITE_ENDED, visit.about, Outcome.REFUSED, reason)
            if row is None or row.purpose != Purpose.UNLOCK.value:
                return False
            if not sent:
                if row.unblock_tries is None:
                    await give_back_unproven_send(session, visit.known.card)
            elif row.unblock_tries is None:
                blames_secret = True
            else:
                blames_secret |= tries_now is not None and tries_now < row.unblock_tries
            if blames_secret:
                await self._mark_secret(session, visit, reason)
            return blames_secret

    async def sends_again(self, write: int, tries: int) -> None:
        """The first of two secrets was refused, the other one follows, with so many tries left."""
        async with self._store.work() as session:
            await session.exec(
                update(CardWriteRow).where(col(CardWriteRow.id) == write).values(unblock_tries=tries)
            )

    async def unknown(self, visit: Visit, write: int) -> None:
        """The answer was lost."""
        async with self._store.work(visit.known.holder) as session:
            await self._close(session, write, WriteState.UNKNOWN, settled=False)
            self._store.audit.record(session, Event.CARD_WRITE_ENDED, visit.about, Outcome.UNKNOWN)

    async def answered(self, visit: Visit, write: int) -> None:
        """The answer was "done", and a proof is owed that it was the enrolled card that gave it."""
        async with self._store.work(visit.known.holder) as session:
            await self._close(session, write, WriteState.ANSWERED, settled=False)
            self._store.audit.record(
                session, Event.CARD_WRITE_ENDED, visit.about, Outcome.UNKNOWN, "not proven"
            )

    async def done(
        self,
        visit: Visit,
        write: int,
        purpose: Purpose,
        language: str,
        *,
        proven: bool = False,
        mutual: bool = False,
    ) -> None:
        """The card did change: count and block are cleared by an unlock, a notice is queued.

        It stays open until the holder is `told` at the kiosk, too. ``proven``: it is the enrolled card;
        ``mutual``: by mutual authentication.
        """
        async with self._store.work(visit.known.holder) as session:
            if await self._close(session, write, WriteState.DONE, settled=False) is None:
                return  # another kiosk has settled it
            self._store.audit.record(session, Event.CARD_WRITE_ENDED, visit.about)
            known = visit.known
            if purpose is Purpose.UNLOCK:
                proofs = await self._pendings.get(session, visit, Purpose.UNLOCK)
                assisted = proofs is not None and proofs.assisted
                self._store.audit.record(session, Event.UNLOCKED, visit.about, assisted=assisted)
                await session.exec(
                    update(HolderRow)
                    .where(col(HolderRow.id) == known.holder)
                    .values(attempts=0, blocked_at=None)
                )
                await self._pendings.drop(session, visit, Purpose.UNLOCK)
                await secret_accepted(session, known.card, proven=proven, mutual=mutual)
                kind = NoticeKind.UNLOCKED
            else:
                self._store.audit.record(session, Event.PASSCODE_CHANGED, visit.about)
                kind = NoticeKind.PASSCODE_CHANGED
            await self._notices.queue(session, kind, known, known.email, language)

    async def told(self, write: int) -> None:
        """The holder was told on the screen that the card did change."""
        async with self._store.work() as session:
            await session.exec(
                update(CardWriteRow)
                .where(col(CardWriteRow.id) == write, UNTOLD)
                .values(settled_at=self._store.clock.now())
            )

    async def not_done(self, visit: Visit, write: OpenWrite, sight: Sight) -> None:
        """The card was asked and had not changed."""
        async with self._store.work(visit.known.holder) as session:
            await self._close(session, write.id, WriteState.NOT_DONE)
            self._store.audit.record(
                session, Event.CARD_WRITE_ENDED, visit.about, Outcome.FAILED, "card unchanged"
            )
            await self._suspect(session, visit, write, sight)

    async def open_ended(self, visit: Visit, write: OpenWrite, sight: Sight) -> None:
        """What the write did cannot be found out any more, and no longer matters."""
        async with self._store.work(visit.known.holder) as session:
            await self._close(session, write.id, WriteState.OPEN_ENDED)
            self._store.audit.record(
                session, Event.CARD_WRITE_ENDED, visit.about, Outcome.UNKNOWN, "cannot be found out"
            )
            await self._suspect(session, visit, write, sight)

    async def taken_by_another(self, visit: Visit, write: OpenWrite) -> None:
        """The card has not changed, though something said so that was sent its unblock secret: an alarm."""
        async with self._store.work(visit.known.holder) as session:
            await self._close(session, write.id, WriteState.NOT_DONE)
            self._store.audit.record(
                session, Event.CARD_NOT_GENUINE, visit.about, Outcome.ALARM, "another card was unlocked"
            )
            await self._mark_secret(session, visit, "NotGenuine")

    async def _suspect(self, session: AsyncSession, visit: Visit, write: OpenWrite, sight: Sight) -> None:
        """Mark the secret if the lost answer may have been a refusal, which costs one of its tries."""
        if write.purpose is not Purpose.UNLOCK:
            return
        if write.unblock_tries is None or sight.unblock_tries is None:
            card = await session.get_one(CardRow, visit.known.card)
            refused = card.unproven_sends >= UNPROVEN_SENDS
        else:
            refused = sight.unblock_tries < write.unblock_tries
            refused = refused and not await self._was_one_of_two(session, visit, write)
        if refused:
            await self._mark_secret(session, visit, "unproven")

    async def _was_one_of_two(self, session: AsyncSession, visit: Visit, write: OpenWrite) -> bool:
        """Whether what was sent is to replace the present secret, which was not sent with it."""
        probed = select(NextSecretRow.probed_tries).where(col(NextSecretRow.card) == visit.known.card)
        return (await session.exec(probed)).first() == write.unblock_tries

    async def _mark_secret(self, session: AsyncSession, visit: Visit, reason: str) -> None:
        await secret_failed(session, self._store, visit.known.card, visit.about, reason)

    async def _close(
        self, session: AsyncSession, write: int, state: WriteState, *, settled: bool = True
    ) -> CardWriteRow | None:
        """Move a write that is still open to this state and return it; None if it is closed already."""
        at = self._store.clock.now() if settled else None
        closed = await session.exec(
            update(CardWriteRow)
            .where(col(CardWriteRow.id) == write, col(CardWriteRow.state).in_(OPEN_WRITES))
            .values(state=state.value, settled_at=at)
            .returning(col(CardWriteRow.id))
        )
        found = closed.scalar_one_or_none()
        return None if found is None else await session.get_one(CardWriteRow, found)
