"""An assistance code in large digits, which is on the screen and nowhere else."""

from __future__ import annotations

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Digits, Static

_GROUP = 5  # digits, as 'kiosk holder assist' groups them
_DIGITS = 2 * _GROUP


class LargeCode(Horizontal):
    """Says nothing until it is shown a code, and nothing once it has forgotten it."""

    def __init__(self, *, console: bool) -> None:
        super().__init__(id="large-code")
        self.display = False
        self._line = Static("", markup=False)
        self._digits = [Digits("", classes="second" if at == _GROUP else "") for at in range(_DIGITS)]
        self._plain = console  # its font has no such lines

    def compose(self) -> ComposeResult:
        yield from [self._line] if self._plain else self._digits

    def on_unmount(self) -> None:
        self.forget()

    def show(self, code: SecretStr) -> None:
        """Show it."""
        digits = code.get_secret_value()
        if self._plain:
            self._line.update(f"{digits[:_GROUP]} {digits[_GROUP:]}")
        for large, digit in zip(self._digits, digits, strict=True):
            large.update(digit)
        self.display = True

    def forget(self) -> None:
        """Have it no more."""
        self._line.update("")
        for large in self._digits:
            large.update("")
        self.display = False
