"""What a journey costs a person, counted: a standard to keep."""

from __future__ import annotations

from collections import Counter

from kiosk.dialogue import Gone
from kiosk.steps import AnswerQuestions, EnterCode, Finished, NewPasscode, Privacy, Step
from tests.stories.person import Person
from tests.stories.test_leaving import PLOTS, Plot
from tests.stories.world import World

REGISTER, UNLOCK = PLOTS[:2]
ANSWERS, CODE, PASSCODE = 4, 8, 6


def entries(seen: list[Step[object]]) -> Counter[type]:
    """How often each kind of screen was shown."""
    return Counter(type(step) for step in seen)


async def visit(world: World, plot: Plot) -> tuple[Person, list[Step[object]]]:
    """The whole journey, undisturbed."""
    card = await plot.begin(world)
    person = plot.person(world)
    return person, await person.visit(card)


async def test_an_unlock_asks_for_four_answers_one_code_and_one_passcode_twice(world: World) -> None:
    _, seen = await visit(world, UNLOCK)
    assert [type(step) for step in seen] == [AnswerQuestions, EnterCode, NewPasscode, Finished]
    questions, code, passcode = seen[:3]
    assert isinstance(questions, AnswerQuestions)
    assert len(questions.questions) == ANSWERS
    assert isinstance(code, EnterCode)
    assert code.digits == CODE
    assert isinstance(passcode, NewPasscode)
    assert passcode.format.min_length == PASSCODE


async def test_an_unlock_leaves_room_for_six_other_keys(world: World) -> None:
    """One key moves on from each of the four answers and each new passcode; a full code sends itself."""
    _, seen = await visit(world, UNLOCK)
    shown = entries(seen)
    moves_on = {AnswerQuestions: ANSWERS, EnterCode: 0, NewPasscode: 2, Finished: 0}
    assert sum(moves_on[kind] * count for kind, count in shown.items()) <= 6


async def test_no_screen_of_an_unlock_only_says_press_a_key(world: World) -> None:
    _, seen = await visit(world, UNLOCK)
    told = [step for step in seen if not isinstance(step, AnswerQuestions | EnterCode | NewPasscode)]
    assert [type(step) for step in told] == [Finished]
    assert Finished.patience.value == "end", "and that one goes by itself when the card is taken"


async def test_a_registration_shows_seven_screens(world: World) -> None:
    _, seen = await visit(world, REGISTER)
    assert len(seen) == 7
    assert entries(seen)[Privacy] == 1


async def test_coming_back_costs_nothing_twice(world: World) -> None:
    card = await UNLOCK.begin(world)
    person = UNLOCK.person(world)
    first = await person.visit(card, leave_at=2, reason=Gone.CARD_OUT)
    world.hands.forward(minutes=5)
    second = await person.visit(card)
    assert [type(step) for step in first] == [AnswerQuestions, EnterCode]
    assert [type(step) for step in second] == [EnterCode, NewPasscode, Finished]
