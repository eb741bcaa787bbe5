"""`kiosk holder`: the people whose cards these are."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import AsJson, Reason, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import counted, harmless, listed, table, when

if TYPE_CHECKING:
    from kiosk.office.people import HolderSummary

app = typer.Typer(
    help="Add holders, look them up, and help them when they are blocked.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_HEADINGS = ("ID", "NAME", "EMAIL", "BLOCKED SINCE", "ADDED")

HolderId = Annotated[str, typer.Argument(metavar="ID", help="The holder's id in your organisation.")]


@app.command("add")
def add(
    context: typer.Context,
    holder_id: HolderId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name as on the card, in quotes.")],
    email: Annotated[
        str, typer.Option(metavar="ADDRESS", help="An address the RA has confirmed; may be left out.")
    ] = "",
) -> None:
    """Add a holder; 'kiosk card enrol' then adds their cards.

    \b
    Example: kiosk holder add 40017 "Ann Jones" --email ann.jones@nhs.net
    """
    from kiosk.office import people
    from kiosk.office.operator import operator

    asyncio.run(people.add(settings_of(context), holder_id, name, email, by=operator()))
    typer.echo(f"Holder {harmless(holder_id)} is added. Next: kiosk card enrol {harmless(holder_id)}")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List all holders.

    \b
    Example: kiosk holder list --json
    """
    from kiosk.office import people

    everybody = people.everybody(settings_of(context))
    asyncio.run(listed(everybody, _HEADINGS, _cells, as_json=as_json))


def _cells(one: HolderSummary) -> tuple[str, ...]:
    return one.id, one.name, one.email or "-", when(one.blocked_at), when(one.created_at)


@app.command("find")
def find(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="An id, an address, or words of a name.")],
    as_json: AsJson = False,
) -> None:
    """Find holders by id, email address, or words of the name.

    The address may be the RA's or the holder's own. Names and addresses are encrypted, so whole words
    are found, and no parts of them.

    \b
    Example: kiosk holder find "jones ann"
    """
    from kiosk.office import people

    found = asyncio.run(people.find(settings_of(context), text))
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        table(_HEADINGS, list(map(_cells, found)))
    else:
        typer.echo("Nobody has this id or address, or all of these words in their name.")


@app.command("show")
def show(context: typer.Context, holder_id: HolderId, as_json: AsJson = False) -> None:
    """Show one holder, their registration and their cards.

    \b
    Example: kiosk holder show 40017
    """
    from kiosk.office import people

    person = asyncio.run(people.one(settings_of(context), holder_id))
    if as_json:
        print_json(asdict(person))
        return
    for label, value in (
        ("Id", person.holder.id),
        ("Name", person.holder.name),
        ("Email (RA)", person.holder.email or "-"),
        ("Email (own)", person.own_email or "-"),
        ("Registered", "yes" if person.registered else "no"),
        ("Failed attempts", str(person.holder.failed_attempts)),
        ("Blocked since", when(person.holder.blocked_at)),
        ("Added", when(person.holder.created_at)),
    ):
        typer.echo(f"{label + ':':17}{harmless(value)}")
    if person.cards:
        typer.echo()
        table(
            ("CARD", "STATE", "UNBLOCK SECRET", "PROVES ITSELF"),
            [(one.card, one.state, one.unblock_secret, one.proves_itself) for one in person.cards],
        )


@app.command("clear-block")
def clear_block(context: typer.Context, holder_id: HolderId, reason: Reason) -> None:
    """Give a blocked holder their attempts back.

    Be sure who is asking first. The audit trail keeps your account's name and the reason.

    \b
    Example: kiosk holder clear-block 40017 --reason "seen in person, ticket 5512"
    """
    from kiosk.office import people
    from kiosk.office.operator import operator

    asyncio.run(people.clear_block(settings_of(context), holder_id, reason, by=operator()))
    typer.echo(f"Holder {harmless(holder_id)} has all attempts again.")


@app.command("forget")
def forget(
    context: typer.Context,
    holder_id: HolderId,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
) -> None:
    """Erase a holder, their cards, secrets and registration.

    Nothing brings them back. Audit events stay, with a random key that leads to nobody any more; the
    reason stays with them, so name no person in it. Backups keep what they have: let them run out, and
    remove kiosk.db.before-* and kiosk.db.schema-*, if there are any. A holder with an open card write is
    kept, for nobody would find out what became of it.

    \b
    Example: kiosk holder forget 40017 --reason "left, ticket 5514"
    """
    from kiosk.office import people
    from kiosk.office.operator import operator

    settings, shown = settings_of(context), harmless(holder_id)
    person = asyncio.run(people.one(settings, holder_id))
    if not yes:
        typer.confirm(
            f"Erase holder {shown}, {counted(len(person.cards), 'card')} and all that is theirs, for good?",
            abort=True,
        )
    events = asyncio.run(people.forget(settings, holder_id, reason, by=operator()))
    typer.echo(f"Holder {shown} is forgotten. {counted(events, 'audit event')} kept, with a bare key.")


@app.command("assist")
def assist(context: typer.Context, holder_id: HolderId, reason: Reason) -> None:
    """Issue a code that stands in for the security questions.

    It is for one unlock: speak to the person first. It is shown this once, and an earlier one becomes
    void. The code mailed to the holder is still needed, and the holder is told by mail that you
    issued this one.

    \b
    Example: kiosk holder assist 40017 --reason "forgot the answers, ticket 5513"
    """
    from kiosk.office import people
    from kiosk.office.operator import operator

    code, ends = asyncio.run(people.assist(settings_of(context), holder_id, reason, by=operator()))
    digits = code.get_secret_value()
    typer.echo(f"Assistance code: {digits[:5]} {digits[5:]}")
    typer.echo(f"Valid until {when(ends)}, for one use; it will not be shown again.")
