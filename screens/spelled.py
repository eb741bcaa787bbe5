"""A passcode that may have letters, or more characters than there is room for slots."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr
from textual.app import ComposeResult

from cardio.card import PasscodeFormat
from kiosk.i18n import Words
from kiosk.steps import EnterPasscode
from screens.sentences import characters_allowed, passcode_wanted_for
from screens.texting import TextScreen
from screens.widgets.fields import Entry, Field
from screens.widgets.keyboard import OnScreenKeyboard
from screens.widgets.keys import Button, FootKey
from screens.widgets.refusal import Refusal
from screens.widgets.say import Say

_MOST_SLOTS = 12  # three rows of four


def is_spelled(form: PasscodeFormat) -> bool:
    """Whether a passcode of this format is typed as text and not into slots."""
    return form.max_length > _MOST_SLOTS or bool(set(form.alphabet) - set("0123456789"))


class SpelledPasscodeScreen(TextScreen[EnterPasscode, SecretStr]):
    """The present passcode, as text. The card checks it."""

    def heading(self, _: Words) -> str:
        return _("Enter your passcode")

    def explanation(self, _: Words) -> str:
        return _(
            "This is the passcode that you use with this card. Capitals make a difference. Only the card"
            " checks it; the kiosk does not keep it. After too many wrong tries the card locks."
        )

    def body(self) -> ComposeResult:
        yield Say(lambda _: passcode_wanted_for(self.step.purpose, _), classes="text")
        yield Refusal(self._refusal)
        entry = Entry(masked=True, longest=self.step.format.max_length, console=self.console)
        yield Field(lambda _: _("Passcode"), entry)
        yield Button(lambda _: _("Continue"), "enter", classes="go last tall")
        yield from self.keyboard()

    def speak(self) -> None:
        """The tries left stand in the lower border, where a keyboard leaves room for them."""
        super().speak()
        for field in self.query(Field):
            field.border_subtitle = self._tries(self.manner.words)

    def keyboard(self) -> ComposeResult:
        """Signs in the place of accents, which no card takes."""
        yield OnScreenKeyboard(signs=True)

    def keys(self) -> Sequence[FootKey]:
        on = FootKey("enter", "Enter", lambda _: _("Continue"))
        return (on, self.show_key(), self.keyboard_key(), self.stop_key())

    def submit(self) -> None:
        """Too few or strange characters never reach the card, where they might cost a try."""
        (entry,) = self.entries()
        form, typed = self.step.format, entry.value
        if form.min_length <= len(typed) and not set(typed) - set(form.alphabet):
            self.reply(entry.secret())
        else:
            self.query_one(Refusal).tell_entered(self._malformed, empty=not typed)

    def _refusal(self, _: Words) -> str:
        if self.step.wrong:
            return _("That passcode is not right.")
        return self._malformed(_) if self.step.too_short else ""

    def _malformed(self, _: Words) -> str:
        said = _("{characters}, no accents. No try lost.")
        return said.replace("{characters}", characters_allowed(self.step.format, _))

    def _tries(self, _: Words) -> str:
        if self.step.tries_left is None:
            return ""
        return _.n("You have {n} try left.", "You have {n} tries left.", self.step.tries_left)
