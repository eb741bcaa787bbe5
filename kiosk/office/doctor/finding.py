"""What a check found, and a way to ask what may never answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from cardio.worker import Worker

T = TypeVar("T")


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


def unseen(name: str) -> Finding:
    """What cannot be looked at because the store cannot be opened, which another check tells."""
    return Finding(name, Level.FAIL, "cannot be seen without the store", "see above")


async def aside(call: Callable[[], T]) -> T:
    """Make a blocking call in a thread that keeps neither the loop nor the end of the process waiting."""
    worker = Worker("doctor")
    try:
        return await worker.submit(call)
    finally:
        worker.stop()
