"""``--as``: who may call which command, what is on record of it, and that no password goes astray."""

from __future__ import annotations

import logging
import os
import traceback
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from typer.main import get_command

from kiosk.cli import app
from kiosk.office.operator import LONGEST, names, operator, signed_in
from tests.kiosk.commands.shell import (
    ADMINISTRATOR,
    AN_OFFICER,
    GUID,
    ME,
    OFFICER,
    PASSWORD,
    PUK,
    SIGNED,
    TECHNICIAN,
    Shell,
)
from tests.sampling import sample

WRONG = "harbour walnut piano stool"
SERIAL = f"piv:guid:{GUID}"
ARGUMENTS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("holder", "add"): ("1", "Ann Jones"),
    ("holder", "assist"): ("1", "--reason", "x"),
    ("holder", "clear-block"): ("1", "--reason", "x"),
    ("holder", "forget"): ("1", "--reason", "x", "--yes"),
    ("card", "enrol"): ("1", "--secret-stdin"),
    ("holder", "set-email"): ("1", "ann@nhs.net", "--reason", "x"),
    ("holder", "withdraw"): ("1", "--reason", "x"),
    ("card", "replace"): (SERIAL, "--reason", "x", "--secret-stdin"),
    ("card", "import"): ("-",),
    ("card", "suspend"): (SERIAL, "--reason", "x"),
    ("card", "revoke"): (SERIAL, "--reason", "x"),
    ("card", "activate"): (SERIAL, "--reason", "x"),
    ("card", "clear-secret"): (SERIAL, "--reason", "x"),
    ("vault", "rekey"): (),
    ("staff", "add"): ("jones", "--role", "officer", "--password"),
    ("staff", "list"): (),
    ("staff", "disable"): (TECHNICIAN, "--reason", "x"),
    ("staff", "reset"): (TECHNICIAN, "--password"),
}
ADD = ("holder", "add", "1", "Ann Jones")


# "desk" has a door of its own, which asks who it is.
MACHINE = {"run", "desk", "demo", "selftest", "init", "doctor", "retention", "backup", "restore"}
READING = {
    *(("holder", name) for name in ("list", "find", "show")),
    *(("card", name) for name in ("list", "inspect", "trace", "plug")),
    ("vault", "status"),
    *(("report", name) for name in ("show", "export")),
    ("report", "mail"),  # sends counts to whom the configuration names
}


def test_every_such_command_is_here() -> None:
    """A new command is of the machine, only reads, or needs somebody who signs in."""
    root: Any = get_command(app)
    alone = {name for name, one in root.commands.items() if not hasattr(one, "commands")}
    signed: set[tuple[str, ...]] = set()
    others: set[tuple[str, ...]] = set()
    for group in root.commands.keys() - alone - {"audit", "db", "fleet"}:
        for name, command in root.commands[group].commands.items():
            asks = any("--as" in parameter.opts for parameter in command.params)
            (signed if asks else others).add((group, name))
    assert alone == MACHINE
    assert others == READING
    assert ARGUMENTS.keys() == SIGNED.keys() == signed


@pytest.mark.parametrize("command", sample(SIGNED, 8), ids=" ".join)
def test_it_needs_somebody_of_the_right_role(shell: Shell, command: tuple[str, ...]) -> None:
    call, role = (*command, *ARGUMENTS[command]), SIGNED[command]
    before = tables(shell)
    named = "officer" if role == OFFICER else "administrator"
    told = shell.alone(*call, typed=PUK)
    assert (told.exit_code, told.stdout) == (1, "")
    assert (
        told.stderr == f"kiosk: say who you are with --as NAME: this is for an account of the role {named}\n"
    )
    other = ADMINISTRATOR if role == OFFICER else OFFICER
    for who in (TECHNICIAN, other):
        told = shell.as_staff(who, *call, typed=PUK)
        assert (told.exit_code, told.stdout) == (1, "")
        assert f"this is for the role {named}, and yours is" in told.stderr
    assert tables(shell) == before
    assert shell.query("SELECT actor, reason FROM audit_event WHERE event = 'staff.refused'") == [
        (f"{TECHNICIAN} ({ME})", "role"),
        (f"{other} ({ME})", "role"),
    ]


def tables(shell: Shell) -> list[object]:
    """What these commands could have changed."""
    kept = ("holder", "card", "staff", "assistance", "unblock_secret")
    return [shell.query(f"SELECT * FROM {table}") for table in kept]  # noqa: S608 - from above


@pytest.mark.parametrize("command", sample(SIGNED, 6), ids=" ".join)
@pytest.mark.parametrize("who", [(), ("--as", "jones")], ids=["nobody", "somebody"])
def test_where_nobody_has_an_account_it_says_how_the_first_is_made(
    bare_shell: Shell, command: tuple[str, ...], who: tuple[str, ...]
) -> None:
    bare_shell.ok("init")
    told = bare_shell.fails(*command, *ARGUMENTS[command], *who, typed=f"{PASSWORD}\n")
    assert "make the first administrator with 'kiosk init --administrator NAME'" in told


def test_who_it_was_is_on_record(shell: Shell) -> None:
    shell.ok(*ADD)
    assert shell.query("SELECT actor, event FROM audit_event ORDER BY seq") == [
        (AN_OFFICER, "staff.signed-in"),
        (AN_OFFICER, "holder.added"),
    ]


def test_an_actor_is_no_longer_than_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert signed_in("jones") == f"jones ({operator()})"
    monkeypatch.setattr("kiosk.office.operator.operator", lambda: "a" * 90)
    assert signed_in("") == "a" * 90
    longest = signed_in("j" * 32)
    assert len(longest) == LONGEST
    assert longest.endswith("a)")


def test_an_actor_says_whom_it_stands_for() -> None:
    assert names("Jones (Root)") == {"jones", "root"}
    assert names("jones") == {"jones"}
    assert names("") == frozenset()


# -- the password ----------------------------------------------------------------------------------


def test_a_wrong_password_is_slowed_down_as_at_the_kiosk(shell: Shell) -> None:
    told = shell.as_staff(OFFICER, *ADD, password=WRONG)
    assert told.exit_code == 1
    assert told.stderr == "kiosk: name or password is not right; wait a minute before you try again\n"
    assert "after a failure under this name you have to wait here, until " in shell.fails(*ADD)
    assert shell.query("SELECT actor, outcome, reason FROM audit_event") == [(AN_OFFICER, "refused", "wrong")]
    assert shell.json("holder", "list") == []


@pytest.mark.parametrize("typed", [b"", b"\n", b"\xff\xff\n", b"\xff" * 2000])
def test_what_can_be_no_password_is_none(shell: Shell, typed: bytes) -> None:
    done = shell.alone(*ADD, "--as", OFFICER, typed=typed)
    assert done.exit_code == 1
    assert f"Password of {OFFICER}: none was given" in done.stderr


def test_a_line_may_end_as_on_windows(shell: Shell) -> None:
    assert shell.alone(*ADD, "--as", OFFICER, typed=f"{PASSWORD}\r\n".encode()).exit_code == 0


def test_what_follows_the_password_is_what_it_was(shell: Shell, tmp_path: Path) -> None:
    """A roll that comes after it, through a pipe and from a file."""
    head = "holder_id,name,email,family,serial,unblock_secret"
    roll = f"{head}\n1,Ann Jones,,piv,{GUID},{PUK}\n"
    assert "Cards: 1 added" in shell.ok("card", "import", "-", typed=roll)
    told = shell.fails("card", "import", "-", typed=roll.replace(PUK, "12"))
    assert "standard input:2: unblock_secret" in told, "lines are counted from the heading"


@pytest.mark.parametrize("name", [OFFICER, "nobody.there", "", "x" * 500, "\x1b[2J", "tést"])
def test_nobody_learns_which_names_there_are(
    shell: Shell, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words, and as many hashes, whoever it is."""
    checked: list[bytes] = []
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        checked.append(hashed)
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    done = shell.as_staff(name, *ADD, password=WRONG)
    assert done.stderr == "kiosk: name or password is not right; wait a minute before you try again\n"
    assert len(checked) == 1
    again = shell.as_staff(name, *ADD, password=WRONG)
    assert "after a failure under this name you have to wait here, until " in again.stderr
    assert len(checked) == 1
    said = AN_OFFICER if name == OFFICER else ME
    assert shell.query("SELECT actor FROM audit_event") == [(said,)], "nothing that was typed is kept"


@pytest.mark.parametrize("state", ["disabled = 1", "password_hash = ''"])
def test_nor_which_of_them_can_be_used(shell: Shell, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.query(f"UPDATE staff SET {state} WHERE name = ?", OFFICER)  # noqa: S608 - from above
    checked: list[bytes] = []

    def counted(_: bytes, hashed: bytes) -> bool:
        checked.append(hashed)
        return False

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    assert "name or password is not right" in shell.fails(*ADD)
    assert len(checked) == 1


@pytest.mark.parametrize("password", [PASSWORD, WRONG], ids=["right", "wrong"])
def test_no_password_goes_astray(
    shell: Shell, password: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not into output, log, environment, store or an exception, also of what nobody expected."""
    caplog.set_level(logging.DEBUG)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("kiosk.office.people.add", broken)
    done = shell.as_staff(OFFICER, *ADD, password=password)
    assert done.exception is not None
    texts = [done.output, caplog.text, *os.environ.values(), *told(done.exception)]
    stored = b"".join(path.read_bytes() for path in shell.state.iterdir())
    assert not [text for text in texts if password in text]
    assert password.encode() not in stored


def told(error: BaseException | None) -> list[str]:
    """All that an exception says, with those behind it and what stood in the functions it came through."""
    texts = []
    while error is not None:
        with_locals = traceback.TracebackException.from_exception(error, capture_locals=True)
        ours = [frame for frame in with_locals.stack if "/kiosk/" in frame.filename]
        texts += [repr(error.args), *(repr(frame.locals) for frame in ours)]
        error = error.__context__
    return texts
