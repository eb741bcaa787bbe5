"""A panel over the lower part of a screen: a question or a help text that belongs to that screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from kiosk.i18n import Phrase
from screens.widgets.keys import Button
from screens.widgets.say import Say


class Panel(Vertical, can_focus=True, inherit_bindings=False):
    """Hidden until opened; takes the keys while it is open and gives the focus back when closed."""

    BINDINGS = [
        Binding("enter,space,n,1", "answer(False)", show=False),
        Binding("escape,y,2", "answer(True)", show=False),
        Binding("tab,shift+tab,up,down", "nothing", show=False),
    ]

    class Answered(Message):
        """The panel was closed: with yes (Esc, or its second button) or with no (Enter, or its first)."""

        def __init__(self, panel: Panel, yes: bool) -> None:
            super().__init__()
            self.panel = panel
            self.yes = yes

    def __init__(
        self, title: Phrase, text: Phrase, buttons: Sequence[tuple[Phrase, str]], *, id: str
    ) -> None:
        super().__init__(id=id, classes="panel")
        self._title = title
        self._text = text
        self._buttons = buttons
        self._before: Widget | None = None

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel-column"):
            yield Say(self._title, live=True, classes="panel-title")
            yield Say(self._text, live=True, classes="panel-text")
            with Horizontal(classes="panel-buttons"):
                for place, (label, key) in enumerate(self._buttons):
                    yield Button(label, key, classes="" if place else "go")

    def open(self) -> None:
        """Show it and take the keys."""
        if not self.is_open:
            self._before = self.screen.focused
            self.add_class("-open")
            self.focus(scroll_visible=False)

    def close(self) -> None:
        """Hide it and give the focus back."""
        if self.is_open:
            self.remove_class("-open")
            if self.has_focus:
                self.screen.set_focus(self._before, scroll_visible=False)
            self._before = None

    def action_answer(self, yes: bool) -> None:
        self.close()
        self.post_message(self.Answered(self, yes))

    def action_nothing(self) -> None:
        """Tab must not leave for a field behind the panel."""
