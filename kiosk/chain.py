"""The chain of the audit trail: every event's MAC is over the event and the MAC of the one before.

Whoever changes, removes, moves or adds an event in the database breaks it there: without the pepper
nobody can make a MAC (HMAC-SHA-256, RFC 2104). What the chain alone cannot tell is that its tail was
cut off; for that its heads are told to the journal, and by mail.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from pydantic import SecretBytes
from sqlalchemy import Select, true
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.backend import StoreUnavailable
from kiosk.storage.bulk import insert_all
from kiosk.storage.trail import AuditRow, AuditStoreRow

LABEL = "audit chain"  # of the key that is derived for it
BATCH = 1000  # events in one statement
OLDEST = 10  # events by which a store is known: one that was altered must not make it a stranger
COLUMNS = [col(getattr(AuditRow, name)) for name in AuditRow.model_fields]
_LOCK = 0x6175_6469  # PostgreSQL's advisory lock of the chain: any number that nothing else takes
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Head:
    """Where the chain ends: the newest event's number and MAC. In a new store 0 and the store's id."""

    seq: int
    mac: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.mac}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """A head as `str` writes it. Raises ValueError."""
        if (found := _HEAD.fullmatch(text.strip().lower())) is None:
            raise ValueError('is not a head: a number, ":" and 64 hexadecimal digits')
        return cls(int(found[1]), found[2])


class Entry(NamedTuple):
    """An event before it has its place in the chain; as small as can be, for imports have millions."""

    at: datetime
    kiosk: str
    visit: str
    event: str
    outcome: str
    reason: str
    holder_key: str
    card_key: str
    actor: str
    detail: str
    selftest: bool


class Chain:
    """Appends events. ``key`` is derived from the pepper under `LABEL`."""

    def __init__(self, key: SecretBytes) -> None:
        self._key = key
        self._known = False

    def mac(self, event: Mapping[str, Any]) -> str:
        """The MAC that an event (as `plain` gives it) must have."""
        return hmac.digest(self._key.get_secret_value(), canonical(event), "sha256").hex()

    async def append(self, session: AsyncSession, entries: Sequence[Entry]) -> Head:
        """Write events at the end of the chain, as the last thing of a unit of work; the new head.

        From here to the commit nobody else appends. Since every unit takes this lock after all
        others, two can never wait for each other. Raises StoreUnavailable as `require` does.
        """
        await session.flush()
        if session.get_bind().dialect.name == "postgresql":
            await session.exec(select(func.pg_advisory_xact_lock(_LOCK)))
        await self.require(session)
        store, head = await ends(session)
        for start in range(0, len(entries), BATCH):
            rows: list[dict[str, Any]] = []
            for entry in entries[start : start + BATCH]:
                row = {**entry._asdict(), "seq": head.seq + 1, "previous": head.mac}
                row["mac"] = self.mac(plain(store, row))
                head = Head(row["seq"], row["mac"])
                rows.append(row)
            await insert_all(session, AuditRow, rows)
        return head

    async def require(self, session: AsyncSession) -> None:
        """Raise StoreUnavailable where `fits` says no: a single event would break the chain."""
        if not await self.fits(session):
            raise StoreUnavailable("it was written with another pepper than the one here")

    async def fits(self, session: AsyncSession) -> bool:
        """Whether the store was written with this pepper, as far as can be told. Asked once in a process."""
        if not self._known:
            try:
                found = await (await session.connection()).execute(oldest())
                rows = [row._asdict() for row in found]
            except (DBAPIError, ValueError, TypeError) as error:
                if not unreadable(error):
                    raise
                return True
            if not self.made(rows):
                return False
            self._known = bool(rows)
        return True

    def made(self, events: Sequence[Mapping[str, Any]]) -> bool:
        """Whether any of these events (see `oldest`) has the MAC it must have; also where there is none."""
        try:
            return not events or any(one["mac"] == self.mac(plain(one["store"], one)) for one in events)
        except (ValueError, TypeError):  # SQLite keeps anything in any column
            return True


def oldest() -> Select[Any]:
    """Selects the oldest events that are still there, each with the store's id."""
    joined = select(col(AuditStoreRow.store), *COLUMNS).join(AuditStoreRow, onclause=true())
    return joined.select_from(AuditRow).order_by(col(AuditRow.seq)).limit(OLDEST)


def unreadable(error: Exception) -> bool:
    """Whether it was a row that is no event any more: that is for whoever follows the chain."""
    return not isinstance(error, DBAPIError) or "decode" in str(error.orig)


async def ends(session: AsyncSession) -> tuple[str, Head]:
    """The store's id, and the chain's present head."""
    newest = select(AuditRow.seq, AuditRow.mac).order_by(col(AuditRow.seq).desc()).limit(1).subquery()
    query = select(AuditStoreRow.store, newest.c.seq, newest.c.mac)
    joined = query.select_from(AuditStoreRow).join(newest, onclause=true(), isouter=True)
    store, seq, mac = (await session.exec(joined)).one()
    return store, Head(seq or 0, mac or store)


def plain(store: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """An event and its store as JSON can hold them: the time as text, UTC, to the microsecond."""
    at: datetime = row["at"]
    return {**row, "at": at.astimezone(UTC).isoformat(timespec="microseconds"), "store": store}


def canonical(event: Mapping[str, Any]) -> bytes:
    """What the MAC is over: all but the MAC, as JSON in ASCII, keys in order, no spaces."""
    rest = {name: value for name, value in event.items() if name != "mac"}
    return _JSON.encode(rest).encode("ascii")
