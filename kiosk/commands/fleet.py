"""`kiosk fleet`: the kiosks on one store."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from kiosk.commands.configuration import AsJson, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import table, when

if TYPE_CHECKING:
    from kiosk.fleet import Sighting

app = typer.Typer(help="See the kiosks that share this store.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def fleet(context: typer.Context) -> None:
    """See the kiosks that share this store."""
    if context.invoked_subcommand is None:
        list_(context)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the kiosks: what each does, and when it was seen.

    'kiosk fleet' alone does the same.

    \b
    Example: kiosk fleet list --json
    """
    from kiosk.office import fleets

    seen = asyncio.run(fleets.sightings(settings_of(context)))
    if as_json:
        print_json([asdict(one) for one in seen])
        return
    table(
        ("KIOSK", "VERSION", "STATE", "SEEN", "SINCE", "REMARK"),
        [
            (one.name, one.version, one.state, when(one.seen_at), when(one.since), _remark(one))
            for one in seen
        ],
    )


def _remark(one: Sighting) -> str:
    from kiosk.clock import NEAR

    remarks = []
    if one.silent:
        remarks.append("says nothing any more")
    if one.namesake:
        remarks.append("two have this name")
    if abs(one.clock_error) > NEAR.total_seconds():
        remarks.append(f"its clock is {one.clock_error:+.0f} s off")
    return "; ".join(remarks) or "-"
