"""Bringing many holders and cards in, some hundreds in a unit of work and few statements."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import SecretBytes
from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from kiosk import refused
from kiosk.admission import Present, add_holders, present, row_faults
from kiosk.arrivals import Change, NewCard, NewHolder, NewRow, RowFault, RowsRefused
from kiosk.audit import Detail, Event, Subject
from kiosk.marks import UNPROVEN_SENDS
from kiosk.persons import PersonsKey
from kiosk.storage.bulk import among, insert_all
from kiosk.storage.models import CardRow, CardState, UnblockSecretRow, UnblockState, row_id
from kiosk.store import Store
from kiosk.unblock import UnblockSecrets


@dataclass
class _Added:
    """A card that is about to be added: the columns of `CardRow` but its number."""

    holder: int
    audit_key: str
    family: str
    kind: str
    serial: str = field(repr=False)
    created_at: datetime
    unproven_sends: int
    state: str = CardState.ACTIVE.value
    public_key: bytes | None = field(default=None, repr=False)
    passcode_key: bytes | None = field(default=None, repr=False)
    unblock_state: str = UnblockState.USABLE.value
    secret_proven: bool = False
    mutual_proven: bool = False


class _Marks(Protocol):
    """What is common to a card that is there and one that is about to be."""

    audit_key: str
    public_key: bytes | None
    passcode_key: bytes | None
    unblock_state: str
    secret_proven: bool
    mutual_proven: bool
    unproven_sends: int


class _There(NamedTuple):
    """What the store has of some rows, and what has become of the new cards among them."""

    holders: dict[str, Present]
    cards: dict[CardId, CardRow]
    secrets: dict[int, UnblockSecretRow]
    refused: refused.Refused


class _Taken(NamedTuple):
    """What has become of a row's card; the secret to be kept for it, if it is another; the event, if any."""

    changes: Sequence[Change]
    secret: SecretBytes | None
    event: tuple[Event, Subject, Mapping[str, Detail]] | None


class Intake:
    """Checks some rows and takes them in, within the session of one unit of work."""

    def __init__(
        self, store: Store, secrets: UnblockSecrets, session: AsyncSession, by: str, reason: str = ""
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._session = session
        self._by = by
        self._reason = reason

    async def faults(self, rows: Sequence[NewRow]) -> list[RowFault]:
        """Everything in the store that speaks against taking these rows in, by line."""
        holders = await present(self._session, {row.holder.holder_id for row in rows})
        columns = (CardRow.family, CardRow.kind, CardRow.serial, CardRow.holder)
        cards = await self._session.exec(select(*columns).where(self._any_of(rows)))
        owners = {CardId(*number): holder for *number, holder in cards}
        return row_faults(rows, holders, owners, await self._key())

    async def take_in(self, rows: Sequence[NewRow]) -> list[Sequence[Change]]:
        """Take in rows; what became of the card of each, the most telling first.

        Raises RowsRefused if there is now something in the store that speaks against it.
        """
        there = await self._there(rows)
        owners = {card: row.holder for card, row in there.cards.items()}
        if faults := row_faults(rows, there.holders, owners, await self._key()):
            raise RowsRefused(faults)
        # In their order, or two imports might wait for each other.
        new = {row.holder for row in rows if row.holder.holder_id not in there.holders}
        holders = sorted(new, key=lambda holder: holder.holder_id)
        there.holders.update(await self._add_holders(holders))
        old = [row for row in rows if row.card.id in there.cards]
        fresh = [row for row in rows if row.card.id not in there.cards]
        added = await self._add(sorted(fresh, key=lambda row: str(row.card.id)), there)
        renewed = {row.card.id: await self._renew(row, there) for row in old}
        await self._session.flush()  # what was changed in cards and secrets that were there
        taken = [(added.get(row.card.id) or renewed[row.card.id]) for row in rows]
        events = [one.event for one in taken if one.event]
        self._store.audit.record_all(self._session, events, self._reason)
        return [one.changes for one in taken]

    async def add_holder(self, new: NewHolder, *, selftest: bool = False) -> None:
        """Add a holder whose id is not taken."""
        await self._add_holders([new], selftest=selftest)

    async def _add_holders(
        self, holders: Sequence[NewHolder], *, selftest: bool = False
    ) -> dict[str, Present]:
        by, reason = self._by, self._reason
        return await add_holders(self._session, self._store, holders, by=by, reason=reason, selftest=selftest)

    async def _key(self) -> PersonsKey:
        return await self._store.persons.key(self._session)

    async def _add(self, rows: Sequence[NewRow], there: _There) -> dict[CardId, _Taken]:
        """Add cards that are not there, with their secrets."""
        cards = [self._added(row, there) for row in rows]
        taken = {}
        for row, card in zip(rows, cards, strict=True):
            if row.card.secret is not None and row.card.secret_proven:
                await self._accepted(row.card.id, row.card.secret)
            taken[row.card.id] = self._taken_new(row, card, there)
        await insert_all(self._session, CardRow, [vars(card) for card in cards])
        numbers = await self._numbers([card.audit_key for card in cards])
        secrets = [
            (numbers[card.audit_key], card.audit_key, secret)
            for row, card in zip(rows, cards, strict=True)
            if (secret := taken[row.card.id].secret) is not None
        ]
        await insert_all(self._session, UnblockSecretRow, await self._secrets.sealed_all(secrets))
        return taken

    async def _numbers(self, audit_keys: Sequence[str]) -> dict[str, int]:
        query = select(CardRow.audit_key, CardRow.id).where(
            among(self._session, col(CardRow.audit_key), audit_keys)
        )
        found = await self._session.exec(query) if audit_keys else ()
        return {audit_key: number for audit_key, number in found if number is not None}

    def _added(self, row: NewRow, there: _There) -> _Added:
        sends = sum(tried.sends for tried in there.refused.get(row.card.id, ()))
        return _Added(
            holder=there.holders[row.holder.holder_id].id,
            audit_key=uuid.uuid4().hex,
            family=row.card.id.family,
            kind=row.card.id.kind,
            serial=row.card.id.serial,
            unproven_sends=min(sends, UNPROVEN_SENDS),
            created_at=self._store.clock.now(),
        )

    def _taken_new(self, row: NewRow, card: _Added, there: _There) -> _Taken:
        """What becomes of a card that is not there yet; marks it."""
        secret = row.card.secret
        refusal = secret is not None and not row.card.secret_proven and self._refused(row.card, secret, there)
        if refusal:
            secret = None
        _mark(card, row.card, fresh=secret is not None)
        replaced, _ = _pin(card, row.card)
        reserve = Change.REFUSED if refusal else _held(card, fresh=secret is not None)
        event = self._event(row, card, there, Change.ADDED, replaced=replaced)
        return _Taken([reserve, Change.ADDED] if reserve else [Change.ADDED], secret, event)

    async def _renew(self, row: NewRow, there: _There) -> _Taken:
        """Give a card that is there its secret and keys, where they differ from what it has."""
        card, new = there.cards[row.card.id], row.card
        await self._remember(card, new, there)
        reserve = await self._reserve(card, new, there)
        renewed = reserve is None and await self._put_secret(card, new, there)
        reserve = reserve or _held(card, fresh=renewed)
        replaced, pinned = _pin(card, new)
        if not renewed and not pinned:
            return _Taken([reserve or Change.UNCHANGED], None, None)
        event = self._event(row, card, there, Change.RENEWED, replaced=replaced)
        return _Taken([reserve, Change.RENEWED] if reserve else [Change.RENEWED], new.secret, event)

    def _event(
        self, row: NewRow, card: _Marks, there: _There, change: Change, *, replaced: bool
    ) -> tuple[Event, Subject, Mapping[str, Detail]]:
        holder = there.holders[row.holder.holder_id]
        about = Subject(holder.audit_key, card.audit_key, actor=self._by, selftest=holder.selftest)
        has_key = card.public_key is not None or card.passcode_key is not None
        detail: dict[str, Detail] = {"pinned": has_key, "change": change.value}
        return Event.CARD_ENROLLED, about, detail | ({"key_replaced": True} if replaced else {})

    async def _accepted(self, card: CardId, secret: SecretBytes) -> None:
        await refused.accepted(self._session, card, self._secrets.fingerprint(secret))

    async def _remember(self, card: CardRow, new: NewCard, there: _There) -> None:
        """What the card has just accepted is not held against it; a derived one that failed is not forgotten.

        Of that nothing tells any more once another secret is kept in its place.
        """
        if new.secret is None:
            return
        if new.secret_proven:
            await self._accepted(new.id, new.secret)
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
        if self._refused(new, new.secret, there):
            return Change.REFUSED
        kept = there.secrets.get(row_id(card))
        if card.unblock_state != UnblockState.FAILED.value:
            return None
        if not await self._secrets.is_present(card, kept, new.secret):
            return None
        return Change.REFUSED if kept is None else Change.HELD

    def _refused(self, new: NewCard, secret: SecretBytes, there: _There) -> bool:
        """Whether the card is known to have refused this very secret."""
        tried = there.refused.get(new.id, ())
        return any(row.refused for row in tried) and any(
            row.refused and row.fingerprint == self._secrets.fingerprint(secret) for row in tried
        )

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

    async def _put_secret(self, card: CardRow, new: NewCard, there: _There) -> bool:
        """Keep a secret if it is another than before."""
        secret, kept = new.secret, there.secrets.get(row_id(card))
        same = False
        if secret is not None and kept is not None:
            same = await self._secrets.holds(kept, card.audit_key, secret)
        _mark(card, new, fresh=secret is not None and not same)
        if secret is None or same:
            return False
        if kept is None:
            sealed = await self._secrets.sealed_all([(row_id(card), card.audit_key, secret)])
            await insert_all(self._session, UnblockSecretRow, sealed)
            return True
        row = await self._secrets.sealed(row_id(card), card.audit_key, secret)
        for column in ("key_id", "wrapped_key", "nonce", "ciphertext", "fingerprint"):
            setattr(kept, column, getattr(row, column))
        return True

    def _any_of(self, rows: Sequence[NewRow]) -> ColumnElement[bool]:
        """Selects these cards, by all columns of the index: by the serial alone every card would be read."""
        serials: dict[tuple[str, str], set[str]] = {}
        for row in rows:
            serials.setdefault((row.card.id.family, row.card.id.kind), set()).add(row.card.id.serial)
        return or_(
            *(
                and_(
                    col(CardRow.family) == family,
                    col(CardRow.kind) == kind,
                    among(self._session, col(CardRow.serial), some),
                )
                for (family, kind), some in serials.items()
            )
        )

    async def _there(self, rows: Sequence[NewRow]) -> _There:
        """Read what is about to be changed, so that nobody else changes it meanwhile."""
        holders = await present(self._session, {row.holder.holder_id for row in rows}, change=True)
        # In their order, or two imports might wait for each other.
        query = select(CardRow).where(self._any_of(rows)).order_by(col(CardRow.id))
        cards = (await self._session.exec(query.with_for_update(key_share=True))).all()
        kept = (
            await self._session.exec(
                select(UnblockSecretRow).where(col(UnblockSecretRow.card).in_([card.id for card in cards]))
            )
            if cards
            else ()
        )
        # A self-test's card has refused nothing, and the kiosk that brings it in may not ask.
        own = {holder.holder_id for holder in holders.values() if holder.selftest}
        return _There(
            holders,
            {refused.number(card): card for card in cards},
            {secret.card: secret for secret in kept},
            await refused.found(
                self._session, [row.card.id for row in rows if row.holder.holder_id not in own]
            ),
        )


def _mark(card: _Marks, new: NewCard, *, fresh: bool) -> None:
    """Set what is known of a card's secret. ``fresh``: it gets another one than before.

    Another one makes a card usable again whose secret was refused; but what was sent in vain to a
    card that does not tell its tries stays counted, and holds it back where that was too often.
    """
    if new.secret_proven:
        card.unblock_state = UnblockState.USABLE.value
        card.secret_proven = card.mutual_proven = True
        card.unproven_sends = 0
    elif fresh:
        held = card.unproven_sends >= UNPROVEN_SENDS
        card.unblock_state = (UnblockState.FAILED if held else UnblockState.USABLE).value
        card.secret_proven = card.mutual_proven = False


def _held(card: _Marks, *, fresh: bool) -> Change | None:
    """Whether the secret that the card was given is held back."""
    return Change.HELD if fresh and card.unblock_state != UnblockState.USABLE.value else None


def _pin(card: _Marks, new: NewCard) -> tuple[bool, bool]:
    """Pin the keys that are given; whether one took the place of another, and whether anything changed."""
    before = (card.public_key, card.passcode_key)
    if new.replace_keys or new.public_key is not None:
        card.public_key = new.public_key
    if new.replace_keys or new.passcode_key is not None:
        card.passcode_key = new.passcode_key
    after = (card.public_key, card.passcode_key)
    replaced = any(old is not None and old != now for old, now in zip(before, after, strict=True))
    return replaced, after != before
