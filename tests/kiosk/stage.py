"""A stage without a screen: tests see what is drawn, and answer in the person's place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from kiosk.dialogue import Abandoned, Gone
from kiosk.steps import Busy, Scene, Step

Drawn = Scene | Step[Any] | Busy
D = TypeVar("D", bound=Drawn)


class BareStage:
    """Keeps everything that was drawn, and the future of the step that is waiting."""

    language = "en"

    def __init__(self) -> None:
        self.drawn: list[Drawn] = []
        self.waiting: asyncio.Future[Any] | None = None
        self._changed = asyncio.Event()

    def show(self, scene: Scene) -> None:
        """Draw a scene; whatever was asked is gone."""
        self.waiting = None
        self._draw(scene)

    def pose(self, step: Step[Any]) -> asyncio.Future[Any]:
        """Draw a step."""
        self.waiting = asyncio.get_running_loop().create_future()
        self._draw(step)
        return self.waiting

    def work(self, busy: Busy) -> None:
        """Draw work."""
        self._draw(busy)

    def _draw(self, drawn: Drawn) -> None:
        self.drawn.append(drawn)
        self._changed.set()

    @property
    def now(self) -> Drawn | None:
        """What is on the screen."""
        return self.drawn[-1] if self.drawn else None

    async def until(self, wanted: type[D], also: Callable[[D], bool] = lambda _: True) -> D:
        """Wait until that is on the screen."""
        async with asyncio.timeout(5):
            while True:
                if isinstance(self.now, wanted) and also(self.now):
                    return self.now
                self._changed.clear()
                await self._changed.wait()

    async def reply(self, wanted: type[Step[Any]], answer: Any) -> Step[Any]:
        """Wait for a step and answer it; a Gone is the person going."""
        step = await self.until(wanted)
        assert self.waiting is not None
        if isinstance(answer, Gone):
            self.waiting.set_exception(Abandoned(answer))
        else:
            self.waiting.set_result(answer)
        return step
