"""Events from before there was a chain are chained by the migration, and are whole afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import column, table
from sqlmodel.sql.sqltypes import UTCDateTime

from kiosk.audit import Event, Subject
from kiosk.keyring import ring_in_memory
from kiosk.keys import KeyProblem
from kiosk.settings import Settings
from kiosk.storage.backend import Backend
from kiosk.storage.place import place
from kiosk.storage.schema import upgrade
from tests import postgres
from tests.stories.world import PEPPER, VAULT_KEY, new_world

NOW = datetime(2026, 12, 1, 12, 30, 15, 987654, tzinfo=UTC)
COUNT = 2500  # more than go into one batch
TEXTS = ("kiosk", "visit", "event", "outcome", "reason", "holder_key", "card_key", "actor", "detail")
BEFORE = table(
    "audit_event", column("seq"), column("at", UTCDateTime()), column("selftest"), *map(column, TEXTS)
)
KEYS = ring_in_memory(VAULT_KEY, PEPPER)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A store as release 0.1.0 left it, with events; some numbers were never given."""
    url = "sqlite:///old.db" if request.param == "sqlite" else postgres.server().empty()
    settings = Settings().changed(database={"url": url}, state={"directory": tmp_path})
    upgrade(place(settings), "0001")
    engine = place(settings).plain(write=True)
    with engine.connect() as connection, connection.begin():
        connection.execute(BEFORE.insert(), [_event(number) for number in range(COUNT)])
    engine.dispose()
    yield settings
    if request.param == "postgresql":
        postgres.server().drop(url)


def _event(number: int) -> dict[str, Any]:
    texts = {name: f"{name} é {number}" for name in TEXTS}
    at = NOW + timedelta(seconds=number, microseconds=number)
    return {"seq": number + 1 + number // 100, "at": at, "selftest": number % 2 == 0, **texts}


async def test_old_events_are_chained(old: Settings, tmp_path: Path) -> None:
    backend: Backend = place(old)
    upgrade(backend, keys=lambda: KEYS)
    upgrade(backend, keys=lambda: KEYS)
    async with new_world(tmp_path, old) as world:
        found = await world.parts.trail.verify(None, lambda _: None)
        assert (found.count, found.head.seq, found.fault) == (COUNT, COUNT, None)
        events = await world.events()
        kept = [event.model_dump(include={"at", "selftest", *TEXTS}) for event in events]
        assert kept == [{k: v for k, v in _event(number).items() if k != "seq"} for number in range(COUNT)]
        await world.service.store.record(Event.KIOSK_STARTED, Subject())
        assert (await world.parts.trail.verify(None, lambda _: None)).count == COUNT + 1


def test_without_the_pepper_nothing_is_converted(old: Settings) -> None:
    with pytest.raises(KeyProblem, match="only with its keys"):
        upgrade(place(old))
    assert place(old).revision() == "0001"
