"""Why something was not accepted, what is allowed and what to do next: red, with a bar, in words."""

from __future__ import annotations

from kiosk.i18n import Phrase, Words
from screens.widgets.say import Say


def silence(_: Words) -> str:
    """Says nothing."""
    return ""


class Refusal(Say):
    """Stands beside the field. Silent, and then of no height, where nothing is wrong."""

    def __init__(self, phrase: Phrase = silence, *, id: str | None = None) -> None:
        super().__init__(phrase, id=id, classes="refusal")

    def tell_entered(self, phrase: Phrase, *, empty: bool) -> None:
        """Refuse what was entered; but an Enter on an empty field replaces nothing.

        It may come out of habit, right after the last digit has sent what was typed: what came of that
        would never be read.
        """
        if not (empty and self.said):
            self.tell(phrase)
