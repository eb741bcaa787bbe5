"""An administrator at the demo, in a real terminal, by keys alone: the tools, and the whole of an account."""

from __future__ import annotations

from tests.terminal.terminal import ENTER, ESC, F9, F12, Terminal
from tests.terminal.test_officer import FIND, demo, tray
from tests.terminal.test_technician import back
from tests.terminal.town import ATTRACT

__all__ = ["demo"]

LIST, PASSWORD, PASSCODE = "Maintenance: accounts", "orchard saddle viola", "358024"


def put_in(demo: Terminal, *keys: str) -> None:
    """Put in a card of the tray, at the door."""
    tray(demo, *keys)
    demo.wait_for("A card is in the reader. Staff: type its passcode")


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
    demo.keys(F12)
    demo.wait_for("Sign in, or put your staff card")
    demo.keys("adam", ENTER, "walnut harbour piano", ENTER)
    demo.wait_for("your role needs its staff card here")
    put_in(demo, "s", "3")
    demo.keys("960274", ENTER)
    demo.wait_for("Maintenance: health", "adam, administrator", "A Accounts")
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
    tray(demo, "s", "6")
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
    demo.keys(F12)
    demo.wait_for("Sign in, or put your staff card")
    put_in(demo, "6")
    demo.keys(PASSCODE, ENTER)
    demo.wait_for(FIND, "hughes, officer")
