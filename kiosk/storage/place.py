"""Where the store is: what ``database.url`` and the rest of that table say."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from kiosk.keys import key_source, load_password
from kiosk.settings import Settings, SettingsError
from kiosk.storage.backend import Backend
from kiosk.storage.sqlite import Sqlite

_SQLITE = "sqlite:///"
_CREDENTIAL = "database-password"


def place(settings: Settings) -> Backend:
    """The database of a configuration; nothing is connected yet.

    Raises SettingsError for a URL that cannot be used, KeyProblem where the password is not there.
    """
    rules = settings.database
    if rules.url.startswith(_SQLITE):
        return Sqlite(settings.state_directory / rules.url.removeprefix(_SQLITE))
    from kiosk.storage.postgres import Postgres

    if (fault := _unreadable(rules.ca_file)) is not None:
        raise SettingsError(f"database.ca_file: {rules.ca_file}: cannot be read: {fault}")
    try:
        return Postgres(rules.url, _password(settings), str(rules.ca_file or ""))
    except ValueError as error:
        raise SettingsError(f"database.url {error}") from None


def _unreadable(file: Path | None) -> str | None:
    """Why a file that is configured cannot be read: libpq passes over that for a server on this machine."""
    try:
        if file is not None:
            file.open("rb").close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def password_source(settings: Settings) -> Path:
    """Where the password for the server is, or would be."""
    configured = settings.database.password_file or Path(_CREDENTIAL)
    return key_source(settings.state_directory, configured, _CREDENTIAL)


def _password(settings: Settings) -> SecretStr | None:
    configured = settings.database.password_file
    if configured is None and not password_source(settings).exists():
        return None  # the server knows this account by its certificate or its socket
    return load_password(settings.state_directory, configured or Path(_CREDENTIAL), _CREDENTIAL)


def sqlite_file(settings: Settings) -> Path | None:
    """The database's file, None where the store is on a server."""
    url = settings.database.url
    return settings.state_directory / url.removeprefix(_SQLITE) if url.startswith(_SQLITE) else None
