"""`kiosk doctor`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kiosk.commands.configuration import AsJson, ReaderPattern, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless, wrapped
from kiosk.levels import Finding, Hands, Level


def doctor(
    context: typer.Context,
    as_json: AsJson = False,
    reader: ReaderPattern = "",
    office: Annotated[
        bool, typer.Option("--office", help="Of a machine that is no kiosk: no reader, mail or terminal.")
    ] = False,
    accept_clock: Annotated[
        bool,
        typer.Option("--accept-clock", help="Instead: take the present time as right; needs --reason."),
    ] = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why the clock is accepted, for the audit trail.")
    ] = "",
) -> None:
    """Check everything the kiosk needs, and say what to do.

    Service, reader, card service, store, schema, keys, mail server (signs in, sends nothing), clock,
    languages, this terminal. Nothing is changed, and it ends within 15 seconds whatever is broken. The exit
    code is 1 where something would keep the kiosk from working ("fail"), or where whoever takes its
    disk would have everything ("risk").

    Where the RA works and no kiosk runs, --office leaves out what only a kiosk needs, and takes a
    database role that is the owner's or an officer's.

    A kiosk whose clock was ahead for a while does not believe the right time afterwards, because its
    audit trail has later events. Once the clock is right, --accept-clock says so, in your name.

    \b
    Examples: kiosk doctor --json
              kiosk doctor --office
              kiosk doctor --accept-clock --reason "battery replaced, ticket 5520"
    """
    if bool(reason) is not accept_clock:
        raise typer.BadParameter("--accept-clock and --reason go together")
    if accept_clock:
        _accept_clock(context, reason)
        return
    _examine(context, as_json, reader, office=office)


def _accept_clock(context: typer.Context, reason: str) -> None:
    from kiosk.office.operator import operator
    from kiosk.office.timekeeping import accept_clock

    at = asyncio.run(accept_clock(settings_of(context), reason, by=operator()))
    if at is None:
        typer.echo("The clock is believed as it is: nothing was changed.")
    else:
        typer.echo(f"{at:%Y-%m-%d %H:%M UTC} is taken as right from now on; codes that waited are void.")


def _examine(context: typer.Context, as_json: bool, reader: str, *, office: bool) -> None:
    from kiosk.office.doctor import OFFICE, examine

    settings = settings_of(context, reader=reader)
    found = asyncio.run(examine(settings, OFFICE) if office else examine(settings))
    findings = [one.said_to(Hands.ADMINISTRATOR) for one in found]
    if as_json:
        print_json([_record(one) for one in findings])
    else:
        width = max(len(one.name) for one in findings)
        indent = width + 8
        for one in findings:
            detail, advice = (wrapped(harmless(text), indent) for text in (one.detail, one.advice))
            typer.echo(f"{one.level.value:4}  {one.name:{width}}  {detail}")
            if advice:
                typer.echo(f"{'':{indent}}{advice}")
    raise typer.Exit(1 if any(one.level in (Level.FAIL, Level.RISK) for one in findings) else 0)


def _record(one: Finding) -> dict[str, str]:
    return {"name": one.name, "level": one.level.value, "detail": one.detail, "advice": one.advice}
