"""How a journey talks with the person: `ask` waits for them, `busy` says what the kiosk is doing.

`ask` is the only place where a journey can be abandoned. Nothing is cancelled from outside, so no
database write, mail or card command is ever cut in half.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import Enum
from typing import Any, Protocol, TypeVar

from kiosk.steps import Activity, Busy, Scene, Step

A = TypeVar("A")

SHOW_AFTER = 0.2  # seconds: work shorter than this shows nothing
SHOW_FOR = 0.5  # seconds: a progress once shown stays this long, or it would only flicker


class Gone(Enum):
    """Why the person is no longer there."""

    CARD_OUT = "card-out"
    READER = "reader"  # the reader or the card service went away
    PATIENCE = "patience"
    STOPPED = "stopped"
    STORE = "store"  # it is away: nothing could be recorded
    CLOSING = "closing"


class Abandoned(Exception):
    """The person has gone; raised by `Dialogue.ask` alone. ``unseen``: before the step was shown."""

    def __init__(self, reason: Gone, *, unseen: bool = False) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.unseen = unseen


class Dialogue(Protocol):
    """What a journey sees of the person."""

    @property
    def language(self) -> str:
        """The language the person reads, for the mails of this visit."""

    async def ask(self, step: Step[A]) -> A:
        """Show the step, wait for the person, return what they did. Raises Abandoned."""

    def busy(self, work: Busy) -> AbstractAsyncContextManager[None]:
        """Show what is under way while the body runs. Never ends a journey."""


class Stage(Protocol):
    """What draws: the Textual app in the kiosk, a script in the tests."""

    @property
    def language(self) -> str:
        """The language shown at the moment."""

    def show(self, scene: Scene) -> None:
        """Show what is seen while no journey runs; forget everything of the last person."""

    def pose(self, step: Step[A]) -> asyncio.Future[A]:
        """Show a step. The future gets the answer, or Abandoned with PATIENCE or STOPPED, once.

        The answered screen stays, disabled, until the next pose, work or show replaces it.
        """

    def work(self, busy: Busy) -> None:
        """Show that the kiosk is working."""


class Conversation:
    """A Dialogue over a Stage, for one visit. `end` is called by whoever sees the person go."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._gone: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()
        self._step: Step[Any] | None = None
        self.written_after: Step[Any] | None = None  # the step that led to the last write to the card

    @property
    def language(self) -> str:
        """The language on screen."""
        return self._stage.language

    @property
    def gone(self) -> Gone | None:
        """Why the person is gone, None while they are there."""
        return self._gone.result() if self._gone.done() else None

    @property
    def step(self) -> Step[Any] | None:
        """The step that was asked last."""
        return self._step

    def end(self, reason: Gone) -> None:
        """The person is gone: the present `ask`, or the next, raises Abandoned. Draws nothing more."""
        if not self._gone.done():
            self._gone.set_result(reason)

    async def ask(self, step: Step[A]) -> A:
        """Show the step and wait for its answer or for the visit's end."""
        self._raise_if_gone(unseen=True)
        self._step = step
        answer = self._stage.pose(step)
        try:
            ends: set[asyncio.Future[Any]] = {answer, self._gone}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._raise_if_gone()
        finally:
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # looked at: patience may run out as the card goes out
        return answer.result()

    @asynccontextmanager
    async def busy(self, work: Busy) -> AsyncIterator[None]:
        """Show progress, if the work lasts long enough to be seen, and then long enough to be read."""
        loop = asyncio.get_running_loop()
        read_by: float | None = None

        def draw() -> None:
            nonlocal read_by
            if not self._gone.done():
                self._stage.work(work)
                read_by = loop.time() + SHOW_FOR

        timer = loop.call_later(SHOW_AFTER, draw)
        if work.activity is Activity.WRITING_CARD:  # that must be said before it begins
            timer.cancel()
            self.written_after = self._step
            draw()
        try:
            yield
        finally:
            timer.cancel()
            if read_by is not None and (rest := read_by - loop.time()) > 0:
                await asyncio.wait({self._gone}, timeout=rest)

    def _raise_if_gone(self, *, unseen: bool = False) -> None:
        if self._gone.done():
            raise Abandoned(self._gone.result(), unseen=unseen)
