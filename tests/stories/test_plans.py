"""What a kiosk or an import asks of the store is found by an index: nothing grows with who else is in there.

Times tell that on a quiet machine alone (`make bench`); SQLite's plans tell it on any.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretBytes
from sqlalchemy import Engine, event

from cardio.card import CardId
from kiosk.arrivals import NewCard, NewHolder, NewRow
from kiosk.dialogue import Gone
from kiosk.office.believed import believed
from kiosk.reports.counting import make_report
from kiosk.reports.periods import Grain, latest
from kiosk.steps import Welcome
from kiosk.storage.models import HolderRow
from kiosk.storage.sqlite import Sqlite
from tests.stories.plots import register, unlock
from tests.stories.script import see
from tests.stories.world import RA_EMAIL, World, new_world

GROWING = (
    "audit_event",
    "card",
    "card_write",
    "holder",
    "holder_word",
    "refused_secret",
    "registration",
    "security_answer",
    "unblock_secret",
)  # fmt: skip - pending and code_mail are swept: they hold what is of today
WHOLE_TABLE = re.compile(rf"SCAN ({'|'.join(GROWING)})(_\d+)?\b")


class Plans:
    """The statements that were executed, and how SQLite carries them out."""

    def __init__(self, world: World) -> None:
        self.asked: dict[str, Any] = {}
        self._world = world

    def whole_tables(self) -> list[str]:
        """The statements that read a table from one end to the other; with a LIMIT none does."""
        return [
            f"{detail}: {statement}"
            for statement, detail in self.steps()
            if WHOLE_TABLE.match(detail) and "LIMIT" not in statement
        ]

    def steps(self) -> list[tuple[str, str]]:
        """Each statement with each step of how it is carried out."""
        backend = self._world.backend
        assert isinstance(backend, Sqlite)
        with closing(sqlite3.connect(backend.path)) as store:
            return [
                (statement, detail)
                for statement, parameters in self.asked.items()
                for *_, detail in store.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]


@contextmanager
def plans(world: World) -> Iterator[Plans]:
    """Look at what is executed meanwhile."""
    found = Plans(world)
    engine = world.parts.database._engine.sync_engine

    def heard(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.split()[0] in ("SELECT", "UPDATE", "DELETE"):
            found.asked[statement] = parameters

    event.listen(engine, "before_cursor_execute", heard)
    yield found
    event.remove(engine, "before_cursor_execute", heard)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world on SQLite."""
    async with new_world(tmp_path) as made:
        yield made


async def test_a_roll_reads_no_whole_table(world: World) -> None:
    kinds = ("guid", "yubikey-serial")
    rows = [
        NewRow(
            number,
            NewHolder(f"H{number}", f"Ann Jones{number}", f"ann{number}@nhs.net"),
            NewCard(CardId("piv", kinds[number % 2], f"{number:032X}"), SecretBytes(f"{number:08}".encode())),
        )
        for number in range(20)
    ]
    with plans(world) as found:
        await world.parts.enrolment.import_all(rows, by="roll")
        await world.parts.enrolment.import_all(rows, by="roll")
    assert len(found.asked) > 5
    assert found.whole_tables() == []


async def test_an_unlock_reads_no_whole_table(world: World) -> None:
    await world.holder()
    card = await world.card()
    with plans(world) as found:
        await register(world, card)
        card.lock()
        world.hands.forward(minutes=2)
        await unlock(world, card)
        assert await world.service.store.clock_is_believable()
    assert len(found.asked) > 20
    assert found.whole_tables() == []


@pytest.mark.parametrize("text", ["H1", RA_EMAIL, "jones", "Ann Jones"])
async def test_a_holder_is_found_without_reading_a_whole_table(world: World, text: str) -> None:
    await world.holder()
    with plans(world) as found:
        assert [one.row.holder_id for one in await world.parts.enrolment.find(text)] == ["H1"]
    assert found.whole_tables() == []


async def test_a_visit_is_looked_up_by_its_reference(world: World) -> None:
    """Whoever looks from the newest event on finds it soon; and reads them all after a slip of a letter."""
    await world.holder()
    card = await world.card()
    await world.visit(card, [see(Welcome, Gone.STOPPED)])
    visit = (await world.events("card.seen"))[-1].visit
    enrolment = world.parts.enrolment
    with plans(world) as found:
        assert [one.row.holder_id for one in await enrolment.find(visit.lower())] == ["H1"]
        assert await enrolment.why_nobody("B9M-9ZK") == ""
        await enrolment.why_nobody(visit)
    assert found.whole_tables() == []
    read = [step for _, step in found.steps() if "audit_event" in step]
    assert len(read) == 2
    assert all(
        "USING INDEX ix_audit_event_visit (visit=?)" in step.replace("COVERING ", "") for step in read
    ), read


async def test_a_report_reads_the_events_of_its_own_time(world: World) -> None:
    """By the index of the events' names it would read all that ever happened."""
    await world.holder()
    with plans(world) as found:
        await make_report(world.service.store, latest(Grain.DAY, world.hands.wall.date()))
    assert found.whole_tables() == []
    read = [step for statement, step in found.steps() if "audit_event" in step and "GROUP BY" in statement]
    assert len(read) >= 2, "the events, and the visits with an unlock"
    assert all("ix_audit_event_at (at>? AND at<?)" in step for step in read), read


async def test_a_look_through_a_whole_table_shows(world: World) -> None:
    with plans(world) as found:
        await world.rows(HolderRow)
    assert len(found.whole_tables()) == 1


async def test_what_the_doctor_counts_is_read_in_the_order_of_the_file(world: World) -> None:
    """An index would lead through the whole file in no order, page by page: slower with every card."""
    asked: list[tuple[str, Any]] = []

    def heard(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM card" in statement:
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        await asyncio.to_thread(believed, world.settings)
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    ((statement, parameters),) = asked
    backend = world.backend
    assert isinstance(backend, Sqlite)
    with closing(backend.read_only()) as store:
        plan = [detail for *_, detail in store.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert "SCAN card" in plan, plan
