"""How the screens look here, and what the person in front of them has chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from kiosk.i18n import LANGUAGES, Phrase, Words
from kiosk.i18n import words as words_of
from kiosk.settings import PatienceTable, Site

# What a language calls itself: shown to whoever cannot read the present one, so never translated.
OWN_NAMES = {"en": "English", "cy": "Cymraeg"}


@dataclass(frozen=True)
class Look:
    """All that the screens need to know about this kiosk.

    ``banner``: a permanent notice, such as that the reader is a virtual one. ``sixteen``: draw with
    the 16 ANSI colours and the signs of a console font. ``now`` gives UTC, ``zone`` is where the
    kiosk stands (None: the machine's). ``monotonic`` (seconds) measures patience, ``tick`` is how
    often it is looked at. ``words`` gives a language its sentences. ``moving``: spinners turn.
    """

    site: Site = field(default_factory=Site)
    patience: PatienceTable = field(default_factory=PatienceTable)
    languages: tuple[str, ...] = LANGUAGES
    banner: Phrase | None = None
    sixteen: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    zone: tzinfo | None = None
    monotonic: Callable[[], float] = time.monotonic
    tick: float = 0.25
    words: Callable[[str], Words] = words_of
    moving: bool = True

    def local(self, moment: datetime) -> str:
        """A moment as people here read it off a clock: 14:32."""
        return moment.astimezone(self.zone).strftime("%H:%M")

    def day(self, moment: datetime) -> str:
        """A moment with its day, as people here have both."""
        return moment.astimezone(self.zone).strftime("%d/%m/%Y %H:%M")

    def seconds_until(self, moment: datetime) -> int:
        """Whole seconds until a moment, at least 0."""
        return max(0, round((moment - self.now()).total_seconds()))


def sixteen_colours(site: Site, term: str) -> bool:
    """Whether to draw with 16 colours: the site says so, or ``term`` ($TERM) is a plain console."""
    return site.colours == "16" or term.split("-")[0] in {"linux", "vt220", "vt100", "ansi", "con132x25"}


class Manner:
    """The look, with the language and the contrast in force for the person in front.

    ``drawer``: whether F2 opens something here. Language and contrast are forgotten at the end.
    """

    def __init__(self, look: Look, *, drawer: bool = False) -> None:
        self.look = look
        self.drawer = drawer
        self.reset()

    def reset(self) -> None:
        """Back to what the site has set."""
        self.contrast = self.look.site.high_contrast
        self.words = self.look.words(self.look.site.language)

    def next_language(self) -> str:
        """The language that comes after the present one."""
        languages = self.look.languages
        present = self.words.language
        return (
            languages[(languages.index(present) + 1) % len(languages)]
            if present in languages
            else languages[0]
        )

    def change_language(self) -> None:
        """Go on to the next language."""
        self.words = self.look.words(self.next_language())
