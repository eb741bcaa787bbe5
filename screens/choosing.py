"""Screens on which one of a few things is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from textual.app import ComposeResult

from kiosk.i18n import Words
from kiosk.steps import (
    ChooseDetail,
    ChooseProof,
    CodeNotSent,
    ConfirmWithdraw,
    Detail,
    LastTry,
    Offer,
    Proof,
    Step,
    Welcome,
)
from screens import sentences
from screens.step import StepScreen
from screens.widgets.choices import Choice, Choices, Option
from screens.widgets.keys import FootKey
from screens.widgets.say import Say

S = TypeVar("S", bound=Step[Any])
A = TypeVar("A")

_MANY = 5  # choices that leave no room for a blank line above them


class ChoiceScreen(StepScreen[S, A]):
    """A question with numbered answers. Subclasses give `options`, and `text` where there is one."""

    def options(self) -> Sequence[Option[A]]:
        """What can be chosen, the most likely first."""
        raise NotImplementedError

    def text(self, _: Words) -> str:
        """At most two lines under the heading."""
        return ""

    def explanation(self, _: Words) -> str:
        return _(
            "Choose what you want: press its number, touch it, or go to it with the arrows and press Enter."
        )

    def body(self) -> ComposeResult:
        yield Say(self.text, classes="text")
        self._options = self.options()
        yield Choices([option.label for option in self._options])

    def keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", lambda _: _("Choose")), self.stop_key())

    def focus_first(self) -> None:
        self.set_focus(self.query(Choice).first())

    def on_choices_made(self, event: Choices.Made) -> None:
        event.stop()
        self.reply(self._options[event.number - 1].value)


class WelcomeScreen(ChoiceScreen[Welcome, Offer]):
    """What this card can have done."""

    def on_mount(self) -> None:
        super().on_mount()
        self.set_class(len(self.step.offers) >= _MANY, "many")

    def heading(self, _: Words) -> str:
        hour = self.manner.look.now().astimezone(self.manner.look.zone).hour
        if hour < 12:
            greeting = _("Good morning, {name}. What would you like to do?")
        elif hour < 18:
            greeting = _("Good afternoon, {name}. What would you like to do?")
        else:
            greeting = _("Good evening, {name}. What would you like to do?")
        return greeting.replace("{name}", self.step.first_name[:24])

    def text(self, _: Words) -> str:
        said = [_("Your card is locked.")] if self.step.locked else []
        if self.step.note is not None:
            said.append(sentences.note(self.step.note, _))
        return " ".join(said)

    def options(self) -> Sequence[Option[Offer]]:
        return [_offer(one) for one in self.step.offers]


def _offer(one: Offer) -> Option[Offer]:
    return Option(one, lambda _: sentences.offer(one, _))


class LastTryScreen(ChoiceScreen[LastTry, bool]):
    """A wrong passcode now locks the card."""

    def heading(self, _: Words) -> str:
        return _("You have one try left")

    def text(self, _: Words) -> str:
        return _("If the next passcode is wrong, your card locks. Are you sure that you know it?")

    def options(self) -> Sequence[Option[bool]]:
        return [
            Option(True, lambda _: _("Yes, I know my passcode")),
            Option(False, lambda _: _("No, stop here: my card stays as it is")),
        ]


class ChooseProofScreen(ChoiceScreen[ChooseProof, Proof]):
    """Answers, or a code?"""

    def heading(self, _: Words) -> str:
        return _("How do you want to show that it is you?")

    def options(self) -> Sequence[Option[Proof]]:
        labels = {
            Proof.QUESTIONS: Option(Proof.QUESTIONS, lambda _: _("Answer my security questions")),
            Proof.EMAIL_CODE: Option(Proof.EMAIL_CODE, self._code),
        }
        return [labels[proof] for proof in self.step.proofs]

    def _code(self, _: Words) -> str:
        if self.step.masked is None:
            return _("Get a code by mail")
        return _("Get a code by mail to {address}").replace("{address}", self.step.masked)


class ChooseDetailScreen(ChoiceScreen[ChooseDetail, Detail]):
    """Questions or email?"""

    def heading(self, _: Words) -> str:
        return _("What do you want to change?")

    def options(self) -> Sequence[Option[Detail]]:
        return [
            Option(Detail.QUESTIONS, lambda _: _("My security questions")),
            Option(Detail.EMAIL, lambda _: _("My email address")),
        ]


class ConfirmWithdrawScreen(ChoiceScreen[ConfirmWithdraw, bool]):
    """What withdrawing erases."""

    def heading(self, _: Words) -> str:
        return _("Do you want to leave self-service?")

    def text(self, _: Words) -> str:
        return _(
            "We then delete your answers and your own email address."
            " If your card locks, only the RA can unlock it. You can register again at any time."
        )

    def options(self) -> Sequence[Option[bool]]:
        return [
            Option(False, lambda _: _("No, keep everything as it is")),
            Option(True, lambda _: _("Yes, delete my answers and my address")),
        ]


class CodeNotSentScreen(ChoiceScreen[CodeNotSent, bool]):
    """The mail server did not take the mail."""

    def heading(self, _: Words) -> str:
        return _("The mail could not be sent")

    def text(self, _: Words) -> str:
        said = _("We could not send a mail to {address}. No code is on its way. You can try again now.")
        return said.replace("{address}", self.step.masked)

    def options(self) -> Sequence[Option[bool]]:
        return [
            Option(True, lambda _: _("Try again")),
            Option(False, lambda _: _("Stop, and see who can help")),
        ]
