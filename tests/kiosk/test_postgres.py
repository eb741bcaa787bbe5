"""A PostgreSQL that crashes, hangs, takes no writes or is somebody else's: what the kiosk makes of it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import select

from kiosk.clock import Clock
from kiosk.keys import KeyProblem
from kiosk.office.doctor import surroundings
from kiosk.office.doctor.finding import Level
from kiosk.refusals import OutOfService
from kiosk.settings import Settings, SettingsError
from kiosk.steps import Attract, Closed
from kiosk.storage.database import PATIENCE, Database, StoreUnavailable
from kiosk.storage.models import KioskRow
from kiosk.storage.place import place
from kiosk.storage.postgres import Postgres
from kiosk.storage.schema import StoreOutOfDate, require_schema
from tests import postgres
from tests.kiosk.conftest import Front
from tests.lines import Cut, Line
from tests.postgres import Server

WITHIN = 5.0  # seconds: what the kiosk promises


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that this test may ruin."""
    made = Server(**postgres.QUICK)
    made.start()
    made.make_template()
    yield made
    made.remove()


@pytest.fixture
def database(server: Server) -> dict[str, str]:
    """Its only database."""
    return {"url": server.fresh()}


async def closes(front: Front, since: float) -> None:
    """The kiosk is out of service for its store, in time."""
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.STORE
    assert time.monotonic() - since < WITHIN + 1.0, "a busy machine is given a second"


async def test_a_server_that_crashes_and_comes_back(server: Server, front: Front) -> None:
    await front.stage.until(Attract)
    since = time.monotonic()
    server.stop("immediate")
    await closes(front, since)
    server.start()
    await front.stage.until(Attract)


@pytest.mark.parametrize("ended", [False, True], ids=["", "and the kiosk is closed"])
async def test_a_server_that_hangs(server: Server, front: Front, ended: bool) -> None:
    """Its machine acknowledges everything, and no answer comes."""
    front.world.parts.database._patience = PATIENCE
    await front.stage.until(Attract)
    with psycopg.connect(server.url("postgres")) as admin:
        mine = admin.info.backend_pid
        pids = [row[0] for row in admin.execute("SELECT pid FROM pg_stat_activity WHERE pid <> %s", [mine])]
    postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
    since = time.monotonic()
    for pid in (postmaster, *pids):
        os.kill(pid, signal.SIGSTOP)
    try:
        await closes(front, since)
        if ended:
            front.attendant.close()  # it gives the store up, and ends
            async with asyncio.timeout(30):
                await front.running
    finally:
        for pid in (*pids, postmaster):
            os.kill(pid, signal.SIGCONT)
    if not ended:
        await front.stage.until(Attract)


async def test_a_kiosk_that_starts_without_its_server_waits_for_it(server: Server, front: Front) -> None:
    server.stop("fast")
    await front.stage.until(Closed)
    server.start()
    await front.stage.until(Attract)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A line to the shared server."""
    made = Line(postgres.server().port)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def mine(line: Line) -> AsyncIterator[Database]:
    """A database behind that line, with a clock that heeds it."""
    url = postgres.server().fresh()
    made = Database(Postgres(url.replace(f":{postgres.server().port}/", f":{line.port}/")), Clock())
    yield made
    await made.close()
    postgres.server().drop(url)


async def arrival(database: Database, name: str) -> None:
    """A unit of work that leaves a row."""
    now = datetime.now(UTC)
    async with database.transaction() as session:
        row = KioskRow(instance=name, name=name, version="", state="", started_at=now, seen_at=now)
        session.add(row)


async def names(database: Database) -> list[str]:
    """The rows that are kept."""
    async with database.transaction() as session:
        return list((await session.exec(select(KioskRow.name).order_by(KioskRow.name))).all())


async def test_a_unit_of_work_that_lasts_too_long_is_ended(mine: Database) -> None:
    impatient = Database(mine.backend, Clock(), patience=0.2)
    with pytest.raises(StoreUnavailable):
        async with impatient.transaction() as session:
            await (await session.connection()).execute(text("SELECT pg_sleep(60)"))
    await impatient.ping()
    await impatient.close()


async def test_a_commit_whose_answer_is_lost_is_found_out_about(mine: Database, line: Line) -> None:
    await arrival(mine, "a")
    before = line.said
    await arrival(mine, "b")
    length = line.said - before
    line.cut(Cut.ANSWER, length)  # of COMMIT, which is said last
    await arrival(mine, "c")
    assert line.was_cut
    assert await names(mine) == ["a", "b", "c"], "it was kept, and that is known"
    line.cut(Cut.SAYING, length)
    with pytest.raises(StoreUnavailable):
        await arrival(mine, "d")
    assert line.was_cut
    assert await names(mine) == ["a", "b", "c"], "it was not"


async def test_a_dead_line_ends_a_unit_of_work_in_time(mine: Database, line: Line) -> None:
    await arrival(mine, "a")
    line.dead(dead=True)
    since = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await arrival(mine, "b")
    assert time.monotonic() - since < 2 * WITHIN
    line.dead(dead=False)
    await arrival(mine, "c")
    assert await names(mine) == ["a", "c"]


async def test_the_servers_clock_is_the_time(mine: Database) -> None:
    years_behind = Clock(lambda: datetime(2020, 1, 1, tzinfo=UTC))
    database = Database(mine.backend, years_behind)
    await database.ping()
    assert abs(years_behind.now() - datetime.now(UTC)) < timedelta(seconds=60)
    assert years_behind.error() < timedelta(days=-365)
    await database.close()


async def test_doctor_tells_a_clock_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.server().fresh()
    settings = Settings().changed(database={"url": url})
    found = await surroundings.clock(settings)
    assert found.level is Level.OK
    late = timedelta(seconds=31)
    monkeypatch.setattr(surroundings, "Clock", lambda: Clock(lambda: datetime.now(UTC) - late))
    found = await surroundings.clock(settings)
    assert found.level is Level.WARN
    assert "31 s behind the database's" in found.detail
    postgres.server().drop(url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://k:secret@127.0.0.1/unlock", "must not hold a password"),
        ("postgresql://k@db.example.org/unlock?sslmode=require", "sslmode must be verify-full"),
        ("postgresql://k@127.0.0.1,db.example.org/unlock?sslmode=disable", "sslmode must be verify-full"),
        ("postgresql://k@127.0.0.1/unlock?colour=red", "is not understood"),
    ],
)
def test_an_address_that_is_not_safe_or_not_understood(url: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as refused:
        place(Settings().changed(database={"url": url}))
    assert "secret" not in str(refused.value)


def test_a_remote_servers_certificate_is_verified() -> None:
    options = Postgres("postgresql://k@db1.example.org,db2.example.org/unlock")._options
    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "system")
    assert options["target_session_attrs"] == "read-write"


def test_a_password_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    settings = Settings().changed(
        state={"directory": tmp_path},
        database={"url": "postgresql://k@127.0.0.1/unlock", "password_file": "db-password"},
    )
    with pytest.raises(KeyProblem, match="is missing"):
        place(settings)
    (tmp_path / "db-password").write_text("swordfish\n")
    (tmp_path / "db-password").chmod(0o600)
    backend = place(settings)
    assert isinstance(backend, Postgres)
    assert "password=swordfish" in backend._conninfo()
    assert "swordfish" not in backend.shown + repr(backend)
    assert backend._password == SecretStr("swordfish")


def test_an_empty_database_says_what_to_do() -> None:
    url = postgres.server().url("postgres")
    with pytest.raises(StoreOutOfDate, match="it has no tables yet: run 'kiosk init'"):
        require_schema(Postgres(url))


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(StoreUnavailable, match="onnection"):
        require_schema(Postgres("postgresql://k@127.0.0.1:1/unlock"))
