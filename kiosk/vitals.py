"""What only the running kiosk knows of itself: what its reader sees, and how the process is."""

from __future__ import annotations

from importlib.metadata import version

from cardio.reader import Presence, State
from kiosk.levels import Finding, Level
from kiosk.pulse import Pulse

SLOW = 0.5  # seconds of delay that people notice

_READER = {
    State.NO_SERVICE: ("the card service (pcscd) does not run", "start it: systemctl start pcscd.socket"),
    State.NO_READER: ("none is plugged in", "plug it in; try another socket, another cable"),
    State.SEVERAL: ("several, and reader.name fits none or more than one", "unplug the others"),
    State.BROKEN: ("a command never came back", "unplug it, plug it in again, restart the kiosk (S)"),
}
_SLOT = {
    State.EMPTY: (Level.OK, "none", ""),
    State.CARD: (Level.OK, "one", ""),
    State.MUTE: (Level.WARN, "one that does not answer", "take it out; wipe the chip; try another card"),
}


def hardware(name: str, presence: Presence) -> tuple[Finding, ...]:
    """Card service, reader and slot, as the kiosk sees them at this moment."""
    state = presence.state
    service = Finding("card service", Level.OK, "pcscd answers")
    if state is State.NO_SERVICE:
        detail, advice = _READER[state]
        missing = Finding("reader", Level.FAIL, "cannot be seen without the card service", "see above")
        return Finding("card service", Level.FAIL, detail, advice), missing
    if state in _READER:
        return service, Finding("reader", Level.FAIL, *_READER[state])
    level, detail, advice = _SLOT[state]
    return service, Finding("reader", Level.OK, name), Finding("card in it", level, detail, advice)


def process(pulse: Pulse) -> tuple[Finding, ...]:
    """How long keys had to wait, which release runs, and for how long."""
    delay, minutes = pulse.delay, int(pulse.uptime // 60)
    slow = delay > SLOW
    advice = "something else keeps the machine busy (top)" if slow else ""
    up = f"{minutes // 60} h {minutes % 60:02} min"
    return (
        Finding("response", Level.WARN if slow else Level.OK, f"{delay * 1000:.0f} ms at most", advice),
        Finding("program", Level.OK, f"{version('unlock-kiosk')}, running {up}"),
    )
