"""What the kiosk was told: every setting, its value, and where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.staff.tools import Setting
from screens.maintenance.listing import ToolScreen
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row, cut
from screens.widgets.say import Say

_LONGEST = 60
_NAME, _ORIGIN = 36, 9  # cells
_MOST = 3  # lines of a value


class SettingsScreen(ToolScreen):
    """Everything, or with F8 only what somebody has set."""

    BINDINGS = [Binding("f8", "narrow", show=False)]
    title_text = "Maintenance: settings"
    types = True

    _all: tuple[Setting, ...] = ()
    _narrow = False

    def content(self) -> ComposeResult:
        yield Field(same("Only with"), Entry(masked=False, longest=_LONGEST, console=self.console))
        yield Say(lambda _: self._counted(), id="counted", classes="soft")
        yield Lines(wrap=True)

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("f8", "F8", same("Only what was set, or all")),
            FootKey("up", "Up", same("")),
            FootKey("down", "Down", same("Scroll")),
        )

    def focus_first(self) -> None:
        self.query_one(Entry).focus()

    def begin(self) -> None:
        self.later(self._look())

    def on_input_changed(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def action_narrow(self) -> None:
        self._narrow = not self._narrow
        self._draw()

    async def _look(self) -> None:
        self._all = await self.session.settings.all()
        self._draw()

    def _chosen(self) -> list[Setting]:
        words = self.query_one(Entry).value.casefold().split()
        return [
            one
            for one in self._all
            if (one.chosen or not self._narrow)
            and all(word in f"{one.name} {one.value} {one.origin}".casefold() for word in words)
        ]

    def _draw(self) -> None:
        self.lines.show([row for one in self._chosen() for row in self._rows(one)])
        self.query_one("#counted", Say).tell(lambda _: self._counted())

    def _rows(self, one: Setting) -> list[Row]:
        room = max(10, self.size.width - _NAME - _ORIGIN - 6)
        name, value = f"{cut(one.name, _NAME - 1):<{_NAME}}", one.value.replace("\\n", " ")
        if not one.chosen:
            return [Row(f"{name}{cut(value, room):<{room}} default", "soft")]
        heads = chain([name], repeat(" " * _NAME))
        parts = [
            value[at : at + room + _ORIGIN] for at in range(0, min(len(value), _MOST * room), room + _ORIGIN)
        ]
        rows = [Row(f"{head}{part}", "strong") for head, part in zip(heads, parts, strict=False)]
        return [*rows, Row(f"{'':{_NAME}}{one.origin}", hang=_NAME)]

    def _counted(self) -> str:
        shown, there = len(self._chosen()), len(self._all)
        which = "what was set" if self._narrow else "all"
        return f"{shown} of {there} settings; shown: {which}. Change them in kiosk.toml."
