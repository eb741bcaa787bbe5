"""Bringing many holders and cards in, in one unit of work and few statements."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydantic import SecretBytes
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.audit import Event, Subject
from kiosk.storage.models import CardRow, HolderRow, UnblockSecretRow, UnblockState
from kiosk.store import Store
from kiosk.unblock import UnblockSecrets

CHUNK = 500  # rows at a time: SQLite takes a limited number of values, and memory stays flat


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
class NewRow:
    """One card and its holder, and the line of the file they stand in."""

    line: int
    holder: NewHolder
    card: NewCard


@dataclass(frozen=True, order=True)
class RowFault:
    """Why a line cannot be taken in."""

    line: int
    reason: str


class Change(Enum):
    """What became of a card."""

    ADDED = "added"
    RENEWED = "renewed"  # another unblock secret or key than before
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class _There:
    """What the store has of some rows."""

    holders: dict[str, HolderRow]
    cards: dict[CardId, CardRow]
    secrets: dict[int, UnblockSecretRow]

    def objections(self, row: NewRow) -> Iterator[str]:
        holder, card = self.holders.get(row.holder.holder_id), self.cards.get(row.card.id)
        if holder is not None and holder.name != row.holder.name:
            yield f"holder {row.holder.holder_id!r} is in the store with another name"
        if holder is not None and row.holder.email and holder.ra_email != row.holder.email:
            yield f"holder {row.holder.holder_id!r} is in the store with another email address"
        if card is not None and (holder is None or card.holder != holder.id):
            yield "this card belongs to another holder"


class Intake:
    """Checks rows and takes them in, within the session of one unit of work."""

    def __init__(self, store: Store, secrets: UnblockSecrets, session: AsyncSession, by: str) -> None:
        self._store = store
        self._secrets = secrets
        self._session = session
        self._by = by

    async def faults(self, rows: Sequence[NewRow]) -> list[RowFault]:
        """Everything that speaks against taking these rows in, by line."""
        found = list(_contradictions(rows))
        for chunk in _chunks(rows):
            there = await self._there(chunk)
            found += [RowFault(row.line, reason) for row in chunk for reason in there.objections(row)]
            self._session.expunge_all()
        return sorted(found)

    async def take_in(self, rows: Sequence[NewRow]) -> list[Change]:
        """Take in rows without faults; what became of the card of each."""
        changes: list[Change] = []
        for chunk in _chunks(rows):
            changes += await self._take_chunk(chunk)
            await self._session.flush()
            self._session.expunge_all()
        return changes

    async def _take_chunk(self, chunk: Sequence[NewRow]) -> list[Change]:
        there = await self._there(chunk)
        for row in chunk:
            if row.holder.holder_id not in there.holders:
                there.holders[row.holder.holder_id] = self.add_holder(row.holder)
        await self._session.flush()  # gives the holders their numbers
        added = {row.card.id: self._card(row, there) for row in chunk if row.card.id not in there.cards}
        self._session.add_all(added.values())
        await self._session.flush()
        there.cards.update(added)
        return [self._equip(row, there, new=row.card.id in added) for row in chunk]

    def add_holder(self, new: NewHolder, *, selftest: bool = False) -> HolderRow:
        """Add a holder to the session, and the audit event."""
        row = HolderRow(
            holder_id=new.holder_id,
            audit_key=uuid.uuid4().hex,
            name=new.name,
            ra_email=new.email,
            created_at=self._store.clock.now(),
            selftest=selftest,
        )
        self._session.add(row)
        about = Subject(row.audit_key, actor=self._by, selftest=selftest)
        self._store.audit.record(self._session, Event.HOLDER_ADDED, about)
        return row

    def _card(self, row: NewRow, there: _There) -> CardRow:
        holder = there.holders[row.holder.holder_id].id
        assert holder is not None  # noqa: S101 - it was flushed
        return CardRow(
            holder=holder,
            audit_key=uuid.uuid4().hex,
            family=row.card.id.family,
            kind=row.card.id.kind,
            serial=row.card.id.serial,
            public_key=row.card.public_key,
            created_at=self._store.clock.now(),
        )

    def _equip(self, row: NewRow, there: _There, *, new: bool) -> Change:
        """Give a card its secret and key where they differ from what it has, and record the event."""
        card, holder = there.cards[row.card.id], there.holders[row.holder.holder_id]
        renewed = self._put_secret(card, row.card.secret, there)
        if row.card.public_key is not None and card.public_key != row.card.public_key:
            card.public_key, renewed = row.card.public_key, True
        change = Change.ADDED if new else Change.RENEWED if renewed else Change.UNCHANGED
        if change is not Change.UNCHANGED:
            about = Subject(holder.audit_key, card.audit_key, actor=self._by, selftest=holder.selftest)
            pinned = card.public_key is not None
            self._store.audit.record(
                self._session, Event.CARD_ENROLLED, about, pinned=pinned, change=change.value
            )
        return change

    def _put_secret(self, card: CardRow, secret: SecretBytes | None, there: _There) -> bool:
        """Keep a secret if it is another than before.

        Only another one makes a card usable again whose secret was refused: the same would be refused
        again, and cost another of its tries.
        """
        assert card.id is not None  # noqa: S101 - it was flushed
        kept = there.secrets.get(card.id)
        if secret is None or (kept is not None and self._secrets.holds(kept, card.audit_key, secret)):
            return False
        sealed = self._secrets.sealed(card.id, card.audit_key, secret)
        if kept is None:
            self._session.add(sealed)
        else:
            kept.key_id, kept.nonce, kept.ciphertext = sealed.key_id, sealed.nonce, sealed.ciphertext
        card.unblock_state = UnblockState.USABLE.value
        return True

    async def _there(self, rows: Sequence[NewRow]) -> _There:
        holders = await self._session.exec(
            select(HolderRow).where(col(HolderRow.holder_id).in_({row.holder.holder_id for row in rows}))
        )
        cards = await self._session.exec(
            select(CardRow).where(col(CardRow.serial).in_({row.card.id.serial for row in rows}))
        )
        by_id = {CardId(card.family, card.kind, card.serial): card for card in cards}
        secrets = await self._session.exec(
            select(UnblockSecretRow).where(
                col(UnblockSecretRow.card).in_([card.id for card in by_id.values()])
            )
        )
        return _There(
            {holder.holder_id: holder for holder in holders},
            by_id,
            {secret.card: secret for secret in secrets},
        )


def _contradictions(rows: Sequence[NewRow]) -> Iterator[RowFault]:
    """Rows that do not agree with an earlier one."""
    holders: dict[str, NewRow] = {}
    cards: dict[CardId, NewRow] = {}
    for row in rows:
        first = holders.setdefault(row.holder.holder_id, row)
        if first.holder != row.holder:
            yield RowFault(row.line, f"this holder has another name or email address in line {first.line}")
        earlier = cards.setdefault(row.card.id, row)
        if earlier is not row:
            yield RowFault(row.line, f"this card is in line {earlier.line} already")


def _chunks(rows: Sequence[NewRow]) -> Iterator[Sequence[NewRow]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
