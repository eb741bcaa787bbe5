"""``kiosk doctor --accept-clock``: the way back after a time in which the clock was ahead."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kiosk import clock
from kiosk.audit import Event, Subject
from kiosk.office.doctor import Finding, Level, surroundings
from kiosk.office.office import office
from tests.kiosk.commands.shell import GUID, PUK, Shell

FUTURE = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def ahead(shell: Shell) -> Shell:
    """A store with an event of next month, and a code that waits."""
    head = "holder_id,name,email,family,serial,unblock_secret"
    shell.ok("card", "import", "-", typed=f"{head}\n1,Ann Jones,ann.jones@nhs.net,piv,{GUID},{PUK}\n")
    shell.ok("holder", "assist", "1", "--reason", "ticket 1")

    async def record() -> None:
        async with office(shell.settings) as parts, parts.service.store.work() as session:
            parts.service.store.audit.record(session, Event.KIOSK_STARTED, Subject(), at=FUTURE)

    asyncio.run(record())
    return shell


def found(shell: Shell) -> Finding:
    """What the doctor says of the clock."""
    return asyncio.run(surroundings.clock(shell.settings))


def test_the_doctor_says_how_to_get_back(ahead: Shell) -> None:
    finding = found(ahead)
    assert finding.level is Level.FAIL
    assert f"must be after {FUTURE:%Y-%m-%d %H:%M}" in finding.detail
    assert "kiosk doctor --accept-clock --reason TEXT" in finding.advice


def test_the_newest_event_is_the_latest_and_not_the_last_written(ahead: Shell) -> None:
    """A refused clock writes events too, and must not look right by that."""
    ahead.ok("holder", "add", "2", "Bob Smith")
    assert found(ahead).level is Level.FAIL


def test_once_accepted_the_clock_is_believed_and_it_is_on_record(ahead: Shell) -> None:
    told = ahead.ok("doctor", "--accept-clock", "--reason", "battery replaced, ticket 5520")
    assert "is taken as right from now on" in told
    assert found(ahead).level is Level.OK
    ((reason, actor),) = ahead.query(
        "SELECT reason, actor FROM audit_event WHERE event = ?", "clock.accepted"
    )
    assert (reason, bool(actor)) == ("battery replaced, ticket 5520", True)
    assert ahead.query("SELECT * FROM assistance") == [], "nobody can say how old a code is"
    assert "nothing was changed" in ahead.ok("doctor", "--accept-clock", "--reason", "again")
    assert len(ahead.query("SELECT 1 FROM audit_event WHERE event = ?", "clock.accepted")) == 1


def test_a_clock_that_cannot_be_right_is_not_accepted(ahead: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "BUILT", datetime.now(UTC) + timedelta(days=1))
    told = ahead.fails("doctor", "--accept-clock", "--reason", "it is late")
    assert "set it first" in told
    assert ahead.query("SELECT * FROM audit_event WHERE event = ?", "clock.accepted") == []


@pytest.mark.parametrize("given", [["--accept-clock"], ["--reason", "x"]])
def test_it_needs_both_the_option_and_a_reason(ahead: Shell, given: list[str]) -> None:
    assert "go together" in ahead.fails("doctor", *given, code=2)
    assert "the reason" in ahead.fails("doctor", "--accept-clock", "--reason", "  ")
