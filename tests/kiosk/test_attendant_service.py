"""The attendant out of service: store, clock, incidents; and a card that was left in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.attendant import EXIT_OK
from kiosk.dialogue import Gone
from kiosk.letters import NoticeKind
from kiosk.refusals import OutOfService, Why
from kiosk.steps import Attract, Closed, EnterPasscode, Offer, Privacy, SeeRA, TakeCard, Welcome
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import NoticeRow, PendingRow
from tests.kiosk.conftest import Front
from tests.stories.plots import registration
from tests.stories.script import see
from tests.stories.world import PIN, World


@asynccontextmanager
async def away() -> AsyncIterator[AsyncSession]:
    """A database that cannot be used."""
    raise StoreUnavailable("OperationalError")
    yield  # type: ignore[unreachable]


async def test_the_store_goes_away_and_comes_back(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    await front.stage.until(Attract)
    with monkeypatch.context() as patch:
        patch.setattr(front.world.service.store.database, "transaction", away)
        closed = await front.stage.until(Closed)
        assert closed.reason is OutOfService.STORE
    await front.stage.until(Attract)


async def test_the_store_goes_away_in_the_middle(
    registered: World, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered.reader.insert(registered.ann)
    await front.stage.reply(Welcome, Offer.CHANGE_PASSCODE)
    with monkeypatch.context() as patch:
        patch.setattr(registered.service.store.database, "transaction", away)
        await front.stage.reply(EnterPasscode, SecretStr(PIN))
        closed = await front.stage.until(Closed)
        assert (closed.reason, closed.card_in) == (OutOfService.STORE, True)
    await front.stage.until(TakeCard)
    registered.reader.remove()
    await front.stage.until(Attract)


async def test_an_incident_is_a_calm_screen_and_a_line_without_values(
    registered: World, front: Front, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(*_: Any) -> None:
        number = "958473"
        raise RuntimeError(f"a bug with {number} in its message") from ValueError("739164")

    monkeypatch.setattr(registered.service.cards, "check_passcode", breaks)
    registered.reader.insert(registered.ann)
    await front.stage.reply(Welcome, Offer.CHANGE_PASSCODE)
    await front.stage.reply(EnterPasscode, SecretStr(PIN))
    step = await front.stage.until(SeeRA)
    assert step.why is Why.UNEXPECTED
    await front.stage.reply(SeeRA, None)
    await front.stage.until(TakeCard)
    assert "RuntimeError" in caplog.text
    assert "because of ValueError" in caplog.text
    assert "in by_passcode" in caplog.text, "and the place"
    assert step.reference in caplog.text, "the number on the screen finds the line"
    for value in ("958473", "739164", PIN):
        assert value not in caplog.text
    (incident,) = await registered.events("kiosk.incident")
    assert (incident.visit, incident.reason) == (step.reference, "RuntimeError")


async def test_a_clock_that_jumps_voids_what_is_pending(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.holder()
    card = await world.card()
    (*lines, code, _) = registration(world)
    await world.visit(card, [*lines, see(code.step, Gone.CARD_OUT)])
    monkeypatch.setattr("kiosk.attendant.LOOK_AGAIN", 0.01)
    front = Front(world)
    await front.stage.until(Attract)
    assert len(await world.rows(PendingRow)) == 1
    world.hands.wall += timedelta(minutes=3)
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.CLOCK
    await front.stage.until(Attract)
    assert await world.rows(PendingRow) == []
    assert len(await world.events("clock.refused")) == 1
    await front.close()


async def test_two_minutes_are_allowed_for(front: Front) -> None:
    await front.stage.until(Attract)
    front.world.hands.wall += timedelta(minutes=2)
    front.world.reader.insert(await enrolled(front.world))
    await front.stage.until(Welcome)
    assert not any(isinstance(each, Closed) for each in front.stage.drawn)


async def enrolled(world: World) -> Any:
    """A card of a holder who is not registered."""
    await world.holder()
    return await world.card()


async def test_a_clock_behind_the_newest_event_closes_the_kiosk_until_it_is_right(front: Front) -> None:
    world = front.world
    await front.stage.until(Attract)
    right = world.hands.wall
    world.hands.wall = right - timedelta(minutes=30)
    await front.stage.until(Closed)
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert isinstance(front.stage.now, Closed), "it is not taken as right after a while"
    world.hands.wall = right
    await front.stage.until(Attract)


async def test_a_kiosk_that_starts_with_a_clock_set_back_does_not_believe_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own first event does not make a wrong time the newest."""
    await world.holder()
    monkeypatch.setattr("kiosk.attendant.LOOK_AGAIN", 0.01)
    world.hands.wall -= timedelta(minutes=30)
    world.service.store.clock.accept()
    front = Front(world)
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.CLOCK
    world.hands.forward(minutes=30)
    await front.stage.until(Attract)
    await front.close()


async def test_closing_waits_for_a_notice_on_its_way_and_sends_no_other(
    registered: World, front: Front
) -> None:
    """Cut off in between, it would be sent again after the restart."""
    await registered.post.until("You are registered for self-service")
    sending, sent = asyncio.Event(), asyncio.Event()

    async def slow_server() -> None:
        sending.set()
        await sent.wait()

    registered.post.meanwhile = slow_server
    known = await registered.known(registered.ann)
    async with registered.office.service.store.work() as session:
        for kind in (NoticeKind.BLOCKED, NoticeKind.UNLOCKED):
            await registered.service.notices.queue(session, kind, known, known.email, "en")
    await sending.wait()
    front.attendant.close()
    done, _ = await asyncio.wait({front.running}, timeout=0.1)
    assert not done
    sent.set()
    assert await front.ended() == EXIT_OK
    assert [row.kind for row in await registered.rows(NoticeRow)] == [NoticeKind.UNLOCKED.value]


async def until_told(world: World) -> None:
    """Wait for the mail about a card left in."""
    async with asyncio.timeout(5):
        await world.post.until("Your smartcard is still in the reader")


async def test_a_registered_holder_is_mailed_that_the_card_is_still_in(
    registered: World, front: Front
) -> None:
    registered.reader.insert(registered.ann)
    await front.stage.reply(Welcome, Gone.PATIENCE)
    await until_told(registered)
    (event,) = await registered.events("card.left-in")
    assert event.card_key


async def test_also_one_who_registered_just_now(front: Front) -> None:
    world = front.world
    card = await enrolled(world)
    world.reader.insert(card)
    for line in registration(world):
        step = await front.stage.until(line.step)
        answer = line.reply(step) if callable(line.reply) else line.reply
        await front.stage.reply(line.step, SecretStr(answer) if isinstance(answer, str) else answer)
    await until_told(world)


async def test_nobody_is_mailed_who_is_not_registered(front: Front) -> None:
    world = front.world
    world.reader.insert(await enrolled(world))
    await front.stage.reply(Welcome, Gone.PATIENCE)
    await front.stage.until(TakeCard)
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert await world.events("card.left-in") == []
    assert world.post.mails == []


async def test_stopping_at_the_first_screen_of_a_registration(front: Front) -> None:
    front.world.reader.insert(await enrolled(front.world))
    await front.stage.reply(Welcome, Offer.REGISTER)
    await front.stage.reply(Privacy, Gone.STOPPED)
    await front.stage.until(TakeCard)
