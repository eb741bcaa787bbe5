"""The frame that every screen has: bar, progress, one column, footer."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen

from kiosk.i18n import Words
from kiosk.steps import Place
from screens.look import Manner
from screens.widgets.footer import Footer
from screens.widgets.header import HeaderBar
from screens.widgets.keys import FootKey
from screens.widgets.panel import Panel
from screens.widgets.progress import ProgressRow
from screens.widgets.say import Say, Spoken


class KioskScreen(Screen[None], inherit_bindings=False):
    """A screen of the kiosk. Subclasses give `heading`, `explanation`, `body` and `keys`."""

    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
        Binding("f1", "explain", show=False),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    tools = True  # whether the bar offers help, language and contrast
    has_sent_itself = False  # whether its last sign was the answer, without an Enter

    def __init__(self, manner: Manner, place: Place | None = None) -> None:
        super().__init__(classes="-console" if manner.look.sixteen else None)
        self.manner = manner
        self._place = place
        self.sub_panels: list[Panel] = []

    @property
    def console(self) -> bool:
        """Whether to draw with what a console font has."""
        return self.manner.look.sixteen

    def heading(self, _: Words) -> str:
        """The one bold line: a sentence or a question."""
        raise NotImplementedError

    def explanation(self, _: Words) -> str:
        """What F1 says about this screen."""
        raise NotImplementedError

    def above(self) -> ComposeResult:
        """What stands above the heading."""
        yield from ()

    def body(self) -> ComposeResult:
        """What stands below the heading."""
        yield from ()

    def keys(self) -> Sequence[FootKey]:
        """The keys of the footer, the most needed first."""
        return ()

    def panels(self) -> Sequence[Panel]:
        """The panels that may open over this screen."""
        return (
            Panel(
                lambda _: _("About this screen"),
                self.explanation,
                [(lambda _: _("Enter Close"), "enter")],
                id="explanation",
            ),
        )

    def compose(self) -> ComposeResult:
        yield HeaderBar(self.manner, tools=self.tools)
        with Vertical(id="body"), Vertical(id="column"):
            if self._place is not None:
                yield ProgressRow(self._place, console=self.console)
            yield from self.above()
            yield Say(self.heading, classes="heading")
            yield from self.body()
        self.sub_panels = list(self.panels())
        yield from self.sub_panels
        yield Footer(self.keys(), self.manner.look.site)

    def on_mount(self) -> None:
        self.speak()
        self.set_interval(self.manner.look.tick, self.tick)
        self.focus_first()

    def focus_first(self) -> None:
        """Put the cursor where it is needed."""

    def speak(self) -> None:
        """Draw every word in the language in force."""
        for widget in self.query("*"):
            if isinstance(widget, Spoken):
                widget.speak(self.manner.words)
        for footer in self.query(Footer):
            footer.fit()

    def tick(self) -> None:
        """Draw what changes with time."""
        for text in self.query(Say):
            if text.live:
                text.speak(self.manner.words)

    def action_explain(self) -> None:
        """Open what F1 says, or close it."""
        panel = self.query_one("#explanation", Panel)
        if panel.is_open:
            panel.close()
        elif not any(other.is_open for other in self.sub_panels):
            panel.open()

    def noticed(self) -> bool:
        """Somebody pressed a key or touched. True if it has done its work by that."""
        if self.focused is None:  # Textual takes the focus away when the mouse is reported off the screen
            self.focus_first()
        return False

    async def led_on(self) -> None:
        """Wait until what was asked for here has led to another screen, or to none: keys are for that."""

    def retire(self) -> None:
        """This screen's time is over: take no input, hold no secret."""
        for body in self.query("#body"):  # none where it was replaced before it was drawn
            body.disabled = True
