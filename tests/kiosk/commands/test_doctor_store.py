"""The doctor where the store is on a server that does not let it in: told once, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.office.doctor import Finding, examine
from tests import postgres
from tests.kiosk.commands.shell import Shell

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
    assert {name: checks[name].detail for name in NEED_IT} == dict.fromkeys(
        NEED_IT, "cannot be seen without the store"
    )
    assert "database-password" not in checks["vault key"].detail


async def test_a_url_that_cannot_be_used_is_told_once(server: Shell) -> None:
    (server.state / "database-password").touch(mode=0o600)
    (server.state / "database-password").write_text("secret\n")
    server.config.write_text(server.config.read_text().replace("@127.0.0.1", ":secret@127.0.0.1"))
    checks = await found(server)
    assert "must not hold a password" in checks["store"].detail
    assert checks["clock"].detail == "cannot be seen without the store"
