"""Nothing that can be typed, clicked or sent into the terminal leads out of the kiosk, or ends it."""

from __future__ import annotations

from signal import SIGTSTP

import pytest

from kiosk.i18n import words
from tests.terminal.terminal import ESC, F2, F3, Terminal
from tests.terminal.town import ATTRACT, Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")

WELSH = words("cy")
F12 = b"\x1b[24~"
SINGLE = [bytes([code]) for code in range(256) if code != 0x1B]  # Esc has a meaning of its own
FUNCTION_KEYS = [b"\x1b[%d~" % number for number in (12, 14, 15, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34)]
KITTY = [b"\x1b[113;5u", b"\x1b[99;5u", b"\x1b[112;5u", b"\x1b[1114112u", b"\x1b[99999999;5u", b"\x1b[55296u"]
MOUSE = [
    *(b"\x1b[<0;%d;1%c" % (column, press) for column in (1, 3, 78) for press in (77, 109) * 2),  # twice each
    b"\x1b[M\x20\xff\xff",  # an X10 report, whose coordinates are not UTF-8
    b"\x1b[<0;99999;99999M",
    b"\x1b[<64;40;12M",
]
NOT_UTF8 = [b"\xff\xfe\xfd", b"\xe9", b"\xc3", b"\xed\xa0\x80", b"\x80" * 100, b"\x9b1u"]
REPORTS = [  # what a terminal may say, and a keyboard can type
    b"\x1b]52;c;cHdu\x07",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b[?2026;99$y",
    b"\x1b[?2048;99$y",
    b"\x1b[48;1;1;1;1t",
    b"\x1b[I",
    b"\x1b[O",
]
EVERYTHING = [*SINGLE, *FUNCTION_KEYS, *KITTY, *MOUSE, *NOT_UTF8, *REPORTS]


def still_answers(kiosk: Terminal, heading: str) -> None:
    """Whatever was sent before has been dealt with: the language changes when F3 is pressed, and back."""
    kiosk.keys(F3)
    kiosk.wait_for(WELSH(heading))
    kiosk.keys(F3)
    kiosk.wait_for(heading)


def send_everything(kiosk: Terminal, heading: str) -> None:
    """One thing after another; the kiosk lives, and the screen is the same afterwards."""
    kiosk.send_signal(SIGTSTP)
    for data in EVERYTHING:
        if data != F12:
            kiosk.send(data)
    still_answers(kiosk, heading)
    kiosk.send(b"\x1b[200~" + b"0123456789abcde\n" * (5 * 2**16) + b"\x1b[201~")  # 5 MiB
    still_answers(kiosk, heading)
    assert b"\x1b]52" not in kiosk.output, "something went to the terminal's clipboard"


def test_nothing_leads_out_of_the_attract_screen(town: Town) -> None:
    kiosk = town.kiosk()
    send_everything(kiosk, ATTRACT)
    kiosk.send(F12)  # leads to the staff's door, and no further
    kiosk.wait_for("Sign in, or put your staff card in the reader")
    kiosk.keys(ESC)
    kiosk.wait_for(ATTRACT)


def test_nothing_leads_out_of_a_journey(town: Town) -> None:
    visitor = Visitor(town.kiosk(), town.hands, town.registered(locked=True))
    visitor.put_in()
    visitor.questions()
    send_everything(visitor.kiosk, "Answer your security questions")
    visitor.pull()


def test_nothing_of_the_demo_is_in_the_kiosk(town: Town) -> None:
    kiosk = town.kiosk()
    before = kiosk.screen
    assert "DEMO" not in before
    assert "F2" not in before
    kiosk.keys(F2, F3)
    kiosk.wait_for(WELSH(ATTRACT))
    assert not kiosk.shows("Demo")
    kiosk.keys(F3)
    kiosk.wait_for(ATTRACT)
