"""A screen that asks: answered, stopped or left alone, its future is resolved exactly once."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from textual.binding import Binding
from textual.timer import Timer

from kiosk.dialogue import Abandoned, Gone
from kiosk.i18n import Words
from kiosk.steps import Step
from screens.frame import KioskScreen
from screens.look import Manner
from screens.patience import Mood, Vigil
from screens.widgets.fields import Entry
from screens.widgets.keys import FootKey
from screens.widgets.panel import Panel
from screens.widgets.slots import Slots

S = TypeVar("S", bound=Step[Any])
A = TypeVar("A")

_SHOWN_FOR = 3.0  # seconds that F6 shows what is hidden; a held key repeats and so keeps it shown


class StepScreen(KioskScreen, Generic[S, A], inherit_bindings=True):
    """Draws one step and resolves its future with what the person does. Knows nothing of journeys."""

    warns = True  # whether it asks "are you still there?" before its patience has run out
    BINDINGS = [Binding("escape", "stop", show=False), Binding("f6", "show", show=False)]

    def __init__(self, step: S, manner: Manner, answer: Future[A]) -> None:
        super().__init__(manner, step.place)
        self.step = step
        self._answer = answer
        table = manner.look.patience
        patience: float = getattr(table, step.patience.value)
        warning = table.warning if self.warns else 0.0
        self.vigil = Vigil(patience, warning, table.extensions, manner.look.monotonic)
        self._hide: Timer | None = None

    def reply(self, value: A) -> None:
        """The person has answered. Later replies change nothing."""
        if not self._answer.done():
            self._answer.set_result(value)
            self.retire()

    def leave(self, reason: Gone) -> None:
        """The person is gone, or wants to be."""
        if not self._answer.done():
            self._answer.set_exception(Abandoned(reason))
            self._answer.exception()  # seen: asyncio need not complain if nobody asks any more
            self.retire()

    def panels(self) -> Sequence[Panel]:
        return (
            *super().panels(),
            Panel(
                lambda _: _("Stop now?"),
                lambda _: _("What you have entered is forgotten. Your card stays as it is."),
                [(lambda _: _("Enter Go on"), "enter"), (lambda _: _("Esc Stop"), "escape")],
                id="stop",
            ),
            Panel(
                self._still_there,
                self._how_to_go_on,
                [(lambda _: _("Enter I am here"), "enter")],
                id="idle",
            ),
        )

    def stop_key(self) -> FootKey:
        """The footer's last key."""
        return FootKey("escape", "Esc", lambda _: _("Stop"))

    def show_key(self) -> FootKey:
        """The footer's key for what is masked."""
        return FootKey("f6", "F6", lambda _: _("Show"))

    def action_stop(self) -> None:
        """Esc: stop, or ask first where something would be lost."""
        if self._answer.done():
            return
        if self.step.confirm_stop:
            self.query_one("#stop", Panel).open()
        else:
            self.leave(Gone.STOPPED)

    def on_panel_answered(self, event: Panel.Answered) -> None:
        event.stop()
        if event.panel.id == "stop" and event.yes:
            self.leave(Gone.STOPPED)

    def tick(self) -> None:
        super().tick()
        if self._answer.done():
            return
        mood = self.vigil.mood
        if mood is Mood.OVER:
            self.leave(Gone.PATIENCE)
        elif mood is Mood.ASKING:
            for panel in self.sub_panels:
                if panel.id != "idle":
                    panel.close()
            self.query_one("#idle", Panel).open()

    def noticed(self) -> bool:
        super().noticed()
        swallowed = self.vigil.noticed()
        for panel in self.sub_panels:
            if panel.id == "idle":
                panel.close()
        return swallowed

    def action_show(self) -> None:
        """F6: show what is masked for three seconds."""
        self._reveal(True)
        if self._hide is not None:
            self._hide.stop()
        self._hide = self.set_timer(_SHOWN_FOR, lambda: self._reveal(False))

    def retire(self) -> None:
        super().retire()
        if self._hide is not None:
            self._hide.stop()
        for panel in self.sub_panels:
            panel.close()
        for secret in (*self.query(Slots), *self.query(Entry)):
            secret.forget()

    def _reveal(self, shown: bool) -> None:
        if not self._answer.done():
            for secret in (*self.query(Slots), *self.query(Entry)):
                secret.reveal(shown)

    def _still_there(self, _: Words) -> str:
        left = max(1, round(self.vigil.left))
        return _("Are you still there?") + "  " + _.n("{n} second left", "{n} seconds left", left)

    def _how_to_go_on(self, _: Words) -> str:
        if self.vigil.extendable:
            return _("Press any key or touch the screen to go on.")
        return _("Go on with what you were doing, or everything will be forgotten.")
