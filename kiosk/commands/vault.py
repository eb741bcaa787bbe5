"""`kiosk vault`: the keys that everything secret in the store is under."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from kiosk.commands.configuration import AsJson, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import stages, table
from kiosk.commands.signing import As, administrator

app = typer.Typer(
    help="Look at the vault's keys, and replace them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("status")
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the vault's keys and how much is under each.

    A key may be removed once nothing is under it, here and in every backup that is still to be of use.

    \b
    Example: kiosk vault status
    """
    from kiosk.office import rekeying

    found = asyncio.run(rekeying.status(settings_of(context)))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table(
        ("KEY", "STATE", "SECRETS", "NAMES"),
        [(one.key_id, _state(one.newest, one.here), str(one.secrets), _yes(one.names)) for one in found],
    )


@app.command("rekey")
def rekey(
    context: typer.Context,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only make the next key, to hand it to every kiosk first.")
    ] = False,
    alone: Annotated[
        bool,
        typer.Option("--alone", help="No other machine has this store, or a key of it."),
    ] = False,
    as_: As = None,
) -> None:
    """Give the vault a new key, and seal everything anew.

    Kiosks may go on running. Cut off, it goes on where it was when it is called again. Where several
    machines share a store, call it with --prepare first, copy the next key to each of them (same name,
    mode 0600), and then call it without; after that on each of the others, where it only puts the key in
    place. The old key is kept until you remove it.

    \b
    Examples: kiosk vault rekey --as smith
              kiosk vault rekey --prepare --as smith
    """
    from kiosk.office import rekeying

    settings = settings_of(context)
    by = administrator(settings, as_).actor
    if prepare:
        typer.echo(asyncio.run(rekeying.prepare(settings, alone=alone)))
        return
    with stages() as told:
        show = partial(told, "Sealing anew")
        asyncio.run(rekeying.rekey(settings, typer.echo, show, by=by, alone=alone))


def _state(newest: bool, here: bool) -> str:
    return "newest" if newest else "older" if here else "missing"


def _yes(holds: bool) -> str:
    return "yes" if holds else "-"
