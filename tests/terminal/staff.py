"""What staff do at the maintenance side, by keys, at whatever kiosk or desk."""

from __future__ import annotations

from tests.terminal.terminal import ENTER, F12, Terminal

DOOR, STAFF_CARD = "Sign in, or put your staff card", "A card is in the reader. Staff: type its passcode"
FIND, PERSON, DONE = "Desk: find a person", "Desk: one person", "Done, and on record"
BOARD = "Maintenance: health"


def knock(kiosk: Terminal) -> None:
    """Come to the door."""
    kiosk.keys(F12)
    while not kiosk.comes_to(DOOR, within=0.3):  # the last visit may be just ending
        kiosk.keys(F12)


def find(desk: Terminal, text: str, who: str) -> None:
    """Find somebody, and come to their page."""
    desk.keys(text, ENTER)
    desk.wait_for(PERSON, who)


def do(desk: Terminal, title: str, *typed: str) -> str:
    """Carry out the deed that was chosen; what is true then. Leads back to the person."""
    desk.wait_for(f"Desk: {title}", "What will happen", "The reason stays on record")
    desk.keys(*typed)
    done = desk.wait_for(DONE, "Enter To the person")
    desk.keys(ENTER)
    desk.wait_for(PERSON)
    return done
