"""What is over is erased when the site says; once a day, by one kiosk of a store; on both databases."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from kiosk import retention
from kiosk.audit import Event, Subject
from kiosk.letters import NoticeKind
from kiosk.steps import Attract
from kiosk.storage.models import (
    AssistanceRow,
    CardWriteRow,
    HolderRow,
    NoticeRow,
    NoticeState,
    RegistrationRow,
    SecurityAnswerRow,
)
from kiosk.storage.trail import AuditStoreRow
from tests.kiosk.conftest import Front
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import changing_passcode, register
from tests.stories.test_assistance import issue
from tests.stories.world import World, new_world

HEAD = "Head of the audit trail"


async def enforced(world: World) -> int:
    """How often it was enforced."""
    return len(await world.events("retention.enforced"))


async def test_settled_writes_go_after_their_time_and_open_ones_stay(registered: World) -> None:
    registered.hands.forward(hours=2)
    await registered.visit(registered.ann, changing_passcode())
    (write,) = await registered.rows(CardWriteRow)
    assert write.settled_at is not None
    registered.hands.forward(days=364)
    assert (await registered.service.retention.enforce()).writes == 0
    registered.hands.forward(days=2)
    known = await registered.known(registered.ann)
    async with registered.office.service.store.work() as session:
        session.add(
            CardWriteRow(card=known.card, visit="", kiosk="", purpose="unlock", was_locked=True, at=write.at)
        )
    assert (await registered.service.retention.enforce()).writes == 1
    assert [row.state for row in await registered.rows(CardWriteRow)] == ["intent"]


async def test_notices_that_were_given_up_go_and_those_that_wait_stay(registered: World) -> None:
    registered.post.down = True
    known = await registered.known(registered.ann)
    for _ in range(2):
        async with registered.office.service.store.work() as session:
            await registered.service.notices.queue(session, NoticeKind.BLOCKED, known, known.email, "en")
        registered.hands.forward(days=4)
        await registered.service.notices.send_due()
    registered.hands.forward(days=28)
    async with registered.office.service.store.work() as session:
        await registered.service.notices.queue(session, NoticeKind.BLOCKED, known, known.email, "en")
    before = [row.state for row in await registered.rows(NoticeRow)]
    gone = (await registered.service.retention.enforce()).notices
    after = [row.state for row in await registered.rows(NoticeRow)]
    assert gone == before.count(NoticeState.GIVEN_UP.value) - after.count(NoticeState.GIVEN_UP.value) > 0
    assert NoticeState.QUEUED.value in after


async def test_assistance_codes_go_a_day_after_their_end(registered: World) -> None:
    await issue(registered, registered.ann)
    registered.hands.forward(hours=2)
    assert (await registered.service.retention.enforce()).assistance == 0
    registered.hands.forward(hours=24)
    assert (await registered.service.retention.enforce()).assistance == 1
    assert await registered.rows(AssistanceRow) == []


async def test_registrations_that_nobody_uses_lapse_and_their_holders_are_told(open_world: OpenWorld) -> None:
    world = await with_ann(await open_world(retention={"unused_days": 100}))
    world.hands.forward(days=99)
    await world.visit(world.ann, changing_passcode())
    world.hands.forward(days=99)
    assert (await world.service.retention.enforce()).registrations == 0, "they came 99 days ago"
    world.hands.forward(days=2)
    assert (await world.service.retention.enforce()).registrations == 1
    assert await world.rows(RegistrationRow) == []
    assert await world.rows(SecurityAnswerRow) == []
    (event,) = await world.events("registration.lapsed")
    assert (event.holder_key, event.reason) == ((await world.known(world.ann)).holder_key, "unused")
    assert "ann.jones@nhs.net: Your self-service registration has ended" in await world.notices()
    assert (await world.service.retention.enforce()).registrations == 0


async def test_registrations_lapse_a_stretch_at_a_time_and_some_a_day(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "STRETCH", 1)
    monkeypatch.setattr(retention, "LAPSES", 2)
    world = await open_world(retention={"unused_days": 100})
    for number in range(4):
        await world.holder(f"H{number}", f"Ann Jones{number}", f"ann{number}@nhs.net")
        await register(world, await world.card(f"H{number}"))
        world.hands.forward(days=60 if number == 2 else 0)
    world.hands.forward(days=60)
    assert (await world.service.retention.enforce()).registrations == 2
    assert (await world.service.retention.enforce()).registrations == 1
    (left,) = await world.rows(RegistrationRow)
    (holder,) = [row for row in await world.rows(HolderRow) if row.id == left.holder]
    assert holder.holder_id == "H3"
    assert (await world.service.retention.enforce()).registrations == 0


async def test_without_a_limit_registrations_stay(registered: World) -> None:
    registered.hands.forward(days=10_000)
    assert (await registered.service.retention.enforce()).registrations == 0
    assert len(await registered.rows(RegistrationRow)) == 1


async def test_once_a_day_by_one_kiosk_of_the_store(open_world: OpenWorld) -> None:
    first = await open_world()
    second = await open_world(beside=first)
    for world in (first, second, first):
        await world.service.retention.tend()
    assert await enforced(first) == 1
    first.hands.forward(hours=23)
    await second.service.retention.tend()
    assert await enforced(first) == 1
    first.hands.forward(hours=2)
    await second.service.retention.tend()
    await first.service.retention.tend()
    assert await enforced(first) == 2
    (event, _) = await first.events("retention.enforced")
    assert json.loads(event.detail) == {"assistance": 0, "notices": 0, "registrations": 0, "writes": 0}


async def test_a_day_noted_in_the_future_stops_nothing(world: World) -> None:
    async with world.office.service.store.work() as session:
        await session.exec(update(AuditStoreRow).values(daily_at=world.hands.wall + timedelta(days=900)))
    await world.service.retention.tend()
    assert await enforced(world) == 1


async def test_what_fails_is_logged_and_hurts_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with world.office.service.store.work() as session:
        await session.exec(delete(AuditStoreRow))
    await world.service.retention.tend()
    assert "the daily tasks were not done" in caplog.text


async def test_the_attendant_sees_to_it(front: Front) -> None:
    await front.stage.until(Attract)
    world = front.world
    front.attendant.close()
    assert await front.ended() == 0
    async with new_world(world.settings.state_directory, beside=world) as beside:
        assert await enforced(beside) == 1


# -- heads -----------------------------------------------------------------------------------------


async def test_the_head_is_mailed_once_a_day_where_the_site_wants_it(open_world: OpenWorld) -> None:
    world = await open_world(audit={"head_mail": "audit@nhs.net"})
    await world.service.retention.tend()
    assert await world.notices() == [f"audit@nhs.net: {HEAD}"]
    body = world.post.mails[0][1].get_body(("plain",))
    (event,) = await world.events("retention.enforced")
    assert body is not None
    assert f"{event.seq}:{event.mac}" in body.get_content().replace("=\n", "").replace("\n", "")
    (sent,) = await world.events("notice.sent")
    assert (sent.holder_key, json.loads(sent.detail)) == ("", {"kind": "audit-head"})


async def test_no_head_is_mailed_otherwise(world: World) -> None:
    await world.service.retention.tend()
    assert await world.notices() == []


async def test_heads_are_told_at_start_and_stop_and_after_so_many_events(
    open_world: OpenWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = await open_world(audit={"head_every": 4})
    with caplog.at_level(logging.INFO, "kiosk.audit"):
        for event in (Event.KIOSK_STARTED, *([Event.INCIDENT] * 8), Event.KIOSK_STOPPED):
            await world.service.store.record(event, Subject())
    told = [record.getMessage() for record in caplog.records if record.name == "kiosk.audit"]
    macs = {event.seq: event.mac for event in await world.events()}
    assert told == [f"audit head {seq}:{macs[seq]}" for seq in (1, 4, 8, 10)]
