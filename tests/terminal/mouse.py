"""What staff do with a mouse, at whatever kiosk or desk: only text is typed."""

from __future__ import annotations

from tests.terminal.demo import TRAY
from tests.terminal.staff import DONE, DOOR, PERSON
from tests.terminal.terminal import Terminal


def hold_the_bar(demo: Terminal) -> None:
    """Rest the mouse on the name of the service, until the door is there."""
    demo.press("Smartcard self-service")
    demo.wait_for(DOOR)
    demo.release()


def put_in(demo: Terminal, *clicks: str) -> None:
    """Open the tray and click on what lies there."""
    demo.click("F2 Demo")
    demo.wait_for(TRAY)
    for text in clicks:
        demo.click(text)


def take_out(demo: Terminal) -> None:
    """Take out the card that is in."""
    put_in(demo, "0 Take out")


def into(demo: Terminal, label: str) -> None:
    """Put the cursor into a field."""
    demo.click(label)
    demo.wait_for(f"┃ {label}")  # where the cursor is, the frame is heavy


def back(demo: Terminal, to: str) -> None:
    """One screen back."""
    demo.click("Esc Back")
    demo.wait_for(to)


def do(desk: Terminal, key: str, reason: str, holder_id: str = "") -> None:
    """Choose a deed and carry it out, for a reason; where it is dangerous the id is typed as well."""
    if key:
        desk.click(key)
    desk.wait_for("What will happen", "The reason stays on record")
    if holder_id:
        into(desk, "Type their id")
        desk.keys(holder_id)
        into(desk, "Reason")
    desk.keys(reason)
    desk.click("F8 Do it")
    desk.wait_for(DONE)
    desk.click("Enter To the person")
    desk.wait_for(PERSON)
