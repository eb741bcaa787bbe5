"""Two neighbouring releases have a schema in common, so that a fleet is upgraded kiosk by kiosk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from kiosk.refusals import OutOfService
from kiosk.storage import schema
from kiosk.storage.schema import MIGRATIONS, SCHEMA, upgrade
from tests.stories.conftest import with_ann
from tests.stories.plots import unlocking
from tests.stories.world import World

Release = Callable[[], AbstractContextManager[None]]

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"


def upgrade():
    {body}
"""
EXPAND = 'op.add_column("card", sa.Column("colour", sa.String(), nullable=True))'
CONTRACT = 'op.drop_column("card", "colour")'


def after(revision: str, steps: int = 1) -> str:
    """The number of a later migration."""
    return f"{int(revision) + steps:04d}"


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Release, Release]:
    """This release's successor, which expands the schema, and the one after that, which contracts it."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    expanded, contracted = after(SCHEMA), after(SCHEMA, 2)
    for number, before, body in ((expanded, SCHEMA, EXPAND), (contracted, expanded, CONTRACT)):
        text = MIGRATION.format(number=number, before=before, body=body)
        (folder / "versions" / f"{number}_x.py").write_text(text)

    def release(oldest: str, newest: str) -> Release:
        @contextmanager
        def installed() -> Iterator[None]:
            with monkeypatch.context() as patch:
                patch.setattr(schema, "MIGRATIONS", folder)
                patch.setattr(schema, "OLDEST", oldest)
                patch.setattr(schema, "SCHEMA", newest)
                yield

        return installed

    return release(SCHEMA, expanded), release(expanded, contracted)


async def serves(world: World) -> bool:
    """Whether a kiosk is in service, and unlocks a card."""
    if await world.parts.watch.look("waiting") is OutOfService.SCHEMA:
        return False
    world.hands.forward(hours=2)
    world.ann.lock()
    await world.visit(world.ann, unlocking(world))
    return True


async def test_a_fleet_is_upgraded_kiosk_by_kiosk(world: World, releases: tuple[Release, Release]) -> None:
    first, second = releases
    await with_ann(world)
    with second():
        assert not await serves(world), "too new for this store: it touches nothing"
    with first():
        assert await serves(world)
        upgrade(world.backend, schema.SCHEMA)
        assert await serves(world)
    with second():
        assert await serves(world), "both work with what the first has made of it"
    with first():
        assert await serves(world)
    with second():
        upgrade(world.backend, schema.SCHEMA)
        assert await serves(world)
    with first():
        assert not await serves(world), "it says so, and stays out of service"
    assert await world.parts.watch.look("waiting") is OutOfService.SCHEMA
