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
