"""A roll of as many cards as are wanted, whose names are spread as those of a nation."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from kiosk.office.rolls import COLUMNS

_VOWELS = ("a", "e", "i", "o", "u", "an", "el", "or")
_SYLLABLES = [first + last for first in "bdfgklmnprstvz" for last in _VOWELS]
_GIVEN = 400  # given names: each is that of one holder in so many
_NAMESAKES = 3  # holders of one surname: looking for it finds as many in a large store as in a small one


def given(number: int) -> str:
    """The first word of a holder's name, which many have."""
    return _word(number % _GIVEN, 2)


def surname(number: int) -> str:
    """The second word, which few have."""
    return _word(number // _NAMESAKES, 4)


def address(number: int) -> str:
    """A holder's address, which nobody else has."""
    return f"{given(number).lower()}.{surname(number).lower()}.{number}@nhs.net"


def serial(number: int) -> str:
    """A card's, as they come off the shelf: in no order."""
    return f"{(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032X}"


def write(file: Path, size: int) -> None:
    """Write a roll of so many holders, each with one card."""
    file.touch(mode=0o600)
    with file.open("w", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(COLUMNS)
        table.writerows(_rows(size))


def _rows(size: int) -> Iterator[tuple[str, ...]]:
    for number in range(size):
        name = f"{given(number)} {surname(number)}"
        secret = f"{number * 7919 % 10**8:08d}"
        yield holder_id(number), name, address(number), "piv", f"guid:{serial(number)}", secret


def holder_id(number: int) -> str:
    """A holder's id, in no order."""
    return f"{number * 2654435761 % 2**32:010d}"


def _word(number: int, syllables: int) -> str:
    parts = []
    for _ in range(syllables):
        number, part = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[part])
    return "".join(parts).capitalize()
