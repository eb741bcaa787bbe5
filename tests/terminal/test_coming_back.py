"""The kiosk ends, politely or not, while somebody is at it; they come back and finish."""

from __future__ import annotations

from signal import SIGKILL, SIGTERM, Signals

import pytest

from tests.terminal.people import NEW_PIN
from tests.terminal.town import Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")


@pytest.mark.parametrize("end", [SIGTERM, SIGKILL], ids=lambda number: number.name)
def test_the_code_is_still_good_at_the_next_start(town: Town, end: Signals) -> None:
    visitor = Visitor(town.kiosk(), town.hands, town.registered(locked=True))
    visitor.put_in()
    visitor.answer()
    visitor.kiosk.wait_for("Enter the code we sent you", "come back by")
    code = town.hands.code_for(visitor.person.email)
    visitor.kiosk.send_signal(end)
    visitor.kiosk.wait_for_end()

    visitor = Visitor(town.kiosk(), town.hands, visitor.person)
    visitor.put_in()
    visitor.kiosk.wait_for("Enter the code we sent you")
    assert town.hands.code_for(visitor.person.email) == code, "no other mail"
    visitor.code()
    visitor.new_passcode()
    visitor.kiosk.wait_for("Your card is unlocked")
    visitor.pull()
    assert visitor.person.pin == NEW_PIN


def test_a_write_that_nobody_saw_the_end_of_is_settled(town: Town) -> None:
    visitor = Visitor(town.kiosk(), town.hands, town.registered(locked=True))
    visitor.unlock_slowly(60)
    visitor.kiosk.send_signal(SIGKILL)
    visitor.kiosk.wait_for_end()

    visitor = Visitor(town.kiosk(), town.hands, visitor.person)
    visitor.put_in()
    visitor.kiosk.wait_for("Your card works", "Your new passcode was saved")
    visitor.pull()
    assert visitor.person.card.state().puk_tries_left == 3


def test_a_card_that_is_pulled_too_early_is_asked_back(town: Town) -> None:
    visitor = Visitor(town.kiosk(), town.hands, town.registered(locked=True))
    visitor.unlock_slowly(2)
    town.hands.remove()
    visitor.kiosk.wait_for("The last card was taken out too early", "Put it in again")
    visitor.put_in()
    visitor.kiosk.wait_for("Your card works", "Your new passcode was saved")
    visitor.pull()
    assert not visitor.kiosk.shows("taken out too early")
