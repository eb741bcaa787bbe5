"""`kiosk holder`: the people whose cards these are."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import AsJson, ReaderPattern, Reason, settings_of
from kiosk.commands.desk import hint
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless, listed, say, table, when
from kiosk.commands.signing import As, officer, still
from kiosk.reasons import counted

if TYPE_CHECKING:
    from kiosk.office.people import HolderSummary, Person
    from kiosk.settings import Settings

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
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit trail; may be left out.")
    ] = "",
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Add a holder; 'kiosk card enrol' then adds their cards.

    \b
    Example: kiosk holder add 40017 "Ann Jones" --email ann@nhs.net --as jones
    """
    from kiosk.office import people

    settings = settings_of(context)
    asyncio.run(people.add(settings, holder_id, name, email, reason, by=officer(settings, as_).actor))
    say(
        f"Holder {harmless(holder_id)} is added. Next: kiosk card enrol {harmless(holder_id)}",
        {"holder_id": holder_id},
        as_json=as_json,
    )


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
    text: Annotated[
        str,
        typer.Argument(metavar="[TEXT]", help="An id, an address, a visit's reference, or words of a name."),
    ] = "",
    card: Annotated[
        str,
        typer.Option(metavar="SERIAL", help="The card whose holder it is, as 'kiosk card list' shows it."),
    ] = "",
    in_reader: Annotated[
        bool, typer.Option("--in-reader", help="The holder of the card that is in the reader.")
    ] = False,
    reader: ReaderPattern = "",
    as_json: AsJson = False,
) -> None:
    """Find holders by id, address, name, card, or reference.

    The address may be the RA's or the holder's own. Names and addresses are encrypted, so whole words
    are found, and no parts of them. The reference is what a kiosk shows where it could not help, such as
    B9M-9ZK, in capitals or not, with the hyphen or without.

    \b
    Examples: kiosk holder find "jones ann"
              kiosk holder find b9m9zk
              kiosk holder find --card piv:guid:8F1C...52
              kiosk holder find --in-reader --json
    """
    from kiosk.office import people

    if (text != "") + (card != "") + in_reader > 1:
        raise typer.BadParameter("choose one of TEXT, --card and --in-reader")
    settings = settings_of(context, reader=reader)
    if in_reader:
        card = _in_reader(settings)
    found = asyncio.run(people.of_card(settings, card) if card else people.find(settings, text))
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        table(_HEADINGS, list(map(_cells, found)))
    elif card:
        typer.echo(f"The store does not know card {harmless(card)}.")
    else:
        typer.echo("Nobody has this id, address or reference, or all of these words in their name.")


def _in_reader(settings: Settings) -> str:
    """The number of the card in the reader, which is waited for."""
    from kiosk import wiring
    from kiosk.office import enrolling
    from kiosk.ownership import own_reader

    with own_reader(settings, "kiosk holder find"):
        return asyncio.run(enrolling.card_number(settings, wiring.pcsc_reader(settings), hint))


@app.command("show")
def show(context: typer.Context, holder_id: HolderId, as_json: AsJson = False) -> None:
    """Show one holder: registration, attempts, cards, last events.

    \b
    Example: kiosk holder show 40017
    """
    from kiosk.office import people

    person = asyncio.run(people.one(settings_of(context), holder_id))
    if as_json:
        print_json(asdict(person))
    else:
        _show(person)


def _show(person: Person) -> None:
    held = f", may unlock from {when(person.may_unlock_from)}" if person.may_unlock_from else ""
    for label, value in (
        ("Id", person.holder.id),
        ("Name", person.holder.name),
        ("Email (RA)", person.holder.email or "-"),
        ("Email (own)", person.own_email or "-"),
        ("Registered", when(person.registered_at) + held if person.registered else "no"),
        ("Failed attempts", str(person.holder.failed_attempts)),
        ("Attempts left", str(person.attempts_left)),
        ("Blocked since", when(person.holder.blocked_at)),
        ("Assistance code", f"waits until {when(person.assistance_ends)}" if person.assistance_ends else "-"),
        ("Added", when(person.holder.created_at)),
    ):
        typer.echo(f"{label + ':':17}{harmless(value)}")
    if person.cards:
        typer.echo()
        table(
            ("CARD", "STATE", "UNBLOCK SECRET", "PROVES ITSELF"),
            [(one.card, one.state, one.unblock_secret, one.proves_itself) for one in person.cards],
        )
    if person.events:
        typer.echo()
        table(
            ("AT", "EVENT", "OUTCOME", "REASON", "ACTOR", "KIOSK", "DETAIL"),
            [
                (when(one.at), one.event, one.outcome, one.reason, one.actor, one.kiosk, one.detail)
                for one in person.events
            ],
        )


@app.command("clear-block")
def clear_block(
    context: typer.Context, holder_id: HolderId, reason: Reason, as_json: AsJson = False, as_: As = None
) -> None:
    """Give a blocked holder their attempts back.

    Be sure who is asking first. The audit trail keeps your names and the reason.

    \b
    Example: kiosk holder clear-block 40017 --reason "seen, T-5512" --as jones
    """
    from kiosk.office import people

    settings = settings_of(context)
    asyncio.run(people.clear_block(settings, holder_id, reason, by=officer(settings, as_).actor))
    say(f"Holder {harmless(holder_id)} has all attempts again.", {"holder_id": holder_id}, as_json=as_json)


@app.command("set-email")
def set_email(
    context: typer.Context,
    holder_id: HolderId,
    email: Annotated[str, typer.Argument(metavar="ADDRESS", help="An address the RA has confirmed.")],
    reason: Reason,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Set or correct the address to which codes are mailed.

    Be sure who is asking first. It takes the place of the RA's address, and of one that the holder
    registered; codes that went there are void. The holder is told at both. It helps also where the card
    is locked already: with unlock.proofs = ["email-code"] an address is all that is needed.

    \b
    Example: kiosk holder set-email 40017 ann@nhs.net --reason T-5515 --as jones
    """
    from kiosk.office import people

    settings = settings_of(context)
    by = officer(settings, as_).actor
    new, old = asyncio.run(people.set_email(settings, holder_id, email, reason, by=by))
    told = f" It took the place of {' and '.join(map(harmless, old))}." if old else ""
    say(
        f"Codes for holder {harmless(holder_id)} go to {harmless(new)} now.{told}",
        {"holder_id": holder_id, "email": new, "replaced": old},
        as_json=as_json,
    )


@app.command("withdraw")
def withdraw(
    context: typer.Context, holder_id: HolderId, reason: Reason, as_json: AsJson = False, as_: As = None
) -> None:
    """End a holder's registration, as they could at a kiosk.

    Their answers, the address they gave and pending codes are erased. Attempts and a block stay, cards
    too. The holder is told by mail, and can register again.

    \b
    Example: kiosk holder withdraw 40017 --reason "asked, T-5516" --as jones
    """
    from kiosk.office import people

    settings = settings_of(context)
    told = asyncio.run(people.withdraw(settings, holder_id, reason, by=officer(settings, as_).actor))
    say(
        f"The registration of holder {harmless(holder_id)} has ended. They are told at "
        f"{' and '.join(map(harmless, told))}.",
        {"holder_id": holder_id, "told": told},
        as_json=as_json,
    )


@app.command("forget")
def forget(
    context: typer.Context,
    holder_id: HolderId,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Erase a holder, their cards, secrets and registration.

    Nothing brings them back. Audit events stay, with a random key that leads to nobody any more; the
    reason stays with them, so name no person in it. Backups keep what they have: let them run out, and
    remove kiosk.db.before-* and kiosk.db.schema-*, if there are any. A holder with an open card write is
    kept, for nobody would find out what became of it.

    \b
    Example: kiosk holder forget 40017 --reason "left, ticket 5514" --as jones
    """
    from kiosk.office import people

    settings, shown = settings_of(context), harmless(holder_id)
    account = officer(settings, as_)
    person = asyncio.run(people.one(settings, holder_id))
    if not yes:
        typer.confirm(
            f"Erase holder {shown}, {counted(len(person.cards), 'card')} and all that is theirs, for good?",
            abort=True,
        )
    by = still(settings, account)
    events = asyncio.run(people.forget(settings, holder_id, reason, by=by))
    say(
        f"Holder {shown} is forgotten. {counted(events, 'audit event')} kept, with a bare key.",
        {"holder_id": holder_id, "events_kept": events},
        as_json=as_json,
    )


@app.command("assist")
def assist(
    context: typer.Context, holder_id: HolderId, reason: Reason, as_json: AsJson = False, as_: As = None
) -> None:
    """Issue a code that stands in for the security questions.

    It is for one unlock: speak to the person first. It is shown this once, and an earlier one becomes
    void. The code mailed to the holder is still needed, and the holder is told by mail that you
    issued this one.

    \b
    Example: kiosk holder assist 40017 --reason "forgot them, T-5513" --as jones
    """
    from kiosk.office import people

    settings = settings_of(context)
    code, ends = asyncio.run(people.assist(settings, holder_id, reason, by=officer(settings, as_).actor))
    digits = code.get_secret_value()
    if as_json:
        print_json({"holder_id": holder_id, "code": digits, "valid_until": ends})
        return
    typer.echo(f"Assistance code: {digits[:5]} {digits[5:]}")
    typer.echo(f"Valid until {when(ends)}, for one use; it will not be shown again.")
