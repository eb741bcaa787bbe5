"""The commands as a person calls them, on a state directory of the test's own."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from typer.testing import CliRunner, Result

from kiosk.cli import app
from kiosk.keyring import key_ring
from kiosk.office.office import office
from kiosk.persons import Personal
from kiosk.proofs.hashing import Hasher
from kiosk.settings import Settings, load
from kiosk.staff.account import Role
from kiosk.staff.accounts import context
from kiosk.storage.staff import StaffRow

GUID = "8F1C2A6E0D4B4C1F9A5E7B3D2C4F6A52"
PUK = "48215077"
ME = pwd.getpwuid(os.getuid()).pw_name
OFFICER, ADMINISTRATOR, TECHNICIAN = "olga.price", "adam", "tess"
AN_OFFICER, AN_ADMINISTRATOR = f"{OFFICER} ({ME})", f"{ADMINISTRATOR} ({ME})"
STAFF = {TECHNICIAN: Role.TECHNICIAN, OFFICER: Role.OFFICER, ADMINISTRATOR: Role.ADMINISTRATOR}
PASSWORD = "violet tractor umbrella"

SIGNED: dict[tuple[str, ...], str] = {
    **dict.fromkeys((("holder", name) for name in ("add", "assist", "clear-block", "forget")), OFFICER),
    **dict.fromkeys((("holder", name) for name in ("set-email", "withdraw")), OFFICER),
    **dict.fromkeys(
        (("card", name) for name in ("enrol", "import", "replace", "suspend", "revoke")), OFFICER
    ),
    **dict.fromkeys((("card", name) for name in ("activate", "clear-secret")), OFFICER),
    **dict.fromkeys((("staff", name) for name in ("add", "list", "disable", "reset")), ADMINISTRATOR),
    ("vault", "rekey"): ADMINISTRATOR,
}
"""Who signs in for which command."""


class Shell:
    """Runs ``kiosk`` with one kiosk.toml; ``ok`` and ``fails`` also check how it ended.

    Commands for which somebody has to sign in are called by those who may, unless ``--as`` is there or
    nobody is ``staffed``.
    """

    staffed = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "kiosk.toml"
        self.state = folder / "state"
        self.config.write_text(f'[state]\ndirectory = "{self.state}"\n[hashing]\ncost = 10\n')

    @property
    def settings(self) -> Settings:
        """What the commands see."""
        return load(self.config)

    def add_settings(self, text: str) -> None:
        """Append tables to kiosk.toml."""
        self.config.write_text(self.config.read_text() + text)

    def run(self, *arguments: str, typed: str | bytes | None = None) -> Result:
        """Call a command, with this on its standard input."""
        who = SIGNED.get(arguments[:2]) if self.staffed else None
        if who is not None and "--as" not in arguments:
            return self.as_staff(who, *arguments, typed=typed)
        return self.alone(*arguments, typed=typed)

    def as_staff(
        self, who: str, *arguments: str, typed: str | bytes | None = None, password: str = PASSWORD
    ) -> Result:
        """Call a command as one of the staff: the password comes first."""
        rest = typed.encode() if isinstance(typed, str) else typed or b""
        return self.alone(*arguments, "--as", who, typed=password.encode() + b"\n" + rest)

    def alone(self, *arguments: str, typed: str | bytes | None = None) -> Result:
        """Call a command just so."""
        return CliRunner().invoke(app, ["--config", str(self.config), *arguments], input=typed)

    def ok(self, *arguments: str, typed: str | bytes | None = None) -> str:
        """Call a command that has to end well; what it printed on standard output."""
        done = self.run(*arguments, typed=typed)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """The same, as JSON."""
        return json.loads(self.ok(*arguments, "--json"))

    def fails(self, *arguments: str, typed: str | bytes | None = None, code: int = 1) -> str:
        """Call a command that has to fail without a traceback; what it printed on standard error."""
        done = self.run(*arguments, typed=typed)
        assert done.exit_code == code, done.output
        assert isinstance(done.exception, SystemExit)  # anything else would have been a traceback
        return done.stderr

    def seal(self, holder_key: str, field: Personal, text: str) -> bytes:
        """What the store would keep of that text."""

        async def work() -> bytes:
            async with office(self.settings) as parts, parts.service.store.work() as session:
                return (await parts.service.store.persons.key(session)).seal(holder_key, field, text)

        return asyncio.run(work())

    def staff_up(self) -> None:
        """Bring in a technician, an officer and an administrator, all with one password."""

        async def work() -> None:
            async with office(self.settings) as parts:
                hasher = Hasher(key_ring(self.settings).pepper, 4)  # a hash says itself how much work it is
                now = parts.service.store.clock.now()
                async with parts.service.store.work() as session:
                    for name, role in STAFF.items():
                        hashed = await hasher.hash(context(name), SecretStr(PASSWORD))
                        row = StaffRow(name=name, role=role.value, password_hash=hashed, created_at=now)
                        session.add(row)
                hasher.close()

        asyncio.run(work())
        self.staffed = True

    def query(self, sql: str, *values: str | bytes) -> list[tuple[Any, ...]]:
        """Ask the database beside the commands, or change it."""
        with closing(sqlite3.connect(self.state / "kiosk.db")) as connection, connection:
            return connection.execute(sql, values).fetchall()
