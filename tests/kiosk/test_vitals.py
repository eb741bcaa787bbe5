"""What health board and doctor say of the hardware and of the service, and whom they tell to mend it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cardio.reader import Presence, State
from kiosk import vitals
from kiosk.levels import ELSEWHERE, Finding, Hands, Level
from kiosk.office.doctor import hardware
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.vitals import service

GOOD = Finding("service", Level.OK, "nobody has taken it out of service")
STOPPED = Finding("service", Level.WARN, "out of service", "S, then F5", Hands.TECHNICIAN)
UNSEEN = Finding("service", Level.FAIL, "cannot be seen without the store", ELSEWHERE)


@pytest.mark.parametrize(
    ("told", "state", "closed", "level", "said"),
    [
        (GOOD, State.EMPTY, None, Level.OK, "in service"),
        (GOOD, State.NO_READER, None, Level.FAIL, "No card reader is connected."),
        (GOOD, State.BROKEN, None, Level.FAIL, "No card reader is connected."),
        (GOOD, State.EMPTY, OutOfService.CLOCK, Level.FAIL, "The kiosk's clock is wrong."),
        (UNSEEN, State.EMPTY, OutOfService.STORE, Level.FAIL, "The kiosk cannot reach its records."),
        (UNSEEN, State.EMPTY, None, Level.FAIL, "cannot be seen"),
        (STOPPED, State.EMPTY, OutOfService.TECHNICIAN, Level.WARN, "out of service"),
        (STOPPED, State.NO_READER, None, Level.WARN, "out of service"),
        (GOOD, State.EMPTY, OutOfService.TECHNICIAN, Level.OK, "nobody has taken it out"),
    ],
)
def test_whether_people_are_served(
    told: Finding, state: State, closed: OutOfService | None, level: Level, said: str
) -> None:
    found = service(told, Presence(state), closed)
    assert (found.name, found.level) == ("service", level)
    assert said in found.detail
    assert bool(found.advice) is (level is not Level.OK)


def test_whoever_cannot_do_it_is_told_whom_to_ask() -> None:
    broken = Finding("disk", Level.FAIL, "full", "make room")
    assert broken.said_to(Hands.ADMINISTRATOR).advice == "make room"
    assert broken.said_to(Hands.TECHNICIAN).advice == "ask whoever administers this machine: make room"
    assert STOPPED.said_to(Hands.TECHNICIAN).advice == "S, then F5"
    for others in (Hands.ADMINISTRATOR, Hands.ANYBODY):
        assert STOPPED.said_to(others).advice == "ask a technician at the kiosk: S, then F5"
    for hands in Hands:
        assert vitals.NO_READER.said_to(hands) == vitals.NO_READER
        assert UNSEEN.said_to(hands) == UNSEEN


@pytest.mark.parametrize(
    ("state", "plugged_in"),
    [(State.NO_READER, []), (State.EMPTY, ["Gemalto"]), (State.SEVERAL, ["Gemalto", "Omnikey"])],
)
async def test_the_doctor_has_the_same_words(
    state: State, plugged_in: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_readers", lambda: list(plugged_in))
    on_board = vitals.hardware("Gemalto", Presence(state))
    for told, found in zip(
        on_board, (await hardware.card_service(Settings()), await hardware.reader(Settings())), strict=False
    ):
        assert (found.name, found.level, found.advice) == (told.name, told.level, told.advice)
        assert found.detail.startswith(told.detail)
