"""A technician at the demo, in a real terminal, by keys alone: each tool does what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.attendant import EXIT_START_AGAIN
from tests.terminal.terminal import ENTER, ESC, F2, F5, F8, Terminal
from tests.terminal.town import ATTRACT, KIOSK

F12 = "\x1b[24~"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    """The demo, with the technician at the health board."""
    demo = Terminal([str(KIOSK), "demo"], tmp_path / "log")
    demo.wait_for(ATTRACT)
    demo.keys(F12)
    demo.wait_for("Sign in, or put your staff card")
    demo.keys("tess", ENTER, "violet tractor umbrella", ENTER)
    demo.wait_for("Maintenance: health", "card service", "TLSv1.3, signed in")
    yield demo
    demo.close()


def back(demo: Terminal) -> None:
    """To the health board."""
    demo.keys(ESC)
    demo.wait_for("Maintenance: health")


def test_reader_and_card(demo: Terminal) -> None:
    demo.keys("r")
    demo.wait_for("Virtual reader", "0 went in")
    demo.keys(F2)
    demo.wait_for("put a card in the reader")
    demo.keys("1")
    demo.wait_for("a card, and it answers", "1 went in")
    demo.keys("i")
    demo.wait_for("piv: chosen", "LOCKED", "tries left")
    demo.keys("a")
    demo.wait_for("Commands to the card", "SELECT")
    back(demo)
    demo.keys(ESC)
    demo.wait_for("Take your card")


def test_mail_self_test_log_and_settings(demo: Terminal) -> None:
    demo.keys("m")
    demo.wait_for("works: signed in", "certificate ends")
    demo.keys("tess@nhs.net", ENTER)
    demo.wait_for("The mail server has taken the test mail")
    back(demo)
    demo.keys("t")
    demo.wait_for("It was never run")
    demo.keys(ENTER)
    demo.wait_for("It went well", "by tess", deadline=90)
    back(demo)
    demo.keys("l")
    demo.wait_for("audit head")
    back(demo)
    demo.keys("e")
    demo.wait_for("site.kiosk_name", "Demo kiosk")
    back(demo)


def test_out_of_service_and_back_and_started_again(demo: Terminal) -> None:
    demo.keys("s")
    demo.wait_for("This kiosk is in service")
    demo.keys("Back at two", ENTER)
    demo.wait_for("Out of service since", "Back at two")
    demo.keys(F5)
    demo.wait_for("This kiosk is in service")
    demo.keys(F8)
    demo.wait_for("Press F8 again")
    demo.keys(F8)
    assert demo.wait_for_end() == EXIT_START_AGAIN
    demo.assert_restored()
