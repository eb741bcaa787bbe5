"""Bringing many holders and cards in, some hundreds in a unit of work and few statements."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydantic import SecretBytes
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk import refused
from kiosk.admission import NewHolder, add_holders, differences, insert_all
from kiosk.audit import Detail, Event, Subject
from kiosk.marks import UNPROVEN_SENDS
from kiosk.persons import PersonsKey
from kiosk.storage.models import (
    CardRow,
    HolderRow,
    UnblockSecretRow,
    UnblockState,
    row_id,
)
from kiosk.store import Store
from kiosk.unblock import UnblockSecrets

Told = Callable[[int, int], None]  # how many rows are done, and of how many
CHUNK = 500  # rows in a unit of work: kiosks get their turn in between, and memory stays flat


@dataclass(frozen=True)
class NewCard:
    """A card of a holder. ``secret`` None: none is kept for it.

    ``public_key`` (which proves without a passcode) and ``passcode_key`` are pinned: DER
    SubjectPublicKeyInfo. ``secret_proven``: the card has proven just now that it knows this very secret.
    ``replace_keys``: what is pinned and not given here is pinned no longer.
    """

    id: CardId
    secret: SecretBytes | None
    public_key: bytes | None = field(default=None, repr=False)
    secret_proven: bool = False
    passcode_key: bytes | None = field(default=None, repr=False)
    replace_keys: bool = False


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
    """What became of a card, and of the unblock secret that was given for it."""

    ADDED = "added"
    RENEWED = "renewed"  # another unblock secret or key than before
    UNCHANGED = "unchanged"
    KEPT = "kept"  # another unblock secret was given, but the card has accepted the one that is kept
    REFUSED = "refused"  # the card has refused the one that was given before: it was not taken
    HELD = "held"  # it was taken, but is not sent before an officer has looked: too many were sent in vain


@dataclass(frozen=True)
class _There:
    """What the store has of some rows."""

    holders: dict[str, HolderRow]
    cards: dict[CardId, CardRow]
    secrets: dict[int, UnblockSecretRow]
    refused: refused.Refused
    key: PersonsKey

    def objections(self, row: NewRow) -> Iterator[str]:
        holder, card = self.holders.get(row.holder.holder_id), self.cards.get(row.card.id)
        if holder is not None:
            yield from differences(holder, row.holder, self.key)
        if card is not None and (holder is None or card.holder != holder.id):
            yield "this card belongs to another holder"


class Intake:
    """Checks some rows and takes them in, within the session of one unit of work."""

    def __init__(self, store: Store, secrets: UnblockSecrets, session: AsyncSession, by: str) -> None:
        self._store = store
        self._secrets = secrets
        self._session = session
        self._by = by

    async def faults(self, rows: Sequence[NewRow]) -> list[RowFault]:
        """Everything in the store that speaks against taking these rows in, by line."""
        there = await self._there(rows)
        return [RowFault(row.line, reason) for row in rows for reason in there.objections(row)]

    async def take_in(self, rows: Sequence[NewRow]) -> list[Sequence[Change]]:
        """Take in rows without faults; what became of the card of each, the most telling first."""
        before = await self._there(rows)
        new = dict.fromkeys(row.holder for row in rows if row.holder.holder_id not in before.holders)
        await add_holders(self._session, self._store, list(new), by=self._by)
        holders = (await self._there(rows)).holders
        cards = [self._card(row, before, holders) for row in rows if row.card.id not in before.cards]
        await insert_all(self._session, cards)
        there = await self._there(rows, change=True)
        return await self._equip_all(rows, there, new=set(there.cards) - set(before.cards))

    async def add_holder(self, new: NewHolder, *, selftest: bool = False) -> None:
        """Add a holder whose id is not taken."""
        await add_holders(self._session, self._store, [new], by=self._by, selftest=selftest)

    def _card(self, row: NewRow, before: _There, holders: Mapping[str, HolderRow]) -> CardRow:
        holder = holders[row.holder.holder_id].id
        assert holder is not None  # noqa: S101 - it was read from the store
        sends = sum(tried.sends for tried in before.refused.get(row.card.id, ()))
        return CardRow(
            holder=holder,
            audit_key=uuid.uuid4().hex,
            family=row.card.id.family,
            kind=row.card.id.kind,
            serial=row.card.id.serial,
            public_key=row.card.public_key,
            passcode_key=row.card.passcode_key,
            unproven_sends=min(sends, UNPROVEN_SENDS),
            created_at=self._store.clock.now(),
        )

    async def _equip_all(
        self, rows: Sequence[NewRow], there: _There, new: Collection[CardId]
    ) -> list[Sequence[Change]]:
        """Give each card its secret and key where they differ from what it has, and record the events."""
        changes: list[Sequence[Change]] = []
        events: list[tuple[Event, Subject, Mapping[str, Detail]]] = []
        secrets: list[UnblockSecretRow] = []
        for row in rows:
            card, holder = there.cards[row.card.id], there.holders[row.holder.holder_id]
            await self._remember(card, row.card, there)
            reserve = await self._reserve(card, row.card, there)
            renewed = reserve is None and await self._put_secret(card, row.card, there, secrets)
            if renewed and card.unblock_state != UnblockState.USABLE.value:
                reserve = Change.HELD
            replaced, pinned = _pin(card, row.card)
            added = row.card.id in new
            changed = renewed or pinned
            change = Change.ADDED if added else Change.RENEWED if changed else Change.UNCHANGED
            quiet = change is Change.UNCHANGED
            changes.append([change] if reserve is None else [reserve] if quiet else [reserve, change])
            if quiet:
                continue
            about = Subject(holder.audit_key, card.audit_key, actor=self._by, selftest=holder.selftest)
            has_key = card.public_key is not None or card.passcode_key is not None
            detail: dict[str, Detail] = {"pinned": has_key, "change": change.value}
            events.append((Event.CARD_ENROLLED, about, detail | ({"key_replaced": True} if replaced else {})))
        await insert_all(self._session, secrets)
        await self._session.flush()  # what was changed in cards and secrets that were there
        self._store.audit.record_all(self._session, events)
        return changes

    async def _remember(self, card: CardRow, new: NewCard, there: _There) -> None:
        """What the card has just accepted is not held against it; a derived one that failed is not forgotten.

        Of that nothing tells any more once another secret is kept in its place.
        """
        if new.secret is None:
            return
        if new.secret_proven:
            await refused.accepted(self._session, new.id, self._secrets.fingerprint(new.secret))
        elif card.unblock_state == UnblockState.FAILED.value and row_id(card) not in there.secrets:
            derived = self._secrets.derived(new.id)
            if derived is not None:
                await refused.remember(self._session, new.id, self._secrets.fingerprint(derived))

    async def _reserve(self, card: CardRow, new: NewCard, there: _There) -> Change | None:
        """Why the secret that is given is not taken; None where nothing speaks against it."""
        if new.secret is None or new.secret_proven:
            return None
        if await self._keeps_its_secret(card, new.secret, there):
            return Change.KEPT
        given = self._secrets.fingerprint(new.secret)
        if any(row.refused and row.fingerprint == given for row in there.refused.get(new.id, ())):
            return Change.REFUSED
        kept = there.secrets.get(row_id(card))
        if card.unblock_state != UnblockState.FAILED.value:
            return None
        if not await self._secrets.is_present(card, kept, new.secret):
            return None
        return Change.REFUSED if kept is None else Change.HELD

    async def _keeps_its_secret(self, card: CardRow, secret: SecretBytes, there: _There) -> bool:
        """Whether another secret is given than the one that the card has accepted.

        A roll that is brought in again still has the secret of before it was replaced; taking that
        would lose the one the card has now, even where that is marked as refused, or known to others.
        `secret_cleared` gives way to another one.
        """
        if not card.secret_proven:
            return False
        kept = there.secrets.get(row_id(card))
        if kept is not None and not await self._secrets.opens(card, kept):
            return False
        return not await self._secrets.is_present(card, kept, secret)

    async def _put_secret(
        self, card: CardRow, new: NewCard, there: _There, added: list[UnblockSecretRow]
    ) -> bool:
        """Keep a secret if it is another than before; a first one goes to ``added``.

        Another one makes a card usable again whose secret was refused; but what was sent in vain to a
        card that does not tell its tries stays counted, and holds it back where that was too often.
        """
        assert card.id is not None  # noqa: S101 - it was read from the store
        secret, kept = new.secret, there.secrets.get(card.id)
        same = False
        if secret is not None and kept is not None:
            same = await self._secrets.holds(kept, card.audit_key, secret)
        if new.secret_proven:
            card.unblock_state = UnblockState.USABLE.value
            card.secret_proven = card.mutual_proven = True
            card.unproven_sends = 0
        elif secret is not None and not same:
            held = card.unproven_sends >= UNPROVEN_SENDS
            card.unblock_state = (UnblockState.FAILED if held else UnblockState.USABLE).value
            card.secret_proven = card.mutual_proven = False
        if secret is None or same:
            return False
        sealed = await self._secrets.sealed(card.id, card.audit_key, secret)
        if kept is None:
            added.append(sealed)
        else:
            for column in ("key_id", "wrapped_key", "nonce", "ciphertext", "fingerprint"):
                setattr(kept, column, getattr(sealed, column))
        return True

    async def _there(self, rows: Sequence[NewRow], *, change: bool = False) -> _There:
        """``change``: what is read is about to be changed, so nobody else may meanwhile."""
        find_holders = select(HolderRow).where(
            col(HolderRow.holder_id).in_({row.holder.holder_id for row in rows})
        )
        find_cards = select(CardRow).where(col(CardRow.serial).in_({row.card.id.serial for row in rows}))
        if change:  # in their order, or two imports might wait for each other
            find_holders = find_holders.order_by(col(HolderRow.id)).with_for_update(key_share=True)
            find_cards = find_cards.order_by(col(CardRow.id)).with_for_update(key_share=True)
            self._session.expire_all()
        holders = await self._session.exec(find_holders)
        cards = await self._session.exec(find_cards)
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
            await refused.found(self._session, [row.card.id for row in rows]),
            await self._store.persons.key(self._session),
        )


def _pin(card: CardRow, new: NewCard) -> tuple[bool, bool]:
    """Pin the keys that are given; whether one took the place of another, and whether anything changed."""
    before = (card.public_key, card.passcode_key)
    if new.replace_keys or new.public_key is not None:
        card.public_key = new.public_key
    if new.replace_keys or new.passcode_key is not None:
        card.passcode_key = new.passcode_key
    after = (card.public_key, card.passcode_key)
    replaced = any(old is not None and old != now for old, now in zip(before, after, strict=True))
    return replaced, after != before


def silent(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def contradictions(rows: Sequence[NewRow]) -> Iterator[RowFault]:
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


def chunks(rows: Sequence[NewRow]) -> Iterator[Sequence[NewRow]]:
    """The rows of one unit of work after another."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
