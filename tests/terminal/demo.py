"""The demo in a terminal: started once for the tests of a module, and what all of them do in it."""

from __future__ import annotations

import re
from pathlib import Path

from kiosk.demo.staff import staff
from kiosk.staff.account import Role
from tests.terminal.staff import FIND, STAFF_CARD, knock
from tests.terminal.terminal import ENTER, F2, Terminal
from tests.terminal.town import ATTRACT, KIOSK

TRAY = "Demo: put a card in the reader"
BEN, EVE = "Ben Adams, D001", "Eve Shaw, D002"
STAFF = {one.role: one for one in staff()}


class Demos:
    """At most one demo that runs. Whatever is done to its people stays: each test has people of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started = 0
        self._demo: Terminal | None = None

    def waiting(self) -> Terminal:
        """One that waits for a card: the one that runs, if it was left so, or else a new one."""
        if self._demo is not None and (self._demo.ended or not self._demo.comes_to(ATTRACT)):
            self.end()
        if self._demo is None:
            self._started += 1
            self._demo = Terminal([str(KIOSK), "demo"], self._folder / f"log-{self._started}")
            self._demo.wait_for(ATTRACT)
        return self._demo

    def end(self) -> None:
        """Make sure that none runs."""
        if self._demo is not None:
            self._demo.close()
            self._demo = None


def tray(demo: Terminal, *keys: str) -> None:
    """Do something with the cards of the tray."""
    demo.keys(F2)
    demo.wait_for(TRAY)
    demo.keys(*keys)


def crib(demo: Terminal, *labels: str) -> dict[str, str]:
    """What the tray, which is open, tells about the card in focus; these labels are known to be there."""
    demo.wait_for(*(f"{label}:" for label in labels))
    return dict(re.findall(r"▌ (.+): (.+)$", demo.at_rest(), re.MULTILINE))


def by_password(demo: Terminal, role: Role) -> None:
    """Type name and password of one of the staff, at the door."""
    demo.keys(STAFF[role].name, ENTER, STAFF[role].password, ENTER)


def by_card(demo: Terminal, role: Role) -> None:
    """Let one of the staff in by their card, at the door."""
    tray(demo, "s", str(list(STAFF).index(role) + 1))
    demo.wait_for(STAFF_CARD)
    demo.keys(STAFF[role].card.state().pin, ENTER)


def at_the_desk(demo: Terminal) -> None:
    """Let the officer in by her staff card, and take that out."""
    knock(demo)
    by_card(demo, Role.OFFICER)
    demo.wait_for(FIND, "olga, officer")
    tray(demo, "0")
    demo.wait_for(FIND, "Put the card into the reader.")


def use_up_the_attempts(demo: Terminal, card: str) -> str:
    """Answer wrongly until nobody may answer any more, and take the card out; the reference it ends with."""
    tray(demo, card)
    for left in (2, 1, 0):
        demo.wait_for("Answer your security questions")
        demo.keys("x1", ENTER, "x2", ENTER, "x3", ENTER, "x4", ENTER)
        demo.wait_for(f"{left} attempt" if left else "Wrong answers were given three times")
    return taken_out(demo)


def taken_out(demo: Terminal) -> str:
    """Take the card out where nobody can be helped; the reference that they are to tell."""
    shown = re.search(r"Tell them this reference: (\S+)", demo.wait_for("Tell them this reference: "))
    assert shown is not None
    tray(demo, "0")
    demo.wait_for(ATTRACT)
    return shown[1]
