"""What is kept, before anything is kept."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll

from kiosk.i18n import Words
from kiosk.steps import Privacy
from screens.step import StepScreen
from screens.widgets.keys import Button, FootKey
from screens.widgets.say import Say


class PrivacyScreen(StepScreen[Privacy, None]):
    """The site's own paragraphs; accepted by a key. A long text scrolls."""

    BINDINGS = [
        Binding("enter", "accept", show=False),
        Binding("up,pageup", "scroll_text(-1)", show=False),
        Binding("down,pagedown", "scroll_text(1)", show=False),
    ]

    def heading(self, _: Words) -> str:
        return _("What we keep about you, and why")

    def explanation(self, _: Words) -> str:
        return _(
            "Read this before you register. If you agree, press Enter. If not, press Esc: nothing is kept."
        )

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="paper", can_focus=False):
            yield Say(self._text)
        yield Button(lambda _: _("I agree"), "enter", classes="go last tall")

    def keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", lambda _: _("I agree")), self.stop_key())

    def action_accept(self) -> None:
        self.reply(None)

    def action_scroll_text(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=4 * by, animate=False)

    def _text(self, _: Words) -> str:
        texts = self.step.texts
        return texts.get(_.language) or next(iter(texts.values()), "")
