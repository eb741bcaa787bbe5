"""An officer at the desk, in a real terminal, by keys alone: in the demo, and on the RA's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardio.virtual.piv import PivCard
from tests.terminal.terminal import BACKSPACE, DOWN, ENTER, ESC, F2, F4, F5, F8, F9, F10, F12, Terminal
from tests.terminal.town import ATTRACT, KIOSK, OFFICER, PASSWORD, Town

FIND, PERSON, TRAY = "Desk: find a person", "Desk: one person", "Demo: put a card in the reader"
BEN = "Ben Adams, D001"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    """The demo, as it waits for a card."""
    demo = Terminal([str(KIOSK), "demo"], tmp_path / "log")
    demo.wait_for(ATTRACT)
    yield demo
    demo.close()


@pytest.fixture
def desk(demo: Terminal) -> Terminal:
    """The demo's desk."""
    sign_in(demo)
    return demo


def sign_in(demo: Terminal) -> None:
    """Let the officer in by her staff card, and take that out."""
    demo.keys(F12)
    while not demo.comes_to("Sign in, or put your staff card"):  # the last visit may be just ending
        demo.keys(F12)
    tray(demo, "s", "2")
    demo.wait_for("A card is in the reader. Staff: type its passcode")
    demo.keys("725190", ENTER)
    demo.wait_for(FIND, "olga, officer")
    tray(demo, "0")
    demo.wait_for(FIND, "Put the card into the reader.")


def tray(demo: Terminal, *keys: str) -> None:
    """Do something with the cards of the tray."""
    demo.keys(F2)
    demo.wait_for(TRAY)
    demo.keys(*keys)


def find(desk: Terminal, text: str, who: str) -> None:
    """Find somebody, and come to their page."""
    desk.keys(text, ENTER)
    desk.wait_for(PERSON, who)


def do(desk: Terminal, title: str, *typed: str) -> str:
    """Carry out the deed that was chosen; what is true then. Leads back to the person."""
    desk.wait_for(f"Desk: {title}", "What will happen", "The reason stays on record")
    desk.keys(*typed)
    done = desk.wait_for("Done, and on record", "Enter To the person")
    desk.keys(ENTER)
    desk.wait_for(PERSON)
    return done


def test_a_person_who_is_blocked_is_helped(demo: Terminal) -> None:
    tray(demo, "1")
    for left in (2, 1, 0):
        demo.wait_for("Answer your security questions")
        demo.keys("x1", ENTER, "x2", ENTER, "x3", ENTER, "x4", ENTER)
        demo.wait_for(f"{left} attempt" if left else "Wrong answers were given three times")
    tray(demo, "0")
    demo.wait_for(ATTRACT)
    sign_in(demo)
    tray(demo, "1")
    demo.wait_for(PERSON, BEN, "BLOCKED since", "Security questions NOT right (1 attempt left)")
    demo.keys("b")
    do(demo, "clear the block", "T-0", ENTER)
    demo.wait_for("3 of 3 attempts left", "Block cleared (T-0), by olga")


def test_every_deed_but_those_at_the_reader(desk: Terminal) -> None:
    find(desk, "D001", BEN)
    desk.keys("a")
    shown = do(desk, "assistance code", "T-1", ENTER)
    assert "until" in shown
    assert "I have a code from the RA" in shown
    assert "will not be shown again" in shown
    desk.wait_for("an assistance code is out")
    desk.keys("e")
    desk.wait_for("Where are their codes to be sent?")
    desk.keys(*[BACKSPACE] * len("ben.adams@nhs.net"), "ben@evil.example", ENTER)
    desk.wait_for("is not at an approved domain", "ben@evil.example")
    desk.keys(*[BACKSPACE] * len("evil.example"), "nhs.net", ENTER)
    do(desk, "email address", "T-2", ENTER, "D001", ENTER)
    desk.wait_for("Address ben@nhs.net")
    desk.keys("s")
    do(desk, "suspend a card", "T-3", ENTER)
    desk.wait_for("suspended", "U Use again")
    desk.keys("u")
    do(desk, "take a card back into use", "T-4", F8)
    desk.wait_for("active can be unlocked")
    desk.keys("w")
    desk.wait_for("Type their id")
    desk.keys("T-5", ENTER, "D002", ENTER)
    desk.wait_for("Not the id of this person")
    desk.keys(BACKSPACE, "1", ENTER)
    desk.wait_for("Done, and on record", "answers are erased", "Enter To the person")
    desk.keys(ENTER)
    desk.wait_for("Registered no")
    desk.keys("r")
    do(desk, "revoke a card", "T-6", ENTER, "D001", ENTER)
    desk.wait_for("revoked", "Card's state changed (now revoked, T-6), by olga")


def test_a_new_person_gets_a_card_and_then_another(desk: Terminal) -> None:
    desk.keys(F4)
    desk.wait_for("Who is it?")
    desk.keys("N77", ENTER, "Nia Hughes", ENTER, "nia.hughes@nhs.net", ENTER)
    do(desk, "new person", "T-7", ENTER)
    desk.wait_for("Nia Hughes, N77", "No card yet")
    desk.keys("n")
    desk.wait_for("Desk: enrol a card", "Put the card into the reader.")
    tray(desk, *[DOWN] * 5)
    crib = desk.wait_for("The kiosk does not know it", "PUK:")
    puk = crib.partition("PUK: ")[2].split()[0]
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


@pytest.mark.xdist_group("pcscd")
def test_the_desk_of_the_ra(town: Town) -> None:
    town.kiosk()
    town.end()
    person = town.registered(locked=True)
    desk = Terminal(
        [str(KIOSK), "--config", str(town.configure(site={"kiosk_name": "Office"})), "desk"], town.log
    )
    try:
        desk.wait_for("Officers' desk", "Sign in, or put your staff card", "F10 Close the desk")
        desk.keys("nobody", ENTER, "not the password", ENTER)
        desk.wait_for("Name or password is not right")
        desk.keys(OFFICER, ENTER, PASSWORD, ENTER)
        desk.wait_for(FIND, f"{OFFICER}, officer")
        _at_the_desk(desk, town, person.id, person.name)
        desk.keys(ESC)
        desk.wait_for(FIND)
        desk.keys(ESC)
        desk.wait_for("Sign in, or put your staff card")
        desk.keys(F10)
        assert desk.wait_for_end() == 0
        desk.assert_restored()
    finally:
        desk.close()
    known = town.command("fleet", "list")
    assert "North hall" in known
    assert "Office" not in known, "it is no kiosk"


def _at_the_desk(desk: Terminal, town: Town, holder_id: str, name: str) -> None:
    """Find somebody, give them a code, and give them another card over a real card service."""
    find(desk, holder_id, f"{name}, {holder_id}")
    desk.keys("a")
    shown = do(desk, "assistance code", "T-9", ENTER)
    assert not re.search(r"\d{5} \d{5}", shown), "it is drawn, and not written"
    desk.keys("p")
    desk.wait_for("Desk: replace a card", "Put the card into the reader.")
    fresh = PivCard(pin="482913", puk="71940263", name="N. N.")
    town.hands.insert(fresh)
    desk.wait_for("It is nobody's yet", "How is it enrolled?")
    desk.keys(ENTER)
    do(desk, "replace a card", "71940263", ENTER, "71940263", ENTER, "T-10", ENTER, holder_id, ENTER)
    desk.wait_for("revoked", "active can be unlocked")
    assert fresh.state().puk != "71940263", "a fresh one was set"
    town.hands.remove()
