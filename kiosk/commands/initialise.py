"""`kiosk init`."""

from __future__ import annotations

import typer

from kiosk.commands.configuration import settings_of


def initialise(context: typer.Context) -> None:
    """Prepare this machine: directory, keys, database.

    Nothing that is there is replaced, and it is safe to run again; after an upgrade it brings the
    database up to date. Run it as the account that runs the kiosk.

    \b
    Example: sudo -u kiosk kiosk --config /etc/unlock-kiosk/kiosk.toml init
    """
    from kiosk.office.initialising import initialise as work

    settings = settings_of(context)
    for line in work(settings):
        typer.echo(line)
    typer.echo(
        "\nNext: keep a copy of the keys in a safe place, apart from copies of the database: neither is of\n"
        "use without the other. Then 'kiosk doctor' checks reader and mail server, 'kiosk holder add' and\n"
        "'kiosk card enrol' (or 'kiosk card import') bring people in, and 'kiosk run' starts."
    )
