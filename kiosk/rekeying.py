"""A new key-encrypting key for the vault, while kiosks go on working.

What has to hold before, `kiosk.beforehand` and `kiosk.office.rekeying` look at.

```
make the next key                            beside the present one; kiosks find it when they first need it
seal every secret anew                       chunk by chunk: what a kiosk changed meanwhile is left as it is
wrap the data key of names anew
put the next key in the present one's place  the old one is kept until the operator removes it
```

Cut off anywhere, it goes on where it was: a row says itself which key it is under.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Update, bindparam, func, update
from sqlmodel import col, select

from kiosk.audit import Event, Outcome, Subject
from kiosk.persons import DATA_KEY
from kiosk.safe import as_sealed
from kiosk.storage.models import CardRow, DataKeyRow, NextSecretRow, UnblockSecretRow
from kiosk.storage.trail import AuditRow
from kiosk.store import Store
from kiosk.unblock import FIELD, NEXT_FIELD
from kiosk.vault import Sealed, Vault, VaultError

_SAME = ("card", "nonce", "ciphertext")
CHUNK = 100  # rows read, and then written, in one unit of work: kiosks never wait long
Table = type[UnblockSecretRow] | type[NextSecretRow]
FIELDS: tuple[tuple[Table, str], ...] = ((UnblockSecretRow, FIELD), (NextSecretRow, NEXT_FIELD))


@dataclass(frozen=True)
class Progress:
    """How far it is: secrets done of all, and those that did not open, which stay as they were."""

    done: int
    all: int
    shut: int = 0


@dataclass(frozen=True)
class KeyUse:
    """A key-encrypting key, and what is under it. ``here``: this kiosk has it."""

    key_id: str
    newest: bool
    here: bool
    secrets: int
    names: bool  # the data key of names and addresses


@dataclass(frozen=True)
class _Row:
    """A sealed secret, and what it is bound to."""

    card: int
    card_key: str
    sealed: Sealed = field(repr=False)


class Rekeying:
    """Takes everything that is sealed from one key-encrypting key to the next."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def prepare(self) -> str:
        """Make the next key, unless an earlier run did and has not come to its end. Raises KeyProblem.

        Until everything is under the newest key, that is the one to go on with.
        """
        await self._vault.refresh()
        newest = self._vault.keys.newest.key_id
        names = await self._names()
        if names is not None and names.key_id != newest:
            return f"key {newest}: made before, and gone on with"
        told = self._vault.cabinet.make_next()
        await self._vault.refresh()
        return told

    @property
    def waiting(self) -> bool:
        """Whether a next key is here, beside the present one."""
        return self._vault.cabinet.waiting()

    async def settled(self) -> bool:
        """Whether a run to the newest key here has come to its end, or nothing is under another one."""
        await self._vault.refresh()
        newest, names = self._vault.keys.newest.key_id, await self._names()
        if names is None or names.key_id != newest:
            return False
        reached, key = await self._last_run()
        if key == newest:
            return reached == "done"  # what then is left does not open, and never will
        return not await self._left(newest)

    async def unknown(self, *, alone: bool) -> str:
        """The id of a key that the store was taken to, or is being taken to, and is not here; or empty.

        ``alone``: no other machine has it, so whatever it was taken to is lost.
        """
        await self._vault.refresh()
        names, (_, last) = await self._names(), await self._last_run()
        if names is not None and self._vault.keys.named(names.key_id) is None:
            return names.key_id
        if alone:
            return ""
        # Some secrets under a key that is lost for good do not count: they are told at the end of a run.
        return last if self._vault.keys.named(last) is None and await self._under(last) else ""

    async def run(self, *, by: str) -> AsyncIterator[Progress]:
        """Seal everything anew with the newest key, telling how far it is. Raises VaultError for names."""
        newest = self._vault.keys.newest.key_id
        about, total = Subject(actor=by), await self._left(newest)
        await self._store.record(Event.VAULT_REKEYED, about, reason="begun", key=newest, secrets=total)
        done, shut = 0, 0
        for table, name in FIELDS:
            after = -1
            while rows := await self._chunk(table, newest, after):
                failed = await self._reseal(table, name, rows)
                after, shut, done = rows[-1].card, shut + failed, done + len(rows)
                yield Progress(done, max(done, total), shut)
        await self._rewrap_names(newest)
        outcome = Outcome.ALARM if shut else Outcome.OK
        await self._store.record(Event.VAULT_REKEYED, about, outcome, reason="done", key=newest, shut=shut)
        yield Progress(done, done, shut)

    def put_in_place(self) -> str:
        """The newest key takes the present one's place; what was done, and is left to do."""
        return self._vault.cabinet.put_in_place()

    async def status(self) -> Sequence[KeyUse]:
        """Every key that is here or that something is under, the newest first."""
        await self._vault.refresh()
        keys = self._vault.keys
        counts: dict[str, int] = {key.key_id: 0 for key in (keys.newest, *keys.older)}
        async with self._store.work() as session:
            for table, _ in FIELDS:
                query = select(table.key_id, func.count()).group_by(table.key_id)
                for key_id, count in await session.exec(query):
                    counts[key_id] = counts.get(key_id, 0) + count
        names = await self._names()
        if names is not None:
            counts.setdefault(names.key_id, 0)
        return [
            KeyUse(
                key_id,
                newest=key_id == keys.newest.key_id,
                here=keys.named(key_id) is not None,
                secrets=count,
                names=names is not None and names.key_id == key_id,
            )
            for key_id, count in counts.items()
        ]

    async def _names(self) -> DataKeyRow | None:
        async with self._store.work() as session:
            return await session.get(DataKeyRow, DATA_KEY)

    async def _last_run(self) -> tuple[str, str]:
        """How far the newest run has come, as its event says, and to which key."""
        ours = col(AuditRow.event) == Event.VAULT_REKEYED.value
        query = select(AuditRow.reason, AuditRow.detail).where(ours).order_by(col(AuditRow.seq).desc())
        async with self._store.work() as session:
            found = (await session.exec(query.limit(1))).first()
        reached, detail = found or ("", "")
        try:
            return reached, str(json.loads(detail or "{}").get("key", ""))
        except (ValueError, AttributeError):  # altered: `kiosk audit verify` tells
            return "", ""

    async def _under(self, key: str) -> bool:
        """Whether any secret is under that key."""
        async with self._store.work() as session:
            found = [
                (await session.exec(select(table.key_id).where(table.key_id == key).limit(1))).first()
                for table, _ in FIELDS
            ]
        return any(found)

    async def _left(self, newest: str) -> int:
        async with self._store.work() as session:
            counts = [
                (await session.exec(select(func.count()).where(col(table.key_id) != newest))).one()
                for table, _ in FIELDS
            ]
        return sum(counts)

    async def _chunk(self, table: Table, newest: str, after: int) -> Sequence[_Row]:
        """The next secrets that are under another key, by card."""
        query = (
            select(table, CardRow.audit_key)
            .join(CardRow, col(CardRow.id) == col(table.card))
            .where(col(table.key_id) != newest, col(table.card) > after)
            .order_by(col(table.card))
            .limit(CHUNK)
        )
        async with self._store.work() as session:
            found: Any = await session.exec(query)
            return [_Row(row.card, key, as_sealed(row)) for row, key in found]

    async def _reseal(self, table: Table, name: str, rows: Sequence[_Row]) -> int:
        """Seal these anew, each unless it was changed since it was read; how many did not open."""
        fresh: list[tuple[_Row, Sealed]] = []
        for row in rows:
            try:
                secret = await self._vault.open(row.card_key, name, row.sealed)
            except VaultError:
                continue
            fresh.append((row, await self._vault.seal(row.card_key, name, secret)))
        if fresh:
            async with self._store.work() as session:
                connection = await session.connection()
                await connection.execute(
                    unless_changed(table), [replacing(row.card, row.sealed, new) for row, new in fresh]
                )
        return len(rows) - len(fresh)

    async def _rewrap_names(self, newest: str) -> None:
        row = await self._names()
        if row is None or row.key_id == newest:
            return
        key_id, wrapped = await self._vault.wrap(await self._vault.unwrap(row.key_id, row.wrapped_key))
        async with self._store.work() as session:
            await session.exec(
                update(DataKeyRow)
                .where(col(DataKeyRow.name) == DATA_KEY, col(DataKeyRow.wrapped_key) == row.wrapped_key)
                .values(key_id=key_id, wrapped_key=wrapped)
            )


def unless_changed(table: Table) -> Update:
    """Puts a secret sealed anew in place of the one that was read (``was_...``), if that is still there."""
    was = {name: col(getattr(table, name)) == bindparam(f"was_{name}") for name in _SAME}
    new: dict[str, Any] = {one.name: bindparam(f"new_{one.name}") for one in fields(Sealed)}
    return update(table.__table__).where(*was.values()).values(new)  # type: ignore[union-attr]


def replacing(card: int, old: Sealed, sealed: Sealed) -> dict[str, Any]:
    """What `unless_changed` takes."""
    was = {"was_card": card, "was_nonce": old.nonce, "was_ciphertext": old.ciphertext}
    return was | {f"new_{name}": value for name, value in vars(sealed).items()}
