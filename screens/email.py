"""The address that codes go to."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from kiosk.i18n import Words
from kiosk.steps import ConfirmEmail
from screens.sentences import email_rule, join_with_or
from screens.texting import TextScreen
from screens.widgets.fields import Entry, Field
from screens.widgets.keys import Button, FootKey
from screens.widgets.refusal import Refusal
from screens.widgets.say import Say

_LONGEST = 254  # characters of an address, RFC 5321, 4.5.3.1.3


class ConfirmEmailScreen(TextScreen[ConfirmEmail, str | None]):
    """The address on file to be confirmed, or a new one."""

    def heading(self, _: Words) -> str:
        return (
            _("What is your email address?") if self.step.masked is None else _("Is this your email address?")
        )

    def explanation(self, _: Words) -> str:
        return _(
            "We send a code to this address, now and whenever you unlock your card. It must be one that only"
            " you read. Others here see only the first and the last letter of an address that we have."
        )

    def body(self) -> ComposeResult:
        if self.step.masked is not None:
            yield Say(self._known, classes="text strong")
        yield Say(self._what_to_do, classes="text")
        yield Refusal(self._refusal)
        if self._may_type:
            entry = Entry(
                masked=False, longest=_LONGEST, value=self.step.typed[:_LONGEST], console=self.console
            )
            yield Field(lambda _: _("Email address"), entry)
        yield Button(lambda _: _("Continue"), "enter", classes="go last tall")
        if self._may_type:
            yield from self.keyboard()

    def keys(self) -> Sequence[FootKey]:
        on = FootKey("enter", "Enter", lambda _: _("Continue"))
        return (on, *([self.keyboard_key()] if self._may_type else []), self.stop_key())

    def key_enter(self) -> None:
        """Enter where there is nothing to type: the address shown is right."""
        self.submit()

    def submit(self) -> None:
        typed = "".join(entry.value for entry in self.entries()).strip()
        if typed:
            self.reply(typed)
        elif self.step.masked is not None:
            self.reply(None)
        else:
            self.query_one(Refusal).tell(lambda _: _("Type your email address, then go on."))

    @property
    def _may_type(self) -> bool:
        return self.step.may_overwrite or self.step.masked is None

    def _known(self, _: Words) -> str:
        return self.step.masked or ""

    def _what_to_do(self, _: Words) -> str:
        domains = join_with_or(self.step.domains, _)
        if self.step.masked is None:
            return _("It must end in {domains}. We send a code to it.").replace("{domains}", domains)
        if self.step.may_overwrite:
            said = _("If it is yours, press Enter. If not, type another that ends in {domains}.")
            return said.replace("{domains}", domains)
        return _("If it is yours, press Enter. If not, stop here and ask the RA to change it.")

    def _refusal(self, _: Words) -> str:
        return "" if self.step.refusal is None else email_rule(self.step.refusal, self.step.domains, _)
