"""Notices: queued with what they tell about, tried again until the server takes them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from kiosk.letters import NoticeKind
from kiosk.notices import GIVE_UP_AFTER, Notices
from kiosk.storage.models import NoticeRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import changing_passcode, unlock
from tests.stories.world import RA_EMAIL, World

CHANGED = f"{RA_EMAIL}: Your passcode was changed"


@pytest.fixture
async def down(registered: World) -> World:
    """The mail server is away, and Ann changes her passcode."""
    await registered.notices()
    registered.post.down = True
    await registered.visit(registered.ann, changing_passcode())
    return registered


async def test_a_journey_does_not_wait_for_its_notice(down: World) -> None:
    (row,) = await down.rows(NoticeRow)
    assert (row.kind, row.tries, row.language) == (NoticeKind.PASSCODE_CHANGED.value, 0, "en")
    assert await down.service.notices.waiting() == 1


async def test_it_is_tried_again_later_and_later(down: World) -> None:
    waits = []
    for _ in range(10):
        assert await down.service.notices.send_due() == 0
        (row,) = await down.rows(NoticeRow)
        waits.append(row.next_at - down.hands.wall)
        down.hands.wall = row.next_at
    seconds = [wait.total_seconds() for wait in waits]
    assert seconds == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


async def test_it_goes_out_once_the_server_is_back_and_only_once(down: World) -> None:
    await down.service.notices.send_due()
    down.post.down = False
    assert CHANGED not in await down.notices(), "not before its time"
    down.hands.forward(seconds=30)
    for _ in range(2):
        assert Counter(await down.notices())[CHANGED] == 1
    assert await down.rows(NoticeRow) == []
    (event,) = [event for event in await down.events("notice.sent") if "passcode-changed" in event.detail]
    assert event.holder_key


async def test_after_three_days_it_is_given_up(down: World) -> None:
    """And not before: at one try an hour the count of tries grows large."""
    began = down.hands.wall
    while (row := (await down.rows(NoticeRow))[0]).state == "queued":
        await down.service.notices.send_due()
        down.hands.wall = max(down.hands.wall + timedelta(seconds=1), row.next_at)
    assert down.hands.wall - began >= GIVE_UP_AFTER
    assert row.tries > 60
    (event,) = await down.events("notice.given-up")
    assert (event.outcome, event.reason) == ("failed", "connection refused")
    down.post.down = False
    assert CHANGED not in await down.notices()


async def test_two_kiosks_send_it_once(down: World, open_world: OpenWorld) -> None:
    down.post.down = False
    other = await open_world(beside=down)
    sent = await asyncio.gather(*(each.service.notices.send_due() for each in (down, other, down, other)))
    assert sum(sent) == 1
    assert Counter(await down.notices())[CHANGED] == 1


async def test_the_task_sends_at_once_and_survives_a_letter_that_cannot_be_written(
    down: World, caplog: pytest.LogCaptureFixture
) -> None:
    down.post.down = False
    async with down.office.service.store.work() as session:
        row = (await down.rows(NoticeRow))[0]
        session.add(NoticeRow(**{**row.model_dump(), "id": None, "kind": "of-another-release"}))
        await session.merge(NoticeRow(**{**row.model_dump(), "id": 9}))
    notices: Notices = down.service.notices
    task = asyncio.create_task(notices.run())
    try:
        async with asyncio.timeout(5):
            await down.post.until("Your passcode was changed")
            await unlock_of_somebody_else(down)
            await down.post.until("Your smartcard was unlocked")
    finally:
        notices.stop()
        await task
    assert "ValueError" in caplog.text
    assert RA_EMAIL not in caplog.text


async def test_it_goes_out_as_soon_as_it_is_committed(registered: World) -> None:
    """And not when the task looks again some seconds later."""
    await registered.notices()
    known = await registered.known(registered.ann)
    task = asyncio.create_task(registered.service.notices.run())
    try:
        async with registered.office.service.store.work() as session:
            await registered.service.notices.queue(session, NoticeKind.BLOCKED, known, RA_EMAIL, "en")
            for _ in range(100):
                await asyncio.sleep(0)  # the task may look now, and must look again after the commit
        async with asyncio.timeout(5):
            await registered.post.until("Self-service is blocked for your smartcard")
    finally:
        registered.service.notices.stop()
        await task


async def unlock_of_somebody_else(world: World) -> None:
    """Something that wakes the task, on a store where one letter is stuck."""
    world.ann.lock()
    world.hands.forward(minutes=2)
    await unlock(world, world.ann, "958473")


async def test_notices_carry_no_code_and_no_passcode(registered: World) -> None:
    registered.ann.lock()
    registered.hands.forward(minutes=2)
    await unlock(registered, registered.ann)
    code = registered.post.code()
    mails = len(registered.post.mails)
    await registered.notices()
    assert len(registered.post.mails) > mails
    for _, mail in registered.post.mails[mails:]:
        for part in mail.walk():
            if not part.is_multipart():
                text = part.get_content()
                assert code not in text
                assert f"{code[:4]} {code[4:]}" not in text
