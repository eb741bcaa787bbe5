"""Cards that do not play fair: something sits between the reader and the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cardio.apdu import Command
from cardio.virtual.card import VirtualCard

VERIFY, CHANGE, RESET = 0x20, 0x24, 0x2C
Answer = Callable[[Command], int | None]


@dataclass
class Shim:
    """Passes commands on, and gives its own answer (a status word) where ``answer`` has one.

    Only commands that carry a secret are offered to ``answer``. ``sent`` counts each instruction of those.
    """

    inner: VirtualCard
    answer: Answer = lambda command: None
    sent: list[int] = field(default_factory=list)

    @property
    def atr(self) -> bytes:
        """As the card's."""
        return self.inner.atr

    def power_on(self) -> None:
        """Pass it on."""
        self.inner.power_on()

    def power_off(self) -> None:
        """Pass it on."""
        self.inner.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer, or let the card answer."""
        command = Command.parse(apdu)
        if command.ins in (VERIFY, CHANGE, RESET) and command.data:
            self.sent.append(command.ins)
            own = self.answer(command)
            if own is not None:
                return own.to_bytes(2, "big")
        return self.inner.transmit(apdu)

    def become(self, other: VirtualCard) -> None:
        """Show another card from now on, as a switch between two chips does."""
        self.inner = other
        other.power_on()
