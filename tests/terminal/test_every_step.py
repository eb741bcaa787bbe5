"""The card pulled, the person gone, the journey stopped: at every step of every journey."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.sampling import sample
from tests.terminal.journeys import ANSWERS, CODE, EVERY_STEP, MENU, PASSCODE, Journey, told
from tests.terminal.terminal import ENTER, ESC
from tests.terminal.town import Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")

TAKE_CARD = "Take your card"
BEGINNINGS = (MENU, PASSCODE, ANSWERS, CODE)  # the last three where something is gone on with


def cases(size: int, every: Sequence[tuple[Journey, int]] = EVERY_STEP) -> pytest.MarkDecorator:
    """All of them in a long run, else a sample; handed over in another order it is another sample."""
    chosen = sample(every, size)
    return pytest.mark.parametrize(("journey", "step"), chosen, ids=[told(*case) for case in chosen])


@cases(1)
def test_pulled(town: Town, journey: Journey, step: int) -> None:
    kiosk = town.kiosk()
    visitor = Visitor(kiosk, town.hands, journey.person(town))
    moment = journey.go(visitor, step)
    kiosk.keys(*moment.begun)
    visitor.pull()
    visitor.assert_nothing_typed()
    visitor.put_in()
    kiosk.wait_for_any(*BEGINNINGS)
    visitor.assert_nothing_typed()
    visitor.pull()


@cases(1, EVERY_STEP[::-1])
def test_stopped(town: Town, journey: Journey, step: int) -> None:
    kiosk = town.kiosk()
    visitor = Visitor(kiosk, town.hands, journey.person(town))
    moment = journey.go(visitor, step)
    kiosk.keys(*moment.begun)
    kiosk.keys(ESC)
    if moment.asks_to_stop:
        kiosk.wait_for("Stop now?")
        kiosk.keys(ENTER)
        kiosk.wait_until(lambda: not kiosk.shows("Stop now?"), "way back")
        kiosk.keys(ESC)
        kiosk.wait_for("Stop now?")
        kiosk.keys(ESC)
    kiosk.wait_for(TAKE_CARD)
    visitor.assert_nothing_typed()
    visitor.pull()


PATIENCE = {"choice": 5, "entry": 5, "answers": 5, "code": 5, "end": 2, "warning": 2}
STILL_THERE = "Are you still there?"


@cases(1)
def test_left_alone(town: Town, journey: Journey, step: int) -> None:
    kiosk = town.kiosk(patience=PATIENCE)
    visitor = Visitor(kiosk, town.hands, journey.person(town))
    moment = journey.go(visitor, step)
    kiosk.keys(*moment.begun)
    if not moment.final:
        kiosk.wait_for(STILL_THERE, "1 second left")
        kiosk.keys(ENTER)
        kiosk.wait_until(lambda: not kiosk.shows(STILL_THERE), "way on")
        moment.arrive(visitor)
        kiosk.wait_for(STILL_THERE)
    kiosk.wait_for(TAKE_CARD, *([] if moment.final else ["Nothing was pressed for a while"]))
    visitor.assert_nothing_typed()
    visitor.pull()
