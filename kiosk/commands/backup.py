"""`kiosk backup` and `kiosk restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from kiosk.commands.configuration import Reason, settings_of
from kiosk.commands.printing import counting
from kiosk.reasons import counted


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; nothing is written over.")],
) -> None:
    """Copy the store to a file, beside a running kiosk.

    The copy is of one moment, is verified with its whole audit trail, and holds no key: keep the keys
    in another place. Of a store on a server make the backup with pg_dump (docs/fleet.md).

    \b
    Example: kiosk backup /media/usb/kiosk-2027-01-31.db
    """
    from kiosk.office import auditing, backups
    from kiosk.office.operator import operator

    settings = settings_of(context)
    backups.store_file(settings)
    events = asyncio.run(auditing.events_in(settings))
    with counting(events, "Verifying the copy") as told:
        found = asyncio.run(backups.backup(settings, file, told, by=operator()))
    typer.echo(f"{file}: a whole copy, with {counted(found.events, 'audit event')}.")
    typer.echo(f"Note the head of its audit trail: {found.head}")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'kiosk backup' has written.")],
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in the store's place, if it is whole.

    Stop the kiosk first. Everything is then as it was when the backup was made: attempts,
    blocks, registrations, and the unblock secrets, which on cards that had theirs replaced since are no
    longer right. Codes that waited are void. The store of before is kept beside it.

    \b
    Example: kiosk restore kiosk-2027-01-31.db --reason "disk replaced"
    """
    from kiosk.office import backups
    from kiosk.office.operator import operator

    settings = settings_of(context)
    backups.require_place(settings, file)
    if not yes:
        typer.confirm(f"Put {file} in the place of the present store?", abort=True, err=True)
    found, kept = asyncio.run(backups.restore(settings, file, reason, lambda _: None, by=operator()))
    typer.echo(f"{file}: is the store now, with {counted(found.events, 'audit event')}.")
    if kept.exists():
        typer.echo(f"The store of before: {kept}")
    typer.echo(
        "Next: 'kiosk doctor', and 'kiosk audit verify --head SEQ:MAC' with the newest head you noted."
    )
