"""A person at the kiosk: reads what stands on the screen, and presses keys."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from kiosk.i18n import words
from kiosk.proofs.questions import CATALOGUE
from screens.stage import HABIT
from tests.terminal.hands import Hands, SlowAt
from tests.terminal.people import NEW_PIN, Person
from tests.terminal.terminal import ENTER, Terminal
from tests.terminal.town import ATTRACT

RESET_RETRY_COUNTER = 0x2C
MASKS = "●*"
_QUESTIONS = {question.text(words("en")): id for id, question in CATALOGUE.items()}


class Visitor:
    """Does what the screens ask for. Every method begins when its screen stands there."""

    def __init__(self, kiosk: Terminal, hands: Hands, person: Person) -> None:
        self.kiosk = kiosk
        self.hands = hands
        self.person = person
        self._may_confirm_at = 0.0

    def put_in(self) -> None:
        """Put the card in."""
        self.hands.insert(self.person.card)

    def pull(self) -> None:
        """Take the card out, and see the kiosk wait for the next one."""
        self.hands.remove()
        self.kiosk.wait_for(ATTRACT)

    def choose(self, label: str) -> None:
        """Press the number that stands before a choice."""
        self.kiosk.wait_for(label)
        found = re.search(rf"\b(\d)  {re.escape(label)}", self.kiosk.screen)
        assert found, self.kiosk.screen
        self.kiosk.keys(found[1])

    def questions(self) -> list[str]:
        """The four questions that are asked, from the top."""

        def asked() -> list[str]:
            lines = self.kiosk.screen.splitlines()
            return [id for line in lines for text, id in _QUESTIONS.items() if text in line]

        self.kiosk.wait_until(lambda: len(asked()) == 4, "four questions on the screen")
        return asked()

    def answer(self, answers: Sequence[str] = ()) -> None:
        """Answer the questions, with what one knows or with something else."""
        self.kiosk.wait_for("security questions")
        known = answers or [self.person.answers[question] for question in self.questions()]
        for answer in known:
            self.kiosk.keys(answer, ENTER)

    def passcode(self, passcode: str = "") -> None:
        """Enter the present passcode."""
        self.kiosk.wait_for("Enter your passcode")
        self.kiosk.keys(passcode or self.person.pin, ENTER)

    def code(self) -> None:
        """Read the newest mail, and type its code in."""
        self.kiosk.wait_for("Enter the code we sent you")
        self.kiosk.keys(self.hands.code_for(self.person.email).replace(" ", ""))
        self.kiosk.wait_until(lambda: not self.kiosk.shows("Enter the code we sent you"), "next screen")
        self._may_confirm_at = time.monotonic() + HABIT

    def confirm(self) -> None:
        """Press Enter; not as soon after a code as if it belonged to that."""
        self.kiosk.wait_until(lambda: time.monotonic() >= self._may_confirm_at, "end of that time")
        self.kiosk.keys(ENTER)

    def new_passcode(self, passcode: str = NEW_PIN) -> None:
        """Choose a passcode, twice."""
        self.kiosk.wait_for("Choose a new passcode")
        self.kiosk.keys(passcode, ENTER, passcode, ENTER)

    def unlock_slowly(self, seconds: float) -> None:
        """Unlock, up to where the card has a new passcode and the kiosk does not know it yet."""
        self.hands.insert(self.person.card, SlowAt(RESET_RETRY_COUNTER, seconds))
        self.answer()
        self.code()
        self.new_passcode()
        self.kiosk.wait_for("Writing the new passcode: leave the card in")
        self.kiosk.wait_until(lambda: not self.person.card.state().locked, "write")

    def assert_nothing_typed(self) -> None:
        """No field on the screen has anything in it."""
        screen = self.kiosk.screen
        assert not set(MASKS) & set(screen), screen
        for slots in re.findall(r"^(.*)[┃║] _ [┃║]", screen, re.MULTILINE):
            assert not slots.strip(), screen
