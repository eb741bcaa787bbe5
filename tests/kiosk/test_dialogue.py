"""A conversation: one answer to each question, or the person is gone; work is shown as long as it helps."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from kiosk.dialogue import Abandoned, Conversation, Gone
from kiosk.steps import Activity, Busy, LastTry, Welcome
from tests.kiosk.stage import BareStage
from tests.kiosk.virtual_time import in_virtual_time

CHECKING = Busy(Activity.CHECKING_ANSWERS)
WRITING = Busy(Activity.WRITING_CARD)
STEP = LastTry()


class Timed(BareStage):
    """A stage that notes when something was drawn, in seconds since the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[tuple[float, object]] = []

    def _draw(self, drawn: object) -> None:
        self.times.append((round(asyncio.get_running_loop().time(), 6), drawn))
        super()._draw(drawn)  # type: ignore[arg-type]


async def test_the_answer_is_returned() -> None:
    stage = BareStage()
    conversation = Conversation(stage)
    asked = asyncio.create_task(conversation.ask(STEP))
    assert await stage.reply(LastTry, True) == STEP
    assert await asked is True
    assert conversation.step == STEP
    assert conversation.gone is None


@pytest.mark.parametrize("reason", [Gone.PATIENCE, Gone.STOPPED])
async def test_what_the_screen_gives_up_is_raised(reason: Gone) -> None:
    stage = BareStage()
    asked = asyncio.create_task(Conversation(stage).ask(STEP))
    await stage.reply(LastTry, reason)
    with pytest.raises(Abandoned) as gone:
        await asked
    assert gone.value.reason is reason


@pytest.mark.parametrize("reason", list(Gone))
async def test_whoever_goes_ends_the_question(reason: Gone) -> None:
    stage = BareStage()
    conversation = Conversation(stage)
    asked = asyncio.create_task(conversation.ask(STEP))
    await stage.until(LastTry)
    conversation.end(reason)
    with pytest.raises(Abandoned) as gone:
        await asked
    assert gone.value.reason is conversation.gone is reason
    assert stage.waiting is not None
    assert stage.waiting.cancelled(), "nothing typed from now on is heard"


async def test_the_first_reason_counts() -> None:
    conversation = Conversation(BareStage())
    conversation.end(Gone.CARD_OUT)
    conversation.end(Gone.CLOSING)
    assert conversation.gone is Gone.CARD_OUT


async def test_nothing_is_asked_or_drawn_of_somebody_who_is_gone() -> None:
    stage = BareStage()
    conversation = Conversation(stage)
    conversation.end(Gone.CARD_OUT)
    with pytest.raises(Abandoned):
        await conversation.ask(STEP)
    async with conversation.busy(WRITING):
        await asyncio.sleep(0)
    assert stage.drawn == []


async def test_gone_and_answered_at_once_is_gone() -> None:
    """An answer that comes with the card already out does not go any further."""
    stage = BareStage()
    conversation = Conversation(stage)
    asked = asyncio.create_task(conversation.ask(STEP))
    await stage.until(LastTry)
    assert stage.waiting is not None
    stage.waiting.set_result(True)
    conversation.end(Gone.CARD_OUT)
    with pytest.raises(Abandoned):
        await asked


async def test_patience_running_out_as_the_card_goes_leaves_nothing_behind() -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    stage = BareStage()
    conversation = Conversation(stage)
    asked = asyncio.create_task(conversation.ask(STEP))
    await stage.until(LastTry)
    assert stage.waiting is not None
    stage.waiting.set_exception(Abandoned(Gone.PATIENCE))
    conversation.end(Gone.CARD_OUT)
    with pytest.raises(Abandoned) as gone:
        await asked
    assert gone.value.reason is Gone.CARD_OUT
    stage.waiting = None
    del asked
    gc.collect()
    assert complaints == [], "an exception that nobody looked at"


async def test_work_is_never_ended_by_somebody_going() -> None:
    conversation = Conversation(BareStage())
    done = False
    async with conversation.busy(CHECKING):
        conversation.end(Gone.CARD_OUT)
        await asyncio.sleep(0)
        done = True
    assert done


async def test_an_error_in_the_work_is_the_journeys() -> None:
    conversation = Conversation(BareStage())
    with pytest.raises(ValueError, match="broken"):
        async with conversation.busy(CHECKING):
            raise ValueError("broken")


def test_the_language_is_the_stages() -> None:
    async def story() -> None:
        stage = BareStage()
        conversation = Conversation(stage)
        stage.language = "cy"
        assert conversation.language == "cy"

    in_virtual_time(story())


Work = Callable[[Conversation], Awaitable[None]]


def timed(busy: Busy, seconds: float, *, gone_after: float | None = None) -> tuple[list[float], float]:
    """When the work was drawn, and when `busy` let go, for work of so many seconds."""

    async def story() -> tuple[list[float], float]:
        stage = Timed()
        conversation = Conversation(stage)
        loop = asyncio.get_running_loop()
        if gone_after is not None:
            loop.call_later(gone_after, conversation.end, Gone.CARD_OUT)
        async with conversation.busy(busy):
            await asyncio.sleep(seconds)
        return [at for at, drawn in stage.times if drawn == busy], round(loop.time(), 6)

    return in_virtual_time(story())


@pytest.mark.parametrize(
    ("seconds", "drawn", "ends"),
    [
        (0.1, [], 0.1),
        (0.19, [], 0.19),
        (0.21, [0.2], 0.7),  # shown for half a second, or it would only flicker
        (0.6, [0.2], 0.7),
        (0.8, [0.2], 0.8),
        (30.0, [0.2], 30.0),
    ],
)
def test_work_is_shown_after_200_ms_and_for_500(seconds: float, drawn: list[float], ends: float) -> None:
    assert timed(CHECKING, seconds) == (drawn, ends)


@pytest.mark.parametrize(("seconds", "ends"), [(0.0, 0.5), (0.1, 0.5), (2.0, 2.0)])
def test_a_card_write_says_so_before_it_begins(seconds: float, ends: float) -> None:
    assert timed(WRITING, seconds) == ([0.0], ends)


def test_nobody_is_waited_for_who_is_gone() -> None:
    assert timed(CHECKING, 0.21, gone_after=0.3) == ([0.2], 0.3)
    assert timed(CHECKING, 0.5, gone_after=0.1) == ([], 0.5)


def test_the_write_is_drawn_before_anything_else_happens() -> None:
    async def story() -> None:
        stage = Timed()
        async with Conversation(stage).busy(WRITING):
            assert stage.now == WRITING

    in_virtual_time(story())


async def test_steps_do_not_show_names_in_their_repr() -> None:
    assert "Ann" not in repr(Welcome(first_name="Ann", offers=()))
