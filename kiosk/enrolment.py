"""Bringing holders and cards into the store."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import SecretBytes
from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.audit import Event, Subject
from kiosk.storage.models import (
    CardRow,
    CardState,
    CardWriteRow,
    CodeMailRow,
    HolderRow,
    NoticeRow,
    RegistrationRow,
    UnblockSecretRow,
)
from kiosk.store import Store
from kiosk.unblock import UnblockSecrets


class EnrolmentError(Exception):
    """What was to be brought in does not fit what is there. The message is for the person who tried."""


@dataclass(frozen=True)
class NewHolder:
    """A holder as the RA knows them; ``email`` may be empty."""

    holder_id: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True)
class NewCard:
    """A card of a holder. ``secret`` None: it cannot be unlocked here. ``public_key``: DER, pinned."""

    id: CardId
    secret: SecretBytes | None
    public_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Imported:
    """How many rows were new, and how many were there already just so."""

    added: int
    unchanged: int


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
            await self._add_holder(session, holder, by, selftest)

    async def enrol(self, holder_id: str, card: NewCard, *, by: str) -> None:
        """Tie a card to a holder. Raises EnrolmentError for an unknown holder or another's card."""
        async with self._store.work() as session:
            holder = await self._holder(session, holder_id)
            if holder is None:
                raise EnrolmentError(f"there is no holder {holder_id!r}: add one with 'kiosk holder add'")
            await self._put_card(session, holder, card, by)

    async def import_all(self, rows: Sequence[tuple[NewHolder, NewCard]], *, by: str) -> Imported:
        """Add every row, or none. A row that is there already changes nothing but its secret and key.

        Raises EnrolmentError whose message names each row at fault by its number, from 1.
        """
        added = 0
        faults: list[str] = []
        async with self._store.work() as session:
            for number, (new, card) in enumerate(rows, 1):
                try:
                    added += await self._import_row(session, new, card, by)
                except EnrolmentError as fault:
                    faults.append(f"{number}\t{fault}")
            if faults:
                raise EnrolmentError("\n".join(faults))
        return Imported(added, len(rows) - added)

    async def _import_row(self, session: AsyncSession, new: NewHolder, card: NewCard, by: str) -> bool:
        holder = await self._holder(session, new.holder_id)
        if holder is None:
            holder = await self._add_holder(session, new, by, selftest=False)
        elif holder.name != new.name or (new.email and holder.ra_email != new.email):
            raise EnrolmentError(f"holder {new.holder_id!r} is there with another name or address")
        return await self._put_card(session, holder, card, by)

    async def set_card_state(self, card: CardId, state: CardState, *, by: str, reason: str) -> None:
        """Suspend, revoke or take back into use. Raises EnrolmentError for an unknown card."""
        async with self._store.work() as session:
            row = await self._card(session, card)
            if row is None:
                raise EnrolmentError("there is no such card")
            row.state = state.value
            holder = await session.get_one(HolderRow, row.holder)
            about = Subject(holder.audit_key, row.audit_key, actor=by)
            self._store.audit.record(session, Event.CARD_STATE_SET, about, reason=reason, state=state.value)

    async def _put_card(self, session: AsyncSession, holder: HolderRow, card: NewCard, by: str) -> bool:
        """Add the card, or refresh its secret and key; True if it was new."""
        row = await self._card(session, card.id)
        if row is not None and row.holder != holder.id:
            raise EnrolmentError("this card belongs to another holder")
        new = row is None
        if row is None:
            assert holder.id is not None
            row = CardRow(
                holder=holder.id,
                audit_key=uuid.uuid4().hex,
                family=card.id.family,
                kind=card.id.kind,
                serial=card.id.serial,
                created_at=self._store.clock.now(),
            )
            session.add(row)
        row.public_key = card.public_key or row.public_key
        await session.flush()
        assert row.id is not None
        if card.secret is not None:
            await self._secrets.keep(session, row.id, row.audit_key, card.secret)
        about = Subject(holder.audit_key, row.audit_key, actor=by, selftest=holder.selftest)
        if new:
            self._store.audit.record(session, Event.CARD_ENROLLED, about, pinned=row.public_key is not None)
        return new

    async def _add_holder(self, session: AsyncSession, new: NewHolder, by: str, selftest: bool) -> HolderRow:
        row = HolderRow(
            holder_id=new.holder_id,
            audit_key=uuid.uuid4().hex,
            name=new.name,
            ra_email=new.email,
            created_at=self._store.clock.now(),
            selftest=selftest,
        )
        session.add(row)
        await session.flush()
        about = Subject(row.audit_key, actor=by, selftest=selftest)
        self._store.audit.record(session, Event.HOLDER_ADDED, about)
        return row

    async def _holder(self, session: AsyncSession, holder_id: str) -> HolderRow | None:
        return (await session.exec(select(HolderRow).where(HolderRow.holder_id == holder_id))).one_or_none()

    async def _card(self, session: AsyncSession, card: CardId) -> CardRow | None:
        query = select(CardRow).where(
            CardRow.family == card.family, CardRow.kind == card.kind, CardRow.serial == card.serial
        )
        return (await session.exec(query)).one_or_none()

    async def holders(self, *, selftest: bool = False) -> Sequence[HolderRow]:
        """Every holder, by id."""
        query = select(HolderRow).where(HolderRow.selftest == selftest).order_by(col(HolderRow.holder_id))
        async with self._store.work() as session:
            return (await session.exec(query)).all()

    async def cards(self, *, selftest: bool = False) -> Sequence[tuple[CardRow, HolderRow, bool]]:
        """Every card with its holder, and whether an unblock secret is there."""
        query = (
            select(CardRow, HolderRow, UnblockSecretRow.card)
            .join(HolderRow, col(CardRow.holder) == col(HolderRow.id))
            .outerjoin(UnblockSecretRow, col(UnblockSecretRow.card) == col(CardRow.id))
            .where(HolderRow.selftest == selftest)
            .order_by(col(HolderRow.holder_id), col(CardRow.id))
        )
        async with self._store.work() as session:
            return [(card, holder, secret is not None) for card, holder, secret in await session.exec(query)]


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
