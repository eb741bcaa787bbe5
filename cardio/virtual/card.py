"""What a virtual card is, and the part of ISO 7816-4 that all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Protocol

from cardio.apdu import SW, Command, Response
from cardio.errors import ProtocolError

_CHAINING = 0x10
_SELECT = 0xA4
_GET_RESPONSE = 0xC0
_MAX_CHAINED = 0x4000


class VirtualCard(Protocol):
    """A card as its contacts see it: power, and bytes in and out. Synchronous, like the metal."""

    @property
    def atr(self) -> bytes:
        """Answer to reset (ISO 7816-3, 8); empty for a card that does not answer."""

    def power_on(self) -> None:
        """Apply power: the card starts afresh."""

    def power_off(self) -> None:
        """Take power away: whatever was verified or selected is forgotten."""

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command APDU and return the response APDU."""


class CardApplication(ABC):
    """Base of virtual cards with one application: selection, command and response chaining.

    A subclass answers whole commands in `process` and clears its security status in `reset`.
    """

    aid: bytes
    """The application's full identifier; a right-truncated one of 5 bytes or more selects it too."""

    def __init__(self, atr: bytes) -> None:
        self._atr = atr
        self._selected = False
        self._chained = b""  # data of the command parts so far
        self._pending = b""  # what GET RESPONSE has not fetched yet

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    def power_on(self) -> None:
        """Start afresh."""
        self._forget()
        self.reset()

    def power_off(self) -> None:
        """Forget selection and security status."""
        self._forget()
        self.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command APDU and return the response APDU; nothing it is sent makes it raise."""
        try:
            command = Command.parse(apdu)
        except ProtocolError:
            return Response(b"", SW.WRONG_LENGTH).encode()
        if command.ins == _GET_RESPONSE and self._pending:
            return self._next_piece(command.le or 256).encode()
        self._pending = b""
        if command.cla & _CHAINING:
            return self._collect(command).encode()
        whole = replace(command, data=self._chained + command.data)
        self._chained = b""
        response = self._dispatch(whole)
        if not response.ok or len(response.data) <= max(256, command.le or 0):
            return response.encode()
        self._pending = response.data
        return self._next_piece(256).encode()

    @abstractmethod
    def process(self, command: Command) -> Response:
        """Answer one whole command to the selected application."""

    @abstractmethod
    def reset(self) -> None:
        """Clear the security status, at power-on and power-off."""

    @abstractmethod
    def select_response(self) -> bytes:
        """Return what a successful SELECT answers."""

    def _forget(self) -> None:
        self._selected, self._chained, self._pending = False, b"", b""

    def _collect(self, command: Command) -> Response:
        if len(self._chained) + len(command.data) > _MAX_CHAINED:
            self._chained = b""
            return Response(b"", SW.WRONG_LENGTH)
        self._chained += command.data
        return Response(b"", SW.OK)

    def _next_piece(self, length: int) -> Response:
        piece, self._pending = self._pending[:length], self._pending[length:]
        left = len(self._pending)
        return Response(piece, 0x6100 | min(left, 0xFF) if left else SW.OK)

    def _dispatch(self, command: Command) -> Response:
        if command.cla not in (0x00, 0x80):
            return Response(b"", SW.CLA_NOT_SUPPORTED)
        if command.ins == _SELECT:
            return self._select(command)
        if not self._selected:
            return Response(b"", SW.INS_NOT_SUPPORTED)
        return self.process(command)

    def _select(self, command: Command) -> Response:
        if command.p1 != 0x04:
            return Response(b"", SW.INCORRECT_P1_P2)
        if not self.accepts_aid(command.data):
            return Response(b"", SW.NOT_FOUND)  # what was selected stays so
        self._selected = True  # again: SP 800-73-4 part 2, 3.1.1 leaves the security status as it is
        return Response(self.select_response(), SW.OK)

    def accepts_aid(self, aid: bytes) -> bool:
        """Whether SELECT with these bytes means this application."""
        return len(aid) >= 5 and self.aid.startswith(aid)
