"""How far a journey has come."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from kiosk.i18n import Words
from kiosk.steps import Offer, Place
from screens.widgets.say import Spoken


def journey_name(journey: Offer, _: Words) -> str:
    """What a journey is called while it is under way."""
    names = {
        Offer.REGISTER: _("Register"),
        Offer.UNLOCK: _("Unlock your card"),
        Offer.FORGOTTEN: _("Set a new passcode"),
        Offer.CHANGE_PASSCODE: _("Change your passcode"),
        Offer.CHANGE_DETAILS: _("Change your details"),
        Offer.WITHDRAW: _("Delete my registration"),
        Offer.ASSISTANCE: _("Unlock with help"),
    }
    return names[journey]


class ProgressRow(Widget, Spoken):
    """One row: the journey, a bar, "Step 2 of 3"."""

    COMPONENT_CLASSES = {"progress--done", "progress--open"}

    def __init__(self, place: Place, *, console: bool) -> None:
        super().__init__(classes="progress")
        self._place = place
        self._signs = ("=", "-") if console else ("━", "─")
        self._left = self._right = ""

    def speak(self, _: Words) -> None:
        self._left = journey_name(self._place.journey, _)
        step = _("Step {step} of {of}")
        self._right = step.replace("{step}", str(self._place.step)).replace("{of}", str(self._place.of))
        self.refresh()

    @property
    def room(self) -> int:
        """Cells that the words leave for the bar."""
        return max(0, self.size.width - cell_len(self._left) - cell_len(self._right) - 4)

    def render(self) -> Text:
        width = self.room
        done = width * self._place.step // max(1, self._place.of)
        return Text.assemble(
            self._left,
            "  ",
            (self._signs[0] * done, self.get_component_rich_style("progress--done", partial=True)),
            (self._signs[1] * (width - done), self.get_component_rich_style("progress--open", partial=True)),
            "  ",
            self._right,
            no_wrap=True,
        )
