"""Bringing many holders and cards in, in one unit of work and few statements."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydantic import SecretBytes
from sqlalchemy import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk.audit import Detail, Event, Subject
from kiosk.storage.models import CardRow, HolderRow, UnblockSecretRow, UnblockState, row_id
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
    """A card of a holder. ``secret`` None: none is kept for it.

    ``public_key`` (which proves without a passcode) and ``passcode_key`` are pinned: DER
    SubjectPublicKeyInfo. ``secret_proven``: the card has proven just now that it knows this very secret.
    """

    id: CardId
    secret: SecretBytes | None
    public_key: bytes | None = field(default=None, repr=False)
    secret_proven: bool = False
    passcode_key: bytes | None = field(default=None, repr=False)


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
    KEPT = "kept"  # another unblock secret was given, but the card has accepted the one that is kept


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
            before = await self._there(chunk)
            new = dict.fromkeys(row.holder for row in chunk if row.holder.holder_id not in before.holders)
            await self._add_holders(list(new))
            holders = (await self._there(chunk)).holders
            await self._insert([self._card(row, holders) for row in chunk if row.card.id not in before.cards])
            there = await self._there(chunk)
            changes += await self._equip_all(chunk, there, new=set(there.cards) - set(before.cards))
            self._session.expunge_all()
        return changes

    async def add_holder(self, new: NewHolder, *, selftest: bool = False) -> None:
        """Add a holder whose id is not taken."""
        await self._add_holders([new], selftest=selftest)

    async def _add_holders(self, holders: Sequence[NewHolder], *, selftest: bool = False) -> None:
        now = self._store.clock.now()
        rows = [
            HolderRow(
                holder_id=new.holder_id,
                audit_key=uuid.uuid4().hex,
                name=new.name,
                ra_email=new.email,
                created_at=now,
                selftest=selftest,
            )
            for new in holders
        ]
        await self._insert(rows)
        await self._store.audit.record_all(
            self._session,
            [
                (Event.HOLDER_ADDED, Subject(row.audit_key, actor=self._by, selftest=selftest), {})
                for row in rows
            ],
        )

    def _card(self, row: NewRow, holders: Mapping[str, HolderRow]) -> CardRow:
        holder = holders[row.holder.holder_id].id
        assert holder is not None  # noqa: S101 - it was read from the store
        return CardRow(
            holder=holder,
            audit_key=uuid.uuid4().hex,
            family=row.card.id.family,
            kind=row.card.id.kind,
            serial=row.card.id.serial,
            public_key=row.card.public_key,
            passcode_key=row.card.passcode_key,
            created_at=self._store.clock.now(),
        )

    async def _equip_all(
        self, chunk: Sequence[NewRow], there: _There, new: Collection[CardId]
    ) -> list[Change]:
        """Give each card its secret and key where they differ from what it has, and record the events."""
        changes: list[Change] = []
        events: list[tuple[Event, Subject, dict[str, Detail]]] = []
        secrets: list[UnblockSecretRow] = []
        for row in chunk:
            card, holder = there.cards[row.card.id], there.holders[row.holder.holder_id]
            keeps = self._keeps_its_secret(card, row.card, there)
            renewed = not keeps and self._put_secret(card, row.card, there, secrets)
            renewed |= _pin(card, row.card)
            added = row.card.id in new
            change = Change.ADDED if added else Change.RENEWED if renewed else Change.UNCHANGED
            changes.append(Change.KEPT if keeps and change is Change.UNCHANGED else change)
            about = Subject(holder.audit_key, card.audit_key, actor=self._by, selftest=holder.selftest)
            pinned = card.public_key is not None or card.passcode_key is not None
            detail: dict[str, Detail] = {"pinned": pinned, "change": changes[-1].value}
            events.append((Event.CARD_ENROLLED, about, detail))
        await self._insert(secrets)
        await self._session.flush()  # what was changed in cards and secrets that were there
        changed = (Change.ADDED, Change.RENEWED)
        told = [event for event, change in zip(events, changes, strict=True) if change in changed]
        await self._store.audit.record_all(self._session, told)
        return changes

    def _keeps_its_secret(self, card: CardRow, new: NewCard, there: _There) -> bool:
        """Whether another secret is given than the one that the card has accepted.

        A roll that is brought in again still has the secret of before it was replaced; taking that
        would lose the one the card has now. `secret_cleared` gives way to another one.
        """
        if new.secret is None or new.secret_proven or not card.secret_proven:
            return False
        kept = there.secrets.get(row_id(card))
        if kept is not None:
            same = self._secrets.holds(kept, card.audit_key, new.secret)
            if same or not self._secrets.opens(card, kept):
                return False
        return card.unblock_state == UnblockState.USABLE.value

    def _put_secret(self, card: CardRow, new: NewCard, there: _There, added: list[UnblockSecretRow]) -> bool:
        """Keep a secret if it is another than before; a first one goes to ``added``.

        Only another one makes a card usable again whose secret was refused: the same would be refused
        again, and cost another of its tries. One that the card has just accepted does too.
        """
        assert card.id is not None  # noqa: S101 - it was read from the store
        secret, kept = new.secret, there.secrets.get(card.id)
        same = secret is not None and kept is not None and self._secrets.holds(kept, card.audit_key, secret)
        if new.secret_proven or (secret is not None and not same):
            card.unblock_state = UnblockState.USABLE.value
            card.secret_proven = card.mutual_proven = new.secret_proven
            card.unproven_sends = 0
        if secret is None or same:
            return False
        sealed = self._secrets.sealed(card.id, card.audit_key, secret)
        if kept is None:
            added.append(sealed)
        else:
            kept.key_id, kept.nonce, kept.ciphertext = sealed.key_id, sealed.nonce, sealed.ciphertext
            kept.fingerprint = sealed.fingerprint
        return True

    async def _insert(self, rows: Sequence[HolderRow | CardRow | UnblockSecretRow]) -> None:
        """Add rows of one table in one statement, which adding them one by one to the session is not."""
        if rows:
            values = [row.model_dump(exclude={"id"}) for row in rows]
            await self._session.exec(insert(type(rows[0])), params=values)

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


def _pin(card: CardRow, new: NewCard) -> bool:
    """Pin the keys that are given; whether one was another before."""
    before = (card.public_key, card.passcode_key)
    if new.public_key is not None and card.public_key != new.public_key:
        card.public_key = new.public_key
    if new.passcode_key is not None and card.passcode_key != new.passcode_key:
        card.passcode_key = new.passcode_key
    return (card.public_key, card.passcode_key) != before


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
