"""`kiosk demo`: an unlock by somebody who has nothing but its keys, and how its staff sign in."""

from __future__ import annotations

import re

import pytest

from tests.terminal.demo import crib, tray
from tests.terminal.people import NEW_PIN
from tests.terminal.terminal import DOWN, ENTER, ESC, F2, F12, Terminal
from tests.terminal.town import ATTRACT

pytestmark = pytest.mark.xdist_group("demo")

BANNER = "DEMO: nothing is real"


def put_in(demo: Terminal, number: str) -> dict[str, str]:
    """Put a card of the tray in; what the crib says about its person."""
    tray(demo)
    told = crib(demo, "Passcode", "Street you grew up in")
    demo.keys(number)
    return told


def read_code(demo: Terminal) -> str:
    """The code in the mail on top of the mailbox."""
    tray(demo, "m")
    mail = demo.wait_for("Your code from", "Nobody will ask you for this code")
    code = re.search(r"^\W*(\d{4}) (\d{4})\W*$", mail, re.MULTILINE)
    assert code, mail
    demo.keys(F2)
    return code[1] + code[2]


def test_the_officer_signs_in_in_the_demo(demo: Terminal) -> None:
    demo.wait_for(ATTRACT, BANNER)
    demo.keys(F12)
    demo.wait_for("put your staff card in the reader")
    tray(demo, "s")
    demo.wait_for("Staff: the officer")
    demo.keys(DOWN)
    demo.wait_for("Name: olga", "F12 on the first screen; then F2 and this card")
    passcode = crib(demo, "Passcode")["Passcode"]
    demo.keys("2")
    demo.wait_for("type its passcode")
    demo.keys(passcode, ENTER)
    demo.wait_for("olga, officer")
    demo.keys(ESC)
    demo.wait_for(BANNER, "Take your card")
    tray(demo, "0")
    demo.wait_for(ATTRACT)


def test_an_unlock_in_the_demo_and_its_end(demo: Terminal) -> None:
    demo.wait_for(ATTRACT, BANNER)
    told = put_in(demo, "1")
    demo.wait_for("Answer your security questions")  # the tray, which has the same four, is closed
    demo.wait_until(lambda: sum(map(demo.shows, told)) == 4, "four questions")
    asked = sorted((text for text in told if demo.shows(text)), key=demo.screen.index)
    for text in asked:
        demo.keys(told[text], ENTER)
    demo.wait_for("Enter the code we sent you", BANNER)
    code = read_code(demo)
    demo.wait_for("Enter the code we sent you")
    demo.keys(code)
    demo.wait_for("Choose a new passcode")
    demo.keys(NEW_PIN, ENTER, NEW_PIN, ENTER)
    demo.wait_for("Your card is unlocked")
    tray(demo)
    demo.wait_for(f"Passcode: {NEW_PIN}")
    demo.keys("0")
    demo.wait_for(ATTRACT)
    tray(demo, "q")
    assert demo.wait_for_end() == 0
    demo.assert_restored()
    assert demo.log.read_text() == ""
