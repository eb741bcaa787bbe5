"""A way to ask what may never answer; what was found is a `kiosk.levels.Finding`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cardio.worker import Worker
from kiosk.levels import ELSEWHERE, Finding, Hands, Level

__all__ = ["Finding", "Hands", "Level", "aside", "unseen"]

T = TypeVar("T")


def unseen(name: str) -> Finding:
    """What cannot be looked at because the store cannot be opened, which another check tells."""
    return Finding(name, Level.FAIL, "cannot be seen without the store", ELSEWHERE)


async def aside(call: Callable[[], T]) -> T:
    """Make a blocking call in a thread that keeps neither the loop nor the end of the process waiting."""
    worker = Worker("doctor")
    try:
        return await worker.submit(call)
    finally:
        worker.stop()
