"""An administrator at the demo, in a real terminal, by keys alone: the tools, and the whole of an account."""

from __future__ import annotations

import pytest

from kiosk.staff.account import Role
from tests.terminal.demo import by_card, by_password, tray
from tests.terminal.staff import BOARD, FIND, STAFF_CARD, knock
from tests.terminal.terminal import ENTER, ESC, F9, Terminal
from tests.terminal.town import ATTRACT

pytestmark = pytest.mark.xdist_group("demo")

LIST, PASSWORD, PASSCODE = "Maintenance: accounts", "orchard saddle viola", "358024"


def back(demo: Terminal) -> None:
    """To the health board."""
    demo.keys(ESC)
    demo.wait_for(BOARD)


def other_tools(demo: Terminal) -> None:
    """The reports, and a login prompt that the demo has not; back to the health board."""
    demo.keys("p")
    demo.wait_for("hours of RA time saved")
    back(demo)
    demo.keys("s")
    demo.wait_for("This kiosk is in service")
    demo.keys(F9)
    demo.wait_for("This kiosk has none: staff.login_socket")
    back(demo)


def do(demo: Terminal, *typed: str) -> None:
    """Type what is asked for, and go back to the list, where hughes is marked."""
    demo.wait_for("What will happen")
    demo.keys(*typed)
    demo.wait_for("Done, and on record")
    demo.keys(ENTER)
    demo.wait_for(LIST, "> hughes officer")


def test_an_account_is_made_given_a_card_shut_opened_and_used(demo: Terminal) -> None:
    knock(demo)
    by_password(demo, Role.ADMINISTRATOR)
    demo.wait_for("your role needs its staff card here")
    by_card(demo, Role.ADMINISTRATOR)
    demo.wait_for(BOARD, "adam, administrator", "A Accounts")
    other_tools(demo)
    demo.keys("a")
    demo.wait_for(LIST, "3 accounts", "> adam administrator")
    demo.keys("d")
    demo.wait_for("'adam' is the last administrator: make another one first")
    demo.keys("n")
    demo.wait_for("What is their staff name?")
    demo.keys("hughes", ENTER, "2", "1")
    do(demo, PASSWORD, ENTER, PASSWORD, ENTER)
    demo.keys("c")
    demo.wait_for("It is the staff card of adam. Take it out")
    tray(demo, "p", "6")
    demo.wait_for("It is nobody's staff card yet. Passcode tries left: 3.")
    do(demo, PASSCODE, ENTER)
    demo.wait_for("active password, card")
    demo.keys("d")
    do(demo, "has left", ENTER, "hughes", ENTER)
    demo.wait_for("4 accounts, 1 of them disabled")
    demo.keys("u")
    do(demo, ENTER)
    back(demo)
    demo.keys(ESC)
    demo.wait_for("Take your card")
    tray(demo, "0")
    demo.wait_for(ATTRACT)
    knock(demo)
    tray(demo, "p", "6")  # at the door it shows the staff's cards
    demo.wait_for(STAFF_CARD)
    demo.keys(PASSCODE, ENTER)
    demo.wait_for(FIND, "hughes, officer")
