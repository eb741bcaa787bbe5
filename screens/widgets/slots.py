"""Digits in slots, one cell each: codes and passcodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget

# top, middle (around the digit), bottom: the slot to fill next, one that must be filled, one that may be
_FINE = (("┏━━━┓", "┃ ┃", "┗━━━┛"), ("╭───╮", "│ │", "╰───╯"), ("╭╌╌╌╮", "╎ ╎", "╰╌╌╌╯"))
_CONSOLE = (("╔═══╗", "║ ║", "╚═══╝"), ("┌───┐", "│ │", "└───┘"), ("┌- -┐", "¦ ¦", "└- -┘"))
_HEIGHT = 3


@dataclass(frozen=True)
class Pattern:
    """How many slots there are, how they are grouped, and what goes in.

    ``needed``: slots that must be filled; the rest are drawn dashed. ``rows``: groups below each other.
    """

    groups: tuple[int, ...]
    needed: int
    alphabet: str = "0123456789"
    rows: bool = False

    @property
    def total(self) -> int:
        return sum(self.groups)


class Slots(Widget, can_focus=True, inherit_bindings=False):
    """Takes digits; the slot that is filled next has the heavy border.

    There are always as many slots as the longest entry has digits, so that a mask does not tell how
    long an earlier passcode was.
    """

    COMPONENT_CLASSES = {"slots--box", "slots--here", "slots--digit", "slots--refused"}
    BINDINGS = [Binding("backspace,delete", "rub_out", show=False), Binding("enter", "enter", show=False)]

    class Filled(Message):
        """The last slot was filled."""

        def __init__(self, slots: Slots) -> None:
            super().__init__()
            self.slots = slots

    class Typed(Filled):
        """A digit was put in, or taken back."""

    class Entered(Filled):
        """Enter was pressed."""

    def __init__(self, pattern: Pattern, *, masked: bool, console: bool, id: str | None = None) -> None:
        super().__init__(id=id, classes="slots")
        self._pattern = pattern
        self._typed = ""
        self._masked = masked
        self._shown = False
        self._borders = _CONSOLE if console else _FINE
        self._mask = "*" if console else "●"

    def focus(self, scroll_visible: bool = True) -> Self:
        """Take the focus at once; Textual's own does it after keys that are waiting already."""
        self.screen.set_focus(self, scroll_visible)
        return self

    @property
    def count(self) -> int:
        """How many slots are filled."""
        return len(self._typed)

    @property
    def is_enough(self) -> bool:
        """Whether every slot that must be filled is."""
        return self.count >= self._pattern.needed

    def secret(self) -> SecretStr:
        """What was typed."""
        return SecretStr(self._typed)

    def reveal(self, shown: bool) -> None:
        """Show the digits instead of the mask, or hide them again."""
        self._shown = shown
        self.refresh()

    def clear(self) -> None:
        """Empty every slot."""
        self._typed = ""
        self.refresh()

    def forget(self) -> None:
        """Keep how it looks, but not what was typed."""
        self._typed = self._mask * self.count
        self._masked, self._shown = True, False
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character in self._pattern.alphabet:
            event.stop()
            event.prevent_default()
            self._take(event.character)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._take([sign for sign in event.text[:100] if sign in self._pattern.alphabet])

    def _take(self, signs: Sequence[str]) -> None:
        room = self._pattern.total - self.count
        taken = signs[:room]
        if taken:
            self._typed += "".join(taken)
            self.refresh()
            self.post_message(self.Typed(self))
            if self.count == self._pattern.total:
                self.post_message(self.Filled(self))

    def action_rub_out(self) -> None:
        self._typed = self._typed[:-1]
        self.refresh()
        self.post_message(self.Typed(self))

    def action_enter(self) -> None:
        self.post_message(self.Entered(self))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def get_content_width(self, *_: object) -> int:
        widths = [5 * group for group in self._pattern.groups]
        return max(widths) if self._pattern.rows else sum(widths) + 2 * (len(widths) - 1)

    def get_content_height(self, *_: object) -> int:
        return _HEIGHT * (len(self._pattern.groups) if self._pattern.rows else 1)

    def render(self) -> Text:
        lines: list[Text] = []
        first = 0
        for group in self._pattern.groups:
            drawn = self._group(range(first, first + group))
            if lines and not self._pattern.rows:
                lines = [Text.assemble(*pair) for pair in zip(lines, ["  "] * _HEIGHT, drawn, strict=True)]
            else:
                lines += drawn
            first += group
        return Text("\n", no_wrap=True, end="").join(lines)

    def _group(self, slots: range) -> list[Text]:
        lines = [Text(no_wrap=True), Text(no_wrap=True), Text(no_wrap=True)]
        for slot in slots:
            here = self.has_focus and slot == min(self.count, self._pattern.total - 1)
            top, middle, bottom = self._borders[0 if here else 1 if slot < self._pattern.needed else 2]
            border = self.get_component_rich_style("slots--here" if here else "slots--box", partial=True)
            digit = self.get_component_rich_style("slots--digit", partial=True)
            lines[0].append(top, border)
            lines[1].append(f"{middle[0]} ", border).append(self._sign(slot, here), digit)
            lines[1].append(f" {middle[-1]}", border)
            lines[2].append(bottom, border)
        return lines

    def _sign(self, slot: int, here: bool) -> str:
        if slot < self.count:
            return self._mask if self._masked and not self._shown else self._typed[slot]
        return "_" if here else " "
