"""The leaflet from beginning to end: register, lock the card, unlock it; by keys alone, and counted."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from cardio.pcsc import PcscReader
from cardio.reader import State
from cardio.virtual.piv import PivCard
from kiosk.proofs.emails import mask
from tests.cardio.cards import until
from tests.cardio.yubico import piv_tool, piv_tool_verifies, ykman, ykman_changes
from tests.pcscd import READER
from tests.stories.world import ANSWERS, PIN, PUK
from tests.terminal.people import NEW_PIN, Person
from tests.terminal.terminal import DOWN, ENTER
from tests.terminal.town import ATTRACT, Town
from tests.terminal.visitor import RESET_RETRY_COUNTER, Visitor

pytestmark = pytest.mark.xdist_group("pcscd")


def register(visitor: Visitor) -> int:
    """From card in to card out; returns the keys pressed besides what must be typed."""
    kiosk, person = visitor.kiosk, visitor.person
    before = kiosk.typed
    visitor.put_in()
    visitor.choose("Register for self-service")
    kiosk.wait_for("What we keep about you, and why")
    kiosk.keys(ENTER)
    visitor.passcode()
    kiosk.wait_for("Choose your security questions", "Step 2 of 4")
    offered = visitor.questions()
    kiosk.keys(DOWN)
    kiosk.wait_until(lambda: visitor.questions() != offered, "another question")
    chosen = visitor.questions()
    person.answers = {question: f"{number} Marsh Lane" for number, question in enumerate(chosen)}
    visitor.answer()
    kiosk.wait_for("Is this your email address?", mask(person.email))
    kiosk.keys(ENTER)
    visitor.code()
    kiosk.wait_for("You are registered")
    typed = len(person.pin) + sum(map(len, person.answers.values())) + 8
    return kiosk.typed - before - typed


def lock(visitor: Visitor) -> None:
    """Wrong passcodes, until the card has had enough."""
    kiosk = visitor.kiosk
    visitor.put_in()
    visitor.choose("Change my passcode")
    kiosk.wait_for("You have 3 tries left")
    visitor.passcode("111111")
    kiosk.wait_for("That passcode is not right", "You have 2 tries left")
    visitor.passcode("222222")
    kiosk.wait_for("You have one try left", "your card locks")
    assert visitor.person.card.state().pin_tries_left == 1
    visitor.choose("Yes, I know my passcode")
    kiosk.wait_for("Enter your passcode", "You have 1 try left")
    visitor.passcode("333333")
    kiosk.wait_for(
        "Your card is locked now", "RA desk can help you", "0113 496 0000", "Tell them this reference"
    )
    assert visitor.person.card.state().locked
    visitor.pull()


def unlock(visitor: Visitor) -> int:
    """From card in to card out; returns the keys pressed besides answers, code and new passcode."""
    kiosk = visitor.kiosk
    before = kiosk.typed
    visitor.put_in()
    visitor.answer()
    visitor.code()
    visitor.new_passcode()
    kiosk.wait_for("Your card is unlocked", "Use your new passcode from now on")
    typed = sum(map(len, visitor.person.answers.values())) + 8 + 2 * len(NEW_PIN)
    return kiosk.typed - before - typed


def test_register_lock_unlock(town: Town) -> None:
    kiosk, person = town.kiosk(), town.newcomer()
    visitor = Visitor(kiosk, town.hands, person)
    assert register(visitor) <= 40
    visitor.confirm()
    kiosk.wait_for("Take your card")
    visitor.pull()
    assert json.loads(town.command("holder", "show", person.id, "--json"))["registered"]
    town.hands.wait_for_mail(person.email, "You are registered for self-service")
    lock(visitor)
    assert unlock(visitor) <= 6
    assert town.hands.faults.count([RESET_RETRY_COUNTER]) == 1, "the card is written once"
    visitor.pull()
    town.hands.wait_for_mail(person.email, "Your smartcard was unlocked")
    assert b"Jones" not in kiosk.output, "only the first name is ever shown"
    town.end()
    assert_unlocked(person.card)
    town.hands.insert(person.card)
    asyncio.run(yubico_tools_agree())
    town.hands.remove()
    assert_not_kept(town, person)


def assert_unlocked(card: PivCard) -> None:
    """The card has the new passcode, and all its tries."""
    state = card.state()
    assert (state.pin, state.pin_tries_left, state.puk, state.puk_tries_left) == (NEW_PIN, 3, PUK, 3)


async def yubico_tools_agree() -> None:
    """Clients that have nothing to do with the kiosk find the new passcode, and a full PUK counter."""
    reader = PcscReader(READER)
    await until(reader, State.CARD)
    await reader.aclose()
    code, said = await piv_tool("-a", "status")
    assert (code, "PIN tries left:\t3" in said) == (0, True), said
    assert await piv_tool_verifies(NEW_PIN)
    assert not await piv_tool_verifies(PIN)
    code, said = await ykman("info")
    assert (code, "PIN tries remaining:      2/3" in said) == (0, True), said
    assert "PUK tries remaining:      3/3" in said
    assert await ykman_changes(NEW_PIN, "24681357")


def assert_not_kept(town: Town, person: Person) -> None:
    """Neither store nor journal has a passcode, an answer, a code or a PUK in it."""
    mails = "\n".join(mail.text for mail in town.hands.mails_to(person.email))
    codes = re.findall(r"\b\d{4} \d{4}\b", mails)
    assert len(codes) == 2
    secrets = {
        PIN,
        NEW_PIN,
        PUK,
        *person.answers.values(),
        *codes,
        *(code.replace(" ", "") for code in codes),
    }
    files = [path for path in (town.folder / "state").rglob("*") if path.is_file()]
    for path in (*files, town.log):
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path.name


def test_three_failed_attempts_outlast_the_kiosk(town: Town) -> None:
    person = town.registered(locked=True)
    visitor = Visitor(town.kiosk(), town.hands, person)
    visitor.put_in()
    visitor.kiosk.wait_for("You have 3 attempts left")
    wrong = [*list(ANSWERS.values())[:3], "Okafir"]
    visitor.answer(wrong)
    visitor.kiosk.wait_for("Not all answers are right", "You have 2 attempts left")
    visitor.answer(wrong)
    visitor.kiosk.wait_for("You have 1 attempt left")
    town.end()

    visitor = Visitor(town.kiosk(), town.hands, person)
    visitor.put_in()
    visitor.kiosk.wait_for("You have 1 attempt left")
    visitor.answer(wrong)
    visitor.kiosk.wait_for("Wrong answers were given three times", "RA desk can help you")
    town.hands.wait_for_mail(person.email, "blocked")
    town.end()

    visitor = Visitor(town.kiosk(), town.hands, person)
    visitor.put_in()
    visitor.kiosk.wait_for("Wrong answers were given three times", "I have a code from the RA")
    assert not visitor.kiosk.shows("security questions")
    visitor.pull()
    assert visitor.person.card.state().locked


def test_attract_shows_who_can_help(town: Town) -> None:
    town.kiosk().wait_for(ATTRACT, "RA desk 0113 496 0000", "North hall", "F1 Help")
