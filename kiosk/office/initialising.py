"""Preparing a machine: the state directory, the keys, the database. Nothing there is replaced."""

from __future__ import annotations

import os
import pwd
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from kiosk.keys import create_key, key_source, load_key
from kiosk.settings import Settings
from kiosk.storage.database import SCHEMA, current_revision, database_path
from kiosk.storage.migrate import upgrade


class InitProblem(Exception):
    """The machine cannot be prepared. The message says what to do."""


def initialise(settings: Settings) -> Iterator[str]:
    """Prepare everything, telling what was done line by line. Raises InitProblem, KeyProblem."""
    yield _make_directory(settings.state_directory)
    database = database_path(settings.database.url, settings.state_directory)
    keys = settings.keys
    for configured, credential, table in (
        (keys.vault, "vault-key", "unblock_secret"),
        (keys.pepper, "pepper-key", "security_answer"),
    ):
        yield _make_key(settings.state_directory, configured, credential, (database, table))
    yield _make_database(database)


def _make_directory(directory: Path) -> str:
    made = not directory.exists()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InitProblem(
            f"{directory}: cannot be made ({error.strerror}): make it as root for the kiosk's account "
            f"(install -d -m 700 -o ACCOUNT {directory}), or set state.directory in kiosk.toml"
        ) from None
    status = directory.stat()
    if status.st_uid != os.geteuid():
        with suppress(KeyError):
            owner = pwd.getpwuid(status.st_uid).pw_name
            raise InitProblem(
                f"{directory}: belongs to {owner}: run this as that account (sudo -u {owner} ...)"
            )
        raise InitProblem(f"{directory}: belongs to another account: run this as that one")
    if not made and status.st_mode & 0o077:
        raise InitProblem(f"{directory}: others can look into it; chmod 700 {directory}, then run this again")
    return f"{directory}: {'made' if made else 'is there'}"


def _make_key(directory: Path, configured: Path, credential: str, used_in: tuple[Path, str]) -> str:
    """Make a key, unless something in the store could then never be read again."""
    path = key_source(directory, configured, credential)
    if path.exists():
        load_key(directory, configured, credential)
        return f"{path}: is there, and kept"
    database, table = used_in
    if _rows(database, table):
        raise InitProblem(
            f"{path}: is missing, but {database} was written with it, and a new key would open nothing: "
            "put the old one back from your backup"
        )
    create_key(path)
    return f"{path}: made, for its owner alone"


def _make_database(path: Path) -> str:
    before = current_revision(path)
    if before == SCHEMA:
        return f"{path}: is there, schema {SCHEMA}"
    try:
        upgrade(path)
    except CommandError:  # alembic knows no migration of that name
        raise InitProblem(
            f"{path}: was made by a newer release (schema {before}): install that release again"
        ) from None
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise InitProblem(f"{path}: cannot be brought to schema {SCHEMA}: {cause}") from None
    return f"{path}: {f'brought from schema {before} to' if before else 'made, schema'} {SCHEMA}"


def _rows(database: Path, table: str) -> bool:
    """Whether a table of a database file has any row; False where there is no such file or table."""
    if not database.exists():
        return False
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            query = f"SELECT 1 FROM {table} LIMIT 1"  # noqa: S608 - names from above, not from outside
            return connection.execute(query).fetchone() is not None
        except sqlite3.Error as error:
            if "no such table" in str(error):
                return False
            raise InitProblem(f"{database}: cannot be read: {error}") from None
