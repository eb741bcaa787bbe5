"""Bringing holders and cards into the store, and finding them there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretBytes
from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.audit import Event, Subject
from kiosk.intake import Change, Intake, NewCard, NewHolder, NewRow, RowFault
from kiosk.marks import secret_cleared
from kiosk.storage.models import (
    CardRow,
    CardState,
    CardWriteRow,
    CodeMailRow,
    HolderRow,
    NextSecretRow,
    NoticeRow,
    RegistrationRow,
    UnblockSecretRow,
    UnblockState,
    row_id,
)
from kiosk.store import Store
from kiosk.unblock import Source, UnblockSecrets

__all__ = [
    "Change",
    "EnrolledCard",
    "Enrolment",
    "EnrolmentError",
    "NewCard",
    "NewHolder",
    "NewRow",
    "RowFault",
    "RowsRefused",
    "remove_selftest_holders",
]


class EnrolmentError(Exception):
    """What was to be brought in does not fit what is there. The message is for the person who tried."""


class RowsRefused(EnrolmentError):
    """Rows do not fit, so none was brought in. ``faults`` has each, by line."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__("\n".join(f"line {fault.line}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class EnrolledCard:
    """A card, its holder, and where its unblock secret comes from.

    ``replacing``: a new one was begun, and which of the two the card holds is not known.
    """

    card: CardRow
    holder: HolderRow
    source: Source
    replacing: bool


class Enrolment:
    """Adds holders and cards, each call one unit of work: all of it or nothing."""

    def __init__(self, store: Store, secrets: UnblockSecrets) -> None:
        self._store = store
        self._secrets = secrets

    async def add_holder(self, holder: NewHolder, *, by: str, selftest: bool = False) -> None:
        """Add one holder. Raises EnrolmentError if the id is taken."""
        async with self._store.work() as session:
            if await self._holder(session, holder.holder_id) is not None:
                raise EnrolmentError(f"there is a holder {holder.holder_id!r} already")
            await self._intake(session, by).add_holder(holder, selftest=selftest)

    async def enrol(self, holder_id: str, card: NewCard, *, by: str) -> Change:
        """Tie a card to a holder. Raises EnrolmentError for an unknown holder or another's card."""
        async with self._store.work() as session:
            holder = await self._holder(session, holder_id)
            if holder is None:
                raise unknown_holder(holder_id)
            rows = [NewRow(1, NewHolder(holder.holder_id, holder.name, ""), card)]
            intake = self._intake(session, by)
            if faults := await intake.faults(rows):
                raise EnrolmentError(faults[0].reason)
            return (await intake.take_in(rows))[0]

    async def faults(self, rows: Sequence[NewRow]) -> list[RowFault]:
        """What `import_all` would refuse these rows for."""
        async with self._store.work() as session:
            return await self._intake(session, "").faults(rows)

    async def import_all(self, rows: Sequence[NewRow], *, by: str) -> Counter[Change]:
        """Take in every row, or none; how many cards were added, renewed and unchanged.

        A row that is there already changes nothing but the card's secret and key, where they differ.
        Raises RowsRefused with every row at fault.
        """
        async with self._store.work() as session:
            intake = self._intake(session, by)
            if faults := await intake.faults(rows):
                raise RowsRefused(faults)
            return Counter(await intake.take_in(rows))

    async def set_card_state(self, card: CardId, state: CardState, *, by: str, reason: str) -> None:
        """Suspend, revoke or take back into use. Raises EnrolmentError for an unknown card."""
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is None:
                raise unknown_card(card)
            row.state = state.value
            session.add(row)
            holder = await session.get_one(HolderRow, row.holder)
            about = Subject(holder.audit_key, row.audit_key, actor=by)
            self._store.audit.record(session, Event.CARD_STATE_SET, about, reason=reason, state=state.value)

    async def was_refused(self, card: CardId, secret: SecretBytes) -> bool:
        """Whether this card has refused this very secret, and nobody has looked since."""
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is None or row.unblock_state != UnblockState.FAILED.value:
                return False
            kept = await session.get(UnblockSecretRow, row.id)
            return kept is not None and self._secrets.holds(kept, row.audit_key, secret)

    async def clear_secret(self, card: CardId, *, by: str, reason: str) -> None:
        """Somebody has looked: a secret that failed may be sent again, and another one be taken instead.

        Raises EnrolmentError for an unknown card.
        """
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is None:
                raise unknown_card(card)
            holder = await session.get_one(HolderRow, row.holder)
            about = Subject(holder.audit_key, row.audit_key, actor=by)
            await secret_cleared(session, self._store, row_id(row), about, reason)

    def _intake(self, session: AsyncSession, by: str) -> Intake:
        return Intake(self._store, self._secrets, session, by)

    async def _holder(self, session: AsyncSession, holder_id: str) -> HolderRow | None:
        return (await session.exec(select(HolderRow).where(HolderRow.holder_id == holder_id))).one_or_none()

    async def _card(self, session: AsyncSession, card: CardId) -> CardRow | None:
        query = select(CardRow).where(
            CardRow.family == card.family, CardRow.kind == card.kind, CardRow.serial == card.serial
        )
        return (await session.exec(query)).one_or_none()

    async def holder(self, holder_id: str) -> HolderRow:
        """One holder. Raises EnrolmentError if there is none of that id."""
        async with self._store.work() as session:
            found = await self._holder(session, holder_id)
        if found is None or found.selftest:
            raise unknown_holder(holder_id)
        return found

    async def holders(self) -> Sequence[HolderRow]:
        """Every holder, by id; those of the self-test are left out."""
        query = select(HolderRow).where(~col(HolderRow.selftest)).order_by(col(HolderRow.holder_id))
        async with self._store.work() as session:
            return (await session.exec(query)).all()

    async def cards(self, holder_id: str | None = None) -> Sequence[EnrolledCard]:
        """Every card, or a holder's, by holder; those of the self-test are left out."""
        query = (
            select(CardRow, HolderRow, UnblockSecretRow, NextSecretRow.card)
            .join(HolderRow, col(CardRow.holder) == col(HolderRow.id))
            .outerjoin(UnblockSecretRow, col(UnblockSecretRow.card) == col(CardRow.id))
            .outerjoin(NextSecretRow, col(NextSecretRow.card) == col(CardRow.id))
            .where(~col(HolderRow.selftest))
            .order_by(col(HolderRow.holder_id), col(CardRow.id))
        )
        if holder_id is not None:
            query = query.where(HolderRow.holder_id == holder_id)
        async with self._store.work() as session:
            return [
                EnrolledCard(card, holder, self._secrets.source(card, kept), following is not None)
                for card, holder, kept, following in await session.exec(query)
            ]


def unknown_holder(holder_id: str) -> EnrolmentError:
    """The error for an id that nobody has."""
    return EnrolmentError(f"there is no holder {holder_id!r}: add one with 'kiosk holder add'")


def unknown_card(card: CardId) -> EnrolmentError:
    """The error for a card that the store does not know."""
    return EnrolmentError(f"there is no card {card} in the store")


async def remove_selftest_holders(store: Store) -> None:
    """Remove self-test holders and all that is theirs; their audit events stay, and are marked."""
    async with store.work() as session:
        holders = (await session.exec(select(HolderRow.id).where(HolderRow.selftest))).all()
        cards = (await session.exec(select(CardRow.id).where(col(CardRow.holder).in_(holders)))).all()
        await session.exec(delete(CardWriteRow).where(col(CardWriteRow.card).in_(cards)))
        await session.exec(delete(CardRow).where(col(CardRow.id).in_(cards)))
        await session.exec(delete(NoticeRow).where(col(NoticeRow.holder).in_(holders)))
        await session.exec(delete(CodeMailRow).where(col(CodeMailRow.holder).in_(holders)))
        await session.exec(delete(RegistrationRow).where(col(RegistrationRow.holder).in_(holders)))
        await session.exec(delete(HolderRow).where(col(HolderRow.id).in_(holders)))
