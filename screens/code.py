"""Codes in slots: the one from the mail, and the one from the RA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from kiosk.i18n import Words
from kiosk.refusals import CodeRefusal
from kiosk.steps import CodeChoice, EnterAssistance, EnterCode
from screens.sentences import code_goes_on_to, code_refusal
from screens.step import StepScreen
from screens.widgets.keypad import Keypad
from screens.widgets.keys import Button, FootKey
from screens.widgets.refusal import Refusal
from screens.widgets.say import Say
from screens.widgets.slots import Pattern, Slots


def minutes_and_seconds(seconds: int) -> str:
    """A countdown: 13:41."""
    return f"{seconds // 60}:{seconds % 60:02}"


S = TypeVar("S", EnterCode, EnterAssistance)


class DigitsScreen(StepScreen[S, Any]):
    """A code of so many digits; the last one typed sends it."""

    def focus_first(self) -> None:
        self.set_focus(self.query_one(Slots))

    def on_slots_filled(self, event: Slots.Filled) -> None:
        self.has_sent_itself = True
        self.reply(event.slots.secret())

    def on_slots_entered(self, event: Slots.Entered) -> None:
        digits = self.step.digits
        self.query_one(Refusal).tell_entered(
            lambda _: _.n("The code has {n} digit.", "The code has {n} digits.", digits),
            empty=not event.slots.count,
        )


class CodeScreen(DigitsScreen[EnterCode]):
    """Eight digits from the mail; the last one typed sends them."""

    BINDINGS = [Binding("f4", "again", show=False), Binding("f5", "leave_for_later", show=False)]

    def heading(self, _: Words) -> str:
        return _("Enter the code we sent you")

    def explanation(self, _: Words) -> str:
        parts = (
            code_goes_on_to(self.step.purpose, _),
            _("The mail can take a few minutes."),
            _("Nothing there? Look in the junk folder, or have it sent again."),
            _("Nobody will ever ask you for the code: give it to no one."),
        )
        return " ".join(parts)

    def body(self) -> ComposeResult:
        half = self.step.digits // 2
        pattern = Pattern((half, self.step.digits - half), self.step.digits)
        with Horizontal(classes="beside"):
            with Vertical(classes="left"):
                yield Say(self._where, classes="text")
                yield Slots(pattern, masked=False, console=self.console)
                yield Refusal(self._refusal)
                yield Say(self._time_left, live=True, classes="soft")
                if self.step.resend_at is not None:
                    yield Button(self._again, "f4", live=True)
            yield Keypad(console=self.console)

    def keys(self) -> Sequence[FootKey]:
        again = FootKey("f4", "F4", lambda _: _("Send again"))
        later = FootKey("f5", "F5", lambda _: _("Something else"))
        return (
            *([again] if self.step.resend_at is not None else []),
            *([later] if self.step.something_else else []),
            self.stop_key(),
        )

    def action_again(self) -> None:
        """F4: another mail, once its time has come."""
        if self._wait_for_again() == 0:
            self.reply(CodeChoice.SEND_AGAIN)

    def action_leave_for_later(self) -> None:
        """F5: do something else; the code stays valid."""
        if self.step.something_else:
            self.reply(CodeChoice.SOMETHING_ELSE)

    def _wait_for_again(self) -> int | None:
        at = self.step.resend_at
        return None if at is None else self.manner.look.seconds_until(at)

    def _where(self, _: Words) -> str:
        if self._is_dead or self.manner.look.seconds_until(self.step.expires_at) == 0:
            return ""  # there is no code to wait for
        said = _(
            "We sent it to {address}. Look in the junk folder too."
            " No phone with you? Take your card, read the mail and come back by {time}."
        )
        until = self.manner.look.local(self.step.expires_at)
        return said.replace("{time}", until).replace("{address}", self.step.masked)

    def _refusal(self, _: Words) -> str:
        if self.step.refusal is None:
            return ""
        said = code_refusal(self.step.refusal, self.step.tries_left, _)
        if self._is_dead and self.step.resend_at is not None:
            ready = self._wait_for_again() == 0
            said += " " + (_("Press F4 to get a new one.") if ready else _("You can get a new one soon."))
        return said

    @property
    def _is_dead(self) -> bool:
        return self.step.refusal in {CodeRefusal.EXPIRED, CodeRefusal.VOID}

    def _time_left(self, _: Words) -> str:
        if self._is_dead:
            return ""  # the refusal has said it
        left = self.manner.look.seconds_until(self.step.expires_at)
        if left == 0:
            return _("The time for this code is over.")
        return _("The code works for another {time}.").replace("{time}", minutes_and_seconds(left))

    def _again(self, _: Words) -> str:
        wait = self._wait_for_again()
        if not wait:
            return "F4 " + _("Send again")
        return _("Send again in {time}").replace("{time}", minutes_and_seconds(wait))


class AssistanceScreen(DigitsScreen[EnterAssistance]):
    """The code from the RA; the last digit typed sends it."""

    def heading(self, _: Words) -> str:
        return _("Enter the code from the RA")

    def explanation(self, _: Words) -> str:
        return _(
            "The RA has given you a code of 10 digits. It stands in for your security questions."
            " After it you get a mail with another code, as always."
        )

    def body(self) -> ComposeResult:
        half = self.step.digits // 2
        pattern = Pattern((half, self.step.digits - half), self.step.digits, rows=True)
        with Horizontal(classes="beside"):
            with Vertical(classes="left"):
                yield Say(lambda _: _("It takes the place of your security questions."), classes="text")
                yield Slots(pattern, masked=False, console=self.console)
                yield Refusal(self._refusal)
            yield Keypad(console=self.console)

    def keys(self) -> Sequence[FootKey]:
        return (self.stop_key(),)

    def _refusal(self, _: Words) -> str:
        if self.step.refusal is None:
            return ""
        return code_refusal(self.step.refusal, self.step.tries_left, _)
