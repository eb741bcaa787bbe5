"""Stories begin in an empty world, or in one with a registered holder and their card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.plots import register
from tests.stories.world import World, new_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A kiosk on an empty store."""
    async with new_world(tmp_path) as made:
        yield made


@pytest.fixture
async def registered(world: World) -> World:
    """A world in which Ann is registered, with her card as ``world.reader``'s last one."""
    await world.holder()
    world.ann = await world.card()
    await register(world, world.ann)
    return world
