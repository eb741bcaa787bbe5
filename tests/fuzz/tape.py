"""A card that answers from a tape: bytes that a fuzzer makes up, or recorded from an honest card."""

from __future__ import annotations

from cardio import apdu
from cardio.apdu import Command, Response
from cardio.errors import CardRemoved

MOST_COMMANDS = 10_000
"""No use of a card that is tried here takes more, 256 pieces to an answer; one that does not end does."""

_LONG = 0xFF  # stands before a length of two bytes
_GONE = 0xFE  # the card is pulled


class Endless(AssertionError):
    """The card is asked on and on."""


class Tape:
    """Answers one after another: a length, and so many bytes. The last one is given for ever.

    A length byte of FE pulls the card, FF stands before a length of two bytes (big-endian).
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._last = b"\x6d\x00"
        self.commands = 0

    async def send(self, _: bytes) -> bytes:
        """Answer one command. Raises CardRemoved, and Endless."""
        self.commands += 1
        if self.commands > MOST_COMMANDS:
            raise Endless
        if self._position < len(self._data):
            self._last = self._next()
        return self._last

    def _next(self) -> bytes:
        length = self._data[self._position]
        self._position += 1
        if length == _GONE:
            raise CardRemoved
        if length == _LONG:
            length = int.from_bytes(self._data[self._position : self._position + 2], "big")
            self._position += 2
        answer = self._data[self._position : self._position + length]
        self._position += length
        return answer


class TapeChannel:
    """A `cardio.reader.Channel` to such a card."""

    atr = b"\x3b\x00"

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    async def transmit(self, command: Command) -> Response:
        """As every channel does."""
        return await apdu.transmit(self._tape.send, command)


def recorded(answers: list[bytes]) -> bytes:
    """The tape that gives these answers."""
    return b"".join(
        bytes([len(each)]) + each if len(each) < _GONE else b"\xff" + len(each).to_bytes(2, "big") + each
        for each in answers
    )
