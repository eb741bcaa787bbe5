"""PcscReader: presence, exclusive sessions and the watchdog over a reader of a real PC/SC service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cardio import apdu
from cardio.apdu import Command, Response
from cardio.errors import CardRemoved, ReaderBroken, ReaderGone
from cardio.pcsc.service import Connection, Sighting, Watcher, list_readers
from cardio.presence import PresenceBoard
from cardio.reader import Channel, Presence, State, Tap
from cardio.tasks import run_to_end
from cardio.worker import Worker

T = TypeVar("T")

_POLL_SECONDS = 0.1  # how often a command under way is held against its limits


@dataclass(frozen=True)
class Limits:
    """How long things may take, in seconds."""

    command: float = 60.0  # a command that has not come back is given up: the reader is broken
    after_removal: float = 5.0  # likewise, once its card has left
    sharing: float = 2.0  # how long to wait for another program to let go of the card


class PcscReader:
    """The one contact reader whose name fits ``name_filter``; implements `cardio.reader.Reader`.

    Watching begins with the first `start`, `changed` or `session`; until then the state is
    NO_SERVICE. Where several readers fit, it is SEVERAL, and `candidates` says which.
    ``tap`` listens to the sessions that begin while it is set.
    """

    def __init__(self, name_filter: str = "", *, limits: Limits | None = None) -> None:
        self._name_filter = name_filter
        self._limits = limits or Limits()
        self.tap: Tap | None = None
        self._board = PresenceBoard(Presence(State.NO_SERVICE))
        self._seen = Sighting(State.NO_SERVICE)
        self._first_look = asyncio.Event()
        self._exclusive = asyncio.Lock()
        self._watcher: Watcher | None = None
        self._worker: Worker | None = None

    @property
    def name(self) -> str:
        """What the service calls the reader; empty while there is none, or several fit."""
        return self._seen.name

    @property
    def candidates(self) -> tuple[str, ...]:
        """The contact readers that fit the filter; the reader works while it is exactly one."""
        return self._seen.candidates

    @property
    def virtual(self) -> bool:
        """Whether this is the vpcd driver, in which no metal is involved."""
        return self.name.startswith("Virtual PCD")

    @property
    def presence(self) -> Presence:
        """What was last seen."""
        return self._board.presence

    async def start(self) -> None:
        """Begin to watch, and wait for the first look. Safe to call again."""
        if self._watcher is None:
            loop = asyncio.get_running_loop()

            def report(sighting: Sighting) -> None:
                with suppress(RuntimeError):  # the loop was closed without aclose()
                    loop.call_soon_threadsafe(self._take_over, sighting)

            self._worker = Worker("card commands")
            self._watcher = Watcher(self._name_filter, report)
            self._watcher.start()
        await self._first_look.wait()

    async def changed(self, seen: Presence) -> Presence:
        """Wait until the presence differs from ``seen`` and return it; at once if it already does."""
        await self.start()
        return await self._board.changed(seen)

    @asynccontextmanager
    async def session(self, insertion: int) -> AsyncIterator[Channel]:
        """Take the card of that insertion exclusively; it is reset when the session ends.

        Raises CardRemoved if that insertion is over, ReaderGone, ReaderBusy or ReaderBroken.
        """
        await self.start()
        async with self._exclusive:
            self._require(insertion)
            connection = Connection(self._seen, self._limits.sharing)
            send: apdu.Send = partial(self._exchange, connection, insertion)
            channel = _PcscChannel(self.presence.atr, self.tap(send) if self.tap else send)
            try:
                await run_to_end(self._call(connection.open, insertion))
                yield channel
            finally:
                await run_to_end(self._let_go(connection, insertion))

    async def plugged_in(self) -> tuple[str, ...]:
        """Every name that the card service has, also of those that do not fit. Raises ReaderGone."""
        worker = Worker("readers")  # not the one for commands, which may be waiting for a card
        try:
            return tuple(await worker.submit(list_readers))
        finally:
            worker.stop()

    async def aclose(self) -> None:
        """Stop watching; waits for a session under way. Safe to call twice."""
        async with self._exclusive:
            if self._watcher is not None and self._worker is not None:
                await asyncio.to_thread(self._watcher.stop)
                self._worker.stop()

    async def _exchange(self, connection: Connection, insertion: int, data: bytes) -> bytes:
        """Carry one APDU; nothing is sent any more once the insertion is over."""
        self._require(insertion)
        return await self._call(partial(connection.transmit, data), insertion)

    async def _let_go(self, connection: Connection, insertion: int) -> None:
        try:
            await self._call(connection.close, insertion)
        except ReaderBroken:
            if self._worker is not None:  # should the lost command come back, the card is still reset
                self._worker.submit(connection.close)

    def _require(self, insertion: int) -> None:
        """Raise whatever stands between that insertion's card and a command."""
        presence = self.presence
        if presence.state is State.BROKEN:
            raise ReaderBroken(self.name)
        if presence.state in (State.NO_SERVICE, State.NO_READER, State.SEVERAL):
            raise ReaderGone
        if presence.state is not State.CARD or presence.insertion != insertion:
            raise CardRemoved

    async def _call(self, blocking: Callable[[], T], insertion: int) -> T:
        """Run a call in the command thread. Raises ReaderBroken once it is beyond its limits."""
        if self._worker is None or self.presence.state is State.BROKEN:
            raise ReaderBroken(self.name)
        future = self._worker.submit(blocking)
        clock = asyncio.get_running_loop().time
        give_up, left = clock() + self._limits.command, False
        while not (await asyncio.wait([future], timeout=_POLL_SECONDS))[0]:
            if not left and (self.presence.state is not State.CARD or self.presence.insertion != insertion):
                left, give_up = True, min(give_up, clock() + self._limits.after_removal)
            if clock() >= give_up:
                future.cancel()
                self._board.show(Presence(State.BROKEN, self.presence.insertion))
                raise ReaderBroken(self.name)
        return future.result()

    def _take_over(self, sighting: Sighting) -> None:
        """Show what the watcher saw; runs in the event loop."""
        before, self._seen = self._seen, sighting
        same_slot = (before.name, before.context) == (sighting.name, sighting.context)
        same_card = same_slot and before.occupied and before.counter == sighting.counter
        insertion = self.presence.insertion + (sighting.occupied and not same_card)
        if self.presence.state is not State.BROKEN:
            self._board.show(Presence(sighting.state, insertion, sighting.atr))
        self._first_look.set()


class _PcscChannel:
    """One exclusive session."""

    def __init__(self, atr: bytes, send: apdu.Send) -> None:
        self._atr = atr
        self._send = send

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._atr

    async def transmit(self, command: Command) -> Response:
        """Send one command, follow 61xx and 6Cxx, and return its whole answer."""
        return await run_to_end(apdu.transmit(self._send, command))
