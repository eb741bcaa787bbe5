"""Preparing a machine: the state directory, the keys, the database. Nothing there is replaced."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kiosk.keyring import KeyRing, file_cabinet, key_ring, pepper_of, token_keys
from kiosk.keys import create_key, key_source, load_key
from kiosk.origin import require_pepper_of
from kiosk.settings import Settings
from kiosk.storage.backend import Backend
from kiosk.storage.place import place
from kiosk.storage.schema import SCHEMA, upgrade
from kiosk.storage.sqlite import Sqlite, copied

_USED = ("audit_event", "holder", "data_key", "unblock_secret")  # a row in any: somebody's keys made it


class InitProblem(Exception):
    """The machine cannot be prepared. The message says what to do."""


def initialise(settings: Settings) -> Iterator[str]:
    """Prepare everything, telling what was done line by line. Raises InitProblem, KeyProblem."""
    yield _make_directory(settings.state_directory)
    store = place(settings)
    yield from _make_keys(settings, store)
    require_pepper_of(store, settings, pepper_of(settings))
    yield _make_database(store, lambda: key_ring(settings))


def is_new(settings: Settings) -> bool:
    """Whether there is no store yet. Raises InitProblem for a directory of another's, StoreUnavailable."""
    if settings.state_directory.exists():
        _require_own(settings.state_directory)
    return place(settings).revision() is None


def _make_directory(directory: Path) -> str:
    made = not directory.exists()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InitProblem(
            f"{directory}: cannot be made ({error.strerror}): make it as root for the kiosk's account "
            f"(install -d -m 700 -o ACCOUNT {directory}), or set state.directory in kiosk.toml"
        ) from None
    _require_own(directory)
    if not made and directory.stat().st_mode & 0o077:
        raise InitProblem(f"{directory}: others can look into it; chmod 700 {directory}, then run this again")
    return f"{directory}: {'made' if made else 'is there'}"


def _require_own(directory: Path) -> None:
    status = directory.stat()
    if status.st_uid != os.geteuid():
        with suppress(KeyError):
            owner = pwd.getpwuid(status.st_uid).pw_name
            raise InitProblem(
                f"{directory}: belongs to {owner}: run this as that account (sudo -u {owner} ...)"
            )
        raise InitProblem(f"{directory}: belongs to another account: run this as that one")


def _make_keys(settings: Settings, store: Backend) -> Iterator[str]:
    keys, directory = settings.keys, settings.state_directory
    if keys.token is not None:
        yield from _make_keys_in_token(settings, store)
        return
    for configured, credential in ((keys.vault, "vault-key"), (keys.pepper, "pepper-key")):
        yield _make_key(directory, configured, credential, store)


def _make_keys_in_token(settings: Settings, store: Backend) -> Iterator[str]:
    """Make what the token lacks. A pepper that is in a file goes in as it is: no other matches the hashes."""
    vault, pepper = token_keys(settings)
    where = f"token {settings.keys.token_label!r}"
    directory, configured = settings.state_directory, settings.keys.pepper
    path = key_source(directory, configured, "pepper-key")
    if pepper.there():
        yield f"{where}: pepper: is there, and kept"
    elif path.exists():
        pepper.make(load_key(directory, configured, "pepper-key"))
        yield f"{where}: pepper: put in from {path}; keep a copy in a safe place, and remove that file"
    else:
        _require_unused(store, f"{where}: the pepper")
        pepper.make(None)
        yield f"{where}: pepper: made, never to leave it"
    if vault.there():
        yield f"{where}: vault key: is there, and kept"
        return
    if not file_cabinet(settings).there():
        _require_unused(store, f"{where}: the vault key")
    yield f"{where}: vault key: {vault.make_next()}"


def _require_unused(store: Backend, missing: str) -> None:
    """Raise InitProblem where the store has keys already, here before or at another machine."""
    if any(_rows(store, table) for table in _USED):
        raise InitProblem(
            f"{missing} is missing, but {store.shown} is in use, and a new one would open nothing of it: "
            "put it back from your backup, or copy the keys of the store here from the RA's machine"
        )


def _make_key(directory: Path, configured: Path, credential: str, store: Backend) -> str:
    """Make a key, unless the store has others."""
    path = key_source(directory, configured, credential)
    if path.exists():
        load_key(directory, configured, credential)
        return f"{path}: is there, and kept"
    _require_unused(store, f"{path}:")
    create_key(path)
    return f"{path}: made, for its owner alone"


def upgraded(settings: Settings) -> str:
    """Bring the store to this release's schema; what was done. Raises InitProblem, StoreUnavailable."""
    return _make_database(place(settings), lambda: key_ring(settings))


def _make_database(store: Backend, keys: Callable[[], KeyRing]) -> str:
    before = store.revision()
    if before == SCHEMA:
        return f"{store.shown}: is there, schema {SCHEMA}"
    kept = _copy(store, before)
    try:
        upgrade(store, keys=keys)
    except CommandError:  # alembic knows no migration of that name
        raise InitProblem(
            f"{store.shown}: was made by a newer release (schema {before}): install that release again"
        ) from None
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise InitProblem(f"{store.shown}: cannot be brought to schema {SCHEMA}: {cause}") from None
    if before is None:
        return f"{store.shown}: made, schema {SCHEMA}"
    return f"{store.shown}: brought from schema {before} to {SCHEMA}{kept}"


def _copy(store: Backend, before: str | None) -> str:
    """Copy a database file that is to be upgraded, beside itself; the words that tell so."""
    if before is None or not isinstance(store, Sqlite):
        return ""
    copy = store.path.with_name(f"{store.path.name}.schema-{before}")
    with suppress(FileExistsError):  # an upgrade that failed has made it: the store as it was before
        copied(store.path, copy)
    return f"; as it was: {copy.name} (names and addresses may be in clear in it: remove it when all is well)"


def _rows(store: Backend, table: str) -> bool:
    """Whether a table of the store has any row; False where there is no store or table yet."""
    if store.revision() is None:
        return False
    engine = store.plain()
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(table):
                return False
            query = f"SELECT 1 FROM {table} LIMIT 1"  # noqa: S608 - names from above, not from outside
            return connection.execute(text(query)).first() is not None
    except DBAPIError as error:
        raise InitProblem(f"{store.shown}: cannot be read: {error.orig}") from None
    finally:
        engine.dispose()
