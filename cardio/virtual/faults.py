"""What goes wrong between a card and its reader, on demand; the same for every way to plug a card in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum


class Strike(Enum):
    """What becomes of one command."""

    NONE = "none"
    PULL = "pull"  # the card leaves before the command reaches it
    LOSE_REPLY = "lose-reply"  # the card carries it out, and leaves before its answer is through


@dataclass
class _Plan:
    strike: Strike
    nth: int
    ins: int | None


@dataclass(frozen=True)
class Exchange:
    """One command as the trace keeps it: never its data, which may be a secret."""

    header: bytes
    lc: int
    sw: int | None  # None: no answer came

    def __str__(self) -> str:
        answer = "lost" if self.sw is None else f"{self.sw:04X}"
        return f"{self.header.hex(' ').upper()} [{self.lc} bytes] -> {answer}"


@dataclass
class Faults:
    """Planned faults and the trace of what went over the contacts.

    ``delay`` is waited, in seconds, between the command's end in the card and its answer.
    """

    delay: float = 0.0
    trace: list[Exchange] = field(default_factory=list)
    _plans: list[_Plan] = field(default_factory=list)

    def pull_before(self, nth: int = 1, *, ins: int | None = None) -> None:
        """Pull the card before the ``nth`` command from now (with that INS) reaches it."""
        self._plans.append(_Plan(Strike.PULL, nth, ins))

    def lose_reply(self, nth: int = 1, *, ins: int | None = None) -> None:
        """Let the ``nth`` command from now (with that INS) happen, and pull the card before its answer."""
        self._plans.append(_Plan(Strike.LOSE_REPLY, nth, ins))

    def next_strike(self, apdu: bytes) -> Strike:
        """Count one command and return what becomes of it."""
        struck = Strike.NONE
        for plan in self._plans:
            if plan.ins is None or apdu[1:2] == bytes([plan.ins]):
                plan.nth -= 1
                struck = plan.strike if plan.nth == 0 else struck
        self._plans = [plan for plan in self._plans if plan.nth > 0]
        return struck

    def record(self, apdu: bytes, answer: bytes | None) -> None:
        """Add an exchange to the trace, without its data."""
        lc = apdu[4] if len(apdu) > 5 else 0
        sw = int.from_bytes(answer[-2:], "big") if answer else None
        self.trace.append(Exchange(apdu[:4], lc, sw))

    def count(self, ins: Iterable[int] = ()) -> int:
        """Return how many commands went over the contacts (of these INS, where any are given)."""
        wanted = set(ins)
        return sum(1 for exchange in self.trace if not wanted or exchange.header[1] in wanted)
