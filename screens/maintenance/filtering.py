"""A screen around a long list, of which it shows what has all the words that are typed above it."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.app import ComposeResult

from screens.maintenance.listing import ToolScreen
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

T = TypeVar("T")

_LONGEST = 60


class FilteringScreen(ToolScreen, Generic[T]):
    """Subclasses say what each thing is: its words, its rows, and whether it is wanted at all."""

    types = True
    newest_last = False  # whether it stays at the end of the list as more comes

    _all: tuple[T, ...] = ()
    _shown = 0

    def content(self) -> ComposeResult:
        yield Field(same("Only lines with"), Entry(masked=False, longest=_LONGEST, console=self.console))
        yield Say(lambda _: self.counted(self._shown, len(self._all)), id="counted", classes="soft")
        yield Lines(wrap=True)

    def words(self, one: T) -> str:
        """What the words that are typed are looked for in."""
        raise NotImplementedError

    def rows(self, one: T) -> list[Row]:
        """How it is drawn."""
        raise NotImplementedError

    def wanted(self, one: T) -> bool:
        """Whether it is shown if its words fit."""
        return True

    def counted(self, shown: int, there: int) -> str:
        """How many there are."""
        raise NotImplementedError

    def focus_first(self) -> None:
        self.query_one(Entry).focus()

    def on_input_changed(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    def take(self, everything: tuple[T, ...]) -> None:
        """Show of these what is wanted."""
        self._all = everything
        self.draw()

    def draw(self) -> None:
        """Show what is wanted now."""
        words = self.query_one(Entry).value.casefold().split()
        shown = [
            one
            for one in self._all
            if self.wanted(one) and all(word in self.words(one).casefold() for word in words)
        ]
        self._shown = len(shown)
        self.lines.show([row for one in shown for row in self.rows(one)], follow=self.newest_last)
        self.query_one("#counted", Say).tell(lambda _: self.counted(self._shown, len(self._all)))
