"""What an officer does at the desk, for its tests."""

from __future__ import annotations

from textual import events

from screens.maintenance.deed import DeedScreen
from screens.maintenance.holder import HolderScreen
from tests.screens.hall import wait_until
from tests.screens.maintenance.fakes import Office


def at_once(there: Office, *keys: str) -> None:
    """Press keys as a scanner does: none waits for what the one before has led to."""
    for key in keys:
        there.there.app.post_message(events.Key(key, key if len(key) == 1 else None))


def front(there: Office) -> type[object]:
    """What kind of screen is in front."""
    return type(there.screen)


async def comes(there: Office, kind: type[object]) -> None:
    """Wait until such a screen is in front, and drawn."""
    await wait_until(lambda: front(there) is kind and there.screen.is_mounted)
    await there.there.settle()


async def open_page(there: Office, holder_id: str = "A123") -> None:
    """Find somebody by their id."""
    await there.type(holder_id)
    await there.press("enter")
    await comes(there, HolderScreen)


async def carry_out(there: Office, *typed: str) -> None:
    """Type what a deed asks for, and have it done."""
    await comes(there, DeedScreen)
    for text in typed:
        await there.type(text)
        await there.press("enter")
    await there.sees("Done, and on record")


def kept(there: Office) -> str:
    """All that the screens of the app hold as text."""
    held = [there.drawn]
    for screen in there.there.app.screen_stack:
        for widget in screen.query("*"):
            held += [str(getattr(widget, name, "")) for name in ("value", "said", "content", "_content")]
    return " ".join(held)
