"""The log of this process, as far as it is kept in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from kiosk.logbook import Logbook, Record
from kiosk.staff.account import Account
from kiosk.staff.rooms.rights import TECHNICIANS, Room, for_roles
from kiosk.staff.tools import LogLine, Weight

EVERY = 0.5  # seconds between two looks for more


class LogRoom(Room):
    """Shows what went to the journal since the kiosk was started."""

    def __init__(self, account: Account, logbook: Logbook) -> None:
        self.account = account
        self._logbook = logbook

    @for_roles(TECHNICIANS)
    async def lines(self) -> AsyncIterator[tuple[LogLine, ...]]:
        """The newest lines, the oldest of them first: at once, and whenever there are more."""
        seen = -1
        while True:
            if self._logbook.count != seen:
                seen = self._logbook.count
                yield tuple(map(_line, self._logbook.records()))
            await asyncio.sleep(EVERY)


def _line(record: Record) -> LogLine:
    if record.level >= logging.ERROR:
        weight = Weight.ERROR
    else:
        weight = Weight.WARNING if record.level >= logging.WARNING else Weight.NOTE
    return LogLine(record.at, weight, record.logger, record.text)
