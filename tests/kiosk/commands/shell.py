"""The commands as a person calls them, on a state directory of the test's own."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from kiosk.cli import app
from kiosk.office.office import office
from kiosk.persons import Personal
from kiosk.settings import Settings, load

GUID = "8F1C2A6E0D4B4C1F9A5E7B3D2C4F6A52"
PUK = "48215077"


class Shell:
    """Runs ``kiosk`` with one kiosk.toml; ``ok`` and ``fails`` also check how it ended."""

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

    def query(self, sql: str, *values: str | bytes) -> list[tuple[Any, ...]]:
        """Ask the database beside the commands, or change it."""
        with closing(sqlite3.connect(self.state / "kiosk.db")) as connection, connection:
            return connection.execute(sql, values).fetchall()
