"""An officer at the demo's desk, in a real terminal, by keys alone."""

from __future__ import annotations

import pytest

from tests.terminal.demo import BEN, EVE, TRAY, at_the_desk, crib, taken_out, tray, use_up_the_attempts
from tests.terminal.staff import FIND, PERSON, do, find
from tests.terminal.terminal import BACKSPACE, DOWN, ENTER, ESC, F2, F4, F5, F8, F9, F10, Terminal
from tests.terminal.town import ATTRACT

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def desk(demo: Terminal) -> Terminal:
    """The demo's desk. Whoever is helped there is helped by one test alone."""
    at_the_desk(demo)
    return demo


def leave(desk: Terminal) -> None:
    """From somebody's page out."""
    desk.wait_for(PERSON)
    desk.keys(ESC)
    desk.wait_for(FIND)
    desk.keys(ESC)
    desk.wait_for(ATTRACT)


def test_a_person_who_is_blocked_is_helped(demo: Terminal) -> None:
    reference = use_up_the_attempts(demo, "1")
    at_the_desk(demo)
    demo.keys(reference.lower().replace("-", ""), ENTER)  # as it was said on the phone
    demo.wait_for(PERSON, BEN, "BLOCKED since", "Security questions NOT right (1 attempt left)")
    demo.keys("b")
    do(demo, "clear the block", "T-0", ENTER)
    demo.wait_for("3 of 3 attempts left", "Block cleared (T-0), by olga")
    leave(demo)


def test_of_an_unknown_card_the_reference_is_explained(demo: Terminal) -> None:
    tray(demo, "6")
    demo.wait_for("This card cannot be used here")
    reference = taken_out(demo)
    at_the_desk(demo)
    demo.keys(reference, ENTER)
    demo.wait_for(f"Visit {reference} was of a card that nobody is known by", f"--visit {reference}")
    demo.keys(ESC)
    demo.wait_for(ATTRACT)


def test_every_deed_but_those_at_the_reader(desk: Terminal) -> None:
    find(desk, "D002", EVE)
    desk.keys("a")
    shown = do(desk, "assistance code", "T-1", ENTER)
    assert "until" in shown
    assert "I have a code from the RA" in shown
    assert "will not be shown again" in shown
    desk.wait_for("an assistance code is out")
    desk.keys("e")
    desk.wait_for("Where are their codes to be sent?")
    desk.keys(*[BACKSPACE] * len("eve.shaw@nhs.net"), "eve@evil.example", ENTER)
    desk.wait_for("is not at an approved domain", "eve@evil.example")
    desk.keys(*[BACKSPACE] * len("evil.example"), "nhs.net", ENTER)
    do(desk, "email address", "T-2", ENTER, "D002", ENTER)
    desk.wait_for("Address eve@nhs.net")
    desk.keys("s")
    do(desk, "suspend a card", "T-3", ENTER)
    desk.wait_for("suspended", "U Use again")
    desk.keys("u")
    do(desk, "take a card back into use", "T-4", F8)
    desk.wait_for("active can be unlocked")
    desk.keys("w")
    desk.wait_for("Type their id")
    desk.keys("T-5", ENTER, "D001", ENTER)
    desk.wait_for("Not the id of this person")
    desk.keys(BACKSPACE, "2", ENTER)
    desk.wait_for("Done, and on record", "answers are erased", "Enter To the person")
    desk.keys(ENTER)
    desk.wait_for("Registered no")
    desk.keys("r")
    do(desk, "revoke a card", "T-6", ENTER, "D002", ENTER)
    desk.wait_for("revoked", "Card's state changed (now revoked, T-6), by olga")
    leave(desk)


def test_a_new_person_gets_a_card_and_then_another(desk: Terminal) -> None:
    desk.keys(F4)
    desk.wait_for("Who is it?")
    desk.keys("N77", ENTER, "Nia Hughes", ENTER, "nia.hughes@nhs.net", ENTER)
    do(desk, "new person", "T-7", ENTER)
    desk.wait_for("Nia Hughes, N77", "No card yet")
    desk.keys("n")
    desk.wait_for("Desk: enrol a card", "Put the card into the reader.")
    tray(desk, *[DOWN] * 5)
    desk.wait_for("The kiosk does not know it")
    puk = crib(desk, "PUK")["PUK"]
    desk.keys("6")
    desk.wait_for("It is nobody's yet", "How is it enrolled?")
    desk.keys(ENTER)
    do(desk, "enrol a card", puk, ENTER, puk, ENTER, "T-8", ENTER)
    desk.wait_for("Nia Hughes, N77", "active can be unlocked", "In the reader: 1")
    desk.keys(F2)
    desk.wait_for(TRAY, "PUK:")
    assert f"PUK: {puk}" not in desk.screen, "a fresh one was set"
    desk.keys(F2)
    desk.wait_for(PERSON)
    desk.keys(ESC)
    desk.wait_for(FIND)
    tray(desk, "0")
    desk.wait_for("Put the card into the reader.")
    tray(desk, "6")
    desk.wait_for(PERSON, "Nia Hughes, N77")
    tray(desk, "0")
    leave(desk)


def test_other_tools_and_the_way_out(desk: Terminal) -> None:
    for key, title in (
        (F5, "hours of RA time saved"),
        (F8, "Maintenance: health"),
        (F9, "Maintenance: mail"),
        (F10, "Maintenance: service"),
    ):
        desk.keys(key)
        desk.wait_for(title)
        desk.keys(ESC)
        desk.wait_for(FIND)
    desk.keys(ESC)
    desk.wait_for(ATTRACT)
