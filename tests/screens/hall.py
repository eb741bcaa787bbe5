"""Hangs a sample of the gallery: an app that shows it, with a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from kiosk.dialogue import Stage
from kiosk.settings import Site
from kiosk.steps import Busy, Scene
from screens.app import KioskApp
from screens.frame import KioskScreen
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
    """The look of the tests: nothing in it moves by itself, and a tick is called where one is meant."""
    plain = Look(
        site=SITE, now=lambda: NOW, zone=UTC, monotonic=clock or StillClock(), tick=3600, moving=False
    )
    return replace(plain, **changes)


async def wait_for_end(stage: Stage, end: asyncio.Event) -> int:
    """An attendant that does nothing until told to end."""
    await end.wait()
    return 0


class Hall:
    """An app in which one sample after another is hung."""

    def __init__(self, app: KioskApp, pilot: Pilot[int], clock: StillClock) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock

    @property
    def stage(self) -> TextualStage:
        return self.app.stage

    async def hang(self, sample: Sample) -> asyncio.Future[Any] | None:
        """Show the sample, press its keys and let its seconds pass. Gives a step's future."""
        answer: asyncio.Future[Any] | None = None
        if isinstance(sample.shown, Scene):
            self.stage.show(sample.shown)
        elif isinstance(sample.shown, Busy):
            self.stage.work(sample.shown)
        else:
            answer = self.stage.pose(sample.shown)
        await self.settle()
        if sample.keys:
            await self.pilot.press(*sample.keys)
        if sample.idle:
            self.pass_time(sample.idle)
        await self.settle()
        return answer

    async def settle(self) -> None:
        """Let every message be dealt with, and what they lead to be drawn."""
        for _ in range(3):
            await self.pilot.pause(0)

    async def touch(self, widget: Widget | str) -> None:
        """Press and release on the middle of a widget, as a terminal reports it: through the driver."""
        aim = self.screen.query(widget).first() if isinstance(widget, str) else widget
        x, y = aim.region.center
        driver = self.app._driver
        assert driver is not None
        for kind in (events.MouseDown, events.MouseUp):
            driver.process_message(kind(None, int(x), int(y), 0, 0, 1, False, False, False, int(x), int(y)))
        await self.pilot.pause()

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass with nothing done."""
        self.clock.seconds += seconds
        self.screen.tick()

    @property
    def screen(self) -> KioskScreen:
        screen = self.app.screen
        assert isinstance(screen, KioskScreen)
        return screen


async def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition, looked at every 10 ms; fails when it does not come."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the condition is Textual's, which has no event for it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def hall(*, size: tuple[int, int] = (80, 24), **changes: Any) -> AsyncIterator[Hall]:
    """An app on a terminal of this size; ``changes`` are fields of Look, or of its site."""
    clock = StillClock()
    site = SITE.model_copy(update={key: changes.pop(key) for key in set(changes) & set(Site.model_fields)})
    end = asyncio.Event()
    parts = {name: changes.pop(name, None) for name in ("drawer", "maintenance")}
    app = KioskApp(look(clock, site=site, **changes), lambda stage: wait_for_end(stage, end), **parts)
    async with app.run_test(size=size) as pilot:
        await wait_until(lambda: isinstance(app.screen, KioskScreen) and app.screen.is_mounted)
        await pilot.pause()
        yield Hall(app, pilot, clock)
        end.set()
