"""A screen around one list, which the arrows move through wherever the cursor is."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.base import StaffScreen, Stay
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines

LABEL = 14  # cells of what stands before a fact


def fact(label: str, text: str) -> str:
    """A label and what is to be said under it."""
    return f"{label:<{LABEL}}{text}"


class ToolScreen(StaffScreen):
    """A tool of the maintenance side: it has the session, and a list or none."""

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, session: Session, stay: Stay, manner: Manner) -> None:
        super().__init__(stay, manner)
        self.session = session

    @property
    def lines(self) -> Lines:
        """The list."""
        return self.query_one(Lines)

    def keys(self) -> Sequence[FootKey]:
        return (*self.tool_keys(), FootKey("escape", "Esc", same("Back")))

    def tool_keys(self) -> Sequence[FootKey]:
        """The footer's keys, but for the way back."""
        return ()

    def action_move(self, lines: int) -> None:
        self.lines.move(lines)

    def action_page(self, pages: int) -> None:
        self.lines.page(pages)
