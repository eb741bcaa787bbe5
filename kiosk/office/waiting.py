"""Waiting for the card that somebody is to put into the reader."""

from __future__ import annotations

from collections.abc import Callable

from cardio.errors import ReaderBroken
from cardio.reader import Presence, Reader, State

Say = Callable[[str], None]
"""Tells the person at the terminal what is waited for."""

_WAITING = {
    State.NO_SERVICE: "The card service (pcscd) is not running; waiting for it. Ctrl-C ends.",
    State.EMPTY: "Put the card in the reader. Ctrl-C ends.",
    State.MUTE: "The card does not answer: is it the right way round? Ctrl-C ends.",
}
NOT_LOOKED = Presence(State.NO_SERVICE, insertion=-1)
"""Differs from whatever a reader sees."""


async def wait_for_card(reader: Reader, say: Say, *, after: Presence = NOT_LOOKED) -> Presence:
    """Wait until a card that answers is in, telling what is missing. Raises ReaderBroken.

    With ``after`` it has to be another presence than that one.
    """
    presence = await reader.changed(after)
    while presence.state is not State.CARD:
        if presence.state is State.BROKEN:
            raise ReaderBroken
        say(_WAITING.get(presence.state) or _no_reader(reader))
        presence = await reader.changed(presence)
    return presence


def _no_reader(reader: Reader) -> str:
    candidates: tuple[str, ...] = getattr(reader, "candidates", ())
    if candidates:
        names = "".join(f"\n  {name}" for name in candidates)
        return f"Several readers fit; choose one with --reader, or unplug the others:{names}"
    return "There is no reader of that name; plug one in, or see 'kiosk doctor'. Ctrl-C ends."
