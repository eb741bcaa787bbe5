"""What somebody found who looked at a part of the kiosk: the doctor, or the health board."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

ELSEWHERE = "see there"  # the advice of what comes of something that another finding is about


class Level(Enum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # it works, and should be mended
    RISK = "risk"  # it works, and a thief of the disk would have everything
    FAIL = "fail"  # the kiosk does not work like this


class Hands(Enum):
    """Whose hands an advice takes, and who that is, for whoever has others."""

    ANYBODY = "anybody who stands there"  # a cable, a card
    TECHNICIAN = "a technician at the kiosk"  # the keys of their screens
    ADMINISTRATOR = "whoever administers this machine"  # its files and commands


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, what to do about it (empty where all is well), and who can."""

    name: str
    level: Level
    detail: str
    advice: str = ""
    hands: Hands = Hands.ADMINISTRATOR

    def said_to(self, hands: Hands) -> Finding:
        """The same, for somebody with these hands: what they cannot do, the advice says whom to ask."""
        if self.hands in (Hands.ANYBODY, hands) or self.advice in ("", ELSEWHERE):
            return self
        return replace(self, advice=f"ask {self.hands.value}: {self.advice}")
