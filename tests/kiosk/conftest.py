"""The kiosk's own parts: a world as in the stories, and an attendant at its front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk import attendant
from kiosk.attendant import Attendant
from kiosk.settings import Settings
from tests.kiosk.stage import BareStage
from tests.stories.conftest import database, open_world, with_ann
from tests.stories.world import World, new_world

__all__ = ["database", "front", "open_world", "registered", "world"]


@pytest.fixture
async def world(tmp_path: Path, database: dict[str, str]) -> AsyncIterator[World]:
    """A kiosk on an empty store, whose patience with a card left in is over at once."""
    settings = Settings().changed(patience={"card_left_in": 0.01}, database=database)
    async with new_world(tmp_path, settings) as made:
        yield made


@pytest.fixture
async def registered(world: World) -> World:
    """The same with Ann registered; to be named before `front`, which watches the same reader."""
    return await with_ann(world)


class Front:
    """An attendant at work, and what it draws."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stage = BareStage()
        self.attendant = Attendant(
            self.stage, world.reader, world.service, world.parts.watch, world.parts.hold
        )
        self.running = asyncio.create_task(self.attendant.run())

    async def close(self) -> int:
        """Close the kiosk, and return its exit code."""
        self.attendant.close()
        return await self.ended()

    async def ended(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(5):
            return await self.running


@pytest.fixture
async def front(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    """The attendant of `world`, running."""
    monkeypatch.setattr(attendant, "LOOK_AGAIN", 0.01)
    made = Front(world)
    yield made
    if not made.running.done():
        await made.close()
