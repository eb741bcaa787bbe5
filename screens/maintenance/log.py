"""The log of the kiosk: the newest lines, by level and by what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.tools import LogLine, Weight
from screens.maintenance.listing import ToolScreen
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

_LONGEST = 60
_KINDS = {Weight.NOTE: "plain", Weight.WARNING: "warn", Weight.ERROR: "bad"}
_LEVELS: tuple[tuple[str, frozenset[Weight]], ...] = (
    ("everything", frozenset(Weight)),
    ("warnings and errors", frozenset({Weight.WARNING, Weight.ERROR})),
    ("errors", frozenset({Weight.ERROR})),
)


class LogScreen(ToolScreen):
    """Shows lines as they come; F8 goes through the levels, what is typed has to stand in them."""

    BINDINGS = [Binding("f8", "level", show=False)]
    title_text = "Maintenance: log"
    types = True

    _all: tuple[LogLine, ...] = ()
    _level = 0
    _shown = 0

    def content(self) -> ComposeResult:
        yield Field(same("Only with"), Entry(masked=False, longest=_LONGEST, console=self.console))
        yield Say(lambda _: self._counted(), id="counted", classes="soft")
        yield Lines(wrap=True)

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("f8", "F8", same("Level")),
            FootKey("up", "Up", same("Older")),
            FootKey("down", "Down", same("Newer")),
        )

    def focus_first(self) -> None:
        self.query_one(Entry).focus()

    def begin(self) -> None:
        self.follow(self.session.log.lines, self._take)

    def on_input_changed(self) -> None:
        self._draw()

    def action_level(self) -> None:
        self._level = (self._level + 1) % len(_LEVELS)
        self._draw()

    def _take(self, lines: tuple[LogLine, ...]) -> None:
        self._all = lines
        self._draw()

    def _chosen(self) -> list[LogLine]:
        words = self.query_one(Entry).value.casefold().split()
        weights = _LEVELS[self._level][1]
        return [
            line
            for line in self._all
            if line.weight in weights
            and all(word in f"{line.source} {line.text}".casefold() for word in words)
        ]

    def _draw(self) -> None:
        chosen = self._chosen()
        self._shown = len(chosen)
        self.lines.show([row for line in chosen for row in self._rows(line)], follow=True)
        self.query_one("#counted", Say).tell(lambda _: self._counted())

    def _rows(self, line: LogLine) -> list[Row]:
        kind = _KINDS[line.weight]
        at = line.at.astimezone(self.manner.look.zone).strftime("%d/%m %H:%M:%S")
        first, *more = line.text.splitlines() or [""]
        word = "" if line.weight is Weight.NOTE else f"{line.weight.value}: "
        head = Row(f"{at}  {word}{line.source.partition('.')[2] or line.source}: {first}", kind)
        return [head, *(Row(f"    {text.strip()}", kind) for text in more)]

    def _counted(self) -> str:
        shown, there = self._shown, len(self._all)
        of = "" if shown == there else f" of {there}"
        lines = "line" if there == 1 else "lines"
        return f"{shown}{of} {lines} since the start; shown: {_LEVELS[self._level][0]}"
