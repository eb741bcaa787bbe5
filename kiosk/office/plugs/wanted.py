"""What can be asked of a virtual card on the command line, and what a family makes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from cardio.virtual.card import VirtualCard

T = TypeVar("T")

_FOR_ALL = ("pin", "tries", "pin_tries_left", "locked", "quirk")


class Misfit(Exception):
    """An option that does not fit the family, or makes no card. ``option`` is the one at fault, or empty."""

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(reason)
        self.option = option


@dataclass(frozen=True)
class Wanted:
    """The options of `kiosk card plug` by their names; None and False: not given. All are test values."""

    pin: str | None = None
    tries: int | None = None
    pin_tries_left: int | None = None
    locked: bool = False
    puk: str | None = None
    puk_tries_left: int | None = None
    guid: str | None = None
    no_chuid: bool = False
    serial: str | None = None
    no_serial: bool = False
    no_metadata: bool = False
    card_key: str | None = None
    sign_in: str | None = None
    expires: datetime | None = None
    name: str | None = None
    card_version: str | None = None
    admin_pin: str | None = None
    admin_tries_left: int | None = None
    resetting_code: str | None = None
    code_tries_left: int | None = None
    admin_key: str | None = None
    cipher: str | None = None
    admin_tries: int | None = None
    no_mutual: bool = False
    quirk: tuple[str, ...] = ()

    def only(self, family: str, taken: Collection[str]) -> None:
        """Raises Misfit if anything was given beside what all families take and ``taken``."""
        for one in fields(self):
            given = getattr(self, one.name) not in (None, False, ())
            if given and one.name not in _FOR_ALL and one.name not in taken:
                raise Misfit(option(one.name), f"a card of the family {family} has no such thing")

    def given(self, *names: str) -> dict[str, Any]:
        """Those of these options that were given, by their names."""
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @property
    def tries_left(self) -> int | None:
        """Tries left of the passcode, None where all of them are."""
        return 0 if self.locked else self.pin_tries_left


@dataclass(frozen=True)
class Plugged:
    """A card, and what to tell about it: its number, its secrets (test values), and what to try on it."""

    card: VirtualCard
    title: str
    facts: tuple[tuple[str, str], ...] = field(repr=False)
    tools: tuple[str, ...] = field(default=(), repr=False)


def option(name: str) -> str:
    """A field as it is typed."""
    return f"--{name.replace('_', '-')}"


def whole(make: Callable[[], T]) -> T:
    """Make the card. Raises Misfit where it says that there is no such card."""
    try:
        return make()
    except ValueError as wrong:
        raise Misfit("", f"no such card can be: {wrong}") from None


def hexadecimal(text: str | None, name: str, count: int) -> bytes | None:
    """Bytes in hexadecimal, as a UUID is written or not. Raises Misfit."""
    if text is None:
        return None
    try:
        value = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        value = b""
    if len(value) != count:
        raise Misfit(option(name), f"it has {2 * count} hexadecimal digits")
    return value


def number(text: str | None, name: str, largest: int) -> int | None:
    """A decimal number from 1 on. Raises Misfit."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:20]) <= largest:
        raise Misfit(option(name), f"a number from 1 to {largest}")
    return int(text)


def quirks(kind: type[T], given: Collection[str]) -> T:
    """Quirks by the names of their fields: a switch stands alone, a status word has four hex digits."""
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    switches = sorted(name for name, one in known.items() if isinstance(one.default, bool))
    words = sorted(set(known) - set(switches))
    chosen: dict[str, Any] = {}
    for one in given:
        name, equals, word = one.partition("=")
        if name in switches and not equals:
            chosen[name] = not known[name].default
        elif name in words and len(word) == 4 and not set(word.upper()) - set("0123456789ABCDEF"):
            chosen[name] = int(word, 16)
        else:
            raise Misfit(
                "--quirk",
                f"{one}: give one of {', '.join(switches)}, or one of {', '.join(words)} with =SW, a status "
                "word of four hexadecimal digits",
            )
    return kind(**chosen)


def left(tries: int | None) -> str:
    """Tries left, for people."""
    return "no limit" if tries is None else f"{tries} tries left{', locked' * (tries == 0)}"
