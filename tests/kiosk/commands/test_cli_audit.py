"""`kiosk audit`, `kiosk retention` and `kiosk holder forget`, as somebody at a terminal calls them."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.clock import Clock
from kiosk.storage.sqlite import Sqlite
from tests.kiosk.commands.shell import GUID, ME, PUK, Shell
from tests.kiosk.tampering import tamper

CARD = f"piv:guid:{GUID}"
EVENTS = 25  # of Ann's: thirteen, and an officer who signed in for each of twelve commands


@pytest.fixture(scope="session")
def told_of_ann(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a store with Ann and her card, and what an officer did with them."""
    shell = Shell(tmp_path_factory.mktemp("ann"))
    shutil.copytree(prepared, shell.state)
    shell.staffed = True
    head = "holder_id,name,email,family,serial,unblock_secret"
    shell.ok("card", "import", "-", typed=f"{head}\n40017,Ann Jones,ann.jones@nhs.net,piv,{GUID},{PUK}\n")
    for number in range(5):
        shell.ok("card", "suspend", CARD, "--reason", f"ticket {number}")
        shell.ok("card", "activate", CARD, "--reason", f"ticket {number}")
    shell.ok("holder", "add", "40018", "Bob Smith")
    return shell.state


@pytest.fixture
def ann(bare_shell: Shell, told_of_ann: Path) -> Shell:
    """A copy of that store."""
    shutil.copytree(told_of_ann, bare_shell.state)
    bare_shell.staffed = True
    return bare_shell


def spoil(shell: Shell, sql: str) -> None:
    """Change the trail, as whoever owns the file can."""
    tamper(Sqlite(shell.state / "kiosk.db"), (sql, {}))


# -- verify ----------------------------------------------------------------------------------------


def test_a_whole_trail(ann: Shell) -> None:
    told = ann.ok("audit", "verify")
    assert told.startswith(f"Whole: {EVENTS} events from 1 to {EVENTS}, head {EVENTS}:")
    facts = ann.json("audit", "verify")
    assert (facts["whole"], facts["events"], facts["after"], facts["flaw"]) == (True, EVENTS, 0, None)
    assert ann.ok("audit", "verify", "--head", facts["head"]) == told


def test_a_bad_link_is_named(ann: Shell) -> None:
    spoil(ann, "UPDATE audit_event SET reason = 'nothing' WHERE seq = 7")
    done = ann.run("audit", "verify")
    assert done.exit_code == 1
    assert "The first bad link: event 7 was altered" in done.stdout
    assert "Whole before that: 6 events from 1 to 6" in done.stdout
    facts = json.loads(ann.run("audit", "verify", "--json").stdout)
    assert (facts["whole"], facts["events"], facts["flaw"]) == (False, 6, "altered")


def test_a_cut_tail_is_seen_with_a_head(ann: Shell) -> None:
    head = ann.json("audit", "verify")["head"]
    spoil(ann, "DELETE FROM audit_event WHERE seq > 10")
    ann.ok("audit", "verify")
    done = ann.run("audit", "verify", "--head", head)
    assert done.exit_code == 1
    assert "the trail ends at event 10, too early: event 11 is missing, and all after it" in done.stdout


def test_what_is_whole_before_another_head_is_counted(ann: Shell) -> None:
    done = ann.run("audit", "verify", "--head", "9:" + "0" * 64)
    assert "event 9 is another than the one of the given head" in done.stdout
    assert "Whole before that: 8 events from 1 to 8, head 8:" in done.stdout


def test_what_is_no_head_is_a_mistake_in_usage(ann: Shell) -> None:
    assert "is not a head" in ann.fails("audit", "verify", "--head", "13", code=2)


# -- show ------------------------------------------------------------------------------------------


def test_events_are_shown_with_whom_they_are_about(ann: Shell) -> None:
    shown = ann.ok("audit", "show", "--limit", "3")
    lines = shown.splitlines()
    assert len(lines) == 4
    assert "40017 Ann Jones" in shown
    assert CARD in shown
    assert "40018 Bob Smith" in lines[-1], "the newest is last"


FILTERS = {
    "holder": (("--holder", "40018"), 1),
    "card": (("--card", CARD), 11),
    "event": (("--event", "holder.added"), 2),
    "events": (("--event", "holder.added", "--event", "card.enrolled"), 3),
    "alarms": (("--alarms",), 0),
    "visit": (("--visit", "ABC-123"), 0),
    "since": (("--since", "2020-01-01"), EVENTS),
    "until": (("--until", "2020-01-01T10:00"), 0),
    "zone": (("--until", "2020-01-01T10:00+02:00"), 0),
}


@pytest.mark.parametrize(("options", "count"), FILTERS.values(), ids=FILTERS)
def test_filters(ann: Shell, options: tuple[str, ...], count: int) -> None:
    assert len(ann.json("audit", "show", *options)) == count
    file = ann.folder / "some.jsonl"
    ann.ok("audit", "export", str(file), *options)
    assert len(file.read_text().splitlines()) == count


def test_filters_that_nothing_can_fit_are_said_to(ann: Shell) -> None:
    assert "there is no holder '1'" in ann.fails("audit", "show", "--holder", "1")
    assert "there is no card" in ann.fails("audit", "show", "--card", f"guid:{'11' * 16}")
    assert "there is no event 'card.eaten'" in ann.fails("audit", "show", "--event", "card.eaten")
    assert "2027-01-31" in ann.fails("audit", "show", "--since", "yesterday", code=2)


# -- export ----------------------------------------------------------------------------------------


def test_an_export_can_be_verified_and_is_on_record(ann: Shell) -> None:
    file = ann.folder / "audit.jsonl"
    assert ann.ok("audit", "export", str(file)) == f"{file}: {EVENTS} events.\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert ann.ok("audit", "verify", "--file", str(file)).startswith(f"Whole: {EVENTS} events from")
    assert "Ann" not in file.read_text()
    assert ann.query("SELECT actor, detail FROM audit_event WHERE event = 'audit.exported'") == [
        (ME, f'{{"events": {EVENTS}, "format": "jsonl"}}')
    ]
    assert "File exists" in ann.fails("audit", "export", str(file))
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:4] + lines[5:]))
    assert "event 5 is missing" in ann.run("audit", "verify", "--file", str(file)).stdout


def test_a_spreadsheet_gets_no_formula(ann: Shell) -> None:
    ann.ok("card", "suspend", CARD, "--reason", '=HYPERLINK("http://x.example")')
    file = ann.folder / "audit.csv"
    ann.ok("audit", "export", str(file), "--format", "csv")
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [int(row["seq"]) for row in rows] == list(range(1, EVENTS + 3))
    assert rows[-1]["reason"] == '\'=HYPERLINK("http://x.example")'
    assert not any(value.startswith(tuple("=+-@")) for row in rows for value in row.values())
    ann.fails("audit", "export", str(ann.folder / "x"), "--format", "xls", code=2)


SPLIT = ("ticket 7; -1", "x;=cmd()", 'x;"=cmd()', "x; @SUM(1)", "x,=cmd()", "x;;+1")


def test_a_spreadsheet_that_splits_at_semicolons_gets_no_formula_either(ann: Shell) -> None:
    """Many take their country's separator, whatever the file's is."""
    for number, reason in enumerate(SPLIT):
        ann.ok("card", "activate" if number % 2 else "suspend", CARD, "--reason", reason)
    file = ann.folder / "audit.csv"
    ann.ok("audit", "export", str(file), "--format", "csv")
    first, second, *_ = file.read_text().splitlines()
    for line in (first, second):
        assert all(cell == f'"{cell[1:-1]}"' for cell in line.split(",")), "every cell is quoted"
    for separator in ";,":
        with file.open(newline="") as opened:
            cells = [cell.strip() for row in csv.reader(opened, delimiter=separator) for cell in row]
        assert not [cell for cell in cells if cell.startswith(tuple("=+-@"))]


def test_the_trail_of_another_store_is_not_ours(ann: Shell) -> None:
    file = ann.folder / "audit.jsonl"
    ann.ok("audit", "export", str(file))
    ((store,),) = ann.query("SELECT store FROM audit_store")
    file.write_text(file.read_text().replace(store, "another"))
    assert "is the trail of another store" in ann.fails("audit", "verify", "--file", str(file))


# -- close, checkpoints, retention -----------------------------------------------------------------


@pytest.fixture
def old(ann: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The same eight years later."""
    later = datetime.now(UTC) + timedelta(days=8 * 365)
    monkeypatch.setattr(Clock, "now", lambda _: later)
    monkeypatch.setattr(Clock, "steady", lambda _: later)
    return ann


def test_a_segment_is_closed_into_a_file(old: Shell) -> None:
    file = old.folder / "old.jsonl"
    told = old.ok("audit", "close", str(file))
    assert f"Closed: {EVENTS - 1} events from 1 to {EVENTS - 1}, now in {file}." in told
    assert hashlib.sha256(file.read_bytes()).hexdigest() in told
    assert f"It begins after event {EVENTS - 1}" in old.ok("audit", "verify")
    assert "It is the segment that was closed on" in old.ok("audit", "verify", "--file", str(file))
    found = old.json("audit", "checkpoints")
    assert found["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    (made,) = found["checkpoints"]
    assert (made["first_seq"], made["last_seq"], made["by"]) == (1, EVENTS - 1, ME)
    assert json.loads(made["statement"])["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert f"1 to {EVENTS - 1}" in old.ok("audit", "checkpoints")


def test_the_end_of_a_closed_segment_cannot_be_cut_off(old: Shell) -> None:
    file = old.folder / "old.jsonl"
    old.ok("audit", "close", str(file))
    head = f"5:{json.loads(file.read_text().splitlines()[4])['mac']}"
    assert "is in a segment that was closed" in old.fails("audit", "verify", "--head", head)
    assert old.run("audit", "verify", "--file", str(file), "--head", head).exit_code == 0
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:8]))
    assert "event 9 is missing, and all after it" in old.run("audit", "verify", "--file", str(file)).stdout


def test_retention_can_close_too(old: Shell) -> None:
    assert f"Audit events to be closed:       {EVENTS}" in old.ok("retention")
    nowhere = old.folder / "nowhere"
    assert "does not exist" in old.fails("retention", "--archive", str(nowhere), code=2)
    told = old.ok("retention", "--archive", str(old.folder))
    file = old.folder / f"audit-1-{EVENTS}.jsonl"
    assert f"Audit events closed:             {EVENTS}, now in {file}" in told
    assert "Audit events closed:             0" in old.ok("retention", "--archive", str(old.folder))
    assert old.json("audit", "verify")["whole"]


def test_nothing_is_to_be_closed_yet(ann: Shell) -> None:
    file = ann.folder / "old.jsonl"
    assert "Nothing is to be closed" in ann.ok("audit", "close", str(file))
    assert not file.exists()
    told = ann.ok("retention")
    assert "Settled card writes:             0 erased" in told
    assert "Audit events to be closed:       0" in told
    assert ann.query("SELECT actor FROM audit_event WHERE event = 'retention.enforced'") == [(ME,)]


# -- forget ----------------------------------------------------------------------------------------

FORGET = ("holder", "forget", "40017", "--reason", "ticket 5514")


def test_a_holder_is_forgotten_and_their_events_are_shown_with_bare_keys(ann: Shell) -> None:
    ((key,),) = ann.query("SELECT audit_key FROM holder WHERE holder_id = '40017'")
    told = ann.ok(*FORGET, typed="y\n")
    assert "Erase holder 40017" in told
    assert "Holder 40017 is forgotten. 13 audit events kept, with a bare key." in told
    assert "there is no holder '40017'" in ann.fails("holder", "show", "40017")
    shown = ann.ok("audit", "show")
    assert key in shown
    assert "Ann Jones" not in shown
    assert CARD not in shown
    assert f"Whole: {EVENTS + 2} events" in ann.ok("audit", "verify")


def test_who_is_not_sure_forgets_nobody(ann: Shell) -> None:
    assert ann.run(*FORGET, typed="n\n").exit_code == 1
    assert ann.query("SELECT count(*) FROM holder") == [(2,)]
    assert "is forgotten" in ann.ok(*FORGET, "--yes")
    assert ann.query("SELECT holder_id FROM holder") == [("40018",)]


@pytest.mark.parametrize(
    "reason", ["Ann Jones left", "jones has gone", f"card {GUID} lost", "id 40017", "a: ann.jones"]
)
def test_a_reason_that_names_the_person_would_stay(ann: Shell, reason: str) -> None:
    assert "names the person" in ann.fails("holder", "forget", "40017", "--yes", "--reason", reason)
    assert ann.query("SELECT count(*) FROM holder") == [(2,)]
