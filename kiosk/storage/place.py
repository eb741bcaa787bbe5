"""Where the store is: what ``database.url`` and the rest of that table say."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from kiosk.keys import key_source, load_password
from kiosk.settings import Settings, SettingsError
from kiosk.storage.backend import Backend
from kiosk.storage.sqlite import Sqlite

_SQLITE = "sqlite:///"


def place(settings: Settings) -> Backend:
    """The database of a configuration; nothing is connected yet.

    Raises SettingsError for a URL that cannot be used, KeyProblem where the password is not there.
    """
    rules = settings.database
    if rules.url.startswith(_SQLITE):
        return Sqlite(settings.state_directory / rules.url.removeprefix(_SQLITE))
    from kiosk.storage.postgres import Postgres

    try:
        return Postgres(rules.url, _password(settings), str(rules.ca_file or ""))
    except ValueError as error:
        raise SettingsError(f"database.url {error}") from None


def _password(settings: Settings) -> SecretStr | None:
    configured, credential = settings.database.password_file, "database-password"
    directory = settings.state_directory
    if configured is None and not key_source(directory, Path(credential), credential).exists():
        return None  # the server knows this account by its certificate or its socket
    return load_password(directory, configured or Path(credential), credential)


def sqlite_file(settings: Settings) -> Path | None:
    """The database's file, None where the store is on a server."""
    url = settings.database.url
    return settings.state_directory / url.removeprefix(_SQLITE) if url.startswith(_SQLITE) else None
