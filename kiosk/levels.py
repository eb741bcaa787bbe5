"""What somebody found who looked at a part of the kiosk: the doctor, or the health board."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # it works, and should be mended
    RISK = "risk"  # it works, and a thief of the disk would have everything
    FAIL = "fail"  # the kiosk does not work like this


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do about it (empty where all is well)."""

    name: str
    level: Level
    detail: str
    advice: str = ""
