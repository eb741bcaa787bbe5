"""How the kiosk ends, and what it leaves of the terminal."""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGHUP, SIGINT, SIGTERM, Signals

import pytest

from tests.terminal.people import NEW_PIN
from tests.terminal.terminal import Terminal
from tests.terminal.town import Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")


@pytest.mark.parametrize("number", [SIGTERM, SIGINT, SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_it_and_restores_the_terminal(town: Town, number: Signals) -> None:
    kiosk = town.kiosk()
    assert kiosk.in_application_mode
    kiosk.send_signal(number)
    assert kiosk.wait_for_end() == 0
    kiosk.assert_restored()


def by_signal(kiosk: Terminal) -> None:
    kiosk.send_signal(SIGTERM)
    assert kiosk.wait_for_end() == 0
    kiosk.assert_restored()


def by_hanging_up(kiosk: Terminal) -> None:
    kiosk.hang_up()
    assert kiosk.wait_for_end() == 0


@pytest.mark.parametrize("end", [by_signal, by_hanging_up])
def test_a_card_write_is_waited_for(town: Town, end: Callable[[Terminal], None]) -> None:
    visitor = Visitor(town.kiosk(), town.hands, town.registered(locked=True))
    visitor.unlock_slowly(2)
    end(visitor.kiosk)
    state = visitor.person.card.state()
    assert (state.pin, state.locked, state.puk_tries_left) == (NEW_PIN, False, 3)

    visitor = Visitor(town.kiosk(), town.hands, visitor.person)
    visitor.put_in()
    visitor.kiosk.wait_for("Your card works", "Your new passcode was saved")  # nobody could tell them
    visitor.pull()


def test_a_terminal_that_goes_away_ends_it(town: Town) -> None:
    kiosk = town.kiosk()
    kiosk.hang_up()
    assert kiosk.wait_for_end() == 0
