"""Screens on which words are typed: fields, and letters for fingers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from kiosk.steps import Step
from screens.step import StepScreen
from screens.widgets.fields import Entry
from screens.widgets.keyboard import OnScreenKeyboard
from screens.widgets.keys import FootKey

S = TypeVar("S", bound=Step[Any])
A = TypeVar("A")

_NARROWEST, _WIDEST = 30, 44  # cells of a label; the rest of the 64 inside a field is for what is typed


def label_width(labels: Sequence[str]) -> int:
    """Cells that the labels of a screen need, all of the same width, with a gap to what is typed."""
    return min(_WIDEST, max(_NARROWEST, *(cell_len(label) + 2 for label in labels)))


class TextScreen(StepScreen[S, A]):
    """Has lines to type in. Enter goes to the next one; on the last, `submit` is called.

    With the on-screen keyboard open only the field in use is shown, so that both fit in 24 rows.
    """

    BINDINGS = [
        Binding("f8", "keyboard", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    dense = False  # four fields: no room for blank lines at 24 rows

    def submit(self) -> None:
        """Everything was typed."""
        raise NotImplementedError

    def keyboard(self) -> ComposeResult:
        """The on-screen keyboard; goes last into the body."""
        yield OnScreenKeyboard()

    def on_mount(self) -> None:
        super().on_mount()
        self.set_class(self.dense, "dense")
        self.set_class(self.manner.look.site.touch, "-keyboard")

    def entries(self) -> list[Entry]:
        """The lines to type in, in order."""
        return list(self.query(Entry))

    def focus_first(self) -> None:
        entries = self.entries()
        if entries:
            self.set_focus(next((entry for entry in entries if not entry.value), entries[0]))

    def action_keyboard(self) -> None:
        """F8: letters for fingers, or none."""
        self.toggle_class("-keyboard")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        entries = self.entries()
        following = entries.index(event.input) + 1 if event.input in entries else len(entries)
        if following < len(entries):
            entries[following].focus()
        else:
            self.submit()

    def keyboard_key(self) -> FootKey:
        """The footer's key for the on-screen keyboard."""
        return FootKey("f8", "F8", lambda _: _("Letters"))
