"""Sentences in the language of the person: gettext, chosen anew whenever something is drawn.

A sentence is passed around as a `Phrase`, a function of the `Words` in force, so that a change
of language redraws what is on screen without asking anybody again::

    Say(lambda _: _("Enter the code we sent you"))
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from pathlib import Path

DOMAIN = "kiosk"
LANGUAGES = ("en", "cy")
LOCALES = Path(__file__).parent / "locale"


class Words:
    """One language. Called with an English sentence it gives the sentence to show."""

    def __init__(self, language: str, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def __call__(self, sentence: str) -> str:
        """The sentence in this language."""
        return self._catalogue.gettext(sentence)

    def n(self, one: str, many: str, count: int) -> str:
        """The form that fits ``count``, with ``{n}`` replaced by it."""
        return self._catalogue.ngettext(one, many, count).replace("{n}", str(count))


Phrase = Callable[[Words], str]


def words(language: str, locales: Path = LOCALES) -> Words:
    """The Words of a language; English where no catalogue is there."""
    return Words(language, gettext.translation(DOMAIN, locales, [language], fallback=True))
