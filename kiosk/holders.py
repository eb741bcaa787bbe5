"""Looking up what the store knows of a card and its holder."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.persons import Opening, Personal
from kiosk.steps import Purpose
from kiosk.storage.models import (
    AssistanceRow,
    CardRow,
    CardState,
    CardWriteRow,
    CodeState,
    HolderRow,
    PendingRow,
    RegistrationRow,
    SecurityAnswerRow,
    WriteState,
    row_id,
)
from kiosk.store import Store
from kiosk.unblock import FIELD, UnblockSecrets
from kiosk.visit import Known, OpenWrite, Pending

OPEN_WRITES = (WriteState.INTENT.value, WriteState.UNKNOWN.value, WriteState.ANSWERED.value)
UNTOLD = and_(
    col(CardWriteRow.state) == WriteState.DONE.value, col(CardWriteRow.settled_at).is_(None)
)  # the card was out before its holder could be told


class Holders:
    """Reads holders and cards as frozen facts; those of the self-test exist for the self-test alone."""

    def __init__(self, store: Store, secrets: UnblockSecrets, *, selftest: bool = False) -> None:
        self._store = store
        self._secrets = secrets
        self._selftest = selftest

    async def find(self, card: CardId) -> Known | None:
        """What the store knows of this card, None if nothing."""
        async with self._store.work() as session:
            query = (
                select(CardRow, HolderRow)
                .join(HolderRow)
                .where(
                    CardRow.family == card.family,
                    CardRow.kind == card.kind,
                    CardRow.serial == card.serial,
                    HolderRow.selftest == self._selftest,
                )
            )
            row = (await session.exec(query)).first()
            return None if row is None else await self._known(session, *row)

    async def _known(self, session: AsyncSession, card: CardRow, holder: HolderRow) -> Known:
        card_id, holder_id = row_id(card), row_id(holder)
        now = self._store.clock.now()
        registration = await session.get(RegistrationRow, holder_id)
        person = await self._store.persons.opening(session, holder.audit_key)
        standing = await self._secrets.standing(session, card)
        pending = await self._pending(session, card_id, now, person)
        limit = self._store.settings.unlock.attempts
        return Known(
            id=CardId(card.family, card.kind, card.serial),
            card=card_id,
            card_key=card.audit_key,
            state=CardState(card.state),
            public_key=card.public_key,
            has_unblock_secret=standing.usable,
            passcode_key=card.passcode_key,
            secret_proven=card.secret_proven,
            mutual_proven=card.mutual_proven,
            secret_shared=standing.shared,
            secret_unsettled=standing.unsettled,
            holder=holder_id,
            holder_key=holder.audit_key,
            holder_id=holder.holder_id,
            name=person.open(Personal.NAME, holder.name),
            attempts_left=max(0, limit - holder.attempts),
            blocked=holder.blocked_at is not None,
            ra_email=person.open(Personal.RA_EMAIL, holder.ra_email),
            own_email=person.open(Personal.OWN_EMAIL, registration.email if registration else None),
            questions=await self._questions(session, holder_id),
            registered=registration is not None,
            usable_from=registration.usable_from if registration else None,
            assistance=await self._assistance(session, holder_id, now),
            pending=pending,
            open_write=await self._open_write(session, card_id),
            shut=(*((FIELD,) if standing.shut else ()), *person.shut),
            selftest=holder.selftest,
        )

    async def _questions(self, session: AsyncSession, holder: int) -> tuple[str, ...]:
        query = (
            select(SecurityAnswerRow.question)
            .where(SecurityAnswerRow.holder == holder)
            .order_by(col(SecurityAnswerRow.position))
        )
        return tuple(await session.exec(query))

    async def _assistance(self, session: AsyncSession, holder: int, now: datetime) -> bool:
        """Whether an assistance code is waiting."""
        row = await session.get(AssistanceRow, holder)
        return row is not None and row.state == CodeState.USABLE.value and row.expires_at > now

    async def _pending(
        self, session: AsyncSession, card: int, now: datetime, person: Opening
    ) -> tuple[Pending, ...]:
        """Newest first; proofs that no longer count and codes that no longer work are left out."""
        query = select(PendingRow).where(PendingRow.card == card).order_by(col(PendingRow.created_at).desc())
        fresh = now - timedelta(minutes=self._store.settings.unlock.proofs_valid_minutes)
        found = []
        for row in await session.exec(query):
            usable = row.code_state == CodeState.USABLE.value and _later(row.code_expires_at, now)
            answered = row.questions_at if _later(row.questions_at, fresh) else None
            if row.email_at is None and (usable or answered):
                found.append(
                    Pending(
                        id=row_id(row),
                        purpose=Purpose(row.purpose),
                        email=person.open(Personal.PENDING_EMAIL, row.email),
                        code_expires_at=row.code_expires_at if usable else None,
                        sent_at=row.code_sent_at if usable else None,
                        questions_at=answered,
                        assisted=row.assisted and answered is not None,
                    )
                )
        return tuple(found)

    async def _open_write(self, session: AsyncSession, card: int) -> OpenWrite | None:
        query = (
            select(CardWriteRow)
            .where(CardWriteRow.card == card, or_(col(CardWriteRow.state).in_(OPEN_WRITES), UNTOLD))
            .order_by(col(CardWriteRow.id).desc())
        )
        row = (await session.exec(query)).first()
        if row is None or row.id is None:
            return None
        return OpenWrite(
            row.id,
            Purpose(row.purpose),
            row.was_locked,
            row.unblock_tries,
            done=row.state == WriteState.DONE.value,
            answered=row.state == WriteState.ANSWERED.value,
        )


def _later(moment: datetime | None, than: datetime) -> bool:
    return moment is not None and moment > than
