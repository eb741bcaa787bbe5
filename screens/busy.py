"""What the kiosk is doing between two questions."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from kiosk.i18n import Words
from kiosk.steps import Activity, Busy
from screens.frame import KioskScreen
from screens.look import Manner
from screens.widgets.say import Say
from screens.widgets.spinner import Spinner


class BusyScreen(KioskScreen):
    """Words and movement. While a card is written it is amber, and no key is offered."""

    def __init__(self, busy: Busy, manner: Manner) -> None:
        self.tools = busy.activity is not Activity.WRITING_CARD
        super().__init__(manner, busy.place)
        self.busy = busy
        self.add_class("busy")
        self.set_class(busy.activity is Activity.WRITING_CARD, "writing")

    def heading(self, _: Words) -> str:
        return ""  # it stands in the middle, see `body`

    def doing(self, _: Words) -> str:
        """What is under way."""
        activities = {
            Activity.READING_CARD: _("Asking your card"),
            Activity.CHECKING_PASSCODE: _("Your card checks the passcode"),
            Activity.CHECKING_ANSWERS: _("Checking your answers"),
            Activity.CHECKING_CODE: _("Checking the code"),
            Activity.SENDING_MAIL: _("Sending the mail"),
            Activity.WRITING_CARD: _("Writing the new passcode: leave the card in"),
            Activity.SAVING: _("Saving"),
        }
        return activities[self.busy.activity]

    def explanation(self, _: Words) -> str:
        return _("The kiosk is at work. It goes on by itself in a moment.")

    def body(self) -> ComposeResult:
        with Vertical(classes="work"), Vertical(classes="work-panel"):
            yield Spinner(console=self.console, moving=self.manner.look.moving)
            yield Say(self.doing, classes="work-title")
            yield Say(self._more)

    def _more(self, _: Words) -> str:
        if self.busy.activity is Activity.SENDING_MAIL and self.busy.masked:
            return _("It goes to {address}.").replace("{address}", self.busy.masked)
        if self.busy.activity is Activity.WRITING_CARD:
            return _("Do not take your card out until this is done.")
        return _("This takes a moment.")
