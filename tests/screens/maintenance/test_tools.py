"""The technician's tools, by keys: what they show, and what is asked of the session."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cardio.reader import State
from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.tools import LogLine, MailServer, Slot, Weight
from screens.maintenance.mail import DropScreen, MailScreen
from screens.maintenance.service import ServiceScreen
from screens.widgets.fields import Entry
from screens.widgets.lines import Lines
from tests.screens.gallery import NOW
from tests.screens.hall import wait_until
from tests.screens.maintenance.facts import LOG, OUTBOX, TRACE
from tests.screens.maintenance.fakes import FakeSession, Office, office


def told(there: Office) -> str:
    """What the list says, whether it is in sight or not."""
    return there.screen.query_one(Lines).told


# -- reader and card -----------------------------------------------------------------------------------


async def test_reader_and_card() -> None:
    async with office() as there:
        await there.press("r")
        await there.sees("Gemalto PC Twin", "a card, and it answers", "1 went in, 0 came out", "3B 8D 80 01")
        await there.sees("T=0 and T=1", "4 commands", "at most 55.2 ms")
        assert "SELECT: PIV: 9000 done" in told(there)
        assert "[masked]" in told(there)
        await there.press("i")
        await there.sees("LOCKED", "3 tries left")
        there.session.reader.trace.put(TRACE[0])
        await there.sees("5 commands")
        assert "LOCKED" in told(there), "the card stays in sight while commands go on"
        await there.press("a")
        await there.sees("Commands to the card")
        await there.press("c")
        await there.sees("no command yet")
        assert told(there) == ""


async def test_a_reader_without_a_card() -> None:
    session = FakeSession()
    session.reader.card = StaffProblem("put a card into the reader first")
    async with office(session) as there:
        await there.press("r")
        await there.press("i")
        await there.sees("Put a card into the reader first", "Commands to the card")
        session.reader.slot.put(Slot("Gemalto PC Twin", ("Gemalto PC Twin",), State.CARD, None, 2, 1))
        await there.sees("2 went in")
        assert "Put a card into the reader first" not in there.drawn


async def test_a_card_that_goes_in_and_out_is_a_sign_of_life() -> None:
    async with office() as there:
        await there.press("r")
        there.there.pass_time(110)
        await there.sees("signed out in 10 s")
        slot = Slot("Gemalto PC Twin", ("Gemalto PC Twin",), State.EMPTY, None, 1, 1)
        there.session.reader.slot.put(slot)
        await there.sees("1 came out")
        there.there.pass_time(20)
        assert not there.lobby.left


async def test_nobody_listens_once_the_screen_is_closed() -> None:
    async with office() as there:
        await there.press("r")
        await wait_until(lambda: there.session.reader.trace.open == 1)
        await there.press("escape")
        await wait_until(lambda: there.session.reader.trace.open == there.session.reader.slot.open == 0)


# -- mail ----------------------------------------------------------------------------------------------


async def test_the_mail_server_and_a_test_mail() -> None:
    async with office() as there:
        await there.press("m")
        await there.sees("mail.example:587 works: signed in", "TLSv1.3; certificate ends", "(90 days)")
        await there.type("ann@example.org")
        await there.press("enter")
        await there.sees("Give one address at nhs.net")
        await there.press(*["backspace"] * 11)
        await there.type("nhs.net")
        await there.press("enter")
        await there.sees("has taken the test mail")
        assert there.session.mail.tests == ["ann@nhs.net"]
        assert "Give one address" not in there.drawn


async def test_a_mail_server_that_does_not_work_and_then_does() -> None:
    session = FakeSession()
    session.mail.server = StaffProblem("mail.example:587: connection refused; see mail.host")
    async with office(session) as there:
        await there.press("m")
        await there.sees("does not work: see below", "connection refused; see mail.host")
        session.mail.server = MailServer("mail.example", 25, None, None, False)
        await there.press("f5")
        await there.sees("mail.example:25 works", "nothing: mails go in clear")
        assert "connection refused" not in there.drawn


async def test_a_certificate_that_ends_soon() -> None:
    session = FakeSession()
    session.mail.server = MailServer("mail.example", 587, "TLSv1.2", NOW + timedelta(days=3, hours=1), True)
    async with office(session) as there:
        await there.press("m")
        await there.sees("(3 days): renew it")


async def test_the_outbox_and_another_try() -> None:
    async with office() as there:
        await there.press("m")
        await there.sees("2 notices wait, 1 given up", "unlocked", "9 min", "in 4 min", "never: given up")
        await there.press("f8")
        await there.sees("Being tried now: 2")
        assert there.session.mail.retries == 1
        await there.press("f9")
        assert isinstance(there.screen, MailScreen), "that is an officer's"
        there.session.mail.outbox.put(())
        await there.sees("No notices wait")
        there.session.mail.due = 0
        await there.press("f8")
        await there.sees("None waits for a later try.")


async def test_what_was_wrong_with_a_text_is_not_said_of_another() -> None:
    async with office() as there:
        await there.press("m")
        await there.type("ann@x.org")
        await there.press("enter")
        await there.sees("Give one address at nhs.net")
        await there.press("backspace")
        assert "Give one address" not in there.drawn


async def test_an_officer_drops_a_notice() -> None:
    async with office(FakeSession(Role.OFFICER)) as there:
        await there.press("f9")
        await there.sees("2 notices wait, 1 given up")
        await there.press("down", "f9")
        assert isinstance(there.screen, DropScreen)
        await there.sees("The notice 'blocked'")
        await there.press("enter")
        await there.sees("Say in 1 to 200 characters")
        await there.type("told in person")
        await there.press("enter")
        await wait_until(lambda: isinstance(there.screen, MailScreen))
        assert there.session.mail.dropped == [(8, "told in person")]


async def test_the_marked_notice_stays_so_when_another_was_sent() -> None:
    async with office(FakeSession(Role.OFFICER)) as there:
        await there.press("f9")
        await there.sees("2 notices wait, 1 given up")
        await there.press("down")
        there.session.mail.outbox.put(OUTBOX[1:])
        await there.sees("1 notice waits, 1 given up")
        await there.press("f9")
        await there.sees("The notice 'blocked'")


async def test_an_officer_marks_one_with_the_mouse() -> None:
    async with office(FakeSession(Role.OFFICER)) as there:
        await there.press("f9")
        await there.sees("card left in")
        lines = there.screen.query_one(Lines)
        await there.there.pilot.click(Lines, offset=(5, 2))
        assert lines.picked == 2


# -- the self-test -------------------------------------------------------------------------------------


async def test_the_self_test_ticks_by_and_is_run_once() -> None:
    async with office() as there:
        await there.press("t")
        await there.sees("It was never run")
        await there.press("enter", "enter")
        await there.sees("Running: 3 steps done", "register: sending-mail")
        assert there.session.selftest.runs == 1
        there.session.selftest.goes_on.set()
        await there.sees("It FAILED at the last step below", "by tess", "MailNotSent: no answer in time")


async def test_nobody_is_signed_out_while_it_runs_and_leaving_waits_for_it() -> None:
    async with office() as there:
        await there.press("t", "enter")
        await there.sees("Running: 3 steps done")
        there.there.pass_time(110)
        there.there.pass_time(110)
        assert not there.lobby.left
        await there.press("escape", "escape")
        assert not there.lobby.left, "it has not ended yet"
        there.session.selftest.goes_on.set()
        await wait_until(lambda: bool(there.lobby.left))


# -- log and settings ----------------------------------------------------------------------------------


async def test_the_log_by_level_and_by_words() -> None:
    async with office() as there:
        await there.press("l")
        await there.sees(
            *("4 lines", "warning: notices:", "error: attendant: visit K7PX", "unlock.py:12 in unlock"),
            "08:03:00  service: back in service, by tess",
        )
        await there.press("f8")
        await there.sees("2 of 4 lines", "warnings and errors")
        await there.press("f8")
        await there.sees("1 of 4 lines")
        await there.press("f8")
        await there.type("HEAD audit")
        await there.sees("1 of 4 lines")
        assert told(there).endswith("audit: audit head 17:c9b876")


async def test_a_reference_is_found_in_the_log_however_it_is_typed() -> None:
    async with office() as there:
        await there.press("l")
        await there.sees("4 lines")
        there.session.log.lines.put((*LOG, LogLine(NOW, Weight.WARNING, "kiosk.x", "visit B9M-9ZK ended")))
        await there.type("b9m9zk")
        await there.sees("1 of 5 lines", "visit B9M-9ZK ended")


async def test_the_log_stays_at_its_end_until_they_go_up() -> None:
    async with office() as there:
        await there.press("l")
        await there.sees("4 lines")
        many = [LogLine(NOW, Weight.NOTE, "kiosk.x", f"line {number}") for number in range(100)]
        there.session.log.lines.put(tuple(many))
        await there.sees("line 99")
        await there.press("pageup", "pageup")
        await wait_until(lambda: "line 99" not in there.drawn)
        there.session.log.lines.put((*many, LogLine(NOW, Weight.NOTE, "kiosk.x", "line 100")))
        await there.sees("101 lines")
        await there.there.settle()
        assert "line 100" not in there.drawn
        await there.press(*["pagedown"] * 4)
        there.session.log.lines.put((*many, *LOG))
        await there.sees("unlock.py:12")


async def test_what_would_steer_the_terminal_is_not_drawn() -> None:
    async with office() as there:
        await there.press("l")
        there.session.log.lines.put(
            (LogLine(NOW, Weight.NOTE, "kiosk.x", "a\x1b[2Jb\u202ec " + "long " * 40),)
        )
        await there.sees("a\ufffd[2Jb\ufffdc")


async def test_the_settings_and_what_was_set() -> None:
    async with office() as there:
        await there.press("e")
        await there.sees(
            "4 of 4 settings", '"Ward 7"', "/etc/unlock-kiosk/kiosk.toml, line 6", "codes.minutes"
        )
        await there.press("f8")
        await there.sees("2 of 4 settings")
        assert "codes.minutes" not in told(there)
        await there.type("password")
        await there.sees("1 of 4 settings")
        assert "smtp-password" in told(there)


# -- service -------------------------------------------------------------------------------------------


async def test_a_restart_asks_once() -> None:
    async with office() as there:
        await there.press("s", "f8")
        await there.sees("Press F8 again to restart")
        await there.press("x")
        await wait_until(lambda: "Press F8" not in there.drawn)
        await there.press("f8")
        await there.sees("Press F8 again to restart")
        assert there.session.service.restarts == 0
        await there.press("f8")
        await wait_until(lambda: there.session.service.restarts == 1)
        assert isinstance(there.screen, ServiceScreen)


async def test_an_officer_sees_whether_it_is_in_service_and_changes_nothing() -> None:
    async with office(FakeSession(Role.OFFICER)) as there:
        await there.press("f10")
        await there.sees("This kiosk is in service", "A technician takes it out of service", "Esc Back")
        assert not there.screen.query(Entry)
        await there.press("f5", "f8", "f8", "enter", "f9")
        assert "F8" not in there.drawn
        service = there.session.service
        assert (service.stopped, service.restarts, service.prompts) == (None, 0, 0)


async def test_a_login_prompt_for_administrators_alone() -> None:
    async with office(FakeSession(Role.ADMINISTRATOR)) as there:
        await there.press("s")
        await there.sees("F9 Log in")
        await there.press("f9")
        await wait_until(lambda: there.session.service.prompts == 1)
        await there.press("f9")
        await there.sees("there is one already")
    async with office() as there:
        await there.press("s", "f9")
        await there.sees("Restart")
        assert "Log in" not in there.drawn
        assert there.session.service.prompts == 0


# -- how they look -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["r", "m", "t", "l", "e", "s"])
async def test_a_console_can_draw_every_sign(key: str) -> None:
    async with office(sixteen=True) as there:
        await there.press(key)
        await there.there.settle()
        strange = {sign for sign in there.drawn if ord(sign) > 0xFF and not sign.isalpha()}
        assert strange <= set("─│┌┐└┘├┤┬┴┼═║╔╗╚╝…"), strange
