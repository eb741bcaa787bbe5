"""Hangs a sample of the gallery: an app that shows it, with a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from textual.pilot import Pilot

from kiosk.dialogue import Stage
from kiosk.settings import Site
from kiosk.steps import Busy, Scene
from screens.app import KioskApp
from screens.look import Look
from screens.stage import TextualStage
from tests.screens.gallery import NOW, Sample

SITE = Site(
    kiosk_name="Ward 7",
    ra_phone="0113 496 0000",
    ra_where="Main building, room 1.14, beside the chapel",
    ra_hours="Monday to Friday, 8 to 18",
)


class StillClock:
    """A monotonic clock that goes on only when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def look(clock: StillClock | None = None, **changes: Any) -> Look:
    """The look of the tests: nothing in it moves by itself."""
    plain = Look(site=SITE, now=lambda: NOW, zone=UTC, monotonic=clock or StillClock(), tick=0.02)
    return replace(plain, **changes)


@dataclass
class Hung:
    """What hangs on the wall."""

    app: KioskApp
    pilot: Pilot[int]
    stage: TextualStage
    clock: StillClock
    answer: asyncio.Future[Any] | None


async def wait_for_end(stage: Stage, end: asyncio.Event) -> int:
    """An attendant that does nothing until told to end."""
    await end.wait()
    return 0


@asynccontextmanager
async def hung(
    sample: Sample, *, size: tuple[int, int] = (80, 24), language: str = "en", contrast: bool = False, **changes: Any
) -> AsyncIterator[Hung]:
    """The sample on screen, its keys pressed and its seconds passed."""
    clock = StillClock()
    seen = look(clock, **changes)
    site = seen.site.model_copy(update={"touch": sample.touch, "high_contrast": contrast, "language": language})
    end = asyncio.Event()
    app = KioskApp(replace(seen, site=site), lambda stage: wait_for_end(stage, end))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        stage = app.stage
        answer: asyncio.Future[Any] | None = None
        if isinstance(sample.shown, Scene):
            stage.show(sample.shown)
        elif isinstance(sample.shown, Busy):
            stage.work(sample.shown)
        else:
            answer = stage.pose(sample.shown)
        await pilot.pause()
        await pilot.press(*sample.keys)
        clock.seconds += sample.idle
        if sample.idle:
            await pilot.pause(0.1)
        await pilot.pause()
        yield Hung(app, pilot, stage, clock, answer)
        end.set()
