"""What is seen while no journey runs."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Center

from kiosk.i18n import Words
from kiosk.outage import outage
from kiosk.refusals import OutOfService
from kiosk.steps import Attract, Closed, OneMoment, Scene, TakeCard
from screens.contact import ways_to_reach
from screens.frame import KioskScreen
from screens.look import Manner
from screens.widgets.keys import same
from screens.widgets.say import Say
from screens.widgets.spinner import Spinner

T = TypeVar("T", bound=Scene)

_CARD = """\
 ╭────────────────────────────╮
 │                            │
 │   ╭──┬──╮                  │
 │   ├──┼──┤                  │
 │   ╰──┴──╯                  │
 │   ━━━━━━━━━━━━━            │
 ╰────────────────────────────╯"""
_READER = "═" * 32
_CARD_IN = f"{_CARD}\n{'▼▼▼':^32}\n{_READER}"
_CARD_OUT = f"{'▲▲▲':^32}\n{_CARD}\n{_READER}"
_CONSOLE_SIGNS = str.maketrans("╭╮╰╯━▼▲", "┌┐└┘=vA")


class SceneScreen(KioskScreen, Generic[T]):
    """Draws a scene. Nothing is asked."""

    def __init__(self, scene: T, manner: Manner) -> None:
        super().__init__(manner)
        self.scene = scene
        self.add_class("scene")

    def drawing(self, signs: str) -> ComposeResult:
        """A picture made of signs, of those that a console has where there are no others."""
        with Center(classes="centred"):
            yield Say(same(signs.translate(_CONSOLE_SIGNS) if self.console else signs), classes="drawing")

    def spinner(self) -> ComposeResult:
        """Movement, in the middle."""
        with Center(classes="centred"):
            yield Spinner(console=self.console, moving=self.manner.look.moving)


class AttractScreen(SceneScreen[Attract]):
    """Put your smartcard in the reader."""

    def __init__(self, scene: Attract, manner: Manner) -> None:
        super().__init__(scene, manner)
        self.add_class("attract")

    def heading(self, _: Words) -> str:
        return _("Put your smartcard in the reader")

    def explanation(self, _: Words) -> str:
        return _(
            "Put your card in, with the chip first. The kiosk looks at it and tells you what you can do."
            " To unlock a card you answer your security questions and type in a code from a mail."
            " You need about two minutes, and a way to read your mail."
        )

    def above(self) -> ComposeResult:
        yield from self.drawing(_CARD_IN)

    def body(self) -> ComposeResult:
        yield Say(self._text, classes="text")

    def _text(self, _: Words) -> str:
        if self.scene.cut_off:
            return _(
                "The last card was taken out too early.\n"
                "Put it in again, to see whether its new passcode was saved."
            )
        return _(
            "Locked card? Unlock it here in two minutes.\nYou can also change your passcode or register."
        )


class OneMomentScreen(SceneScreen[OneMoment]):
    """A card went in too early."""

    def heading(self, _: Words) -> str:
        return _("One moment, please")

    def explanation(self, _: Words) -> str:
        return _("The kiosk is finishing its last task. Then it looks at your card.")

    def body(self) -> ComposeResult:
        yield from self.spinner()
        yield Say(lambda _: _("We will be with you in a few seconds. Leave your card in."), classes="text")


class TakeCardScreen(SceneScreen[TakeCard]):
    """The visit is over."""

    def heading(self, _: Words) -> str:
        return _("Take your card")

    def explanation(self, _: Words) -> str:
        return _("The visit is over. Take your card out. To do something else, put it in again.")

    def above(self) -> ComposeResult:
        yield from self.drawing(_CARD_OUT)

    def body(self) -> ComposeResult:
        yield Say(self._why, classes="text")

    def on_mount(self) -> None:
        super().on_mount()
        self.app.bell()

    def _why(self, _: Words) -> str:
        after = _("To do something else, take it out and put it in again.")
        if self.scene.timed_out:
            return _("Nothing was pressed for a while, so everything was forgotten.") + "\n" + after
        return after


class ClosedScreen(SceneScreen[Closed]):
    """Out of service."""

    def heading(self, _: Words) -> str:
        if self.scene.reason is OutOfService.STARTING:
            return _("One moment: the kiosk is starting")
        return _("This kiosk is out of service")

    def explanation(self, _: Words) -> str:
        return _("You cannot use the kiosk at the moment. The people named here can help you.")

    def body(self) -> ComposeResult:
        if self.scene.reason is OutOfService.STARTING:
            yield from self.spinner()
            return
        yield Say(self._reason, classes="text")
        yield Say(ways_to_reach(self.manner.look.site), classes="text")

    def _reason(self, _: Words) -> str:
        if self.scene.note:
            return self.scene.note
        reason = outage(self.scene.reason, _)
        if self.scene.card_in:
            return reason + "\n" + _("Please take your card. You can come back when the kiosk works again.")
        return reason
