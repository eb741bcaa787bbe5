"""Copies of the store, and putting one back: whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from kiosk.ownership import own_reader
from tests import postgres
from tests.kiosk.commands.shell import Shell

RESTORE = ("restore", "--reason", "disk replaced", "--yes")


@pytest.fixture
def ann(shell: Shell) -> Shell:
    """A store with a holder."""
    shell.ok("holder", "add", "40017", "Ann Jones")
    return shell


def holders(shell: Shell) -> list[str]:
    """Their ids."""
    return [one["id"] for one in shell.json("holder", "list")]


def test_a_copy_brings_everything_back(ann: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert "a whole copy, with 1 audit event." in ann.ok("backup", str(copy))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    ann.ok("holder", "add", "40018", "Bob Smith")
    before = holders(ann)
    told = ann.ok(*RESTORE, str(copy))
    assert (before, holders(ann)) == (["40017", "40018"], ["40017"])
    kept = Path(told.partition("The store of before: ")[2].split("\n")[0])
    with closing(sqlite3.connect(kept)) as there:
        assert there.execute("SELECT COUNT(*) FROM holder").fetchone() == (2,)
    events = [one["event"] for one in ann.json("audit", "show")]
    assert events == ["holder.added", "store.restored"]
    ann.ok("audit", "verify")


def test_the_head_that_was_noted_tells_what_a_restore_has_lost(ann: Shell, tmp_path: Path) -> None:
    ann.ok("backup", str(tmp_path / "copy.db"))
    ann.ok("holder", "add", "40018", "Bob Smith")
    head = ann.json("audit", "verify")["head"]
    ann.ok(*RESTORE, str(tmp_path / "copy.db"))
    assert ann.run("audit", "verify", "--head", head).exit_code == 1


def test_no_key_is_in_a_copy(ann: Shell, tmp_path: Path) -> None:
    ann.ok("backup", str(tmp_path / "copy.db"))
    content = (tmp_path / "copy.db").read_bytes()
    for key in ("vault.key", "pepper.key"):
        written = (ann.state / key).read_bytes().strip()
        assert written not in content


def test_nothing_is_written_over(ann: Shell, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("a letter")
    assert "exists already" in ann.fails("backup", str(tmp_path / "copy.db"))
    assert (tmp_path / "copy.db").read_text() == "a letter"


def test_a_copy_is_of_one_moment_beside_a_busy_kiosk(ann: Shell, tmp_path: Path) -> None:
    stop, written = threading.Event(), []

    def busy() -> None:
        with closing(sqlite3.connect(ann.state / "kiosk.db", timeout=30, isolation_level=None)) as store:
            while not stop.wait(0.002):  # others get their turn
                store.execute("BEGIN IMMEDIATE")
                store.execute("UPDATE holder SET attempts = attempts + 1")
                store.execute("UPDATE holder SET blocked_at = CAST(attempts AS TEXT)")
                store.execute("COMMIT")
                written.append(1)

    ann.query("UPDATE holder SET attempts = 0")
    ann.query("CREATE TABLE ballast (x)")
    ann.query("INSERT INTO ballast VALUES (randomblob(4000000))")
    at_work = threading.Thread(target=busy)
    at_work.start()
    try:
        while not written:
            pass
        ann.ok("backup", str(tmp_path / "copy.db"))
    finally:
        stop.set()
        at_work.join()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as there:
        attempts, blocked = there.execute("SELECT attempts, blocked_at FROM holder").fetchone()
    assert str(attempts) == str(blocked)


def test_a_damaged_copy_is_not_put_back(ann: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    ann.ok("backup", str(copy))
    before = (ann.state / "kiosk.db").read_bytes()
    content = copy.read_bytes()
    for spoilt in (b"a letter to my aunt\n" * 400, content[: len(content) // 2], _altered(content)):
        copy.write_bytes(spoilt)
        told = ann.fails(*RESTORE, str(copy))
        assert any(why in told for why in ("is damaged", "is no whole backup", "audit trail is broken"))
        assert told.startswith(f"kiosk: {copy}: ")
        assert told.endswith("; nothing was changed\n")
    assert (ann.state / "kiosk.db").read_bytes() == before
    assert holders(ann) == ["40017"]
    assert list(ann.state.glob("*restoring*")) == []


def _altered(content: bytes) -> bytes:
    return content.replace(b"holder.added", b"holder.adder")


DOCTORED = {
    "trigger": "CREATE TRIGGER spy AFTER UPDATE ON holder BEGIN DELETE FROM notice; END",
    "disguised": "CREATE TRIGGER spy AFTER UPDATE ON holder BEGIN DELETE FROM notice; END; "
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET type = 'TRIGGER' WHERE name = 'spy'",
    "view": "CREATE VIEW spy AS SELECT * FROM holder",
    "missing": "DROP TRIGGER audit_event_update",
    "other": "DROP TRIGGER audit_event_update; CREATE TRIGGER audit_event_update BEFORE UPDATE ON "
    "audit_event WHEN NEW.reason = '' BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
}


@pytest.mark.parametrize("statements", DOCTORED.values(), ids=DOCTORED)
def test_a_copy_with_other_rules_than_a_stores_is_not_put_back(
    ann: Shell, tmp_path: Path, statements: str
) -> None:
    """Its audit trail is whole, and what it would do once it is the store is not a store's."""
    copy = tmp_path / "copy.db"
    ann.ok("backup", str(copy))
    with closing(sqlite3.connect(copy)) as there:
        there.executescript(statements)
    told = ann.fails(*RESTORE, str(copy))
    assert ("'spy'" if "spy" in statements else "'audit_event_update'") in told
    assert "another copy" in told
    with closing(sqlite3.connect(ann.state / "kiosk.db")) as store:
        store.executescript(statements)
    assert "another copy" in ann.fails("backup", str(tmp_path / "second.db")), "no copy that is of no use"


def test_a_copy_of_another_store_is_not_put_back(ann: Shell, tmp_path: Path) -> None:
    """Its audit trail has another key."""
    (tmp_path / "other").mkdir()
    other = Shell(tmp_path / "other")
    other.ok("init")
    other.ok("holder", "add", "1", "Eve")
    other.ok("backup", str(tmp_path / "copy.db"))
    assert "of a store with another pepper" in ann.fails(*RESTORE, str(tmp_path / "copy.db"))
    assert holders(ann) == ["40017"]


def test_what_is_no_backup_is_said_to_be_none(ann: Shell, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as there:
        there.execute("CREATE TABLE letters (x)")
    assert ann.fails(*RESTORE, str(foreign)) == (
        f"kiosk: {foreign}: is no whole backup of a kiosk; nothing was changed\n"
    )
    ann.ok("backup", str(tmp_path / "old.db"))
    with closing(sqlite3.connect(tmp_path / "old.db")) as there, there:
        there.execute("UPDATE alembic_version SET version_num = '0001'")
    assert "restore it with the release that made it" in ann.fails(*RESTORE, str(tmp_path / "old.db"))


def test_nobody_is_asked_about_a_file_that_is_not_there(ann: Shell, tmp_path: Path) -> None:
    done = ann.run("restore", str(tmp_path / "nosuch"), "--reason", "disk replaced", typed="y\n")
    assert (done.exit_code, done.stderr) == (1, f"kiosk: {tmp_path / 'nosuch'}: No such file or directory\n")


def test_a_machine_that_nobody_has_prepared_is_told_what_comes_first(ann: Shell, tmp_path: Path) -> None:
    copy, keys = tmp_path / "copy.db", tmp_path / "keys"
    ann.ok("backup", str(copy))
    ann.state.rename(keys)
    assert f"is not there yet: make it (install -d -m 700 -o ACCOUNT {ann.state})" in ann.fails(
        *RESTORE, str(copy)
    )
    ann.state.mkdir(mode=0o700)
    told = ann.fails(*RESTORE, str(copy))
    assert "vault.key: is missing; first put back the keys that the backup was made with" in told or (
        "pepper.key: is missing; first" in told
    )
    for name in ("vault.key", "pepper.key"):
        (keys / name).rename(ann.state / name)
    ann.ok(*RESTORE, str(copy))
    assert holders(ann) == ["40017"]


def test_a_copy_takes_the_place_of_a_store_with_another_pepper(ann: Shell, tmp_path: Path) -> None:
    """A machine that was set up anew, was used, and only then got the old keys back."""
    ann.ok("backup", str(tmp_path / "copy.db"))
    (tmp_path / "new").mkdir()
    new = Shell(tmp_path / "new")
    new.ok("init")
    new.ok("holder", "add", "1", "Eve")
    for key in ("vault.key", "pepper.key"):
        shutil.copy2(ann.state / key, new.state / key)
    new.ok(*RESTORE, str(tmp_path / "copy.db"))
    assert holders(new) == ["40017"]


def test_not_while_a_kiosk_runs(ann: Shell, tmp_path: Path) -> None:
    ann.ok("backup", str(tmp_path / "copy.db"))
    with own_reader(ann.settings, "kiosk run"):
        assert "in use by 'kiosk run'" in ann.fails(*RESTORE, str(tmp_path / "copy.db"))


class Killed(BaseException):
    """The process is no more."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ends the process at the call number [0] that changes a name in the file system; counts in [1]."""
    state = [0, 0]

    def watched(call: str) -> None:
        honest = getattr(os, call)

        def counted(*arguments: object, **options: object) -> object:
            state[1] += 1
            if state[1] == state[0]:
                raise Killed
            return honest(*arguments, **options)

        monkeypatch.setattr(os, call, counted)

    for call in ("link", "rename", "replace"):
        watched(call)
    return state


def test_a_restore_that_is_killed_leaves_one_store_whole(
    ann: Shell, tmp_path: Path, steps: list[int]
) -> None:
    ann.ok("backup", str(tmp_path / "copy.db"))
    ann.ok("holder", "add", "40018", "Bob Smith")
    for nth in range(1, 10):
        steps[:] = [nth, 0]
        ended = False
        with suppress(Killed):
            ended = ann.run(*RESTORE, str(tmp_path / "copy.db")).exit_code == 0
        steps[0] = 0
        assert holders(ann) in (["40017", "40018"], ["40017"])
        ann.ok("audit", "verify")
        if ended:
            assert nth > 2
            return
    raise AssertionError("it never ended")


def test_a_store_that_is_damaged_can_be_replaced(ann: Shell, tmp_path: Path) -> None:
    ann.ok("backup", str(tmp_path / "copy.db"))
    (ann.state / "kiosk.db").write_text("a letter to my aunt, of some length\n" * 50)
    ann.ok(*RESTORE, str(tmp_path / "copy.db"))
    assert holders(ann) == ["40017"]


def test_a_server_has_its_own_means(bare_shell: Shell, tmp_path: Path) -> None:
    url = postgres.server().fresh()
    bare_shell.add_settings(f'[database]\nurl = "{url}"\n')
    assert "use pg_dump" in bare_shell.fails("backup", str(tmp_path / "copy.db"))
    postgres.server().drop(url)
