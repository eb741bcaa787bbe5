"""A store with events that happened at any time, at any kiosk."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.audit import Event, Outcome
from kiosk.chain import Entry
from kiosk.settings import Settings
from tests.kiosk.conftest import front
from tests.stories.conftest import database, open_world
from tests.stories.world import World, new_world

__all__ = ["database", "front", "open_world"]


@pytest.fixture(autouse=True)
def in_leeds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
async def world(tmp_path: Path, database: dict[str, str]) -> AsyncIterator[World]:
    """An empty store, in the summer of 2027."""
    async with new_world(tmp_path, Settings().changed(database=database)) as made:
        made.hands.forward(days=(date(2027, 7, 7) - made.hands.wall.date()).days)
        yield made


def here(text: str) -> datetime:
    """A time as the clock on the wall shows it: "2027-06-01 09:30"."""
    return datetime.fromisoformat(text).astimezone()


def happened(
    when: str,
    event: Event,
    *,
    kiosk: str = "Library",
    visit: str = "",
    outcome: Outcome = Outcome.OK,
    reason: str = "",
    selftest: bool = False,
    **detail: Any,
) -> Entry:
    """An event."""
    told = json.dumps(detail, sort_keys=True) if detail else ""
    return Entry(
        at=here(when),
        kiosk=kiosk,
        visit=visit,
        event=event.value,
        outcome=outcome.value,
        reason=reason,
        holder_key="",
        card_key="",
        actor="",
        detail=told,
        selftest=selftest,
    )


def visited(
    when: str, seconds: int = 60, *, kiosk: str = "Library", organisation: str = "", unlocks: bool = True
) -> list[Entry]:
    """A visit that began then, and the unlock in it."""
    reference = f"{kiosk[0]}{when[5:]}"
    ended = happened(
        when,
        Event.VISIT_ENDED,
        kiosk=kiosk,
        visit=reference,
        reason="complete",
        seconds=seconds,
        organisation=organisation,
    )
    if not unlocks:
        return [ended]
    return [happened(when, Event.UNLOCKED, kiosk=kiosk, visit=reference, assisted=False), ended]


async def write(world: World, entries: Sequence[Entry]) -> None:
    """Put events into the trail, in their chain."""
    store = world.office.service.store
    async with store.work() as session:
        await store.audit.chain.append(session, entries)
