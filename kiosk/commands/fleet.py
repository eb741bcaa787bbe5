"""`kiosk fleet`: the kiosks on one store."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import AsJson, Reason, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless, table, when

if TYPE_CHECKING:
    from kiosk.fleet import Sighting
    from kiosk.office.fleets import Listed

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its site.kiosk_name.")]

app = typer.Typer(help="See the kiosks that share this store.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def fleet(context: typer.Context) -> None:
    """See the kiosks that share this store."""
    if context.invoked_subcommand is None:
        list_(context)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the kiosks: what each does, and when it was seen.

    On a server also those that were added and never seen, or shut out; not for a kiosk's own role.
    'kiosk fleet' alone does the same.

    \b
    Example: kiosk fleet list --json
    """
    from kiosk.office import fleets

    kiosks = asyncio.run(fleets.kiosks(settings_of(context)))
    if as_json:
        print_json([_facts(one) for one in kiosks])
    elif kiosks:
        table(("KIOSK", "VERSION", "STATE", "SEEN", "SINCE", "REMARK"), [_row(one) for one in kiosks])
    else:
        typer.echo("No kiosk has worked on this store yet: one is listed here once 'kiosk run' has begun.")


@app.command("setup")
def setup(context: typer.Context) -> None:
    """Give the roles of a fleet what each may, and no more.

    As the owner of the database. It may be run again at any time, and has to be when unlock.proofs or
    fleet.secrets_per_hour were changed.

    \b
    Example: kiosk fleet setup
    """
    from kiosk.office import fleets
    from kiosk.office.operator import operator

    asyncio.run(fleets.set_up(settings_of(context), by=operator()))
    typer.echo("The roles unlock_kiosk and unlock_office have their rights. Next: kiosk fleet add NAME")


@app.command("add")
def add(
    context: typer.Context,
    name: Name,
    password_file: Annotated[
        Path, typer.Option(metavar="FILE", help="A new file for the password, which is carried to the kiosk.")
    ],
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Also where it has one, which is then no longer right.")
    ] = False,
) -> None:
    """Give a kiosk a role of its own, and a password.

    As the owner of the database. A kiosk that was revoked is let in again, with a new password. One
    that may sign in keeps its password, unless --new-password is given.

    \b
    Example: kiosk fleet add Library --password-file library-password
    """
    from kiosk.office import fleets
    from kiosk.office.operator import operator

    settings = settings_of(context)
    role = asyncio.run(fleets.add(settings, name, password_file, by=operator(), new_password=new_password))
    typer.echo(f"{harmless(name)} signs in as {role}, with the password in {password_file}.")
    typer.echo(
        f'In its kiosk.toml: site.kiosk_name = "{harmless(name)}", database.url = "postgresql://{role}@...", '
        "database.password_file."
    )


@app.command("revoke")
def revoke(context: typer.Context, name: Name, reason: Reason) -> None:
    """Shut a kiosk out at once: stolen, or not to be trusted.

    As the owner of the database. Its sessions end, it cannot sign in, and it is given nothing more. Then
    make a new vault key, which all other machines get before it is used: 'kiosk vault rekey --prepare'.

    \b
    Example: kiosk fleet revoke Library --reason "stolen, incident 77"
    """
    from kiosk.office import fleets
    from kiosk.office.operator import operator

    asyncio.run(fleets.revoke(settings_of(context), name, reason, by=operator()))
    typer.echo(f"{harmless(name)} is shut out. If its keys may be known, a new vault key for all others:")
    typer.echo("kiosk vault rekey --prepare, which says how to go on (docs/fleet.md, docs/security.md)")


def _facts(one: Listed) -> dict[str, object]:
    from kiosk.fleet import Sighting

    seen = asdict(one.seen) if one.seen else dict.fromkeys(each.name for each in fields(Sighting))
    return {**seen, "name": one.name, "added_at": one.added_at, "revoked_at": one.revoked_at}


def _row(one: Listed) -> tuple[str, ...]:
    seen = one.seen
    state = "revoked" if one.revoked_at else seen.state if seen else "not seen yet"
    if one.revoked_at:
        remark = f"shut out {when(one.revoked_at)}"
    else:
        remark = _remark(seen) if seen else f"added {when(one.added_at)}"
    if seen is None:
        return one.name, "-", state, "-", "-", remark
    return one.name, seen.version, state, when(seen.seen_at), when(seen.since), remark


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
