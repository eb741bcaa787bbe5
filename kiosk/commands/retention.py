"""`kiosk retention`: what is over is not kept for longer than the site says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from kiosk.commands.configuration import settings_of


def retention(
    context: typer.Context,
    archive: Annotated[
        Path | None,
        typer.Option(
            metavar="DIRECTORY",
            exists=True,  # or else it would fail after everything was erased
            file_okay=False,
            writable=True,
            help="Also close the audit events that are due, into a file there.",
        ),
    ] = None,
) -> None:
    """Erase what is older than [retention] allows, and say what was.

    A kiosk does this by itself once a day, but for audit events: those are exported and dropped by
    'kiosk audit close', or with --archive here, which needs the same rights. It is safe to run again.

    \b
    Examples: kiosk retention
              kiosk retention --archive /srv/archive
    """
    from kiosk.office import closing, retaining
    from kiosk.office.operator import operator

    settings, by = settings_of(context), operator()
    counts, events = asyncio.run(retaining.enforce(settings, by=by))
    for label, count in (
        ("Registrations that nobody used", counts.registrations),
        ("Settled card writes", counts.writes),
        ("Notices that could not be sent", counts.notices),
        ("Assistance codes that are over", counts.assistance),
    ):
        typer.echo(f"{label + ':':32} {count:,} erased")
    if archive is None:
        typer.echo(f"{'Audit events to be closed:':32} {events:,}")
        return

    def name_of(first: int, last: int) -> Path:
        return archive / f"audit-{first}-{last}.jsonl"

    closed = asyncio.run(closing.close(settings, name_of, lambda _: None, by=by))
    where = f", now in {closed.file}" if closed else ""
    typer.echo(f"{'Audit events closed:':32} {closed.checkpoint.count if closed else 0:,}{where}")
