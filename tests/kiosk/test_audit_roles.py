"""PostgreSQL's own rights, as docs/audit.md grants them: the kiosk appends, another role closes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from kiosk.audit import Event, Subject
from kiosk.enrolment import EnrolmentError
from kiosk.office.closing import close_due
from kiosk.settings import Settings
from kiosk.storage.database import NotAllowed
from tests import postgres
from tests.stories.world import World, new_world

DOCS = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
GRANTS = re.findall(r"^    (GRANT .+;)$", DOCS, re.MULTILINE)
TRAIL = "audit_event, audit_checkpoint, audit_store"


@pytest.fixture
async def roles(tmp_path: Path) -> AsyncIterator[tuple[World, World]]:
    """A kiosk and whoever closes segments, each with a role of its own, on one store with ten old events."""
    url = postgres.server().fresh()
    with psycopg.connect(url, autocommit=True) as owner:
        for role in ("kiosk", "unlock_archive"):
            if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                owner.execute(f"CREATE ROLE {role} LOGIN".encode())
        owner.execute(b"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO kiosk")
        owner.execute(b"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO kiosk")
        owner.execute(f"REVOKE ALL ON {TRAIL} FROM kiosk".encode())
        for grant in GRANTS:
            owner.execute(grant.encode())
    name = url.rsplit("/", 1)[1]
    settings = Settings().changed(retention={"audit_days": 30})
    first = settings.changed(database={"url": postgres.server().url(name, "kiosk")})
    second = settings.changed(database={"url": postgres.server().url(name, "unlock_archive")})
    async with new_world(tmp_path, first) as kiosk, new_world(tmp_path, second) as archive:
        for _ in range(10):
            await kiosk.service.store.record(Event.KIOSK_STARTED, Subject())
        for world in (kiosk, archive):
            world.hands.forward(days=50)
        yield kiosk, archive
    postgres.server().drop(url)


async def close(world: World) -> bool:
    """Close what is due; whether anything was."""
    file = world.settings.state_directory / "old.jsonl"
    return await close_due(world.parts.trail, lambda _a, _b: file, lambda _: None, by="x") is not None


async def test_there_are_grants_for_both() -> None:
    assert len(GRANTS) == 6


async def test_the_kiosk_does_its_daily_tasks_and_cannot_close(roles: tuple[World, World]) -> None:
    kiosk, _ = roles
    await kiosk.service.retention.tend()
    assert len(await kiosk.events("retention.enforced")) == 1
    with pytest.raises(EnrolmentError, match="did not let go of its events"):
        await close(kiosk)
    assert len(await kiosk.events()) == 11
    assert await kiosk.parts.trail.checkpoints() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET reason = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE audit_store SET store = 'x'",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TABLE audit_event",
    ],
)
async def test_the_kiosk_cannot_do_this(roles: tuple[World, World], sql: str) -> None:
    kiosk, _ = roles
    with pytest.raises(NotAllowed, match="may not do this"):
        async with kiosk.service.store.work() as session:
            await (await session.connection()).execute(text(sql))


async def test_the_other_role_closes_and_the_kiosk_goes_on(roles: tuple[World, World]) -> None:
    kiosk, archive = roles
    assert await close(archive)
    await kiosk.service.store.record(Event.KIOSK_STOPPED, Subject())
    found = await kiosk.parts.trail.verify(None, lambda _: None)
    assert (found.start.seq, found.count, found.fault) == (9, 3, None)
