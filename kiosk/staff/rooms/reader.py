"""Reader and card: what is plugged in, what lies in the slot, and every command that goes to a card."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import dropwhile

from cardio import atr
from cardio.errors import CardIOError
from cardio.reader import Presence, Reader, State
from cardio.tracing import TraceLine, Tracer
from kiosk.office.inspected import told
from kiosk.office.inspecting import inspect
from kiosk.settings import Settings
from kiosk.staff.account import Account, StaffProblem
from kiosk.staff.rooms.rights import TECHNICIANS, Room, for_roles
from kiosk.staff.tools import Slot

LOOK = 2.0  # seconds between two looks at what else is plugged in
_LIMIT = 2.0  # seconds for each: a card service that hangs
_NO_CARD = {
    State.EMPTY: "put a card into the reader first",
    State.MUTE: "what is in the reader does not answer: take it out, wipe the chip, and put it in again",
}
_OCCUPIED = (State.CARD, State.MUTE)


class ReaderRoom(Room):
    """Looks at the reader while somebody is there to see it."""

    def __init__(self, account: Account, settings: Settings, reader: Reader) -> None:
        self.account = account
        self._settings = settings
        self._reader = reader
        self._asking = asyncio.Lock()

    @for_roles(TECHNICIANS)
    async def slot(self) -> AsyncIterator[Slot]:
        """Reader and slot, whenever something changes."""
        seen = self._reader.presence
        inserted = removed = 0
        while True:
            answered = atr.parse(seen.atr) if seen.state is State.CARD else None
            readers = await self._plugged_in()
            yield Slot(self._reader.name, readers, seen.state, answered, inserted, removed)
            before, seen = seen, await self._next(seen)
            came, went = _counted(before, seen)
            inserted, removed = inserted + came, removed + went

    @for_roles(TECHNICIANS)
    async def trace(self) -> AsyncIterator[TraceLine]:
        """Each command to a card meanwhile, once it has its answer; what may be secret is masked."""
        lines: asyncio.Queue[TraceLine] = asyncio.Queue()
        self._reader.tap = Tracer(lines.put_nowait)
        try:
            while True:
                yield await lines.get()
        finally:
            self._reader.tap = None

    @for_roles(TECHNICIANS)
    async def inspect(self) -> tuple[tuple[str, str], ...]:
        """Look at the card in the reader: label and text of each line. Raises CardIOError, StaffProblem."""
        present = self._reader.presence
        if present.state is not State.CARD:
            raise StaffProblem(_NO_CARD.get(present.state, "there is no reader for a card"))
        if self._asking.locked():
            raise StaffProblem("the card is being read: wait for that to end")
        async with self._asking:
            seen = await inspect(self._settings, self._reader, present.insertion)
        return tuple(dropwhile(lambda line: line[0] != "Card", told(seen)))  # reader and ATR are shown anyway

    async def let_go(self) -> None:
        """Listen to the reader no more, however they left; a card that is being read is waited for."""
        self._reader.tap = None
        async with self._asking:
            pass

    async def _plugged_in(self) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(_LIMIT):
                return await self._reader.plugged_in()
        except (CardIOError, TimeoutError):
            return ()

    async def _next(self, seen: Presence) -> Presence:
        try:
            async with asyncio.timeout(LOOK):
                return await self._reader.changed(seen)
        except TimeoutError:
            return self._reader.presence


def _counted(before: Presence, after: Presence) -> tuple[int, int]:
    """How many cards went in, and out, between two looks: every insertion has a number."""
    came = after.insertion - before.insertion
    went = came + (before.state in _OCCUPIED) - (after.state in _OCCUPIED)
    return came, max(0, went)
