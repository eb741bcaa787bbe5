"""How a journey ends: well, or with whoever can help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from kiosk.i18n import Words
from kiosk.refusals import Why
from kiosk.steps import Ending, Finished, SeeRA, Step
from screens import sentences
from screens.contact import ways_to_reach
from screens.step import StepScreen
from screens.widgets.keys import Button, FootKey
from screens.widgets.say import Say

S = TypeVar("S", bound=Step[Any])

_MAILED = frozenset(Ending) - {Ending.CARD_WORKS, Ending.OLD_PASSCODE}  # a notice is on its way


class EndScreen(StepScreen[S, None]):
    """Nothing is asked: it stays until Enter, or until its patience has run out."""

    warns = False  # it says all the time when it closes
    BINDINGS = [Binding("enter", "done", show=False)]

    def keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", lambda _: _("Done")),)

    def action_done(self) -> None:
        self.reply(None)

    def closing(self) -> ComposeResult:
        """Until when it stays, and how to leave before."""
        yield Say(self._closes, live=True, classes="soft closing")
        yield Button(lambda _: _("Done"), "enter", classes="go last tall")

    def _closes(self, _: Words) -> str:
        left = max(1, round(self.vigil.left))
        closes = _.n("This screen closes in {n} second.", "This screen closes in {n} seconds.", left)
        return _("Take your card out.") + " " + closes


class FinishedScreen(EndScreen[Finished]):
    """What is now true, in green, and what happens next."""

    def heading(self, _: Words) -> str:
        return ""

    def explanation(self, _: Words) -> str:
        return _("This is done. Take your card out, or press Enter first to leave this screen.")

    def body(self) -> ComposeResult:
        with Vertical(classes="done-panel"):
            yield Say(lambda _: sentences.ending(self.step.ending, _)[0], classes="done-title")
            yield Say(lambda _: sentences.ending(self.step.ending, _)[1], classes="done-text")
        yield Say(self._from_when, classes="text")
        yield Say(self._mail, classes="text")
        yield from self.closing()

    def _from_when(self, _: Words) -> str:
        if self.step.usable_from is None:
            return ""
        said = _("For your safety you can unlock here only after {time}.")
        return said.replace("{time}", sentences.when(self.step.usable_from, self.manner.look))

    def _mail(self, _: Words) -> str:
        if self.step.masked is None or self.step.ending not in _MAILED:
            return ""
        site = self.manner.look.site
        said = _("A mail about this goes to {address}. If it was not you who did this, call {contact}.")
        contact = f"{site.ra_contact} {site.ra_phone}".strip()
        return said.replace("{contact}", contact).replace("{address}", self.step.masked)


class SeeRAScreen(EndScreen[SeeRA]):
    """A dead end: who can help, where, when, and what to quote."""

    def heading(self, _: Words) -> str:
        if self.step.why is Why.PUT_BACK:
            return _("Take your card out and put it in again")
        return _("We cannot do this here")

    def explanation(self, _: Words) -> str:
        return _(
            "The people named here can help you. Tell them the reference: it tells them what has happened."
        )

    def body(self) -> ComposeResult:
        yield Say(lambda _: sentences.why(self.step.why, _), classes="text")
        with Vertical(classes="help-panel"):
            yield Say(ways_to_reach(self.manner.look.site), classes="strong")
            yield Say(self._reference)
        yield from self.closing()

    def _reference(self, _: Words) -> str:
        return _("Tell them this reference:") + " " + self.step.reference
