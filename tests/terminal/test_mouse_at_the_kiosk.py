"""Staff with a mouse at the kiosk itself: what only a real card, real mail and a real machine bring about."""

from __future__ import annotations

import json

import pytest

from deploy.login_vt import Consoles
from tests.prompting import VT, on_the_screen
from tests.terminal.helped import ISSUED, have_the_secret_refused, login_service
from tests.terminal.mouse import back, do, hold_the_bar, into
from tests.terminal.post import MAIL, Picky
from tests.terminal.staff import BOARD, FIND, PERSON, STAFF_CARD
from tests.terminal.terminal import Terminal
from tests.terminal.town import ADMINISTRATOR, ATTRACT, OFFICER, OFFICERS_PIN, PASSWORD, Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")


def test_a_refused_secret_and_a_mail_that_waits(town: Town, kiosk: Terminal, post: Picky) -> None:
    refused = Visitor(kiosk, town.hands, town.registered())
    post.refused.add(ISSUED)
    have_the_secret_refused(refused)
    hold_the_bar(kiosk)
    town.hands.insert(town.officers_card)
    kiosk.wait_for(STAFF_CARD)
    kiosk.keys(OFFICERS_PIN)
    kiosk.click("Enter Sign in")
    kiosk.wait_for(FIND, f"{OFFICER}, officer")
    town.hands.remove()
    kiosk.wait_for("Put the card into the reader.")
    kiosk.keys(refused.person.id)
    kiosk.click("Enter Find")
    kiosk.wait_for(PERSON, "SECRET REFUSED")
    do(kiosk, "K Clear secret", "T-50")
    kiosk.wait_for("can be unlocked", f"Unblock secret may be used again (T-50), by {OFFICER}")
    do(kiosk, "A Assist", "T-51")
    kiosk.wait_for("an assistance code is out")
    back(kiosk, FIND)
    _drop_what_waits(kiosk)
    back(kiosk, FIND)
    kiosk.click("Esc Sign out")
    kiosk.wait_for(ATTRACT)
    told = json.loads(
        town.command("audit", "show", "--holder", refused.person.id, "--limit", "100", "--json")
    )
    assert [one["reason"] for one in told if one["actor"] == OFFICER] == ["T-50", "T-51", "T-52"]


def _drop_what_waits(kiosk: Terminal) -> None:
    kiosk.click("F9 Mail")
    kiosk.wait_for(MAIL, "1 notice waits")
    kiosk.click("assistance code issued")
    kiosk.click("F9 Drop it")
    kiosk.wait_for("drop a notice", "will never be sent")
    kiosk.click("Esc Keep it")
    kiosk.wait_for(MAIL, "1 notice waits")
    kiosk.click("F9 Drop it")
    kiosk.wait_for("drop a notice", "will never be sent")
    into(kiosk, "Reason")
    kiosk.keys("T-52")
    kiosk.click("Enter Drop it")
    kiosk.wait_for(MAIL, "No notices wait")


def test_a_login_prompt_of_the_machines(town: Town, kiosk: Terminal, consoles: Consoles) -> None:
    before = consoles.active()
    with login_service(town):
        hold_the_bar(kiosk)
        into(kiosk, "Password")
        into(kiosk, "Name")
        kiosk.keys(ADMINISTRATOR)
        into(kiosk, "Password")
        kiosk.keys(PASSWORD)
        kiosk.click("Enter Sign in")
        kiosk.wait_for(BOARD, f"{ADMINISTRATOR}, ")
        kiosk.click("S Service")
        kiosk.wait_for("This kiosk is in service")
        kiosk.click("F9 Log in")
        kiosk.wait_until(lambda: consoles.active() == VT, "another virtual terminal in front")
        kiosk.wait_until(lambda: "login:" in on_the_screen(VT), "login prompt on it")
    assert consoles.active() == before
    back(kiosk, BOARD)
    kiosk.click("Esc Sign out")
    kiosk.wait_for(ATTRACT)
