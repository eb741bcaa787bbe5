"""`kiosk doctor`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import typer

from kiosk.commands.configuration import AsJson, ReaderPattern, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless


def doctor(context: typer.Context, as_json: AsJson = False, reader: ReaderPattern = "") -> None:
    """Check everything the kiosk needs, and say what to do.

    Reader, card service, store, schema, keys, mail server (signs in, sends nothing), clock, languages
    and this terminal. Nothing is changed, and it ends within 15 seconds whatever is broken. The exit
    code is 1 where something would keep the kiosk from working.

    \b
    Example: kiosk doctor --json
    """
    from kiosk.office.doctor import Level, examine

    settings = settings_of(context, reader=reader)
    findings = asyncio.run(examine(settings))
    if as_json:
        print_json([{**asdict(one), "level": one.level.value} for one in findings])
    else:
        width = max(len(one.name) for one in findings)
        for one in findings:
            typer.echo(f"{one.level.value:4}  {one.name:{width}}  {harmless(one.detail)}")
            if one.advice:
                typer.echo(f"{'':{width + 8}}{harmless(one.advice)}")
    raise typer.Exit(1 if any(one.level is Level.FAIL for one in findings) else 0)
