"""The backup of a fleet as docs/fleet.md tells it: a dump, put back on a server that never saw the fleet."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from tests import postgres
from tests.kiosk.commands.shell import Shell

ROLES = ("kiosk_library", "unlock_kiosk", "unlock_office")


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A server of its own, with an owner who may make roles and is no superuser."""
    made = postgres.Server(**postgres.QUICK)
    made.start()
    admin(made, "CREATE ROLE unlock_owner LOGIN CREATEROLE", "CREATE DATABASE unlock OWNER unlock_owner")
    yield made
    made.remove()


def admin(server: postgres.Server, *statements: str) -> None:
    """As the server's superuser."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def run(program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs, which has to end well."""
    done = subprocess.run(
        [postgres.program(program), *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_dump_comes_back_on_a_new_server(server: postgres.Server, bare_shell: Shell) -> None:
    owner, url = bare_shell, server.url("unlock", "unlock_owner")
    owner.add_settings(f'[database]\nurl = "{url}"\n')
    dump = owner.folder / "unlock.dump"
    for command in (
        ("init",),
        ("fleet", "setup"),
        ("fleet", "add", "Library", "--password-file", str(owner.folder / "first")),
        ("holder", "add", "40017", "Ann Jones"),
    ):
        owner.ok(*command)
    run("pg_dump", "--format=custom", f"--file={dump}", url)
    owner.ok("holder", "add", "40018", "Bob Smith")

    back = ("pg_restore", "--single-transaction", f"--dbname={url}", str(dump))
    run(*back, "--clean", "--if-exists")
    check(owner, server)

    admin(server, "DROP DATABASE unlock", *(f"DROP ROLE {role}" for role in ROLES))
    admin(server, "CREATE DATABASE unlock OWNER unlock_owner")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b"CREATE ROLE unlock_kiosk; CREATE ROLE unlock_office")
    run(*back)
    owner.ok("fleet", "setup")
    owner.ok("fleet", "add", "Library", "--password-file", str(owner.folder / "second"))
    check(owner, server)


def check(owner: Shell, server: postgres.Server) -> None:
    """All of it is as it was dumped, and a kiosk may what it may."""
    owner.ok("db", "check")
    owner.ok("audit", "verify")
    assert [one["id"] for one in owner.json("holder", "list")] == ["40017"]
    with psycopg.connect(server.url("unlock", "kiosk_library")) as kiosk:
        assert kiosk.execute("SELECT unlock_member()").fetchone() == ("Library",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            kiosk.execute("SELECT ciphertext FROM unblock_secret")
