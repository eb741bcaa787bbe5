"""The log of the kiosk: the newest lines, by level and by what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from kiosk.staff.tools import LogLine, Weight
from screens.maintenance.filtering import FilteringScreen
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Row

_KINDS = {Weight.NOTE: "plain", Weight.WARNING: "warn", Weight.ERROR: "bad"}
_LEVELS: tuple[tuple[str, frozenset[Weight]], ...] = (
    ("everything", frozenset(Weight)),
    ("warnings and errors", frozenset({Weight.WARNING, Weight.ERROR})),
    ("errors", frozenset({Weight.ERROR})),
)


class LogScreen(FilteringScreen[LogLine]):
    """Shows lines as they come; F8 goes through the levels."""

    BINDINGS = [Binding("f8", "level", show=False)]
    title_text = "Maintenance: log"
    newest_last = True

    _level = 0

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("f8", "F8", same("Level")),
            FootKey("up", "Up", same("Older")),
            FootKey("down", "Down", same("Newer")),
        )

    def begin(self) -> None:
        self.follow(self.session.log.lines, self.take)

    def action_level(self) -> None:
        self._level = (self._level + 1) % len(_LEVELS)
        self.draw()

    def words(self, one: LogLine) -> str:
        return f"{one.source} {one.text} {one.text.replace('-', '')}"  # however a reference is typed

    def wanted(self, one: LogLine) -> bool:
        return one.weight in _LEVELS[self._level][1]

    def rows(self, one: LogLine) -> list[Row]:
        kind = _KINDS[one.weight]
        at = one.at.astimezone(self.manner.look.zone).strftime("%d/%m %H:%M:%S")
        first, *more = one.text.splitlines() or [""]
        word = "" if one.weight is Weight.NOTE else f"{one.weight.value}: "
        head = Row(f"{at}  {word}{one.source.rpartition('.')[2]}: {first}", kind)
        return [head, *(Row(f"    {text.strip()}", kind) for text in more)]

    def counted(self, shown: int, there: int) -> str:
        of = "" if shown == there else f" of {there}"
        lines = "line" if there == 1 else "lines"
        return f"{shown}{of} {lines} since the start; shown: {_LEVELS[self._level][0]}"
