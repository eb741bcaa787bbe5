"""The bar at the top: where you are, what time it is, and the keys that work on every screen."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer

from kiosk.i18n import Phrase, Words
from screens.look import OWN_NAMES, Look, Manner
from screens.widgets.keys import FootKey, same
from screens.widgets.say import Say

LONG = 3.0  # seconds: longer than anybody rests a finger there by accident


def _next_language(manner: Manner) -> Phrase:
    return lambda _: OWN_NAMES.get(manner.next_language(), manner.next_language())


def _place_and_time(look: Look) -> Phrase:
    return lambda _: f"{look.site.kiosk_name}   {look.local(look.now())}"


class HeaderBar(Vertical):
    """Three rows: the service, this kiosk and the clock; below, a notice and the general keys.

    A finger that rests on it for `LONG` seconds is told as `Held`: staff at a kiosk without a keyboard.
    """

    class Held(Message):
        """Somebody has pressed long on the bar."""

    def __init__(self, manner: Manner, *, tools: bool = True) -> None:
        super().__init__(id="header")
        self._manner = manner
        self._tools = tools
        self._holding: Timer | None = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._let_go()
        touched, _ = self.screen.get_widget_at(event.screen_x, event.screen_y)
        if not isinstance(touched, FootKey):
            self._holding = self.set_timer(LONG, self._held)

    def on_mouse_up(self) -> None:
        self._let_go()

    def _held(self) -> None:
        self._holding = None
        if self.region.contains_point(self.app.mouse_position):  # it has not slipped off, and gone elsewhere
            self.post_message(self.Held())

    def _let_go(self) -> None:
        if self._holding is not None:
            self._holding.stop()
            self._holding = None

    def compose(self) -> ComposeResult:
        look = self._manner.look
        with Horizontal(classes="names"):
            yield Say(same(look.site.service_name), classes="service")
            yield Say(_place_and_time(look), live=True, classes="kiosk")
        with Horizontal(classes="tools"):
            if look.banner:
                yield Say(look.banner, classes="banner")
            yield Say(same(" "), classes="spring")
            if self._tools:
                yield from self._keys()

    def _keys(self) -> ComposeResult:
        def help_(_: Words) -> str:
            return _("Help")

        def contrast(_: Words) -> str:
            return _("Contrast")

        def demo(_: Words) -> str:
            return _("Demo")

        if self._manner.drawer:
            yield FootKey("f2", "F2", demo)
        yield FootKey("f1", "F1", help_)
        if len(self._manner.look.languages) > 1:
            yield FootKey("f3", "F3", _next_language(self._manner))
        yield FootKey("f7", "F7", contrast)
