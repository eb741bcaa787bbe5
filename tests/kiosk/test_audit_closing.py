"""Closing the oldest segment: exported, verified, signed for, and gone as a whole; on both databases."""

from __future__ import annotations

import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import text

from kiosk.audit import Event, Subject
from kiosk.chain import Head
from kiosk.checkpoints import end_of, statement
from kiosk.enrolment import EnrolmentError
from kiosk.office import exporting
from kiosk.office.closing import Closed, close_due
from kiosk.storage.database import StoreUnavailable
from kiosk.verification import Fault, Flaw, Verified
from tests.kiosk.tampering import tamper
from tests.stories.conftest import OpenWorld
from tests.stories.world import World


@pytest.fixture
async def year(open_world: OpenWorld) -> World:
    """Ten events, one each ten days; those of the first 55 days are to be closed."""
    world = await open_world(retention={"audit_days": 40})
    await more(world, 10)
    return world


async def more(world: World, count: int) -> None:
    """So many events, one each ten days."""
    for _ in range(count):
        await world.service.store.record(Event.KIOSK_STARTED, Subject())
        world.hands.forward(days=10)


async def close(world: World, name: str = "a.jsonl") -> Closed | None:
    """Close what is due."""
    file = world.settings.state_directory / name
    return await close_due(world.parts.trail, lambda _first, _last: file, lambda _: None, by="officer")


async def verified(world: World, expected: Head | None = None) -> Verified:
    """What ``kiosk audit verify`` finds."""
    return await world.parts.trail.verify(expected, lambda _: None)


async def test_a_segment_is_closed_and_the_chain_goes_on(year: World) -> None:
    closed = await close(year)
    assert closed is not None
    made = closed.checkpoint
    assert (made.first_seq, made.last_seq, made.count, made.by) == (1, 6, 6, "officer")
    assert [event.seq for event in await year.events()] == [7, 8, 9, 10, 11]
    (event,) = await year.events("audit.closed")
    assert (event.actor, json.loads(event.detail)) == ("officer", {"first": 1, "last": 6})
    assert event.previous
    found = await verified(year)
    assert (found.start, found.count, found.fault) == (end_of(made), 5, None)


async def test_the_file_holds_what_is_gone(year: World) -> None:
    before = await year.events()
    closed = await close(year)
    assert closed is not None
    assert closed.file.stat().st_mode & 0o777 == 0o600
    found = exporting.verify(closed.file, year.service.store.audit.chain, None, lambda _: None)
    assert (found.verified.count, found.verified.fault) == (6, None)
    assert found.sha256 == closed.checkpoint.sha256
    lines = [json.loads(line) for line in closed.file.read_text().splitlines()]
    assert [line["mac"] for line in lines] == [event.mac for event in before[:6]]


async def test_segments_follow_one_another(year: World) -> None:
    await close(year)
    await more(year, 5)
    second = await close(year, "b.jsonl")
    assert second is not None
    assert (second.checkpoint.first_seq, second.checkpoint.last_seq) == (7, 12)
    found = await verified(year)
    assert (found.start.seq, found.fault) == (12, None)


async def test_the_newest_event_stays_however_old(year: World) -> None:
    year.hands.forward(days=1000)
    closed = await close(year)
    assert closed is not None
    assert closed.checkpoint.last_seq == 9
    assert [event.seq for event in await year.events()] == [10, 11]
    assert (await verified(year)).fault is None


async def test_nothing_is_closed_before_its_time(open_world: OpenWorld) -> None:
    world = await open_world(retention={"audit_days": 3650})
    assert await close(world) is None
    await more(world, 3)
    assert await close(world) is None
    assert not (world.settings.state_directory / "a.jsonl").exists()


async def test_nothing_is_ever_closed_where_the_site_keeps_all(open_world: OpenWorld) -> None:
    world = await open_world(retention={"audit_days": 0})
    await more(world, 3)
    world.hands.forward(days=30_000)
    assert await close(world) is None


async def test_a_chain_that_is_broken_is_not_closed(year: World) -> None:
    tamper(year.backend, ("UPDATE audit_event SET reason = 'x' WHERE seq = 3", {}))
    with pytest.raises(EnrolmentError, match=r"nothing was closed.*event 3 was altered"):
        await close(year)
    assert len(await year.events()) == 10
    assert await year.parts.trail.checkpoints() == []


async def test_nothing_is_written_over(year: World) -> None:
    file = year.settings.state_directory / "a.jsonl"
    file.write_text("precious")
    with pytest.raises(FileExistsError):
        await close(year)
    assert file.read_text() == "precious"
    assert len(await year.events()) == 10


async def test_an_outsider_can_check_the_signature(year: World) -> None:
    await close(year)
    trail = year.parts.trail
    (row,), (store, _) = await trail.checkpoints(), await trail.ends()
    key = load_pem_public_key(trail.notary.public_key().encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(bytes.fromhex(row.signature), statement(store, row))
    row.sha256 = "0" * 64
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(row.signature), statement(store, row))


# -- somebody without the pepper -------------------------------------------------------------------


@pytest.mark.parametrize("column", ["sha256", "by", "last_mac", "previous", "signature"])
async def test_a_checkpoint_that_was_altered(year: World, column: str) -> None:
    await close(year)
    tamper(year.backend, (f"UPDATE audit_checkpoint SET {column} = 'f00d'", {}))  # noqa: S608 - from above
    assert (await verified(year)).fault == Fault(6, Flaw.CHECKPOINT)


async def test_a_checkpoint_that_is_gone(year: World) -> None:
    await close(year)
    tamper(year.backend, ("DELETE FROM audit_checkpoint", {}))
    assert (await verified(year)).fault == Fault(1, Flaw.MISSING)


async def test_a_forged_checkpoint_hides_nothing(year: World) -> None:
    forged = (
        "INSERT INTO audit_checkpoint "
        "(first_seq, last_seq, previous, last_mac, count, sha256, at, by, signature) "
        "SELECT 1, seq, previous, mac, 3, 'x', at, 'x', 'f00d' FROM audit_event WHERE seq = 3"
    )
    tamper(year.backend, (forged, {}), ("DELETE FROM audit_event WHERE seq <= 3", {}))
    assert (await verified(year)).fault == Fault(3, Flaw.CHECKPOINT)


async def test_what_was_closed_does_not_come_back(year: World) -> None:
    row = (await year.events())[2]
    await close(year)
    values = row.model_dump() | {"at": row.at.strftime("%Y-%m-%d %H:%M:%S.%f+00:00")}
    names = ", ".join(values)
    sql = f"INSERT INTO audit_event ({names}) VALUES ({', '.join(f':{name}' for name in values)})"  # noqa: S608
    tamper(year.backend, (sql, values))
    assert (await verified(year)).fault == Fault(3, Flaw.CLOSED)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_checkpoint SET sha256 = 'x'",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_event WHERE seq = 7",
        "INSERT INTO audit_checkpoint "
        "(first_seq, last_seq, previous, last_mac, count, sha256, at, by, signature) "
        "SELECT 9, 9, previous, last_mac, count, sha256, at, by, signature FROM audit_checkpoint",
    ],
)
async def test_the_database_guards_checkpoints_and_what_they_do_not_cover(year: World, sql: str) -> None:
    await close(year)
    with pytest.raises(StoreUnavailable):
        async with year.office.service.store.work() as session:
            await (await session.connection()).execute(text(sql))
    assert (await verified(year)).fault is None


async def test_old_heads_are_known_where_a_segment_ended(year: World) -> None:
    old = Head(6, (await year.events())[5].mac)
    await close(year)
    assert (await verified(year, old)).fault is None
    await more(year, 5)
    await close(year, "b.jsonl")
    assert (await verified(year, old)).fault is None
    assert (await verified(year, Head(6, "0" * 64))).fault == Fault(6, Flaw.OTHER_HEAD)
