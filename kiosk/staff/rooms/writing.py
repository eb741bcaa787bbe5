"""Rooms that change people or accounts: whether they may here, and a deed that nothing cuts off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy import text

from kiosk.staff.account import NotAllowed, StaffProblem
from kiosk.staff.rooms.rights import Room
from kiosk.store import Store

T = TypeVar("T")

_ASKED = text("SELECT has_column_privilege(:named, :within, 'UPDATE')")


class WritingRoom(Room):
    """Subclasses name a table and a column that they change, and say where it is done if not here.

    A kiosk of a fleet may change neither people nor accounts: the database does not let it.
    """

    changes: tuple[str, str]
    elsewhere_is: str

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun: set[asyncio.Task[Any]] = set()

    async def let_go(self) -> None:
        """Wait for what was begun, however they left."""
        while self._begun:
            await asyncio.gather(*self._begun, return_exceptions=True)  # whoever asked has been told

    async def _why_not_here(self) -> str:
        """Why nothing can be changed on this machine; empty where it can."""
        if await self._may():
            return ""
        return self.elsewhere_is[:1].upper() + self.elsewhere_is[1:]

    async def _require_here(self) -> None:
        if not await self._may():
            raise StaffProblem(self.elsewhere_is)

    async def _to_its_end(self, work: Callable[[], Coroutine[Any, Any, T]], name: str) -> T:
        """Do something that nothing cuts off once it has begun. Raises NotAllowed for who is leaving."""
        if self.shut:  # while it was looked at: nothing begins once it is on record that they have left
            raise NotAllowed("you are signed out: nothing was done")
        task = asyncio.create_task(work(), name=name)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return await asyncio.shield(task)

    async def _may(self) -> bool:
        """Whether the database lets this process's role change that column."""
        if self._store.database.backend.one_at_a_time:  # a file of its own
            return True
        table, column = self.changes
        async with self._store.work() as session:
            connection = await session.connection()
            return bool((await connection.execute(_ASKED, {"named": table, "within": column})).scalar())
