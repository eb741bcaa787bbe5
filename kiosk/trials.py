"""Unblock secrets that are tried at an officer's desk: each is on record before it goes out.

A card may count in silence, and need not be in the store. After one refusal no secret is tried on it any
more, and a secret whose answer was lost only once more, until somebody has looked: factory counters
begin at 3, and the last try is never used. See ``docs/decisions/0009-one-failing-send.md``.
"""

from __future__ import annotations

from pydantic import SecretBytes
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk import refused
from kiosk.arrivals import EnrolmentError
from kiosk.audit import Event, Outcome, Subject
from kiosk.enrolled import refused_before
from kiosk.marks import (
    UNPROVEN_SENDS,
    give_back_unproven_send,
    secret_failed,
    spend_unproven_send,
)
from kiosk.storage.models import CardRow, HolderRow, RefusedSecretRow, UnblockSecretRow, UnblockState, row_id
from kiosk.store import Store
from kiosk.unblock import UnblockSecrets

AT_THE_DESK = "at an officer's desk"


class Trials:
    """What officers try on cards. `kiosk.enrolment` takes in what was accepted, and clears its record."""

    def __init__(self, store: Store, secrets: UnblockSecrets) -> None:
        self._store = store
        self._secrets = secrets

    async def require_unrefused(self, card: CardId, secret: SecretBytes, name: str) -> None:
        """Raise EnrolmentError if the card has refused this very secret, called ``name``, before."""
        async with self._store.work() as session:
            if await self._was_refused(session, card, secret):
                raise refused_before(name)

    async def begin(self, card: CardId, secret: SecretBytes, name: str) -> None:
        """Commit that a secret goes to a card that counts in silence. Raises EnrolmentError: it must not."""
        async with self._store.work() as session:
            if await self._was_refused(session, card, secret):
                raise refused_before(name)
            tried = (await refused.found(session, [card])).get(card, [])
            if any(row.refused for row in tried):
                raise EnrolmentError(
                    f"the card has refused another {name} before, and does not tell how many tries are left: "
                    "see 'kiosk card clear-secret'"
                )
            if not await self._spend(session, card, tried):
                raise EnrolmentError(
                    f"this card was sent its {name} in vain as often as may be, and does not tell how many "
                    "tries are left: see 'kiosk card clear-secret'"
                )
            this = await session.get(RefusedSecretRow, (str(card), self._secrets.fingerprint(secret)))
            if this is None:
                this = RefusedSecretRow(
                    card=str(card), fingerprint=self._secrets.fingerprint(secret), refused=False
                )
            this.sends += 1
            session.add(this)

    async def not_sent(self, card: CardId, secret: SecretBytes) -> None:
        """Nothing was made with it after all."""
        async with self._store.work() as session:
            this = await session.get(RefusedSecretRow, (str(card), self._secrets.fingerprint(secret)))
            if this is not None and this.sends > 1:
                this.sends -= 1
            elif this is not None:
                await session.delete(this)
            row = await _row(session, card)
            if row is not None:
                await give_back_unproven_send(session, row_id(row))

    async def refused(self, card: CardId, secret: SecretBytes, *, by: str) -> None:
        """The card has refused it: neither desk nor kiosk sends it that again."""
        async with self._store.work() as session:
            row, about = await _row(session, card), Subject(actor=by)
            if row is not None:
                holder = await session.get_one(HolderRow, row.holder)
                about = Subject(holder.audit_key, row.audit_key, actor=by)
            await refused.remember(session, card, self._secrets.fingerprint(secret))
            if row is not None and await self._is_present(session, row, secret):
                await secret_failed(session, self._store, row_id(row), about, AT_THE_DESK)
            else:
                self._store.audit.record(
                    session, Event.UNBLOCK_SECRET_FAILED, about, Outcome.REFUSED, AT_THE_DESK
                )

    async def _was_refused(self, session: AsyncSession, card: CardId, secret: SecretBytes) -> bool:
        this = await session.get(RefusedSecretRow, (str(card), self._secrets.fingerprint(secret)))
        if this is not None and this.refused:
            return True
        row = await _row(session, card)
        failed = row is not None and row.unblock_state == UnblockState.FAILED.value
        return row is not None and failed and await self._is_present(session, row, secret)

    async def _is_present(self, session: AsyncSession, row: CardRow, secret: SecretBytes) -> bool:
        kept = await session.get(UnblockSecretRow, row.id)
        return await self._secrets.is_present(row, kept, secret)

    async def _spend(self, session: AsyncSession, card: CardId, tried: list[RefusedSecretRow]) -> bool:
        """Count a send; False where none is left."""
        row = await _row(session, card)
        if row is None:
            return sum(other.sends for other in tried) < UNPROVEN_SENDS
        return await spend_unproven_send(session, row_id(row))


async def _row(session: AsyncSession, card: CardId) -> CardRow | None:
    query = select(CardRow).where(
        CardRow.family == card.family, CardRow.kind == card.kind, CardRow.serial == card.serial
    )
    return (await session.exec(query.with_for_update(key_share=True))).one_or_none()
