"""A list that may be long: only what is seen of it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.widgets.say import clean


class Row(NamedTuple):
    """A line, and how it is drawn: "plain", "soft", "strong", "good", "warn" or "bad"."""

    text: str
    kind: str = "plain"
    hang: int = 4  # cells before what does not fit, where it goes on below


def cut(text: str, cells: int) -> str:
    """As much of a text as fits into one line; an ellipsis says that there is more."""
    line = " ".join(clean(text).splitlines())
    return line if cell_len(line) <= cells else set_cell_size(line, max(0, cells - 1)).rstrip() + "…"


def folded(text: str, cells: int, hang: int) -> Iterator[str]:
    """A text in lines of so many cells, at its blanks where it has some; all but the first indented."""
    rest, indent, cells = " ".join(text.splitlines()), "", max(1, cells)
    hang = min(hang, cells // 2)
    while cell_len(indent + rest) > cells:
        room = cells - len(indent)
        part = set_cell_size(rest, room)
        at = part.rfind(" ", len(part) - len(part.lstrip()) + 1)
        part = part.rstrip() if at <= 0 or rest[len(part) : len(part) + 1] == " " else part[:at]
        part = part or rest[:1]  # whatever it is, there is less of it each time
        yield indent + part
        rest, indent = rest[len(part) :].lstrip(), " " * hang
    yield indent + rest


class Lines(ScrollView, can_focus=False, inherit_bindings=False):
    """Lines one below the other. What does not fit is cut, or with ``wrap`` goes on below.

    With ``pick`` one of them is marked, which the arrows move and a click takes. The screen binds the keys.
    """

    COMPONENT_CLASSES = {
        *("lines--plain", "lines--soft", "lines--strong", "lines--good", "lines--warn", "lines--bad"),
        "lines--here",
    }

    class Picked(Message):
        """A line was clicked."""

    def __init__(self, *, wrap: bool = False, pick: bool = False, id: str | None = None) -> None:
        super().__init__(id=id, classes="lines")
        self._wrap = wrap
        self._pick = pick
        self._rows: Sequence[Row] = ()
        self._drawn: list[Row] = []
        self._at_end = True
        self._laid_for = 0  # cells
        self.picked = 0

    @property
    def told(self) -> str:
        """All that it says."""
        return "\n".join(row.text for row in self._rows)

    def show(self, rows: Sequence[Row], *, follow: bool = False) -> None:
        """Show these lines. ``follow``: whoever looks at the last one goes on doing so."""
        self._rows = rows
        self.picked = max(0, min(self.picked, len(rows) - 1))
        self._lay()
        if follow and self._at_end:
            self.call_after_refresh(self.scroll_end, animate=False)

    def start(self) -> None:
        """Begin at the first line again."""
        self._at_end = False
        self.call_after_refresh(self.scroll_home, animate=False)

    def end(self) -> None:
        """Go to the last line, and stay there."""
        self._at_end = True
        self.call_after_refresh(self.scroll_end, animate=False)

    def move(self, lines: int) -> None:
        """So many lines down, or up."""
        if not self._pick:
            self.scroll_relative(y=lines, animate=False)
            self.call_after_refresh(self._look_where)
        elif self._rows:
            self.picked = max(0, min(len(self._rows) - 1, self.picked + lines))
            self.scroll_to_region(Region(0, self.picked, 1, 1), animate=False)
            self.refresh()

    def page(self, pages: int) -> None:
        """So many screenfuls down, or up."""
        self.move(pages * max(1, self.size.height - 1))

    def on_resize(self) -> None:
        self._lay()

    def on_mouse_scroll_up(self) -> None:
        self.call_after_refresh(self._look_where)

    def on_mouse_scroll_down(self) -> None:
        self.call_after_refresh(self._look_where)

    def _look_where(self) -> None:
        """Whether the last line is in sight, after they have moved."""
        self._at_end = self.scroll_target_y >= self.max_scroll_y

    def on_click(self, event: events.Click) -> None:
        if self._pick and (line := event.y + self.scroll_offset.y) < len(self._rows):
            self.picked = line
            self.refresh()
            self.post_message(self.Picked())

    def _lay(self) -> None:
        mark = 2 if self._pick else 0
        width = max(8, self.size.width - self.styles.scrollbar_size_vertical - mark)
        self._laid_for = self.size.width
        self._drawn = [part for row in self._rows for part in self._parts(row, width)]
        self.virtual_size = Size(width, len(self._drawn))
        self.refresh()

    def _parts(self, row: Row, width: int) -> list[Row]:
        if not self._wrap or cell_len(row.text) <= width:
            return [Row(cut(row.text, width), row.kind)]
        return [Row(line, row.kind) for line in folded(clean(row.text), width, row.hang)]

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        if line >= len(self._drawn) or self._laid_for != self.size.width:  # it is laid anew in a moment
            return Strip.blank(self.size.width, self.rich_style)
        row = self._drawn[line]
        here = self._pick and line == self.picked
        style = self.get_component_rich_style(f"lines--{'here' if here else row.kind}")
        mark = ("> " if here else "  ") if self._pick else ""
        return Strip([Segment(set_cell_size(f"{mark}{row.text}", self.size.width), style)])
