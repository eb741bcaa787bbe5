"""`kiosk db`: the schema of the store."""

from __future__ import annotations

import typer

from kiosk.commands.configuration import settings_of

app = typer.Typer(
    help="See which schema the store has, and bring it to this release's.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("current")
def current(context: typer.Context) -> None:
    """Say which schema the store has, and which is wanted.

    \b
    Example: kiosk db current
    """
    from kiosk.storage.place import place
    from kiosk.storage.schema import wanted

    store = place(settings_of(context))
    typer.echo(f"{store.shown}: {store.revision() or 'no tables yet'} (this release works with {wanted()})")


@app.command("check")
def check(context: typer.Context) -> None:
    """Say whether this release works with the store.

    Exit code 1 where it does not: to be asked before a new release is started, on every machine of a fleet.

    \b
    Example: kiosk db check && systemctl restart unlock-kiosk
    """
    from kiosk.storage.place import place
    from kiosk.storage.schema import SCHEMA, require_schema

    store = place(settings_of(context))
    require_schema(store)
    newest = store.revision() == SCHEMA
    typer.echo(f"{store.shown}: {'up to date' if newest else 'works with this release'}")
    if not newest:
        typer.echo(f"When every kiosk has this release: 'kiosk db upgrade' brings it to {SCHEMA}.")


@app.command("upgrade")
def upgrade(context: typer.Context) -> None:
    """Bring the store to this release's schema.

    It is done as a whole or not at all. A file is copied first, beside itself; of a server make a
    backup first. Kiosks of this release and of the one before go on working meanwhile; see docs/fleet.md
    for the order, and run 'kiosk fleet setup' after it where there is a fleet.

    \b
    Example: kiosk db upgrade
    """
    from kiosk.office.initialising import upgraded

    typer.echo(upgraded(settings_of(context)))
