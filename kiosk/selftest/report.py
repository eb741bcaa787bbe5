"""What a self-test tells. Pure data: the command line and the screen put it into their own form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepReport:
    """One thing a holder sees or the kiosk does. ``ms``: how long it took."""

    name: str
    ok: bool
    ms: float
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """How the self-test went; ``steps`` ends with the step at fault."""

    ok: bool
    steps: tuple[StepReport, ...]
