"""The stage: one answer per step, nothing left of the last person, the drawer out of the way."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from textual.screen import Screen

from kiosk.dialogue import Abandoned, Conversation, Gone
from kiosk.steps import (
    Activity,
    AnswerQuestions,
    Attract,
    Busy,
    ChooseDetail,
    Detail,
    LastTry,
    NewPasscode,
    TakeCard,
)
from screens.app import KioskApp
from screens.busy import BusyScreen
from screens.look import Manner
from screens.scenes import AttractScreen
from screens.widgets.fields import Entry
from screens.widgets.slots import Slots
from tests.screens.gallery import FORMAT, QUESTIONS
from tests.screens.hall import hall


class _Drawer(Screen[None]):
    def __init__(self, manner: Manner) -> None:
        super().__init__()
        self.manner = manner


async def test_an_answer_is_given_once() -> None:
    async with hall() as there:
        answer = there.stage.pose(LastTry())
        await there.settle()
        await there.pilot.press("enter", "enter", "2", "escape")
        assert await answer is True


async def test_enter_twice_does_not_answer_the_next_screen() -> None:
    async with hall() as there:
        conversation = Conversation(there.stage)
        asking = asyncio.create_task(conversation.ask(LastTry()))
        await there.settle()
        await there.pilot.press("1", "enter")
        assert await asking is True
        following = there.stage.pose(ChooseDetail())
        await there.settle()
        assert not following.done()
        await there.pilot.press("2")
        assert await following is Detail.EMAIL


async def test_an_answered_screen_stays_and_takes_nothing_more() -> None:
    async with hall() as there:
        answer = there.stage.pose(NewPasscode(format=FORMAT))
        await there.settle()
        shown = there.screen
        await there.pilot.press(*"193728", "enter", *"193728", "enter")
        first, second = await answer
        assert first.get_secret_value() == second.get_secret_value() == "193728"
        assert there.screen is shown
        await there.pilot.press("5", "f6")
        assert [slots.count for slots in shown.query(Slots)] == [6, 6]
        assert "1" not in "".join(slots.secret().get_secret_value() for slots in shown.query(Slots))


async def test_a_screen_that_was_left_holds_no_answer() -> None:
    async with hall() as there:
        answer = there.stage.pose(AnswerQuestions(questions=QUESTIONS, attempts_left=3))
        await there.settle()
        await there.pilot.press(*"Hill")
        entries = list(there.screen.query(Entry))
        there.stage.show(TakeCard())
        answer.cancel()
        await there.settle()
        assert all("Hill" not in entry.value for entry in entries)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
async def test_an_answer_that_nobody_asks_for_any_more_does_no_harm() -> None:
    async with hall() as there:
        there.stage.pose(LastTry())
        await there.settle()
        await there.pilot.press("escape")
        there.stage.show(Attract())
        await there.settle()
        gc.collect()
        assert there.app.is_running


async def test_escape_stops_at_once_where_nothing_is_lost() -> None:
    async with hall() as there:
        answer = there.stage.pose(LastTry())
        await there.settle()
        await there.pilot.press("escape")
        _has_stopped(answer)


async def test_escape_asks_once_where_something_would_be_lost() -> None:
    async with hall() as there:
        answer = there.stage.pose(NewPasscode(format=FORMAT))
        await there.settle()
        await there.pilot.press("1", "escape", "enter")
        assert not answer.done()
        await there.pilot.press("2", "escape", "n", "3")
        assert not answer.done()
        assert there.screen.query_one("#first", Slots).count == 3, "what was typed is kept"
        await there.pilot.press("escape", "y")
        _has_stopped(answer)


def _has_stopped(answer: Any) -> None:
    gone = answer.exception()
    assert isinstance(gone, Abandoned)
    assert gone.reason is Gone.STOPPED


async def test_the_last_of_many_wins() -> None:
    """Steps posed faster than screens are mounted: only the last is shown, and it works."""
    async with hall() as there:
        answers = [there.stage.pose(LastTry()) for _ in range(20)]
        there.stage.work(Busy(Activity.SAVING))
        answers.append(there.stage.pose(LastTry()))
        await there.settle()
        await there.pilot.press("1")
        assert [answer.done() for answer in answers] == [False] * 20 + [True]
        assert len(there.app.screen_stack) == 2


async def test_a_scene_forgets_language_and_contrast() -> None:
    async with hall() as there:
        there.stage.show(Attract())
        await there.settle()
        plain = there.app.theme
        await there.pilot.press("f3", "f7")
        assert there.stage.language == "cy"
        assert there.app.theme != plain
        there.stage.pose(LastTry())
        await there.settle()
        assert there.stage.language == "cy", "a step keeps what the person chose"
        there.stage.show(TakeCard())
        assert there.stage.language == "en"
        assert there.app.theme == plain


async def test_a_change_of_language_keeps_what_was_typed() -> None:
    async with hall() as there:
        answer = there.stage.pose(AnswerQuestions(questions=QUESTIONS, attempts_left=3))
        await there.settle()
        await there.pilot.press(*"Hi", "f3", *"ll", "f7", "enter", "x", "enter", "y", "enter", "z", "enter")
        assert [one.get_secret_value() for one in await answer] == ["Hill", "x", "y", "z"]


async def test_whatever_is_new_closes_the_drawer() -> None:
    async with hall(drawer=_Drawer) as there:
        answer = there.stage.pose(LastTry())
        await there.settle()
        await there.pilot.press("f2")
        assert isinstance(there.app.screen, _Drawer)
        await there.pilot.press("1")
        assert not answer.done(), "keys go to the drawer"
        there.stage.work(Busy(Activity.SAVING))
        await there.settle()
        assert isinstance(there.app.screen, BusyScreen)
        assert len(there.app.screen_stack) == 2


async def test_the_drawer_opens_and_closes_by_its_key() -> None:
    async with hall(drawer=_Drawer) as there:
        there.stage.show(Attract())
        await there.settle()
        await there.pilot.press("f2", "f2")
        assert isinstance(there.app.screen, AttractScreen)
        await there.pilot.press("f2")
        assert isinstance(there.app.screen, _Drawer)


async def test_without_a_drawer_its_key_does_nothing() -> None:
    async with hall() as there:
        there.stage.show(Attract())
        await there.settle()
        await there.pilot.press("f2")
        assert isinstance(there.app.screen, AttractScreen)


async def test_keys_in_the_drawer_count_as_signs_of_life() -> None:
    async with hall(drawer=_Drawer) as there:
        answer = there.stage.pose(LastTry())
        await there.settle()
        await there.pilot.press("f2")
        for _ in range(5):
            there.clock.seconds += 25
            await there.pilot.press("x")
        await there.pilot.press("f2")
        there.pass_time(0)
        await there.settle()
        assert not answer.done()


async def test_taking_the_card_is_asked_for_with_a_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    rung = []
    monkeypatch.setattr(KioskApp, "bell", lambda app: rung.append(app))
    async with hall() as there:
        there.stage.show(TakeCard())
        await there.settle()
        there.pass_time(5)
        assert len(rung) == 1


async def test_after_the_app_has_ended_nothing_is_drawn() -> None:
    async with hall() as there:
        stage = there.stage
    stage.show(Attract())
    assert not stage.pose(LastTry()).done()
