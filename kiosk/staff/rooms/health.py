"""The health board: what the doctor looks at, all the time, and what only the running kiosk knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

from cardio.reader import Reader
from kiosk.levels import Finding, Hands, Level
from kiosk.office.doctor import Check, examine, fleet, keys, living, storing, surroundings
from kiosk.pulse import Pulse
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.staff.account import Account
from kiosk.staff.rooms.rights import EVERYBODY, TECHNICIANS, Room, for_roles
from kiosk.vitals import hardware, process, service

# Within five seconds the board says what is broken: the pause, a look up to its limit, and the next board.
OFTEN, SELDOM = 1.5, 15.0  # seconds between two looks
LIMIT = 2.5  # seconds for each
EVERY = 0.5  # seconds between two boards

WATCHED: tuple[tuple[str, Check, float], ...] = (
    ("service", living.service, OFTEN),
    ("store", storing.store, OFTEN),
    ("mail server", surroundings.mail_server, OFTEN),
    ("clock", surroundings.clock, OFTEN),
    ("vault key", keys.vault_key, SELDOM),
    ("pepper key", keys.pepper_key, SELDOM),
    ("database role", fleet.role, SELDOM),
    ("disk", storing.disk, SELDOM),
    ("memory", living.memory, SELDOM),
    ("notices", living.notices, OFTEN),
    ("last unlock", living.last_unlock, OFTEN),
)


class HealthRoom(Room):
    """Looks while somebody looks at the board, and not otherwise.

    ``closed`` says why the kiosk was closed when it last looked; None where no kiosk is.
    """

    def __init__(
        self,
        account: Account,
        settings: Settings,
        reader: Reader,
        pulse: Pulse,
        closed: Callable[[], OutOfService | None] | None,
    ) -> None:
        self.account = account
        self._settings = settings
        self._reader = reader
        self._pulse = pulse
        self._closed = closed
        self._watched = [one for one in WATCHED if closed is not None or one[0] != "service"]
        self._found: dict[str, Finding | None] = {}

    @for_roles(EVERYBODY)
    async def board(self) -> AsyncIterator[tuple[Finding, ...]]:
        """The whole board, again and again."""
        watching = [asyncio.create_task(self._watch(*one), name=f"health {one[0]}") for one in self._watched]
        try:
            while True:
                yield self._board()
                await asyncio.sleep(EVERY)
        finally:
            for task in watching:
                task.cancel()

    async def _watch(self, name: str, check: Check, seconds: float) -> None:
        while True:
            found = await examine(self._settings, [(name, check)], LIMIT)
            self._found[name] = found[0] if found else None
            await asyncio.sleep(seconds)

    def _board(self) -> tuple[Finding, ...]:
        """What was found, with what whoever is there can do about it, or whom to ask."""
        hands = Hands.TECHNICIAN if self.account.role in TECHNICIANS else Hands.ANYBODY
        return tuple(one.said_to(hands) for one in self._findings())

    def _findings(self) -> Iterator[Finding]:
        presence = self._reader.presence
        looked = [self._found.get(name, Finding(name, Level.OK, "one moment")) for name, *_ in self._watched]
        found = [one for one in looked if one is not None]
        if self._closed is not None:
            yield service(found.pop(0), presence, self._closed())
        yield from hardware(self._reader.name, presence)
        yield from found
        yield from process(self._pulse)
