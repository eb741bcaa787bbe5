"""What must not get into a field: more than it holds, what is no text, and keys meant for another screen."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.widgets.input import Selection

from kiosk.steps import (
    Activity,
    AnswerQuestions,
    Attract,
    Busy,
    ConfirmEmail,
    EnterCode,
    EnterPasscode,
    LastTry,
    Purpose,
)
from screens.stage import HABIT
from screens.widgets.fields import Entry
from screens.widgets.slots import Slots
from tests.screens.gallery import DOMAINS, FORMAT, MASKED, NOW, QUESTIONS
from tests.screens.hall import Hall, hall, wait_until

_ANSWERS = AnswerQuestions(questions=QUESTIONS, attempts_left=3)
_PASSCODE = EnterPasscode(purpose=Purpose.REGISTER, tries_left=3, format=FORMAT)
_CODE = EnterCode(purpose=Purpose.REGISTER, masked=MASKED, expires_at=NOW, resend_at=None)
_ADDRESS = ConfirmEmail(masked=MASKED, may_overwrite=True, domains=DOMAINS)
_CONTROLS = "\x1b]0;x\x07\x9b\u202e"


async def first_entry(there: Hall, typed: str = "") -> Entry:
    """The first field of the questions, with this typed in it."""
    there.stage.pose(_ANSWERS)
    await there.settle()
    await there.pilot.press(*typed)
    return there.screen.query(Entry).first()


async def test_nothing_can_be_selected_by_dragging_or_by_code() -> None:
    async with hall() as there:
        entry = await first_entry(there, "abcdef")
        await there.pilot.mouse_down(entry, offset=(0, 0))
        await there.pilot.hover(entry, offset=(4, 0))
        assert entry.selection.is_empty
        assert entry.cursor_position == 4, "the cursor follows the mouse"
        await there.pilot.mouse_up(entry, offset=(4, 0))
        entry.selection = Selection(0, 3)
        assert (entry.selection, entry.selected_text) == (Selection(3, 3), "")


@pytest.mark.parametrize("within", [(0, 0), (0, 3), (3, 0), (2, 6), (6, 6), (0, 99)])
async def test_every_way_in_is_filtered_and_capped(within: tuple[int, int]) -> None:
    """`Input.replace` is where keys, pastes and insertions meet."""
    async with hall() as there:
        entry = await first_entry(there, "abcdef")
        entry.replace(_CONTROLS, *within)
        assert all(sign.isprintable() for sign in entry.value)
        entry.replace("y" * 10_000, *within)
        assert len(entry.value) == entry.max_length
        entry.replace("z", 0, len(entry.value))
        assert entry.value == "z"


async def test_a_paste_is_filtered_and_capped() -> None:
    async with hall() as there:
        entry = await first_entry(there, "ab")
        for text in (f"c{_CONTROLS}", "d" * 10_000):
            entry.post_message(events.Paste(text))
            await there.settle()
        assert entry.max_length is not None
        assert entry.value == ("abc]0;x" + "d" * 1000)[: entry.max_length]


def typed(key: str) -> events.Key:
    """A key as the driver reports it, pressed now."""
    return events.Key(key, key)


def paste(text: str) -> events.Paste:
    """A paste as the driver reports it, made now."""
    return events.Paste(text)


@pytest.mark.parametrize("make", [typed, paste])
async def test_what_was_typed_ahead_does_not_reach_the_next_screen(make: Any) -> None:
    async with hall() as there:
        there.stage.pose(LastTry())
        await there.settle()
        ahead = make("5")
        answer = there.stage.pose(_PASSCODE)
        await there.settle()
        there.app.post_message(ahead)
        there.app.post_message(make("7"))
        slots = there.screen.query_one(Slots)
        await wait_until(lambda: slots.count > 0)
        assert slots.secret().get_secret_value() == "7"
        assert not answer.done()


async def test_an_enter_out_of_habit_is_for_the_code_that_has_sent_itself() -> None:
    """Not for what comes next, which nobody has read; for that there is one a moment later."""
    async with hall() as there:
        code = there.stage.pose(_CODE)
        await there.settle()
        await there.pilot.press(*"12345678")
        await code
        there.stage.work(Busy(Activity.READING_CARD))
        answer = there.stage.pose(_ADDRESS)
        await there.settle()
        await there.pilot.press("enter")
        await there.settle()
        assert not answer.done()
        later = events.Key("enter", "\r")
        later.time += HABIT
        there.app.post_message(later)
        assert await answer is None


async def test_whoever_has_begun_with_something_else_may_press_enter_at_once() -> None:
    async with hall() as there:
        code = there.stage.pose(_CODE)
        await there.settle()
        await there.pilot.press(*"12345678")
        await code
        answer = there.stage.pose(_ADDRESS)
        await there.settle()
        await there.pilot.press("a", "enter")
        assert await answer == "a"


async def test_an_enter_that_was_needed_is_followed_by_another() -> None:
    async with hall() as there:
        passcode = there.stage.pose(_PASSCODE)
        await there.settle()
        await there.pilot.press(*"123456", "enter")
        await passcode
        answer = there.stage.pose(_ADDRESS)
        await there.settle()
        await there.pilot.press("enter")
        assert await answer is None


async def test_keys_that_wait_for_one_another_end_with_their_screen() -> None:
    """A burst, as from a scanner: only the first has had its effect when the screen changes."""
    async with hall() as there:
        there.stage.pose(_PASSCODE)
        await there.settle()
        for key in "1234":
            there.app.post_message(typed(key))
        answer = there.stage.pose(LastTry())  # whose keys are 1 and 2
        await there.settle()
        await there.pilot.press("tab")
        await there.settle()
        assert not answer.done()


async def test_a_key_for_the_last_person_does_not_open_anything_for_the_next() -> None:
    async with hall() as there:
        there.stage.pose(LastTry())
        await there.settle()
        contrast = typed("f7")
        there.stage.show(Attract())
        before = there.app.theme
        there.app.post_message(contrast)
        await there.settle()
        assert there.app.theme == before
        await there.pilot.press("f7")
        assert there.app.theme != before
