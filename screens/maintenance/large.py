"""An assistance code in large digits, which is on the screen and nowhere else."""

from __future__ import annotations

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Digits, Static

_GROUP = 5  # digits, as 'kiosk holder assist' groups them


class LargeCode(Vertical):
    """Says nothing until it is shown a code, and nothing once it has forgotten it."""

    def __init__(self, *, console: bool) -> None:
        super().__init__(id="large-code")
        self.display = False
        self._digits = (
            Static("", markup=False) if console else Digits("")
        )  # a console's font has no such lines

    def compose(self) -> ComposeResult:
        yield self._digits

    def on_unmount(self) -> None:
        self.forget()

    def show(self, code: SecretStr) -> None:
        """Show it."""
        digits = code.get_secret_value()
        self._digits.update(f"{digits[:_GROUP]} {digits[_GROUP:]}")
        self.display = True

    def forget(self) -> None:
        """Have it no more."""
        self._digits.update("")
        self.display = False
