"""Stories begin in an empty world, or in one with a registered holder and their card."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from kiosk.settings import Settings
from tests import postgres
from tests.stories.plots import register
from tests.stories.world import World, new_world

OpenWorld = Callable[..., Awaitable[World]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The table [database] of kiosk.toml, for an empty store of each kind: every story is told on both."""
    if request.param == "sqlite":
        yield {}
        return
    url = postgres.server().fresh()
    yield {"url": url}
    postgres.server().drop(url)


@pytest.fixture
async def open_world(tmp_path: Path, database: dict[str, str]) -> AsyncIterator[OpenWorld]:
    """Opens a kiosk with changed settings; with ``beside``, a further one on the same store."""
    async with AsyncExitStack() as stack:

        async def opened(*, beside: World | None = None, **sections: dict[str, Any]) -> World:
            settings = Settings().changed(**{"database": database, **sections})
            return await stack.enter_async_context(new_world(tmp_path, settings, beside=beside))

        yield opened


@pytest.fixture
async def world(open_world: OpenWorld) -> World:
    """A kiosk on an empty store."""
    return await open_world()


@pytest.fixture
async def registered(world: World) -> World:
    """A world in which Ann is registered, with her card as ``world.ann``."""
    return await with_ann(world)


async def with_ann(world: World, **card: Any) -> World:
    """Let Ann be there and registered."""
    await world.holder()
    world.ann = await world.card(**card)
    await register(world, world.ann)
    return world
