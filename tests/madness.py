"""Cards that go mad: from some command on they answer every command in one way of their own."""

from __future__ import annotations

import random
from collections.abc import Callable

from cardio.virtual.card import VirtualCard
from tests.sampling import SEED

_RANDOM = random.Random(SEED)
NAME = "\x1b]0;own\x07\x1b[2J[bold red]Ann[/] \u202e<b>".encode()

MADNESS: dict[str, Callable[[], bytes]] = {
    "silence": lambda: b"",
    "half a status word": lambda: b"\x90",
    "no status word": lambda: b"\x01\x02\x03",
    "more for ever": lambda: b"\x00\x61\xff",
    "promises for ever": lambda: b"\x61\x00",
    "another length for ever": lambda: b"\x6c\x01",
    "64 KiB": lambda: bytes(0xFFFD) + b"\x90\x00",
    "a length that lies": lambda: bytes.fromhex("5384FFFFFFFF") + b"\x90\x00",
    "nested without end": lambda: bytes.fromhex("3080") * 100 + b"\x90\x00",
    "a bomb": lambda: bytes.fromhex("538200FF70820F00") + bytes(240) + b"\x90\x00",
    "a name": lambda: b"\x53" + bytes([len(NAME)]) + NAME + b"\x90\x00",
    "the last try": lambda: b"\x63\xc1",
    "locked": lambda: b"\x69\x83",
    "wrong": lambda: b"\x69\x82",
    "broken": lambda: b"\x6f\x00",
    "gone": lambda: b"\x6d\x00",
    "noise": lambda: _RANDOM.randbytes(_RANDOM.randrange(300)),
}


class Wrapped:
    """A card in another's skin: what it answers is up to a subclass."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._card.atr

    def power_on(self) -> None:
        """Start the card."""
        self._card.power_on()

    def power_off(self) -> None:
        """Stop the card."""
        self._card.power_off()


class Mad(Wrapped):
    """A card that is itself for so many commands, and then answers all others in one way."""

    def __init__(self, card: VirtualCard, honest: int, answer: Callable[[], bytes]) -> None:
        super().__init__(card)
        self._left, self._answer = honest, answer

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command, or say anything."""
        self._left -= 1
        return self._card.transmit(apdu) if self._left >= 0 else self._answer()
