"""`kiosk init`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import settings_of

if TYPE_CHECKING:
    from pydantic import SecretStr

    from kiosk.settings import Settings


def initialise(
    context: typer.Context,
    administrator: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Also make the first administrator, who makes all other staff accounts. The password is "
            "asked for twice, or is the first line of standard input where that is no terminal.",
        ),
    ] = None,
) -> None:
    """Prepare this machine: directory, keys, database.

    Nothing that is there is replaced, and it is safe to run again; after an upgrade it brings the
    database up to date. Run it as the account that runs the kiosk.

    \b
    Example: sudo -u kiosk kiosk --config /etc/unlock-kiosk/kiosk.toml init \\
                 --administrator smith
    """
    from kiosk.commands.staff import new_password
    from kiosk.office import staffing
    from kiosk.office.initialising import initialise as work
    from kiosk.office.initialising import is_new
    from kiosk.staff.accounts import folded

    settings = settings_of(context)
    password = None
    if administrator is not None and is_new(settings):  # what cannot be is said before anything is made
        password = new_password(folded(administrator))
    for line in work(settings):
        typer.echo(line)
    if administrator is not None:
        _make_first(settings, administrator, password)
    elif not asyncio.run(staffing.has_administrator(settings)):
        typer.echo(
            "\nThere is no administrator, so nobody can add staff, people or cards:\n"
            "'kiosk init --administrator NAME' makes the first one, and asks for a password."
        )
    typer.echo(
        "\nNext: keep a copy of the keys in a safe place, apart from copies of the database: neither is of\n"
        "use without the other. 'kiosk staff add' makes accounts for officers and technicians. Then\n"
        "'kiosk doctor' checks reader and mail server, 'kiosk holder add' and 'kiosk card enrol' (or\n"
        "'kiosk card import') bring people in, and 'kiosk run' starts."
    )


def _make_first(settings: Settings, name: str, password: SecretStr | None) -> None:
    """With a password that is asked for now, or was. Raises StaffProblem where there is one already."""
    from kiosk.commands.staff import new_password
    from kiosk.office import staffing
    from kiosk.staff.account import StaffProblem
    from kiosk.staff.accounts import ALREADY

    if asyncio.run(staffing.has_administrator(settings)):
        raise StaffProblem(ALREADY)
    name = asyncio.run(staffing.require_free(settings, name))
    asyncio.run(staffing.add_first(settings, name, password or new_password(name)))
    typer.echo(f"Administrator {name}: made")
