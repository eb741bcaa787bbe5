"""A card reader in this process: insert and remove virtual cards, and let things go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from cardio import apdu
from cardio.apdu import Command, Response
from cardio.errors import CardRemoved, ReaderBroken, ReaderGone
from cardio.presence import PresenceBoard
from cardio.reader import Channel, Presence, State, Tap
from cardio.tasks import run_to_end
from cardio.virtual.card import VirtualCard
from cardio.virtual.faults import Faults, Strike


class VirtualReader:
    """A `cardio.reader.Reader` without metal.

    The hands of a person are `insert` and `remove`; ``faults`` plans what goes wrong with commands and
    keeps their trace; `stop_service`, `unplug`, `break_down` and their opposites do it to the reader.
    """

    def __init__(self, name: str = "Virtual reader") -> None:
        self.faults = Faults()
        self.tap: Tap | None = None
        self._name = name
        self._card: VirtualCard | None = None
        self._service, self._plugged, self._broken = True, True, False
        self._beside = False
        self._insertion = 0
        self._board = PresenceBoard(Presence(State.EMPTY))
        self._exclusive = asyncio.Lock()

    @property
    def name(self) -> str:
        """The reader's name; empty while it is unplugged or the service is stopped."""
        return self._name if self._service and self._plugged else ""

    @property
    def virtual(self) -> bool:
        """True: no metal is involved."""
        return True

    @property
    def presence(self) -> Presence:
        """What the reader sees."""
        return self._board.presence

    @property
    def card(self) -> VirtualCard | None:
        """The card in the slot."""
        return self._card

    async def changed(self, seen: Presence) -> Presence:
        """Wait until the presence differs from ``seen`` and return it."""
        return await self._board.changed(seen)

    def insert(self, card: VirtualCard) -> None:
        """Put a card in. Raises ValueError if one is in already."""
        if self._card is not None:
            raise ValueError("there is a card in the reader")
        self._card = card
        self._show()

    def remove(self) -> None:
        """Take the card out; nothing happens if there is none."""
        if self._card is not None:
            self._card.power_off()
            self._card = None
            self._show()

    def stop_service(self) -> None:
        """Stop the card service under the reader."""
        self._service = False
        self._show()

    def start_service(self) -> None:
        """Start it again; a card that is in counts as a new insertion, for it lost its power."""
        self._service = True
        self._show()

    def unplug(self) -> None:
        """Pull the reader's cable."""
        self._plugged = False
        self._show()

    def plug(self) -> None:
        """Plug the reader in again."""
        self._plugged = True
        self._show()

    def plug_beside(self, another: bool = True) -> None:
        """Plug another reader in beside it, so that nothing says which to take; or pull that out again."""
        self._beside = another
        self._show()

    def break_down(self) -> None:
        """Make the reader one that never answers again: State.BROKEN until the end."""
        self._broken = True
        self._show()

    @asynccontextmanager
    async def session(self, insertion: int) -> AsyncIterator[Channel]:
        """Take the card of that insertion; it is reset when the session ends.

        Raises CardRemoved, ReaderGone or ReaderBroken.
        """
        async with self._exclusive:
            card = self._card_of(insertion)
            card.power_on()
            try:
                send: apdu.Send = partial(self._exchange, insertion)
                yield _VirtualChannel(card.atr, self.tap(send) if self.tap else send)
            finally:
                card.power_off()

    async def plugged_in(self) -> tuple[str, ...]:
        """Its own name, while it is plugged in. Raises ReaderGone while the service is stopped."""
        if not self._service:
            raise ReaderGone
        return (self._name,) if self._plugged else ()

    async def aclose(self) -> None:
        """Wait for the session under way."""
        async with self._exclusive:
            pass

    def _show(self) -> None:
        state, atr = self._state()
        if state in (State.CARD, State.MUTE) and self.presence.state not in (State.CARD, State.MUTE):
            self._insertion += 1
        self._board.show(Presence(state, self._insertion, atr))

    def _state(self) -> tuple[State, bytes]:
        if self._broken:
            return State.BROKEN, b""
        if not self._service:
            return State.NO_SERVICE, b""
        if not self._plugged:
            return State.NO_READER, b""
        if self._beside:
            return State.SEVERAL, b""
        if self._card is None:
            return State.EMPTY, b""
        return (State.CARD, self._card.atr) if self._card.atr else (State.MUTE, b"")

    def _card_of(self, insertion: int) -> VirtualCard:
        presence = self.presence
        if presence.state is State.BROKEN:
            raise ReaderBroken(self._name)
        if presence.state in (State.NO_SERVICE, State.NO_READER, State.SEVERAL):
            raise ReaderGone(self._name)
        if self._card is None or presence.state is not State.CARD or presence.insertion != insertion:
            raise CardRemoved
        return self._card

    async def _exchange(self, insertion: int, command: bytes) -> bytes:
        card = self._card_of(insertion)
        strike = self.faults.next_strike(command)
        if strike is Strike.PULL:
            self.remove()
            raise CardRemoved
        answer = card.transmit(command)
        if self.faults.delay:
            await asyncio.sleep(self.faults.delay)
        if strike is Strike.LOSE_REPLY:
            self.remove()
        lost = self.presence.insertion != insertion or self.presence.state is not State.CARD
        self.faults.record(command, None if lost else answer)
        self._card_of(insertion)
        return answer


class _VirtualChannel:
    """One session with a virtual card."""

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
