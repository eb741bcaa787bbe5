"""Security questions are chosen and answered: by keys, by touch, and from the list of all."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from kiosk.proofs.questions import CATALOGUE
from kiosk.refusals import AnswerRule
from kiosk.steps import Answered, SetQuestions
from screens.widgets.fields import Entry
from screens.widgets.keys import FootKey
from screens.widgets.question import QuestionField, QuestionLabel, QuestionRow
from screens.widgets.refusal import Refusal
from screens.widgets.say import Say
from tests.screens.gallery import QUESTIONS
from tests.screens.hall import Hall, hall

_QUESTIONS = SetQuestions(catalogue=tuple(CATALOGUE))


async def _pose(there: Hall, step: Any) -> Any:
    answer = there.stage.pose(step)
    await there.settle()
    return answer


async def test_questions_by_keys() -> None:
    async with hall() as there:
        answer = await _pose(there, _QUESTIONS)
        await there.pilot.press("down", *"Rex", "enter", "enter")
        await there.pilot.press("up", *"Mum", "enter", *"Li", "enter", "x", "enter")
        assert not answer.done(), "an empty row is not sent"
        await there.pilot.press(*"Elm")
        await there.pilot.press("enter", "enter", "enter")
        chosen = await answer
    assert len({one.question for one in chosen}) == 4
    assert [one.answer.get_secret_value() for one in chosen] != ["", "", "", ""]


async def test_no_question_twice_however_one_turns() -> None:
    async with hall() as there:
        await _pose(there, _QUESTIONS)
        row = there.screen.query(QuestionField).first()
        seen = []
        for _ in range(17):
            seen.append(row.question)
            assert len({one.question for one in there.screen.query(QuestionField)}) == 4
            await there.pilot.press("down")
        assert len(set(seen)) == 17
        assert row.question == seen[0]


async def test_a_question_from_the_list_by_keys_and_back_out_of_it() -> None:
    async with hall() as there:
        answer = await _pose(there, _QUESTIONS)
        row = there.screen.query(QuestionField).first()
        await there.pilot.press("f9")
        await there.settle()
        assert _keys(there) == ["Enter Choose", "Esc Back"]
        await there.pilot.press("escape")
        await there.settle()
        assert "Esc Stop" in _keys(there)
        assert not answer.done(), "Esc closes the list, nothing else"
        assert row.entry.has_focus
        await there.pilot.press("f9", "down", "down", "enter")
        await there.settle()
        assert row.question == "first-job-town"
        assert row.entry.has_focus


async def test_the_key_that_opens_the_list_closes_it() -> None:
    async with hall() as there:
        await _pose(there, _QUESTIONS)
        await there.pilot.press("f9", "f9", "a")
        await there.settle()
        assert there.screen.query(QuestionField).first().entry.value == "a"


def _keys(there: Hall) -> list[str]:
    """What the footer names."""
    return [key.said for key in there.screen.query("#footer FootKey").results(FootKey) if key.display]


async def test_a_question_from_the_list_by_touch() -> None:
    async with hall() as there:
        await _pose(there, _QUESTIONS)
        row = list(there.screen.query(QuestionField))[2]
        await there.touch(row.query_one(QuestionLabel))
        await there.touch(next(one for one in there.screen.query(QuestionRow) if one.question == "first-pet"))
        assert row.question == "first-pet"


async def test_kept_answers_come_back_and_another_question_forgets_its_answer() -> None:
    kept = tuple(Answered(question=one, answer=SecretStr("Elm")) for one in QUESTIONS)
    async with hall() as there:
        await _pose(there, SetQuestions(catalogue=tuple(CATALOGUE), kept=kept))
        entries = list(there.screen.query(Entry))
        assert [entry.value for entry in entries] == ["Elm"] * 4
        await there.pilot.press("down")
        assert [entry.value for entry in entries] == ["", "Elm", "Elm", "Elm"]


async def test_what_was_wrong_with_an_answer_is_not_said_of_another() -> None:
    kept = tuple(Answered(question=one, answer=SecretStr("Elm")) for one in QUESTIONS)
    refusals = (AnswerRule.TOO_SHORT, None, AnswerRule.TOO_SHORT, None)
    async with hall() as there:
        await _pose(there, SetQuestions(catalogue=tuple(CATALOGUE), kept=kept, refusals=refusals))
        rows = list(there.screen.query(QuestionField))
        refusal = there.screen.query_one(Refusal)
        assert [row.has_class("-refused") for row in rows] == [True, False, True, False]
        assert refusal.said == "Change 2 answers, then go on."
        await there.pilot.press("s")
        assert [row.has_class("-refused") for row in rows] == [False, False, True, False]
        assert refusal.said == "Change 1 answer, then go on."
        await there.pilot.press("enter", "enter", "backspace", "y")
        assert [row.has_class("-refused") for row in rows] == [False] * 4
        assert refusal.said == ""
        assert "Short true answers are fine" in " ".join(one.said for one in there.screen.query(Say))
