"""What happens to a kiosk between two units of work: the store goes away, or the process is killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.database import Database, StoreUnavailable


class Killed(BaseException):
    """The process is no more: nothing handles this, and nothing is written down after it."""


class How(Enum):
    """What becomes of one unit of work."""

    AWAY = "away"  # it fails, and the next one works again
    KILLED_BEFORE = "killed-before"
    KILLED_AFTER = "killed-after"  # it was committed

    def __str__(self) -> str:
        return self.value


class Outage:
    """Strikes every database in this process at its unit of work number ``nth`` from now; 0 is never.

    ``count`` is how many there were. `end` it, as whoever starts the kiosk again does.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, how: How = How.AWAY, nth: int = 0) -> None:
        self.count = 0
        self._how, self._nth = how, nth
        self._killed = self._over = False
        transaction = Database.transaction

        @asynccontextmanager
        async def struck(database: Database) -> AsyncIterator[AsyncSession]:
            struck = self._strikes()
            async with transaction(database) as session:
                yield session
            if struck:
                self._killed = True
                raise Killed

        monkeypatch.setattr(Database, "transaction", struck)

    def end(self) -> None:
        """Everything works again."""
        assert self._nth <= self.count, "it never struck"
        self._over, self._killed = True, False

    def _strikes(self) -> bool:
        """Count a unit of work; whether the process is killed after it. Raises what happens before it."""
        if self._killed:
            raise Killed
        if self._over:
            return False
        self.count += 1
        if self.count != self._nth:
            return False
        if self._how is How.AWAY:
            raise StoreUnavailable("OperationalError")
        if self._how is How.KILLED_BEFORE:
            self._killed = True
            raise Killed
        return True
