"""A technician at the demo, in a real terminal, by keys alone: each tool does what it is for."""

from __future__ import annotations

import pytest

from kiosk.attendant import EXIT_START_AGAIN
from kiosk.staff.account import Role
from tests.terminal.demo import by_password, tray
from tests.terminal.staff import BOARD, knock
from tests.terminal.terminal import ENTER, ESC, F5, F8, Terminal
from tests.terminal.town import ATTRACT

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def board(demo: Terminal) -> Terminal:
    """The demo, with the technician at the health board."""
    knock(demo)
    by_password(demo, Role.TECHNICIAN)
    demo.wait_for(BOARD, "card service", "TLSv1.3, signed in")
    return demo


def back(board: Terminal) -> None:
    """To the health board."""
    board.keys(ESC)
    board.wait_for(BOARD)


def leave(board: Terminal) -> None:
    """From the health board out."""
    board.keys(ESC)
    board.wait_for(ATTRACT)


def test_reader_and_card(board: Terminal) -> None:
    board.keys("r")
    board.wait_for("Virtual reader", "0 went in")
    tray(board, "1")
    board.wait_for("a card, and it answers", "1 went in")
    board.keys("i")
    board.wait_for("piv: chosen", "LOCKED", "tries left")
    board.keys("a")
    board.wait_for("Commands to the card", "SELECT")
    back(board)
    board.keys(ESC)
    board.wait_for("Take your card")
    tray(board, "0")
    board.wait_for(ATTRACT)


def test_mail_self_test_log_and_settings(board: Terminal) -> None:
    board.keys("m")
    board.wait_for("works: signed in", "certificate ends")
    board.keys("tess@nhs.net", ENTER)
    board.wait_for("The mail server has taken the test mail")
    back(board)
    board.keys("t")
    board.wait_for("It was never run")
    board.keys(ENTER)
    board.wait_for("It went well", "by tess", deadline=90)
    back(board)
    board.keys("l")
    board.wait_for(
        *("started: Demo kiosk, release", "the reader is there: Virtual reader", "audit head"),
        *("tess signed in by password: technician", "a test mail of tess was sent"),
        "the self-test went well, run by tess",
    )
    assert board.screen.count("audit head") == 1
    board.keys("no such line")
    board.wait_until(lambda: not board.shows("audit head"), "lines with that alone")
    back(board)
    board.keys("e")
    board.wait_for("site.kiosk_name", "Demo kiosk", "shown: all")
    board.keys("site.touch")
    board.wait_until(lambda: board.shows("site.touch") and not board.shows("site.kiosk_name"), "one setting")
    board.keys(F8)
    board.wait_for("shown: what was set", "0 of")
    back(board)
    leave(board)


def test_out_of_service_and_back_and_started_again(board: Terminal) -> None:
    board.keys("s")
    board.wait_for("This kiosk is in service")
    board.keys("Back at two", ENTER)
    board.wait_for("Out of service since", "Back at two")
    board.keys(F5)
    board.wait_for("This kiosk is in service")
    board.keys(F8)
    board.wait_for("Press F8 again")
    board.keys(F8)
    assert board.wait_for_end() == EXIT_START_AGAIN
    board.assert_restored()
