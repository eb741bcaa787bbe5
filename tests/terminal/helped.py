"""What it takes to be in need of staff, and how they come to the kiosk, by keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cardio.apdu import Command
from tests.prompting import VT, listening
from tests.stories.world import PUK
from tests.terminal.staff import BOARD, FIND, STAFF_CARD, knock
from tests.terminal.terminal import ENTER, ESC, Terminal
from tests.terminal.town import OFFICER, OFFICERS_PIN, PASSWORD, Town
from tests.terminal.visitor import Visitor

TECHNICIAN = "tess"
BLOCKED, ISSUED, CHANGED = "is blocked", "assistance code was issued", "passcode was changed"  # subjects


def officer_comes(kiosk: Terminal, town: Town) -> None:
    """Sign the officer in by her staff card."""
    knock(kiosk)
    town.hands.insert(town.officers_card)
    kiosk.wait_for(STAFF_CARD)
    kiosk.keys(OFFICERS_PIN, ENTER)
    kiosk.wait_for(FIND, f"{OFFICER}, officer")
    town.hands.remove()
    kiosk.wait_for("Put the card into the reader.")


def back(kiosk: Terminal, to: str) -> None:
    """One screen back, and from the first one out."""
    kiosk.keys(ESC)
    kiosk.wait_for(to)


def comes_by_password(kiosk: Terminal, name: str) -> None:
    """Sign a technician or an administrator in."""
    knock(kiosk)
    kiosk.keys(name, ENTER, PASSWORD, ENTER)
    kiosk.wait_for(BOARD, f"{name}, ")


def have_the_secret_refused(visitor: Visitor) -> None:
    """Another than the kiosk's is on the card; where it was refused once nothing is asked any more."""
    kiosk, card = visitor.kiosk, visitor.person.card
    visitor.put_in()
    visitor.choose("Change my passcode")
    visitor.passcode()
    visitor.new_passcode()
    kiosk.wait_for("Your passcode is changed")
    visitor.pull()
    card.lock()
    assert card.process(Command(0, 0x24, 0, 0x81, PUK.encode() + b"24681357")).ok
    visitor.put_in()
    visitor.answer()
    visitor.code()
    visitor.new_passcode("582046")
    kiosk.wait_for("This card cannot be unlocked at a kiosk", "RA desk can help you")
    assert card.state().puk_tries_left == 2
    visitor.pull()
    visitor.put_in()
    kiosk.wait_for("This card cannot be unlocked at a kiosk", "RA desk can help you")
    visitor.pull()


@contextmanager
def login_service(town: Town) -> Iterator[None]:
    """What a site has installed for a login prompt, on the socket that the kiosk is told of."""
    service = listening(town.folder / "login.sock", "--vt", str(VT))
    town.hands.run(service.__aenter__())
    try:
        yield
    finally:
        town.hands.run(service.__aexit__(None, None, None))
