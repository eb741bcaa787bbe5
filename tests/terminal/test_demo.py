"""`kiosk demo`: an unlock by somebody who has nothing but its keys; and nothing of it in `kiosk run`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.i18n import words
from tests.terminal.people import NEW_PIN
from tests.terminal.terminal import DOWN, ENTER, ESC, F2, F3, F12, Terminal
from tests.terminal.town import ATTRACT, KIOSK, Town

pytestmark = pytest.mark.xdist_group("pcscd")


BANNER = "DEMO: nothing is real"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    demo = Terminal([str(KIOSK), "demo"], tmp_path / "log")
    yield demo
    demo.close()


def put_in(demo: Terminal, number: str) -> dict[str, str]:
    """Put a card of the tray in; what the crib says about its person."""
    demo.keys(F2)
    tray = demo.wait_for("put a card in the reader", "Passcode:", "Street you grew up in:")
    demo.keys(number)
    return dict(re.findall(r"▌ (.+): (.+)$", tray, re.MULTILINE))


def read_code(demo: Terminal) -> str:
    """The code in the mail on top of the mailbox."""
    demo.keys(F2)
    demo.wait_for("put a card in the reader")
    demo.keys("m")
    mail = demo.wait_for("Your code from", "Nobody will ask you for this code")
    code = re.search(r"^\W*(\d{4}) (\d{4})\W*$", mail, re.MULTILINE)
    assert code, mail
    demo.keys(F2)
    return code[1] + code[2]


def test_an_unlock_in_the_demo(demo: Terminal) -> None:
    demo.wait_for(ATTRACT, BANNER)
    crib = put_in(demo, "1")
    demo.wait_for("Answer your security questions")  # the tray, which has the same four, is closed
    demo.wait_until(lambda: sum(map(demo.shows, crib)) == 4, "four questions")
    asked = sorted((text for text in crib if demo.shows(text)), key=demo.screen.index)
    for text in asked:
        demo.keys(crib[text], ENTER)
    demo.wait_for("Enter the code we sent you", BANNER)
    code = read_code(demo)
    demo.wait_for("Enter the code we sent you")
    demo.keys(code)
    demo.wait_for("Choose a new passcode")
    demo.keys(NEW_PIN, ENTER, NEW_PIN, ENTER)
    demo.wait_for("Your card is unlocked")
    demo.keys(F2)
    demo.wait_for("put a card in the reader", f"Passcode: {NEW_PIN}")
    demo.keys("0")
    demo.wait_for(ATTRACT)
    demo.keys(F2)
    demo.wait_for("put a card in the reader")
    demo.keys("q")
    assert demo.wait_for_end() == 0
    demo.assert_restored()
    assert demo.log.read_text() == ""


def test_the_officer_signs_in_in_the_demo(demo: Terminal) -> None:
    demo.wait_for(ATTRACT, BANNER)
    demo.keys(F12)
    demo.wait_for("put your staff card in the reader")
    demo.keys(F2)
    demo.wait_for("Demo: put a card in the reader")
    demo.keys("s")
    demo.wait_for("Staff: the officer")
    demo.keys(DOWN)
    tray = demo.wait_for("Name: olga", "F12 on the first screen; then F2 and this card")
    passcode = dict(re.findall(r"▌ (.+): (.+)$", tray, re.MULTILINE))["Passcode"]
    demo.keys("2")
    demo.wait_for("type its passcode")
    demo.keys(passcode, ENTER)
    demo.wait_for("olga, officer")
    demo.keys(ESC)
    demo.wait_for(BANNER, "Take your card")


def test_nothing_of_the_demo_is_in_the_kiosk(town: Town) -> None:
    kiosk = town.kiosk()
    before = kiosk.screen
    assert "DEMO" not in before
    assert "F2" not in before
    kiosk.keys(F2, F3)
    kiosk.wait_for(words("cy")(ATTRACT))
    assert not kiosk.shows("Demo")
    kiosk.keys(F3)
    kiosk.wait_for(ATTRACT)
