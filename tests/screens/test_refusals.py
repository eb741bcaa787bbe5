"""What was refused stays readable for as long as it is of use, and no longer."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.refusals import CodeRefusal
from kiosk.steps import EnterPasscode, Purpose
from screens.widgets.refusal import Refusal
from tests.screens.gallery import FORMAT, GALLERY, SPELLED
from tests.screens.hall import Hall, hall

WRONG = {"refusal": CodeRefusal.WRONG, "tries_left": 4}
PRESENT: dict[str, Any] = {"purpose": Purpose.REGISTER, "tries_left": 2, "wrong": True}


def step(name: str, **changes: Any) -> Any:
    """The step of a sample, changed."""
    found = next(sample for sample in GALLERY if sample.name == name).shown
    return type(found)(**{**vars(found), **changes})


def said(there: Hall) -> str:
    """What stands beside the field."""
    return there.screen.query_one(Refusal).said


@pytest.mark.parametrize(
    ("asked", "short"),
    [
        (step("code", **WRONG), "1"),
        (step("assistance", **WRONG), "1"),
        (EnterPasscode(format=FORMAT, **PRESENT), "1"),
        (EnterPasscode(format=SPELLED, **PRESENT), "x"),
        (step("new-passcode-run"), "1"),
    ],
    ids=["code", "assistance", "passcode", "spelled", "new"],
)
async def test_an_enter_out_of_habit_replaces_no_refusal(asked: Any, short: str) -> None:
    """The last digit has sent the code; an Enter right after it comes to a field that is empty again."""
    async with hall() as there:
        there.stage.pose(asked)
        await there.settle()
        refused = said(there)
        assert refused
        await there.pilot.press("enter")
        await there.settle()
        assert said(there) == refused
        await there.pilot.press(short, "enter")
        await there.settle()
        assert said(there) not in ("", refused)


async def test_an_enter_on_an_empty_field_says_what_is_wanted() -> None:
    async with hall() as there:
        there.stage.pose(step("code"))
        await there.settle()
        await there.pilot.press("enter")
        await there.settle()
        assert said(there) == "The code has 8 digits."


async def test_a_refused_pair_is_no_longer_spoken_of_while_another_is_typed() -> None:
    async with hall() as there:
        there.stage.pose(step("new-passcode-run"))
        await there.settle()
        assert said(there)
        await there.pilot.press("1")
        await there.settle()
        assert said(there) == ""
        await there.pilot.press("enter")
        await there.settle()
        assert said(there)
        await there.pilot.press("backspace")
        await there.settle()
        assert said(there) == ""
