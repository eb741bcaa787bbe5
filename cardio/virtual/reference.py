"""A secret that a card compares, with its try counter (ISO 7816-4:2013, 9.4: reference data)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Reference:
    """A PIN or PUK, and how many wrong values it still stands."""

    value: bytes = field(repr=False)
    tries: int
    left: int

    @classmethod
    def padded(cls, text: str, length: int, tries: int, left: int | None = None) -> Self:
        """Make one from ASCII text, padded with FF; ``left`` None = all tries. Raises ValueError."""
        value = text.encode("ascii")
        if not 6 <= len(value) <= length:
            raise ValueError(f"6 to {length} characters")
        if not 0 <= (tries if left is None else left) <= tries <= 15:
            raise ValueError("0 to 15 tries, and no more left than there are")
        return cls(value.ljust(length, b"\xff"), tries, tries if left is None else left)

    @property
    def text(self) -> str:
        """The value without its padding."""
        return self.value.rstrip(b"\xff").decode("ascii", "replace")

    def check(self, given: bytes) -> bool:
        """Spend a try, and give all back if the value is right. Only to be called while one is left."""
        self.left -= 1
        if not hmac.compare_digest(given, self.value):
            return False
        self.left = self.tries
        return True

    def set(self, value: bytes) -> None:
        """Take a new value, with all its tries."""
        self.value, self.left = value, self.tries
