"""Passcodes: the present one, and a new one."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from cardio.card import PasscodeFormat
from kiosk.i18n import Phrase, Words
from kiosk.refusals import PasscodeRule
from kiosk.steps import EnterPasscode, NewPasscode
from screens.sentences import digits_allowed, passcode_rule, passcode_wanted_for
from screens.step import StepScreen
from screens.widgets.keypad import Keypad
from screens.widgets.keys import FootKey
from screens.widgets.refusal import Refusal, silence
from screens.widgets.say import Say
from screens.widgets.slots import Pattern, Slots

_GROUP = 4  # digits


def _pattern(form: PasscodeFormat) -> Pattern:
    whole, rest = divmod(form.max_length, _GROUP)
    groups = (_GROUP,) * whole + ((rest,) if rest else ())
    return Pattern(groups, form.min_length, form.alphabet, rows=form.max_length > 2 * _GROUP)


class PasscodeScreen(StepScreen[EnterPasscode, SecretStr]):
    """The present passcode. The card checks it."""

    def heading(self, _: Words) -> str:
        return _("Enter your passcode")

    def explanation(self, _: Words) -> str:
        return _(
            "This is the passcode that you use with this card. Only the card checks it; the kiosk does not"
            " keep it. After too many wrong tries the card locks."
        )

    def body(self) -> ComposeResult:
        with Horizontal(classes="beside"):
            with Vertical(classes="left"):
                yield Say(self._why, classes="text")
                yield Slots(_pattern(self.step.format), masked=True, console=self.console)
                yield Refusal(self._refusal)
                yield Say(self._tries, classes="soft")
            yield Keypad(console=self.console)

    def keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", lambda _: _("Continue")), self.show_key(), self.stop_key())

    def focus_first(self) -> None:
        self.set_focus(self.query_one(Slots))

    def on_slots_entered(self, event: Slots.Entered) -> None:
        if event.slots.is_enough:
            self.reply(event.slots.secret())
        else:
            self.query_one(Refusal).tell_entered(self._too_short, empty=not event.slots.count)

    def _why(self, _: Words) -> str:
        said = [passcode_wanted_for(self.step.purpose, _)]
        if self.step.code_waits:
            said.append(_("The code from the mail comes next."))
        return "\n".join(said)

    def _refusal(self, _: Words) -> str:
        if self.step.wrong:
            return _("That passcode is not right.")
        return self._too_short(_) if self.step.too_short else ""

    def _too_short(self, _: Words) -> str:
        said = _("A passcode has {digits}. No try was lost.")
        return said.replace("{digits}", digits_allowed(self.step.format, _))

    def _tries(self, _: Words) -> str:
        if self.step.tries_left is None:
            return ""
        return _.n("You have {n} try left.", "You have {n} tries left.", self.step.tries_left)


class NewPasscodeScreen(StepScreen[NewPasscode, tuple[SecretStr, SecretStr]]):
    """A passcode of the holder's own, twice."""

    def heading(self, _: Words) -> str:
        return _("Choose a new passcode")

    def explanation(self, _: Words) -> str:
        return _(
            "Choose digits that you can remember and others cannot guess. Type them twice, so that a slip of"
            " the finger does no harm. Press F6 to see them for three seconds. Never tell them to anybody."
        )

    def body(self) -> ComposeResult:
        pattern = _pattern(self.step.format)
        with Horizontal(classes="beside"):
            with Vertical(classes="left"):
                yield Say(self._rules, classes="text")
                yield Say(lambda _: _("New passcode"), classes="caption")
                yield Slots(pattern, masked=True, console=self.console, id="first")
                yield Say(lambda _: _("The same again"), classes="caption")
                yield Slots(pattern, masked=True, console=self.console, id="second")
                yield Refusal(self._refusal)
            yield Keypad(console=self.console)

    def keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", lambda _: _("Continue")), self.show_key(), self.stop_key())

    def focus_first(self) -> None:
        self.set_focus(self._first)

    @property
    def _first(self) -> Slots:
        return self.query_one("#first", Slots)

    @property
    def _second(self) -> Slots:
        return self.query_one("#second", Slots)

    def on_slots_typed(self, event: Slots.Typed) -> None:
        """What was refused was another pair."""
        self.query_one(Refusal).tell(silence)

    def on_slots_entered(self, event: Slots.Entered) -> None:
        """Enter goes from the first entry to the second, and from the second on."""
        if not self._first.is_enough:
            self._refuse(self._first, self._too_short)
        elif event.slots is self._first:
            self._second.focus()
        elif not self._second.is_enough:
            self._refuse(self._second, self._too_short)
        else:
            self.reply((self._first.secret(), self._second.secret()))

    def _refuse(self, slots: Slots, reason: Phrase) -> None:
        self.query_one(Refusal).tell_entered(reason, empty=not slots.count)
        slots.focus()

    def _rules(self, _: Words) -> str:
        said = _("{digits}, hard to guess: not 123456, not 121212, not the code from a mail.")
        digits = digits_allowed(self.step.format, _)
        return said.replace("{digits}", digits)

    def _too_short(self, _: Words) -> str:
        return passcode_rule(PasscodeRule.TOO_SHORT, self.step.format, _)

    def _refusal(self, _: Words) -> str:
        if self.step.refusal is None:
            return ""
        return passcode_rule(self.step.refusal, self.step.format, _)
