"""Sentences on screen, drawn anew when the language changes."""

from __future__ import annotations

import unicodedata

from textual.widgets import Static

from kiosk.i18n import Phrase, Words

_LONGEST = 4000  # characters: more than any screen holds


def clean(text: str, longest: int = _LONGEST) -> str:
    """Text from a card, a store or a server, safe to draw.

    Control, format, surrogate, private and unassigned characters (Unicode categories C*) can steer
    a terminal; each becomes U+FFFD, except a line's end. The length is capped.
    """
    if text.isascii() and text.isprintable():  # nearly all there is: a long log has to be drawn at once
        return text[:longest]
    return "".join(
        character if character == "\n" or unicodedata.category(character)[0] != "C" else "\ufffd"
        for character in text[:longest]
    )


class Spoken:
    """Mixed into a widget that has words on it. Comes after the widget's class, which has the style."""

    def speak(self, _: Words) -> None:
        """Draw the words in this language. Called on mounting and whenever the language changes."""
        raise NotImplementedError


class Say(Static, Spoken):
    """One text. Never markup: what it says may come from anywhere. An empty text takes no room.

    ``live``: it changes by itself, such as a countdown, and is spoken again at every tick of the screen.
    """

    def __init__(
        self, phrase: Phrase, *, live: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__("", markup=False, id=id, classes=classes)
        self.live = live
        self._phrase = phrase
        self._words: Words | None = None
        self._said: str | None = None

    @property
    def said(self) -> str:
        """The text as it stands on screen."""
        return self._said or ""

    def tell(self, phrase: Phrase) -> None:
        """Say something else from now on."""
        self._phrase = phrase
        if self._words is not None:
            self.speak(self._words)

    def speak(self, _: Words) -> None:
        self._words = _
        text = clean(self._phrase(_))
        if text != self._said:
            self._said = text
            self.update(text)
            self.set_class(not text, "-silent")


class Live(Say):
    """A text that changes by itself, such as a countdown: spoken again at every tick of the screen."""

    def __init__(self, phrase: Phrase, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(phrase, live=True, id=id, classes=classes)
