"""Which configuration a command works with, and the options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kiosk.settings import Settings

HERE = Path("kiosk.toml")
SYSTEM_FILE = Path("/etc/unlock-kiosk/kiosk.toml")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs; times are ISO 8601 in UTC.")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit trail: a ticket, who asked.")
]
ReaderPattern = Annotated[
    str,
    typer.Option(
        "--reader",
        metavar="PATTERN",
        help="Part of the reader's name; * stands for any text. Default: reader.name of the configuration.",
    ),
]


def config_file(given: Path | None) -> Path | None:
    """The file to read: as given, $KIOSK_CONFIG, ./kiosk.toml, the system's; None: the defaults."""
    if given is not None:
        return given
    if named := os.environ.get("KIOSK_CONFIG"):
        return Path(named)
    return next((path for path in (HERE, SYSTEM_FILE) if path.exists()), None)


def settings_of(context: typer.Context, *, reader: str = "") -> Settings:
    """The settings of this call; ``reader`` takes the place of reader.name. Raises SettingsError."""
    from kiosk.settings import Settings, load

    path = config_file(context.obj)
    if path is None:
        settings = Settings()
        note = (
            f"Note: no kiosk.toml was found; the defaults hold, and state is in {settings.state_directory}."
        )
        typer.echo(note, err=True)
    else:
        settings = load(path, unasked=path is HERE)
    return settings.changed(reader={"name": reader}) if reader else settings


def origins_of(context: typer.Context, *, reader: str = "") -> dict[str, str]:
    """Where the settings of this call were written, by their names; not the reader's where it was given."""
    from kiosk.provenance import origins

    path = config_file(context.obj)
    written = dict(origins(path)) if path is not None else {}
    if reader:
        written.pop("reader.name", None)
    return written
