"""Digits for fingers."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Grid

from screens.widgets.keys import Key, same

_ROWS = ("123", "456", "789")


class Keypad(Grid):
    """Ten digits, rub out, enter: three columns, four rows."""

    def __init__(self, *, console: bool) -> None:
        super().__init__(classes="keypad")
        self._rub_out = "Del" if console else "←"

    def compose(self) -> ComposeResult:
        for digit in "".join(_ROWS):
            yield Key(same(digit), digit, digit, classes="pad")
        yield Key(same(self._rub_out), "backspace", classes="pad")
        yield Key(same("0"), "0", "0", classes="pad")
        yield Key(lambda _: _("OK"), "enter", classes="pad go")
