"""A console with 16 colours, and Welsh in the middle of a journey."""

from __future__ import annotations

import re

import pytest

from kiosk.i18n import words
from tests.terminal.people import NEW_PIN
from tests.terminal.terminal import ENTER, F3, Terminal
from tests.terminal.town import ATTRACT, Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")

CONSOLE_SIGNS = set("─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╦╩╬·¦")  # those that every console font has
WELSH = words("cy")


def test_an_unlock_on_a_console(town: Town) -> None:
    kiosk = town.kiosk(term="linux")
    visitor = Visitor(kiosk, town.hands, town.registered(locked=True))
    screens = [kiosk.screen]
    visitor.put_in()
    visitor.questions()
    screens.append(kiosk.screen)
    visitor.answer()
    kiosk.wait_for("Enter the code we sent you")
    screens.append(kiosk.screen)
    visitor.code()
    kiosk.wait_for("Choose a new passcode")
    kiosk.keys("73")
    kiosk.wait_for("* ")
    screens.append(kiosk.screen)
    kiosk.keys("9164", ENTER, NEW_PIN, ENTER)
    screens.append(kiosk.wait_for("Your card is unlocked"))
    visitor.pull()
    assert visitor.person.pin == NEW_PIN
    strange = {sign for screen in screens for sign in screen if not sign.isascii()} - CONSOLE_SIGNS
    assert not strange
    assert not re.search(rb"\x1b\[[0-9;]*[34]8;[25];", bytes(kiosk.output)), "more than 16 colours"


def console_f3(kiosk: Terminal) -> None:
    kiosk.keys("\x1b[[C")


def test_the_consoles_own_function_keys_work(town: Town) -> None:
    kiosk = town.kiosk(term="linux")
    console_f3(kiosk)
    kiosk.wait_for(WELSH(ATTRACT))
    console_f3(kiosk)
    kiosk.wait_for(ATTRACT)


def test_welsh_in_the_middle_keeps_what_was_typed(town: Town) -> None:
    kiosk = town.kiosk()
    visitor = Visitor(kiosk, town.hands, town.registered(locked=True))
    visitor.put_in()
    answers = [visitor.person.answers[question] for question in visitor.questions()]
    kiosk.keys(answers[0], ENTER, answers[1][:3])
    kiosk.wait_for("●" * len(answers[0]))
    kiosk.keys(F3)
    kiosk.wait_for(WELSH("Answer your security questions"), "●" * len(answers[0]))
    kiosk.keys(answers[1][3:], ENTER, answers[2], ENTER, answers[3], ENTER)
    kiosk.wait_for(WELSH("Enter the code we sent you"))
    mail = town.hands.mails_to(visitor.person.email)[-1]
    assert WELSH("Your code from {service}").split("{")[0] in mail.subject
    kiosk.keys(town.hands.code_for(visitor.person.email).replace(" ", ""))
    kiosk.wait_for(WELSH("Choose a new passcode"))
    kiosk.keys(NEW_PIN, ENTER, NEW_PIN, ENTER)
    kiosk.wait_for(WELSH("Your card is unlocked"))
    visitor.pull()  # to an attract screen in English
