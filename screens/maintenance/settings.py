"""What the kiosk was told: every setting, its value, and where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat

from textual.binding import Binding

from kiosk.staff.tools import Setting
from screens.maintenance.filtering import FilteringScreen
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Row, cut

_NAME, _ORIGIN = 36, 9  # cells
_MOST = 3  # lines of a value


class SettingsScreen(FilteringScreen[Setting]):
    """Everything, or with F8 only what somebody has set."""

    BINDINGS = [Binding("f8", "narrow", show=False)]
    title_text = "Maintenance: settings"

    _narrow = False

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            FootKey("f8", "F8", same("Only what was set, or all")),
            FootKey("up", "Up", same("")),
            FootKey("down", "Down", same("Scroll")),
        )

    def begin(self) -> None:
        self.later(self._look())

    def action_narrow(self) -> None:
        self._narrow = not self._narrow
        self.draw()

    async def _look(self) -> None:
        self.take(await self.session.settings.all())

    def words(self, one: Setting) -> str:
        return f"{one.name} {one.value} {one.origin}"

    def wanted(self, one: Setting) -> bool:
        return one.chosen or not self._narrow

    def rows(self, one: Setting) -> list[Row]:
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

    def counted(self, shown: int, there: int) -> str:
        which = "what was set" if self._narrow else "all"
        return f"{shown} of {there} settings; shown: {which}. Change them in kiosk.toml."
