"""One line of text: an answer, an address."""

from __future__ import annotations

import unicodedata

from pydantic import SecretStr
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Input
from textual.widgets.input import Selection

from kiosk.i18n import Phrase, Words
from screens.widgets.say import Say, Spoken, clean


def _plain(text: str, room: int) -> str:
    """As much of a text as there is room for, without control characters (Unicode categories C*)."""
    return "".join(sign for sign in text[:room] if unicodedata.category(sign)[0] != "C")


class Entry(Input, inherit_bindings=False):
    """A line to type in. No clipboard, no selection, no commands but the plain ones."""

    BINDINGS = [
        Binding("left", "cursor_left", show=False),
        Binding("right", "cursor_right", show=False),
        Binding("home", "home", show=False),
        Binding("end", "end", show=False),
        Binding("backspace", "delete_left", show=False),
        Binding("delete", "delete_right", show=False),
        Binding("enter", "submit", show=False),
    ]
    offered = reactive(False)

    def __init__(
        self, *, masked: bool, longest: int, value: str = "", console: bool = False, offers: bool = False
    ) -> None:
        """``offers``: what stands there when the cursor comes in is `offer`ed."""
        self._mask = "*" if console else "●"
        self._longest = longest
        self._offers = offers
        super().__init__(
            _plain(value, longest),
            password=masked,
            max_length=longest,
            select_on_focus=False,
            compact=True,
            classes="entry",
        )
        self.cursor_blink = False
        self._masked = masked

    @property
    def _value(self) -> Text:
        if self.password:
            return Text(self._mask * len(self.value), no_wrap=True, overflow="ignore", end="")
        plain = Text(self.value, no_wrap=True, overflow="ignore", end="")
        if self.offered:
            plain.stylize(self.get_component_rich_style("input--selection"))
        return plain

    def offer(self) -> None:
        """What stands here gives way to the next that is typed, unless another key is pressed before."""
        self.offered = bool(self.value)

    def on_focus(self, event: events.Focus) -> None:
        if self._offers and not event.from_app_focus:
            self.offer()

    def on_blur(self) -> None:
        self.offered = False

    def on_key(self, event: events.Key) -> None:
        if not event.is_printable:
            self.offered = False
        if event.key == "ctrl+u" and self._offers:  # a holder's fields know no such key
            event.stop()
            self.value = ""

    def on_mouse_down(self) -> None:
        self.offered = False

    def validate_selection(self, selection: Selection) -> Selection:
        """A cursor, never more, whether keys or the mouse ask for it."""
        return Selection.cursor(super().validate_selection(selection).end)

    def replace(self, text: str, start: int, end: int) -> None:
        """Every way in leads here: put in what may be typed, as far as there is room."""
        if self.offered and text:
            start, end = 0, len(self.value)
        self.offered = False
        kept = len(self.value[: min(start, end)]) + len(self.value[max(start, end) :])
        room = max(0, self._longest - kept)
        super().replace(_plain(text, room), start, end)

    def secret(self) -> SecretStr:
        """What was typed."""
        return SecretStr(self.value)

    def reveal(self, shown: bool) -> None:
        """Show the text instead of the mask, or hide it again."""
        self.password = self._masked and not shown

    def forget(self) -> None:
        """Keep how it looks, but not what was typed."""
        self._masked = self.password = True
        self.value = self._mask * len(self.value)


class Field(Horizontal, Spoken):
    """A labelled line in a box. Its refusal stands in the border, where it takes no room."""

    def __init__(self, label: Phrase, entry: Entry, refusal: Phrase | None = None) -> None:
        super().__init__(classes="field")
        self._label = self.make_label(label)
        self._refusal = refusal
        self._words: Words | None = None
        self.entry = entry

    def make_label(self, phrase: Phrase) -> Say:
        """What stands left of the line."""
        return Say(phrase, classes="label")

    def compose(self) -> ComposeResult:
        yield self._label
        yield self.entry

    def speak(self, _: Words) -> None:
        self._words = _
        refusal = self._refusal(_) if self._refusal is not None else ""
        self.border_title = Content(clean(refusal))
        self.set_class(bool(refusal), "-refused")

    def refuse(self, refusal: Phrase | None) -> None:
        """Say in the border what is wrong, or that nothing is."""
        self._refusal = refusal
        self.retell()

    def retell(self) -> None:
        """Draw the words again because they have changed."""
        if self._words is not None:
            self.speak(self._words)
            self._label.speak(self._words)

    def widen(self, cells: int) -> None:
        """Give the label so many cells."""
        self._label.styles.width = cells

    def on_click(self) -> None:
        self.entry.focus()
