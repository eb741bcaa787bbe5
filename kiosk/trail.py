"""Reading the audit trail: in pages, so that a million events take no more memory than a thousand.

Each page is a unit of work of its own: a kiosk at work beside it never waits for longer than that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from kiosk.chain import COLUMNS, Head, ends, plain
from kiosk.checkpoints import Notary, checkpoints, end_of
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.trail import AuditRow, CheckpointRow
from kiosk.store import Store
from kiosk.verification import Fault, Flaw, Follower, Verified

PAGE = 1000  # events

Told = Callable[[int], None]
"""Is told after each page how many events were read."""


class Unreadable(Exception):
    """A row of the trail cannot even be read."""


class Trail:
    """The events of a store, oldest first, and whether their chain is whole."""

    def __init__(self, store: Store, notary: Notary) -> None:
        self.store = store
        self.notary = notary

    async def ends(self) -> tuple[str, Head]:
        """The store's id, and the chain's present head."""
        async with self.store.database.transaction() as session:
            return await ends(session)

    async def checkpoints(self) -> Sequence[CheckpointRow]:
        """All checkpoints, oldest first."""
        async with self.store.database.transaction() as session:
            return await checkpoints(session)

    async def start(self) -> Head:
        """Where the chain that is still in the store begins: after the newest checkpoint that is signed."""
        store, _ = await self.ends()
        signed = [row for row in await self.checkpoints() if self.notary.signed(store, row)]
        return end_of(signed[-1]) if signed else Head(0, store)

    async def count(self, *wanted: ColumnElement[bool]) -> int:
        """How many events there are."""
        async with self.store.database.transaction() as session:
            return (await session.exec(select(func.count()).select_from(AuditRow).where(*wanted))).one()

    async def pages(self, *wanted: ColumnElement[bool]) -> AsyncIterator[list[dict[str, Any]]]:
        """The events, as `kiosk.chain.plain` gives them. Raises Unreadable, StoreUnavailable."""
        store, _ = await self.ends()
        after, size = -1, PAGE
        while True:
            try:
                rows = await self._read(after, size, wanted)
            except Unreadable:
                if size == 1:
                    raise
                size = 1  # the ones before it can be read
                continue
            if not rows:
                return
            after = rows[-1]["seq"]
            yield [plain(store, row) for row in rows]

    async def newest(self, limit: int, *wanted: ColumnElement[bool]) -> list[dict[str, Any]]:
        """The last so many of the events, oldest first."""
        store, _ = await self.ends()
        async with self.store.database.transaction() as session:
            query = select(*COLUMNS).where(*wanted).order_by(col(AuditRow.seq).desc()).limit(limit)
            rows = (await session.exec(query)).all()
        return [plain(store, row._mapping) for row in reversed(rows)]

    async def verify(self, expected: Head | None, told: Told) -> Verified:
        """Follow the chain from the newest checkpoint to its end, or its first bad link."""
        while True:
            closed = await self.checkpoints()
            verified = await self._follow(closed, expected, told)
            # A segment that was closed while its events were read is no bad link.
            if verified.fault is None or len(await self.checkpoints()) == len(closed):
                return verified

    async def _follow(self, closed: Sequence[CheckpointRow], expected: Head | None, told: Told) -> Verified:
        store, _ = await self.ends()
        start = await self.start()
        if bad := self.notary.fault(store, closed):
            return Verified(0, start, start, bad)
        if expected and expected.seq < start.seq:
            bad = _in_closed(closed, store, expected)
            if bad:
                return Verified(0, start, start, bad)
        follower = Follower(self.store.audit.chain, store, start, expected)
        try:
            async for page in self.pages():
                if not all(map(follower.follow, page)):
                    break
                told(len(page))
        except Unreadable:
            follower.unreadable()
        return follower.end()

    async def _read(
        self, after: int, size: int, wanted: Sequence[ColumnElement[bool]]
    ) -> list[Mapping[str, Any]]:
        query = select(*COLUMNS).where(col(AuditRow.seq) > after, *wanted)
        try:
            async with self.store.database.transaction() as session:
                rows = (await session.exec(query.order_by(col(AuditRow.seq)).limit(size))).all()
                return [row._mapping for row in rows]
        except (ValueError, TypeError):  # a time that is none
            raise Unreadable from None
        except StoreUnavailable:  # text that is none, or else the database is away
            await self.store.database.ping()
            raise Unreadable from None


def _in_closed(closed: Sequence[CheckpointRow], store: str, expected: Head) -> Fault | None:
    """Whether an old head is one at which a segment was closed; of others only their export tells."""
    ends_of_closed = [Head(0, store), *map(end_of, closed)]
    same = [head for head in ends_of_closed if head.seq == expected.seq]
    return Fault(expected.seq, Flaw.OTHER_HEAD) if same and same[0] != expected else None
