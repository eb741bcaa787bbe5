"""`kiosk report`: shown, as JSON, as files, and by mail; over a store with some weeks behind it."""

from __future__ import annotations

import asyncio
import csv
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.audit import Event, Outcome, Subject
from kiosk.clock import Clock
from kiosk.office.office import office
from kiosk.reports.forms import COLUMNS
from kiosk.reports.periods import Grain, day_of, last_whole
from tests.kiosk.commands.shell import ME, Shell

NOW = Clock().now()
TODAY = day_of(NOW)
WEEK = ("--from", f"{TODAY - timedelta(days=6)}", "--to", f"{TODAY}")


@pytest.fixture
def busy(shell: Shell) -> Shell:
    """Two unlocks today, one of them assisted, one five days ago, and a card that was refused."""

    async def work() -> None:
        async with office(shell.settings) as parts:
            store = parts.service.store
            async with store.work() as session:
                for days, visit, assisted in (
                    (5, "AAA-AAA", False),
                    (0, "BBB-BBB", True),
                    (0, "CCC-CCC", False),
                ):
                    about, at = Subject(visit=visit), NOW - timedelta(days=days)
                    detail: dict[str, Any] = {"organisation": "=Trust", "seconds": 100 + days}
                    store.audit.record(session, Event.UNLOCKED, about, at=at, assisted=assisted)
                    store.audit.record(session, Event.VISIT_ENDED, about, reason="complete", at=at, **detail)
                refused = Event.CARD_REFUSED, Subject(visit="DDD-DDD"), Outcome.REFUSED, "blocked"
                store.audit.record(session, *refused, at=NOW)

    asyncio.run(work())
    return shell


def test_it_is_shown(busy: Shell) -> None:
    shown = busy.ok("report", "show", "--by", "day", *WEEK)
    assert shown.startswith("1 h 00 min of RA time saved: 3 unlocks at 20 minutes each.\n")
    assert "A visit with an unlock took 1 min 40 s" in shown
    rows = [line.split("  ") for line in shown.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert ["with an assistance code", "1"] in cells
    assert ["card refused: blocked", "1"] in cells
    assert [f"{TODAY:%a %d/%m} *", "2", "0", "1", "1 min 40 s"] in cells, "today is not over"
    assert ["Kiosk 1, =Trust", "3", "0", "1", "1 min 40 s"] in cells


def test_it_is_told_to_programs(busy: Shell) -> None:
    told = busy.json("report", "show", "--by", "day", *WEEK)
    assert (told["first_day"], told["last_day"], told["by"]) == (WEEK[1], WEEK[3], "day")
    assert told["total"]["unlocks"] == 3
    assert told["total"]["minutes_saved"] == 60
    assert told["total"]["failure_reasons"] == [{"event": "card.refused", "reason": "blocked", "count": 1}]
    assert [line["unlocks"] for line in told["lines"]] == [0, 1, 0, 0, 0, 0, 2]
    assert [line["complete"] for line in told["lines"]] == [True] * 6 + [False]
    (kiosk,) = told["kiosks"]
    assert (kiosk["kiosk"], kiosk["organisation"], kiosk["unlock_visit_seconds"]) == (
        "Kiosk 1",
        "=Trust",
        100,
    )
    assert busy.json("report", "show", "--by", "day", *WEEK, "--kiosk", "Kiosk 1")["total"]["unlocks"] == 3


def test_minutes_are_the_sites(busy: Shell) -> None:
    busy.add_settings("[reports]\nminutes_saved = 7\n")
    assert "21 min of RA time saved: 3 unlocks at 7 minutes each" in busy.ok("report", "show")


def test_a_file_for_a_spreadsheet(busy: Shell, tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    assert busy.ok("report", "export", str(file), "--by", "day", *WEEK) == f"{file}: 2 lines.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["unlocks"], row["assisted_unlocks"], row["complete"]) for row in rows] == [
        ("1", "0", "yes"),
        ("2", "1", "no"),
    ]
    assert {row["organisation"] for row in rows} == {"'=Trust"}, "no spreadsheet takes it for a formula"
    assert "File exists" in busy.fails("report", "export", str(file)), "nothing is written over"


def test_a_file_for_programs(busy: Shell, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    busy.ok("report", "export", str(file), "--format", "json", "--by", "day", *WEEK)
    written, shown = json.loads(file.read_text()), busy.json("report", "show", "--by", "day", *WEEK)
    assert {**written, "made_at": ""} == {**shown, "made_at": ""}


def test_it_is_sent_on_demand(busy: Shell) -> None:
    assert "reports.mail_to of the configuration names nobody" in busy.fails("report", "mail")
    busy.add_settings('[reports]\nmail_to = ["ra.lead@nhs.net", "estates@nhs.net"]\nevery = "day"\n')
    for _ in range(2):
        assert "2 mails waiting for a kiosk to send it" in busy.ok("report", "mail")
    assert busy.query("SELECT kind FROM notice") == [("report",)] * 4
    period = last_whole(Grain.DAY, TODAY)
    assert (
        busy.query("SELECT reason, actor FROM audit_event WHERE event = 'report.queued'")
        == [(f"day {period.first}", ME)] * 2
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "yesterday"), "write it as 2027-01-31"),
        (("--from", "1066-10-14"), "that is no year of a kiosk"),
        (("--from", "2027-02-01", "--to", "2027-01-01"), "--to is before --from"),
        (("--by", "hour"), "'hour'"),
    ],
)
def test_a_mistake_in_usage(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    assert told in shell.fails("report", "show", *arguments, code=2)


def test_a_kiosk_that_is_not_there(busy: Shell) -> None:
    assert "nothing happened there in that time" in busy.fails("report", "show", "--kiosk", "Libary")


def test_a_new_store_has_a_report(shell: Shell) -> None:
    assert "0 min of RA time saved: 0 unlocks" in shell.ok("report", "show", "--by", "month")
    assert shell.json("report", "show")["total"]["failure_reasons"] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('mail_to = ["ra.lead"]', "reports.mail_to: must be an email address"),
        ('mail_to = ["a@b.c, d@e.f"]', "reports.mail_to: must be an email address"),
        ('every = "year"', "reports.every: "),
        ("minutes_saved = -1", "reports.minutes_saved: "),
        ('mail_to = ["a@b.c"]\n[retention]\naudit_days = 40', "retention.audit_days: must be 62 or more"),
    ],
)
def test_what_is_wrong_in_the_settings(bare_shell: Shell, text: str, told: str) -> None:
    bare_shell.add_settings(f"[reports]\n{text}\n")
    assert told in bare_shell.fails("report", "show", code=2)
