"""A holder for whom everything goes well, and what they report of each step."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from kiosk.selftest.report import StepReport
from kiosk.steps import Busy, Ending, Finished, Offer, Step


class Unexpected(Exception):
    """A journey asked something else than it does when all is well."""


class Visitor:
    """A Dialogue that answers as a holder for whom everything goes well."""

    language = "en"

    def __init__(self, journey: Offer, told: Callable[[StepReport], None], replies: dict[type, Any]) -> None:
        self._journey = journey
        self._told = told
        self._replies = replies
        self.ending: Ending | None = None

    async def ask(self, step: Step[Any]) -> Any:
        """Answer the step. Raises Unexpected for one that should not have come."""
        name = f"{self._journey.value}: {_kebab(type(step).__name__)}"
        if isinstance(step, Finished):
            self.ending = step.ending
        reply = self._replies.get(type(step))
        if reply is None or getattr(step, "refusal", None) or getattr(step, "wrong", False):
            self._told(StepReport(name, ok=False, ms=0.0, detail=_what(step)))
            raise Unexpected(name)
        began = time.perf_counter()
        answer = reply(step)
        self._told(StepReport(name, ok=True, ms=since(began), detail=_what(step)))
        return answer

    @asynccontextmanager
    async def busy(self, work: Busy) -> AsyncIterator[None]:
        """Time what the kiosk does."""
        name = f"{self._journey.value}: {work.activity.value}"
        began = time.perf_counter()
        try:
            yield
        except Exception as error:
            self._told(StepReport(name, ok=False, ms=since(began), detail=f"{type(error).__name__}: {error}"))
            raise
        self._told(StepReport(name, ok=True, ms=since(began)))


def since(began: float) -> float:
    """Milliseconds since a moment of `time.perf_counter`."""
    return round((time.perf_counter() - began) * 1000, 1)


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _what(step: Step[Any]) -> str:
    """What a step says besides its name: enums only, never anything of a person."""
    parts = (getattr(step, name, None) for name in ("why", "ending", "refusal"))
    return ", ".join(part.value for part in parts if part is not None)
