"""The health board: what the doctor looks at, all the time, and what only the running kiosk knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import version

from cardio.reader import Presence, Reader, State
from kiosk.levels import Finding, Level
from kiosk.office.doctor import Check, examine, fleet, keys, living, storing, surroundings
from kiosk.pulse import Pulse
from kiosk.settings import Settings
from kiosk.staff.account import Account
from kiosk.staff.rooms.rights import EVERYBODY, for_roles

LIMIT = 3.0  # seconds for each check: within five the board says what is broken
OFTEN, SELDOM = 2.0, 15.0  # seconds between two looks
EVERY = 1.0  # second: a new board
_SLOW = 0.5  # seconds of delay that people notice

WATCHED: tuple[tuple[str, Check, float], ...] = (
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

_READER = {
    State.NO_SERVICE: ("the card service (pcscd) does not run", "start it: systemctl start pcscd.socket"),
    State.NO_READER: ("none is plugged in", "plug it in; try another socket, another cable"),
    State.SEVERAL: ("several, and reader.name fits none or more than one", "unplug the others"),
    State.BROKEN: ("a command never came back", "unplug it, plug it in again, restart the kiosk (S)"),
}
_SLOT = {
    State.EMPTY: (Level.OK, "none", ""),
    State.CARD: (Level.OK, "one", ""),
    State.MUTE: (Level.WARN, "one that does not answer", "take it out; wipe the chip; try another card"),
}


class HealthRoom:
    """Looks while somebody looks at the board, and not otherwise."""

    def __init__(self, account: Account, settings: Settings, reader: Reader, pulse: Pulse) -> None:
        self.account = account
        self._settings = settings
        self._reader = reader
        self._pulse = pulse
        self._found: dict[str, Finding | None] = {}

    @for_roles(EVERYBODY)
    async def board(self) -> AsyncIterator[tuple[Finding, ...]]:
        """The whole board, every second."""
        watching = [asyncio.create_task(self._watch(*one), name=f"health {one[0]}") for one in WATCHED]
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
        looked = (self._found.get(name, Finding(name, Level.OK, "looking")) for name, *_ in WATCHED)
        return (
            *_hardware(self._reader.name, self._reader.presence),
            *(found for found in looked if found is not None),
            *self._process(),
        )

    def _process(self) -> tuple[Finding, ...]:
        delay, minutes = self._pulse.delay, int(self._pulse.uptime // 60)
        slow = delay > _SLOW
        advice = "something else keeps the machine busy (top)" if slow else ""
        up = f"{minutes // 60} h {minutes % 60:02} min"
        return (
            Finding("response", Level.WARN if slow else Level.OK, f"{delay * 1000:.0f} ms at most", advice),
            Finding("program", Level.OK, f"{version('unlock-kiosk')}, running {up}"),
        )


def _hardware(name: str, presence: Presence) -> tuple[Finding, ...]:
    """Card service, reader and slot, as the kiosk sees them at this moment."""
    state = presence.state
    service = Finding("card service", Level.OK, "pcscd answers")
    if state is State.NO_SERVICE:
        detail, advice = _READER[state]
        missing = Finding("reader", Level.FAIL, "cannot be seen without the card service", "see above")
        return Finding("card service", Level.FAIL, detail, advice), missing
    if state in _READER:
        return service, Finding("reader", Level.FAIL, *_READER[state])
    level, detail, advice = _SLOT[state]
    return service, Finding("reader", Level.OK, name), Finding("card in it", level, detail, advice)
