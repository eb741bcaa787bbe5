"""A passcode with letters: typed as text, checked before the card sees it, touch alone is enough."""

from __future__ import annotations

from cardio.card import PasscodeFormat
from kiosk.steps import EnterPasscode, Purpose
from screens.passcodes import PasscodeScreen
from screens.spelled import SpelledPasscodeScreen
from screens.views import view_of
from screens.widgets.keyboard import Letter, Turn
from tests.screens.gallery import SPELLED
from tests.screens.hall import hall

_STEP = EnterPasscode(purpose=Purpose.REGISTER, tries_left=3, format=SPELLED)


def test_digits_that_fit_go_into_slots() -> None:
    def view(form: PasscodeFormat) -> type:
        return view_of(EnterPasscode(purpose=Purpose.REGISTER, tries_left=3, format=form))

    assert view(PasscodeFormat()) is PasscodeScreen
    assert view(PasscodeFormat(4, 12)) is PasscodeScreen
    assert view(PasscodeFormat(4, 13)) is SpelledPasscodeScreen
    assert view(PasscodeFormat(6, 8, "0123456789a")) is SpelledPasscodeScreen


async def test_letters_signs_and_capitals_arrive_as_typed() -> None:
    async with hall() as there:
        answer = there.stage.pose(_STEP)
        await there.settle()
        await there.pilot.press(*"Sun", "exclamation_mark", "space", *"42", "enter")
        assert (await answer).get_secret_value() == "Sun! 42"


async def test_what_no_card_takes_is_not_sent() -> None:
    async with hall() as there:
        answer = there.stage.pose(_STEP)
        await there.settle()
        await there.pilot.press(*"Sun42", "enter")
        await there.settle()
        assert not answer.done()
        await there.pilot.press("é", "enter")
        await there.settle()
        assert not answer.done(), "no accents: a card may count them as a wrong try"
        assert "No try lost" in there.app.export_screenshot().replace("&#160;", " ")
        await there.pilot.press("backspace", "6", "enter")
        assert (await answer).get_secret_value() == "Sun426"


async def test_touch_alone_reaches_every_sign() -> None:
    async with hall(touch=True) as there:
        answer = there.stage.pose(_STEP)
        await there.settle()
        screen = there.app.screen
        capitals, signs = screen.query(Turn)
        typed = set()
        for turn in (None, capitals, capitals, signs):
            if turn is not None:
                await there.pilot.click(turn)
            typed |= {letter.key for letter in screen.query(Letter)}
        assert typed | {" "} >= set(SPELLED.alphabet)
        assert not answer.done()
