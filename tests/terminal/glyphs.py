"""Reads large digits off a screen, as people do: by their shape. The shapes are Textual's own."""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.style import Style
from textual.renderables.digits import Digits

_WIDTH = 3  # cells of one
_PITCH = 4  # cells from one to the next
_ROWS = 3


def _drawn(sign: str, *, bold: bool) -> tuple[str, ...]:
    """How one is drawn: its rows."""
    rows = "".join(part.text for part in Digits(sign).render(Style(bold=bold)) if isinstance(part, Segment))
    return tuple(row.ljust(_WIDTH) for row in rows.splitlines())


_SIGNS = {_drawn(sign, bold=bold): sign for bold in (False, True) for sign in " 0123456789"}


def large_digits(screen: str) -> str:
    """What stands on the screen in large digits alone, such as "12345 67890"; nothing where none do."""
    lines = screen.splitlines()
    width = max(map(len, lines)) + 2 * _PITCH
    padded = [line.ljust(width) for line in lines]
    for top in range(len(padded) - _ROWS + 1):
        for first in range(_PITCH):
            places = range(first, width - _WIDTH + 1, _PITCH)
            shapes = [tuple(row[at : at + _WIDTH] for row in padded[top : top + _ROWS]) for at in places]
            read = "".join(_SIGNS.get(shape, "?") for shape in shapes).strip()
            if re.fullmatch(r"\d[\d ]*", read):
                return read
    return ""
