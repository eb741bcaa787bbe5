"""The attendant: one visit for one presence of one card."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import SecretStr

from cardio.virtual.piv import PivCard
from cardio.virtual.unknown import MuteCard
from kiosk import attendant
from kiosk.attendant import EXIT_OK, EXIT_START_AGAIN
from kiosk.dialogue import Gone
from kiosk.refusals import OutOfService, Why
from kiosk.steps import (
    Activity,
    AnswerQuestions,
    Attract,
    Busy,
    Closed,
    EnterPasscode,
    NewPasscode,
    Offer,
    OneMoment,
    SeeRA,
    Step,
    TakeCard,
    Welcome,
)
from kiosk.storage.models import CardWriteRow
from tests.kiosk.conftest import Front
from tests.stories.plots import NEW_PIN
from tests.stories.world import PIN, World, in_order, twice


async def ann(world: World) -> PivCard:
    """Ann's card; she is not registered."""
    await world.holder()
    return await world.card()


async def put_in(front: Front, card: PivCard) -> Welcome:
    """Put a card in and wait for the menu."""
    front.world.reader.insert(card)
    return await front.stage.until(Welcome)


async def test_attract_visit_take_your_card_attract(front: Front) -> None:
    await front.stage.until(Attract)
    await put_in(front, await ann(front.world))
    await front.stage.reply(Welcome, Gone.STOPPED)
    scene = await front.stage.until(TakeCard)
    assert not scene.timed_out
    front.world.reader.remove()
    await front.stage.until(Attract)
    assert await front.close() == EXIT_OK
    daily = "retention.enforced"  # is done beside the rest
    events = [event.event for event in await front.world.events() if event.event != daily]
    assert events[0] == "kiosk.started"
    assert events[-2:] == ["visit.ended", "kiosk.stopped"]
    (ended,) = await front.world.events("visit.ended")
    assert ended.reason == "stopped"
    assert ended.holder_key


@pytest.mark.parametrize(("card_refused", "timed_out"), [(False, True), (True, False)])
async def test_only_a_question_left_open_is_a_timeout(
    front: Front, card_refused: bool, timed_out: bool
) -> None:
    """A last screen that ends by itself is no reason to say that it took too long."""
    await front.world.holder()
    card = await front.world.card(enrolled=not card_refused)
    front.world.reader.insert(card)
    await front.stage.reply(SeeRA if card_refused else Welcome, Gone.PATIENCE)
    scene = await front.stage.until(TakeCard)
    assert scene.timed_out is timed_out


async def test_a_mute_card(front: Front) -> None:
    front.world.reader.insert(MuteCard())
    step = await front.stage.until(SeeRA)
    assert step.why is Why.UNREADABLE
    front.world.reader.remove()
    await front.stage.until(Attract)


async def test_no_journey_begins_with_a_card_that_stayed_in(front: Front) -> None:
    card = await ann(front.world)
    await put_in(front, card)
    await front.stage.reply(Welcome, Gone.STOPPED)
    await front.stage.until(TakeCard)
    drawn = len(front.stage.drawn)
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert len(front.stage.drawn) == drawn
    front.world.reader.remove()
    await put_in(front, card)


async def test_card_out_shows_attract_at_once_and_the_journey_ends_unseen(
    registered: World, front: Front
) -> None:
    """The mail is on its way when the card goes; a card that goes in meanwhile waits a moment."""
    world, card = registered, registered.ann
    await world.post.until("You are registered for self-service")  # or the slow server would get that mail
    world.hands.forward(minutes=2)
    card.lock()
    sending, sent = asyncio.Event(), asyncio.Event()

    async def slow_server() -> None:
        sending.set()
        await sent.wait()

    world.post.meanwhile = slow_server
    world.reader.insert(card)
    questions = await front.stage.until(AnswerQuestions)
    await front.stage.reply(AnswerQuestions, in_order(questions))
    await sending.wait()
    world.reader.remove()
    assert not (await front.stage.until(Attract)).cut_off
    world.reader.insert(await world.card())
    await front.stage.until(OneMoment)
    drawn = len(front.stage.drawn)
    sent.set()
    await front.stage.until(Welcome)
    assert [type(each) for each in front.stage.drawn[drawn:] if not isinstance(each, Busy)] == [Welcome]
    assert [event.reason for event in await world.events("visit.ended")] == ["card-out"]
    assert (await world.known(card)).pending[0].code_expires_at, "the work itself was done to its end"


async def test_the_end_of_a_visit_says_how_long_it_took_and_whose_kiosk_it_was(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = front.world.service.settings.site
    vars(site)["organisation"] = "Leeds Trust"  # a part of settings that are frozen, and made by the fixture
    loop, ahead = asyncio.get_running_loop(), 0.0
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + ahead)
    await put_in(front, await ann(front.world))
    ahead = 95.0
    front.world.reader.remove()
    await front.stage.until(Attract)
    assert await front.close() == EXIT_OK
    (ended,) = await front.world.events("visit.ended")
    assert ended.reason == "card-out"
    detail = json.loads(ended.detail)
    assert 94 < detail.pop("seconds") < 110
    assert detail == {"organisation": "Leeds Trust"}


async def test_the_service_stops_and_starts_in_the_middle(front: Front) -> None:
    await put_in(front, await ann(front.world))
    front.world.reader.stop_service()
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.CARD_SERVICE
    front.world.reader.start_service()
    await front.stage.until(Welcome)
    (ended,) = await front.world.events("visit.ended")
    assert ended.reason == "reader"


async def test_the_reader_is_unplugged_and_plugged_in_again(front: Front) -> None:
    await front.stage.until(Attract)
    front.world.reader.unplug()
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.NO_READER
    front.world.reader.plug()
    await front.stage.until(Attract)


async def test_another_reader_is_plugged_in_beside_it(front: Front) -> None:
    await front.stage.until(Attract)
    front.world.reader.plug_beside()
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.SEVERAL_READERS
    front.world.reader.plug_beside(another=False)
    await put_in(front, await ann(front.world))
    front.world.reader.plug_beside()
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.SEVERAL_READERS


@pytest.mark.parametrize("with_card", [False, True])
async def test_a_broken_reader_ends_the_process(front: Front, with_card: bool) -> None:
    await front.stage.until(Attract)
    if with_card:
        await put_in(front, await ann(front.world))
    front.world.reader.break_down()
    assert await front.ended() == EXIT_START_AGAIN


async def test_closing_ends_a_question_at_once(front: Front) -> None:
    await put_in(front, await ann(front.world))
    assert await front.close() == EXIT_OK
    (ended,) = await front.world.events("visit.ended")
    assert ended.reason == "closing"


async def test_closing_waits_for_a_card_write(front: Front) -> None:
    card = await ann(front.world)
    await put_in(front, card)
    await front.stage.reply(Welcome, Offer.CHANGE_PASSCODE)
    await front.stage.reply(EnterPasscode, SecretStr(PIN))
    await front.stage.until(NewPasscode)
    front.world.reader.faults.delay = 0.02
    await front.stage.reply(NewPasscode, twice(NEW_PIN))
    await front.stage.until(Busy, lambda busy: busy.activity is Activity.WRITING_CARD)
    drawn = len(front.stage.drawn)
    assert await front.close() == EXIT_OK
    assert card.state().pin == NEW_PIN
    (write,) = await front.world.rows(CardWriteRow)
    assert write.state == "done"
    assert not any(isinstance(each, Step) for each in front.stage.drawn[drawn:])


async def test_a_card_taken_out_while_it_is_written_to_is_asked_back_for_a_minute(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendant, "CUT_OFF", 0.5)
    await put_in(front, await ann(front.world))
    await front.stage.reply(Welcome, Offer.CHANGE_PASSCODE)
    await front.stage.reply(EnterPasscode, SecretStr(PIN))
    await front.stage.until(NewPasscode)
    front.world.reader.faults.delay = 0.05
    await front.stage.reply(NewPasscode, twice(NEW_PIN))
    await front.stage.until(Busy, lambda busy: busy.activity is Activity.WRITING_CARD)
    front.world.reader.remove()
    await front.stage.until(Attract, lambda scene: scene.cut_off)
    await front.stage.until(Attract, lambda scene: not scene.cut_off)
