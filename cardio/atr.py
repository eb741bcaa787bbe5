"""The answer to reset, taken apart (ISO 7816-3:2006, 8).

An ATR may come from any piece of plastic, so nothing here raises: what cannot be read is named in
`Atr.faults`, and the rest is decoded all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from cardio.historical import Item, read

_MAX_LENGTH = 33  # TS and 32 characters
_CONVENTIONS = {0x3B: "direct", 0x3F: "inverse"}
_GLOBAL = 15  # T=15 qualifies interface bytes that hold for every protocol
_CLOCK_RATE = {
    0: 372, 1: 372, 2: 558, 3: 744, 4: 1116, 5: 1488, 6: 1860, 9: 512, 10: 768, 11: 1024, 12: 1536, 13: 2048
}  # fmt: skip
_BAUD_RATE = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 64, 8: 12, 9: 20}
_CLOCK_STOP = ("not supported", "state L", "state H", "either state")


@dataclass(frozen=True)
class InterfaceByte:
    """One interface byte by its name in the standard ("TA1"), and what it says; empty where nothing known."""

    name: str
    value: int
    meaning: str = ""


@dataclass(frozen=True)
class Atr:
    """What an ATR says.

    ``convention`` is "direct", "inverse" or empty; ``protocols`` are the T values in the order they are
    offered; ``tck`` is the check byte, None where there is none; ``faults`` are departures from the
    standard, in words.
    """

    raw: bytes
    convention: str
    interface: tuple[InterfaceByte, ...]
    protocols: tuple[int, ...]
    historical: bytes
    tck: int | None
    faults: tuple[str, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """What the historical bytes say (ISO 7816-4:2013, 12.1.1)."""
        return read(self.historical)


@dataclass
class _Cursor:
    """Reads an ATR from its second byte on, and remembers that it ended too early."""

    data: bytes
    position: int = 1
    cut: bool = False
    interface: list[InterfaceByte] = field(default_factory=list)
    protocols: list[int] = field(default_factory=list)

    def byte(self) -> int | None:
        """The next byte, None past the end."""
        if self.position >= len(self.data):
            self.cut = True
            return None
        self.position += 1
        return self.data[self.position - 1]


def parse(atr: bytes) -> Atr:
    """Take an ATR apart. Raises nothing, whatever the bytes."""
    convention = _CONVENTIONS.get(atr[0], "") if atr else ""
    cursor = _Cursor(atr)
    t0 = cursor.byte() or 0
    _interface(cursor, t0 >> 4)
    count = t0 & 0x0F
    historical = atr[cursor.position : cursor.position + count]
    cursor.cut |= len(historical) < count
    cursor.position += len(historical)
    offered = tuple(dict.fromkeys(t for t in cursor.protocols if t != _GLOBAL))
    tck = cursor.byte() if any(cursor.protocols) else None  # not where T=0 alone is offered (8.2.5)
    return Atr(
        raw=atr,
        convention=convention,
        interface=tuple(cursor.interface),
        protocols=offered or (() if cursor.cut else (0,)),
        historical=historical,
        tck=tck,
        faults=tuple(_faults(atr, convention, cursor, tck)),
    )


def _faults(atr: bytes, convention: str, cursor: _Cursor, tck: int | None) -> list[str]:
    if not atr:
        return ["there is none"]
    faults = []
    if not convention:
        faults.append(f"begins with {atr[0]:02X}, which is neither 3B nor 3F")
    if len(atr) > _MAX_LENGTH:
        faults.append(f"longer than {_MAX_LENGTH} bytes")
    if cursor.cut:
        faults.append("cut short")
    elif cursor.position < len(atr):
        faults.append(f"bytes after its end: {len(atr) - cursor.position}")
    if tck is not None and reduce(xor, atr[1 : cursor.position]):
        faults.append("the check byte TCK is wrong")
    return faults


def _interface(cursor: _Cursor, present: int) -> None:
    """Read the groups TAi TBi TCi TDi; TDi says which bytes the next group has, and for which protocol."""
    group, protocol = 1, 0
    while present:
        following = 0
        for bit, letter in enumerate("ABCD"):
            if not present >> bit & 1:
                continue
            value = cursor.byte()
            if value is None:
                return
            meaning = _meanings(group, protocol).get(letter, _nothing)(value)
            cursor.interface.append(InterfaceByte(f"T{letter}{group}", value, meaning))
            if letter == "D":
                following, protocol = value >> 4, value & 0x0F
                cursor.protocols.append(protocol)
        present, group = following, group + 1


def _meanings(group: int, protocol: int) -> dict[str, Callable[[int], str]]:
    """What the bytes of a group mean, by their letter; that depends on the protocol of the TD before it."""
    if group == 1:
        return {"A": _rate, "B": _voltage, "C": _guard_time, "D": _protocol}
    if group == 2:
        return {"A": _specific_mode, "B": _voltage, "C": _waiting_integer, "D": _protocol}
    if protocol == _GLOBAL:
        return {"A": _clock_and_class, "B": _contact_c6, "D": _protocol}
    if protocol == 1:
        return {"A": _block_size, "B": _waiting, "C": _detection, "D": _protocol}
    return {"D": _protocol}


def _nothing(_: int) -> str:
    return ""


def _protocol(value: int) -> str:
    return "global bytes follow" if value & 0x0F == _GLOBAL else f"T={value & 0x0F}"


def _rate(value: int) -> str:
    rate, baud = _CLOCK_RATE.get(value >> 4), _BAUD_RATE.get(value & 0x0F)
    if rate is None or baud is None:
        return "reserved"
    return f"Fi={rate}, Di={baud}: {rate / baud:g} clock cycles per bit"


def _voltage(_: int) -> str:
    return "programming voltage, of old cards"


def _guard_time(value: int) -> str:
    return "guard time: the shortest" if value == 0xFF else f"extra guard time {value}"


def _specific_mode(value: int) -> str:
    by = "by rules of its own" if value & 0x10 else "as TA1 says"
    return f"speaks T={value & 0x0F} at once, {by}{', and nothing else' if value & 0x80 else ''}"


def _waiting_integer(value: int) -> str:
    return f"T=0: waiting integer {value}"


def _clock_and_class(value: int) -> str:
    volts = [name for bit, name in enumerate(("5 V", "3 V", "1.8 V")) if value >> bit & 1]
    return f"clock stop: {_CLOCK_STOP[value >> 6]}; {', '.join(volts) or 'no voltage class'}"


def _contact_c6(value: int) -> str:
    return f"use of contact C6: {value:02X}"


def _block_size(value: int) -> str:
    return f"T=1: blocks of up to {value} bytes"


def _waiting(value: int) -> str:
    return f"T=1: block waiting {value >> 4}, character waiting {value & 0x0F}"


def _detection(value: int) -> str:
    return f"T=1: error detection by {'CRC' if value & 1 else 'LRC'}"
