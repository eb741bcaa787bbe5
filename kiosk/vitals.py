"""How card service, reader and service are, in the words of health board and doctor; and the process."""

from __future__ import annotations

from importlib.metadata import version

from cardio.reader import Presence, State
from kiosk.i18n import words
from kiosk.levels import ELSEWHERE, Finding, Hands, Level
from kiosk.outage import SHUT, outage
from kiosk.pulse import Pulse
from kiosk.refusals import OutOfService

_ENGLISH = words("en")
SLOW = 0.5  # seconds of delay that people notice

PCSCD, READER = "card service", "reader"
CARD_SERVICE = Finding(PCSCD, Level.OK, "pcscd answers")
NO_CARD_SERVICE = Finding(
    PCSCD,
    Level.FAIL,
    "pcscd does not answer",
    "systemctl start pcscd.socket; else see that it is installed, and lets the kiosk's account in",
)
UNSEEN = Finding(READER, Level.FAIL, "cannot be seen without the card service", ELSEWHERE)
NO_READER = Finding(
    READER,
    Level.FAIL,
    "none is plugged in",
    "plug it in; try another socket, another cable; else see its driver, and reader.name",
    Hands.ANYBODY,
)
SEVERAL = Finding(
    READER,
    Level.FAIL,
    "several fit",
    "unplug the others, or have reader.name fit one alone",
    Hands.ANYBODY,
)
_BROKEN = Finding(
    READER,
    Level.FAIL,
    "a command never came back",
    "unplug it, and plug it in again; then S, F8 and F8 starts the kiosk again",
    Hands.TECHNICIAN,
)
_READER = {State.NO_READER: NO_READER, State.SEVERAL: SEVERAL, State.BROKEN: _BROKEN}
_MUTE = Finding(
    "card in it",
    Level.WARN,
    "one that does not answer",
    "take it out; wipe the chip; try another card",
    Hands.ANYBODY,
)


def hardware(name: str, presence: Presence) -> tuple[Finding, ...]:
    """Card service, reader and slot, as the kiosk sees them at this moment."""
    state = presence.state
    if state is State.NO_SERVICE:
        return NO_CARD_SERVICE, UNSEEN
    if state in _READER:
        return CARD_SERVICE, _READER[state]
    card = Finding("card in it", Level.OK, "one" if state is State.CARD else "none")
    return CARD_SERVICE, Finding(READER, Level.OK, name), _MUTE if state is State.MUTE else card


def service(told: Finding, presence: Presence, closed: OutOfService | None) -> Finding:
    """Whether people are served.

    ``told``: what the store says of it, where somebody may have stopped it. ``closed``: why the kiosk was
    closed when it last looked at store and clock.
    """
    why = SHUT.get(presence.state, closed)
    if told.level is Level.WARN or why is OutOfService.TECHNICIAN:
        return told
    if why is None:
        return Finding(told.name, Level.OK, "in service") if told.level is Level.OK else told
    read = outage(why, _ENGLISH)
    return Finding(told.name, Level.FAIL, f'closed by itself; people read "{read}"', ELSEWHERE)


def process(pulse: Pulse) -> tuple[Finding, ...]:
    """How long keys had to wait, which release runs, and for how long."""
    delay, minutes = pulse.delay, int(pulse.uptime // 60)
    slow = delay > SLOW
    advice = "see what else keeps it busy (top)" if slow else ""
    up = f"{minutes // 60} h {minutes % 60:02} min"
    return (
        Finding("response", Level.WARN if slow else Level.OK, f"{delay * 1000:.0f} ms at most", advice),
        Finding("program", Level.OK, f"{version('unlock-kiosk')}, running {up}"),
    )
