"""Staff at the kiosk itself, in its one terminal, by keys alone: with a real card service and real mail."""

from __future__ import annotations

import json
import re

import pytest

from cardio.virtual.piv import PivCard
from deploy.login_vt import Consoles
from tests.prompting import VT, on_the_screen
from tests.terminal.glyphs import large_digits
from tests.terminal.helped import (
    BLOCKED,
    CHANGED,
    ISSUED,
    TECHNICIAN,
    back,
    comes_by_password,
    have_the_secret_refused,
    login_service,
    officer_comes,
)
from tests.terminal.journeys import MENU
from tests.terminal.people import NEW_PIN, Person
from tests.terminal.post import MAIL, Picky, send
from tests.terminal.staff import BOARD, DONE, FIND, PERSON, do, find
from tests.terminal.terminal import DOWN, ENTER, ESC, F9, F10, Terminal
from tests.terminal.town import ADMINISTRATOR, ATTRACT, KIOSK, OFFICER, PASSWORD, Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")


def test_two_people_are_helped_there_and_then(town: Town, kiosk: Terminal, post: Picky) -> None:
    """One has used up the attempts, the card of the other has refused its secret; and mails wait."""
    blocked = Visitor(kiosk, town.hands, town.registered(locked=True))
    refused = Visitor(kiosk, town.hands, town.registered())
    post.refused |= {BLOCKED, ISSUED, CHANGED}
    _use_up_the_attempts(blocked)
    have_the_secret_refused(refused)
    officer_comes(kiosk, town)
    code = _officer_issues_a_code(kiosk, blocked.person)
    back(kiosk, FIND)
    _officer_clears_the_secret(kiosk, refused.person)
    back(kiosk, FIND)
    _officer_sees_to_the_mails(kiosk, post)
    back(kiosk, FIND)
    back(kiosk, ATTRACT)
    _unlocks_with_help(blocked, code)
    refused.put_in()
    kiosk.wait_for("Answer your security questions")
    refused.pull()
    comes_by_password(kiosk, TECHNICIAN)
    kiosk.keys("m")
    kiosk.wait_for(MAIL, "1 notice waits", "passcode changed")
    send(kiosk, post, "passcode changed", CHANGED)
    back(kiosk, BOARD)
    back(kiosk, ATTRACT)
    _is_all_on_record(town, blocked.person)
    town.hands.wait_for_mail(blocked.person.email, BLOCKED)
    town.hands.wait_for_mail(refused.person.email, CHANGED)
    assert not [mail for mail in town.hands.mails_to(blocked.person.email) if ISSUED in mail.subject]


def _use_up_the_attempts(visitor: Visitor) -> None:
    visitor.put_in()
    for left in ("2 attempts left", "1 attempt left", "Wrong answers were given three times"):
        visitor.answer(["x1", "x2", "x3", "x4"])
        visitor.kiosk.wait_for(left)
    visitor.pull()


def _officer_issues_a_code(kiosk: Terminal, person: Person) -> str:
    find(kiosk, person.id, f"{person.name}, {person.id}")
    kiosk.wait_for("BLOCKED since", "no attempts left", "can be unlocked")
    kiosk.wait_for(
        "Security questions NOT right (1 attempt left)", "Security questions NOT right (2 attempts left)"
    )
    kiosk.keys("a")
    kiosk.wait_for("Desk: assistance code", "What will happen")
    kiosk.keys("T-40", ENTER)
    kiosk.wait_for(DONE, "For one use, until", "I have a code from the RA")
    code = large_digits(kiosk.at_rest())
    assert re.fullmatch(r"\d{5} \d{5}", code), code
    assert not kiosk.shows(code), "it is drawn, and not written"
    kiosk.keys(ENTER)
    kiosk.wait_for(
        PERSON, "BLOCKED since", "an assistance code is out", f"Assistance code issued (T-40), by {OFFICER}"
    )
    assert not large_digits(kiosk.screen)
    return code.replace(" ", "")


def _officer_clears_the_secret(kiosk: Terminal, person: Person) -> None:
    find(kiosk, person.id, f"{person.name}, {person.id}")
    kiosk.wait_for("SECRET REFUSED", "K Clear secret", "ALARM: unblock secret refused by the card")
    kiosk.keys("k")
    do(kiosk, "use the unblock secret again", "T-42", ENTER)
    kiosk.wait_for("can be unlocked", f"Unblock secret may be used again (T-42), by {OFFICER}")


def _officer_sees_to_the_mails(kiosk: Terminal, post: Picky) -> None:
    """One that waits is dropped, with a reason; another is sent."""
    kiosk.keys(F9)
    kiosk.wait_for(MAIL, "3 notices wait", "> blocked", "passcode changed", "assistance code issued")
    kiosk.keys(DOWN, DOWN)
    kiosk.wait_for("> assistance code issued")
    kiosk.keys(F9)
    kiosk.wait_for("drop a notice", "'assistance code issued'", "will never be sent")
    kiosk.keys(ENTER)
    kiosk.wait_for("why it is not to be sent")
    kiosk.keys("T-41", ENTER)
    kiosk.wait_for(MAIL, "2 notices wait")
    send(kiosk, post, "blocked", BLOCKED)


def _unlocks_with_help(visitor: Visitor, code: str) -> None:
    kiosk = visitor.kiosk
    visitor.put_in()
    kiosk.wait_for("Wrong answers were given three times")
    visitor.choose("I have a code from the RA")
    kiosk.wait_for("Enter the code from the RA")
    kiosk.keys(code)
    visitor.code()
    visitor.new_passcode()
    kiosk.wait_for("Your card is unlocked")
    visitor.pull()
    assert visitor.person.card.state().pin == NEW_PIN
    visitor.put_in()
    kiosk.wait_for(MENU, "I have forgotten my passcode")  # which nobody is offered who is blocked
    visitor.hands.wait_for_mail(visitor.person.email, "was unlocked")
    visitor.pull()


def _is_all_on_record(town: Town, person: Person) -> None:
    """The audit trail tells it from beginning to end."""
    told = json.loads(town.command("audit", "show", "--holder", person.id, "--limit", "100", "--json"))
    events = [f"{one['event']} {one['outcome']} {one['reason']} {one['actor']}".split() for one in told]
    begun = next(at for at, one in enumerate(told) if '"locked": true' in one["detail"])
    notices = [one["detail"] for one in told[begun:] if one["event"] == "notice.sent"]
    assert [" ".join(one) for one in events[begun:] if one[0] not in {"notice.sent", "visit.ended"}] == [
        "card.seen ok",
        *["answers.checked refused"] * 3,
        "holder.blocked ok attempts",
        f"assistance.issued ok T-40 {OFFICER}",
        f"notice.dropped ok T-41 {OFFICER}",
        "card.seen ok",
        "assistance.checked ok",
        "code.sent ok",
        "code.checked ok",
        "unblock-secret.released ok",
        "card.write-begun ok",
        "card.write-ended ok",
        "card.unlocked ok",
        "card.seen ok",
    ]
    assert notices == [f'{{"kind": "{kind}"}}' for kind in ("blocked", "assistance-used", "unlocked")]


def test_a_login_prompt_of_the_machines(town: Town, kiosk: Terminal, consoles: Consoles) -> None:
    before = consoles.active()
    with login_service(town):
        comes_by_password(kiosk, ADMINISTRATOR)
        kiosk.keys("s")
        kiosk.wait_for("This kiosk is in service", "F9 Log in")
        kiosk.keys(F9)
        kiosk.wait_until(lambda: consoles.active() == VT, "another virtual terminal in front")
        kiosk.wait_until(lambda: "login:" in on_the_screen(VT), "login prompt on it")
        kiosk.keys(F9)
        kiosk.wait_for("No login prompt: there is one already")
    assert consoles.active() == before
    kiosk.keys(F9)
    kiosk.wait_for("is unlock-kiosk-login.socket on?")
    back(kiosk, BOARD)
    back(kiosk, ATTRACT)


@pytest.mark.usefixtures("kiosk")
def test_the_desk_of_the_ra(town: Town) -> None:
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
