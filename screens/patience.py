"""How long a screen waits for somebody who may have gone."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Mood(Enum):
    """What the waiting has come to."""

    CALM = "calm"
    ASKING = "asking"  # "Are you still there?"
    OVER = "over"


class Vigil:
    """Counts the seconds since the last key or touch.

    Every key starts the count anew. ``warning`` seconds before ``patience`` has run out it asks. A
    key that only answers the asking is an extension; after ``extensions`` of them in a row only
    something really done counts. A patience too short for a warning has none.
    """

    def __init__(
        self, patience: float, warning: float, extensions: int, monotonic: Callable[[], float]
    ) -> None:
        self._patience = patience
        self._warning = warning if patience > warning else 0.0
        self._extensions = extensions
        self._extended = 0
        self._now = monotonic
        self._since = monotonic()

    @property
    def patience(self) -> float:
        """Seconds that it waits for a key."""
        return self._patience

    @property
    def left(self) -> float:
        """Seconds until the patience has run out, at least 0."""
        return max(0.0, self._since + self._patience - self._now())

    @property
    def extendable(self) -> bool:
        """Whether answering the asking is enough to go on."""
        return self._extended < self._extensions

    @property
    def mood(self) -> Mood:
        """Whether to wait on, ask or give up."""
        if self.left <= 0:
            return Mood.OVER
        return Mood.ASKING if self.left <= self._warning else Mood.CALM

    def noticed(self) -> bool:
        """A key or touch. True if it answered the asking, and therefore means nothing else."""
        mood = self.mood
        if mood is Mood.OVER:
            return True
        answers = mood is Mood.ASKING and self._extended < self._extensions
        self._extended = self._extended + 1 if answers else 0
        self._since = self._now()
        return answers
