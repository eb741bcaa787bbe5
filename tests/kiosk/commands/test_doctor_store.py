"""The doctor where the store is on a server that does not let it in: told once, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.office.doctor import Finding, examine
from kiosk.settings import SettingsError
from kiosk.storage.place import place
from tests import postgres
from tests.kiosk.commands.shell import Shell

UNSEEN = "cannot be seen without the store"
NEED_IT = ("schema", "database role", "card keys", "clock")


@pytest.fixture
def server(shell: Shell) -> Iterator[Shell]:
    """A machine of a fleet, with a file for the password to come."""
    url = postgres.server().fresh()
    shell.add_settings(f'[database]\nurl = "{url}"\npassword_file = "database-password"\n')
    yield shell
    postgres.server().drop(url)


async def found(shell: Shell) -> dict[str, Finding]:
    """What every check has found."""
    return {one.name: one for one in await examine(shell.settings)}


def missing(_: Path) -> None:
    """There is no file."""


def open_to_all(path: Path) -> None:
    """Others can read it."""
    path.write_text("secret\n")
    path.chmod(0o644)


@pytest.mark.parametrize(("make", "told"), [(missing, "is missing"), (open_to_all, "chmod 600")])
async def test_a_password_that_cannot_be_read_is_told_once(
    server: Shell, make: Callable[[Path], Any], told: str
) -> None:
    make(server.state / "database-password")
    checks = await found(server)
    assert told in checks["store"].detail
    assert checks["store"].advice
    assert {name: checks[name].detail for name in NEED_IT} == dict.fromkeys(NEED_IT, UNSEEN)
    assert "database-password" not in checks["vault key"].detail


async def test_a_url_that_cannot_be_used_is_told_once(server: Shell) -> None:
    write_password(server, "secret")
    server.config.write_text(server.config.read_text().replace("@127.0.0.1", ":secret@127.0.0.1"))
    checks = await found(server)
    assert "must not hold a password" in checks["store"].detail
    assert checks["clock"].detail == UNSEEN


def write_password(shell: Shell, text: str) -> Path:
    """What the machine has for the server."""
    path = shell.state / "database-password"
    path.touch(mode=0o600)
    path.write_text(f"{text}\n")
    return path


@pytest.fixture
def stern(shell: Shell) -> Iterator[Shell]:
    """A server that asks for passwords, and a machine with a wrong one."""
    made = postgres.Server(**postgres.QUICK)
    (made.data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    made.start()
    url = made.url("postgres", "kiosk_library")
    shell.add_settings(f'[database]\nurl = "{url}"\npassword_file = "database-password"\n')
    yield shell
    made.remove()


async def test_a_wrong_password_is_told_with_its_file(stern: Shell) -> None:
    path = write_password(stern, "not this one")
    checks = await found(stern)
    assert "authentication failed" in checks["store"].detail
    assert f"see that {path} holds the password of kiosk_library" in checks["store"].advice
    assert "ask the RA" in checks["store"].advice
    shown = {name: checks[name].detail for name in ("schema", "database role", "card keys")}
    assert shown == dict.fromkeys(shown, UNSEEN)
    assert not any("fleet setup" in one.advice for one in checks.values())


async def test_tables_that_are_not_there_yet_hold_no_cards(server: Shell) -> None:
    write_password(server, "any")
    url = postgres.server().empty()
    server.config.write_text(server.config.read_text().replace(server.settings.database.url, url))
    checks = await found(server)
    assert checks["card keys"].detail == "no cards yet"
    assert "kiosk fleet setup" in checks["database role"].advice
    postgres.server().drop(url)


async def test_a_ca_file_that_is_not_there_is_told_for_this_machine_too(server: Shell) -> None:
    write_password(server, "any")
    server.config.write_text(
        server.config.read_text().replace("password_file", 'ca_file = "/nowhere/ca.pem"\npassword_file')
    )
    told = "database.ca_file: /nowhere/ca.pem: cannot be read: No such file or directory"
    assert (await found(server))["store"].detail == told
    with pytest.raises(SettingsError, match="cannot be read"):
        place(server.settings)
