"""Staff with a mouse, in a real terminal: whatever a key does, a click on it does. Only text is typed."""

from __future__ import annotations

import re

import pytest

from kiosk.attendant import EXIT_START_AGAIN
from kiosk.staff.account import Role
from tests.terminal.demo import BEN, STAFF, crib, use_up_the_attempts
from tests.terminal.mouse import back, do, hold_the_bar, into, put_in, take_out
from tests.terminal.staff import BOARD, FIND, PERSON, STAFF_CARD
from tests.terminal.terminal import Terminal
from tests.terminal.town import ATTRACT

pytestmark = pytest.mark.xdist_group("demo")

NIA = "Nia Adams, N80"


def test_an_officer_does_everything(demo: Terminal) -> None:
    use_up_the_attempts(demo, "1")
    hold_the_bar(demo)
    put_in(demo, "Staff: the officer")
    demo.wait_for(STAFF_CARD)
    demo.keys(STAFF[Role.OFFICER].card.state().pin)
    demo.click("Enter Sign in")
    demo.wait_for(FIND, "olga, officer")
    take_out(demo)
    demo.wait_for(FIND, "Put the card into the reader.")
    _add_somebody(demo)
    _enrol_a_card(demo)
    _help_somebody(demo)
    _give_them_another_card(demo)
    _look_at_the_rest(demo)
    demo.click("Esc Sign out")
    demo.wait_for("Take your card")
    take_out(demo)
    demo.wait_for(ATTRACT)


def _add_somebody(desk: Terminal) -> None:
    desk.click("F4 New")
    desk.wait_for("Who is it?")
    desk.keys("N80")
    into(desk, "Name")
    desk.keys("Nia Adams")
    into(desk, "Address")
    desk.keys("nia.adams@nhs.net")
    desk.click("Enter Go on")
    do(desk, "", "T-1")
    desk.wait_for(NIA, "No card yet")


def _enrol_a_card(desk: Terminal) -> None:
    """With a fresh random secret, for which the present one is typed, twice."""
    desk.click("N New")
    desk.wait_for("Desk: enrol a card", "Put the card into the reader.")
    put_in(desk, "Card of another organisation")
    desk.wait_for("It is nobody's yet", "How is it enrolled?")
    put_in(desk)
    puk = crib(desk, "PUK")["PUK"]
    desk.click("F2 Back")
    desk.wait_for("How is it enrolled?")
    desk.click("Enter Take this way")
    desk.wait_for("The same again")
    desk.keys(puk)
    into(desk, "The same again")
    desk.keys(puk)
    into(desk, "Reason")
    do(desk, "", "T-2")
    desk.wait_for(NIA, "active can be unlocked", "In the reader: 1")
    take_out(desk)
    back(desk, FIND)


def _help_somebody(desk: Terminal) -> None:
    desk.keys("Adams")
    desk.click("Enter Find")
    desk.wait_for("2 people found")
    desk.click("Ben Adams")
    desk.wait_for(PERSON, BEN, "BLOCKED since")
    do(desk, "B Clear block", "T-3")
    desk.wait_for("3 of 3 attempts left")
    do(desk, "A Assist", "T-4")
    desk.wait_for("an assistance code is out")
    desk.click("E Email")
    desk.wait_for("Where are their codes to be sent?")
    desk.keys("ben@nhs.net")  # in place of what is offered
    desk.click("Enter Go on")
    do(desk, "", "T-5", "D001")
    desk.wait_for("Address ben@nhs.net")
    do(desk, "S Suspend", "T-6")
    desk.wait_for("suspended")
    do(desk, "U Use again", "T-7")
    desk.wait_for("active can be unlocked")
    do(desk, "W Withdraw", "T-8", "D001")
    desk.wait_for("Registered no")


def _give_them_another_card(desk: Terminal) -> None:
    """In place of the present one; a secret that is typed is kept as it is. And both cards are chosen."""
    desk.click("P Replace")
    desk.wait_for("Desk: replace a card", "Put the card into the reader.")
    put_in(desk, "New card, nobody's yet")
    desk.wait_for("It is nobody's yet", "How is it enrolled?")
    desk.click("Enter Take this way")
    desk.wait_for("The same again")
    desk.click("Esc Back")
    desk.wait_for("How is it enrolled?")
    desk.click("You type the PUK that is on the card now")
    desk.click("Enter Take this way")
    desk.wait_for("The same again")
    desk.keys("12345678")
    into(desk, "The same again")
    desk.keys("12345678")
    into(desk, "Reason")
    do(desk, "", "T-9", "D001")
    desk.wait_for("revoked", "active can be unlocked")
    desk.click("1 piv:")
    desk.wait_for("U Use again")
    desk.click("2 piv:")
    do(desk, "R Revoke", "T-10", "D001")
    desk.wait_until(lambda: len(re.findall("revoked$", desk.screen, re.MULTILINE)) == 2, "two revoked cards")
    desk.click("F5 Look again")
    back(desk, FIND)


def _look_at_the_rest(desk: Terminal) -> None:
    desk.click("F5 Report")
    desk.wait_for("hours of RA time saved", "by week")
    desk.click("D Day")
    desk.wait_for("by day")
    desk.click("Left")
    desk.click("M Month")
    desk.wait_for("by month")
    desk.click("V View")
    desk.click("Demo kiosk")
    desk.wait_for("by month: Demo kiosk")
    desk.click("Enter Choose")
    back(desk, FIND)
    for key, shown in (("F8 Health", BOARD), ("F10 Service", "Maintenance: service")):
        desk.click(key)
        desk.wait_for(shown)
        back(desk, FIND)
    desk.click("F9 Mail")
    desk.click("F8 Try all now")
    desk.wait_for("None waits for a later try")
    back(desk, FIND)


def test_a_technician_goes_through_the_tools(demo: Terminal) -> None:
    hold_the_bar(demo)
    into(demo, "Password")
    into(demo, "Name")
    demo.keys(STAFF[Role.TECHNICIAN].name)
    into(demo, "Password")
    demo.keys(STAFF[Role.TECHNICIAN].password)
    demo.click("Enter Sign in")
    demo.wait_for(BOARD, "signed in")
    _look_into_the_reader(demo)
    _send_a_test_mail(demo)
    _read_log_and_settings(demo)
    demo.click("T Test")
    demo.wait_for("It was never run")
    demo.click("Enter Run it")
    demo.wait_for("It went well", deadline=90)
    back(demo, BOARD)
    demo.click("S Service")
    demo.wait_for("This kiosk is in service")
    demo.keys("Back at two")
    demo.click("Enter Out of service")
    demo.wait_for("Out of service since", "Back at two")
    demo.click("F5 In service")
    demo.wait_for("This kiosk is in service")
    demo.click("F8 Restart")
    demo.wait_for("Press F8 again")
    demo.click("F8 Restart")
    assert demo.wait_for_end() == EXIT_START_AGAIN


def _look_into_the_reader(board: Terminal) -> None:
    board.click("R Reader")
    board.wait_for("0 went in")
    put_in(board, "Locked card, registered")
    board.wait_for("1 went in")
    board.click("I Inspect card")
    board.wait_for("piv: chosen", "LOCKED")
    board.click("A Commands")
    board.wait_for("Commands to the card", "SELECT")
    board.click("C Clear")
    board.wait_for("no command yet")
    back(board, BOARD)


def _send_a_test_mail(board: Terminal) -> None:
    board.click("M Mail")
    board.wait_for("works: signed in")
    board.keys("tess@nhs.net")
    board.click("Enter Send test")
    board.wait_for("The mail server has taken the test mail")
    board.click("F8 Try notices now")
    board.wait_for("None waits for a later try")
    board.click("F5 Ask server again")
    board.wait_for("works: signed in")
    back(board, BOARD)


def _read_log_and_settings(board: Terminal) -> None:
    board.click("L Log")
    board.wait_for("audit head", "shown: everything")
    board.click("F8 Level")
    board.wait_for("shown: warnings and errors")
    back(board, BOARD)
    board.click("E Settings")
    board.wait_for("site.kiosk_name", "shown: all")
    board.click("F8 Only what was set")
    board.wait_for("shown: what was set")
    back(board, BOARD)
