"""Staff with a mouse, in a real terminal: whatever a key does, a click on it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.attendant import EXIT_START_AGAIN
from tests.terminal.terminal import ENTER, F12, Terminal
from tests.terminal.test_officer import FIND, PERSON, sign_in, tray
from tests.terminal.town import ATTRACT, KIOSK


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    """The demo, as it waits for a card."""
    demo = Terminal([str(KIOSK), "demo"], tmp_path / "log")
    demo.wait_for(ATTRACT)
    yield demo
    demo.close()


def test_a_technician_goes_through_the_tools(demo: Terminal) -> None:
    demo.keys(F12)
    demo.click("Password")
    demo.wait_for("┃ Password")  # where the cursor is, the frame is heavy
    demo.click("Name")
    demo.wait_for("┃ Name")
    demo.keys("tess", ENTER, "violet tractor umbrella")
    demo.click("Enter Sign in")
    demo.wait_for("Maintenance: health", "signed in")
    for key, shown in (
        ("R Reader", "0 went in"),
        ("M Mail", "works: signed in"),
        ("L Log", "audit head"),
        ("E Settings", "site.kiosk_name"),
        ("T Test", "It was never run"),
    ):
        demo.click(key)
        demo.wait_for(shown)
        demo.click("Esc Back")
        demo.wait_for("Maintenance: health")
    demo.click("S Service")
    demo.click("F8 Restart")
    demo.wait_for("Press F8 again")
    demo.click("F8 Restart")
    assert demo.wait_for_end() == EXIT_START_AGAIN


def test_an_officer_helps_somebody(demo: Terminal) -> None:
    sign_in(demo)
    tray(demo, "1")
    demo.wait_for(PERSON, "Ben Adams, D001")
    demo.click("S Suspend")
    demo.wait_for("Desk: suspend a card", "What will happen")
    demo.keys("T-9")
    demo.click("F8 Do it")
    demo.wait_for("Done, and on record")
    demo.click("Enter To the person")
    demo.wait_for(PERSON, "suspended")
    demo.click("Esc Back")
    demo.wait_for(FIND)
    demo.click("F5 Report")
    demo.wait_for("Maintenance: reports")
    demo.click("Esc Back")
    demo.click("Esc Sign out")
    demo.wait_for("Take your card")
