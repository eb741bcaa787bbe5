"""`kiosk staff`: who may sign in at the maintenance side, and for commands."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kiosk.commands.asking import at_terminal, secret
from kiosk.commands.configuration import AsJson, ReaderPattern, Reason, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless, table, when
from kiosk.commands.signing import As, administrator

if TYPE_CHECKING:
    from pydantic import SecretStr

    from kiosk.settings import Settings
    from kiosk.staff.accounts import StaffCard

app = typer.Typer(
    help="Staff accounts: technicians, officers and administrators.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Their name: 2 to 32 of a-z, 0-9, dot, hyphen, underscore.")
]
ByPassword = Annotated[
    bool, typer.Option("--password", help="Give it a password, asked for twice; or a line of standard input.")
]
ByCard = Annotated[
    bool,
    typer.Option("--card", help="Make the card in the reader its staff card, by its passcode."),
]


@app.command("add")
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[
        Literal["technician", "officer", "administrator"],
        typer.Option(help="The machine; the people and their cards; or the accounts and keys."),
    ],
    card: ByCard = False,
    password: ByPassword = False,
    reader: ReaderPattern = "",
    as_: As = None,
) -> None:
    """Make an account, with a password, a staff card, or both.

    Nobody has two roles: who does both works has two accounts. At a kiosk officers and administrators
    need their card, unless staff.officer_password_at_kiosk says otherwise; commands take a password.
    A staff card is one that signs after its passcode (PIV: key 9A); it may be its owner's usual one.

    Where standard input is no terminal its lines are: your password, the new one, the card's passcode.

    \b
    Examples: kiosk staff add jones --role officer --password --card --as smith
              kiosk staff add brown --role technician --password --as smith
    """
    from kiosk.office import staffing
    from kiosk.staff.account import Role

    if not (card or password):
        raise typer.BadParameter("an account needs --password, --card or both")
    settings = settings_of(context, reader=reader)
    by = administrator(settings, as_)
    name = asyncio.run(staffing.require_free(settings, name))
    chosen = _chosen(settings, name, password=password, card=card)
    asyncio.run(staffing.add(settings, name, Role(role), *chosen, by=by))
    typer.echo(f"Account {name} is made, for the role {role}.")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False, as_: As = None) -> None:
    """List all accounts, also those that are disabled.

    \b
    Example: kiosk staff list --as smith
    """
    from kiosk.office import staffing

    settings = settings_of(context)
    administrator(settings, as_)
    found = asyncio.run(staffing.everybody(settings))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (
            one.name,
            one.role,
            "disabled" if one.disabled else "active",
            _yes(one.password),
            _yes(one.card),
            when(one.created_at),
        )
        for one in found
    ]
    table(("NAME", "ROLE", "STATE", "PASSWORD", "CARD", "MADE"), rows)


@app.command("disable")
def disable(context: typer.Context, name: Name, reason: Reason, as_: As = None) -> None:
    """Let nobody sign in by that account any more.

    It stays on record; 'kiosk staff reset' takes it back into use. The last administrator stays.

    \b
    Example: kiosk staff disable jones --reason "has left" --as smith
    """
    from kiosk.office import staffing

    settings = settings_of(context)
    asyncio.run(staffing.disable(settings, name, reason, by=administrator(settings, as_)))
    typer.echo(f"Nobody can sign in as {harmless(name)} any more.")


@app.command("reset")
def reset(
    context: typer.Context,
    name: Name,
    password: ByPassword = False,
    card: ByCard = False,
    reader: ReaderPattern = "",
    as_: As = None,
) -> None:
    """Give an account a new password or card; enable it again.

    What is not named stays as it is; with neither option a disabled account can be used again, and
    nothing else changes. Standard input is as for 'kiosk staff add'.

    \b
    Example: kiosk staff reset jones --password --as smith
    """
    from kiosk.office import staffing

    settings = settings_of(context, reader=reader)
    by = administrator(settings, as_)
    name = asyncio.run(staffing.require_there(settings, name))
    chosen = _chosen(settings, name, password=password, card=card)
    asyncio.run(staffing.reset(settings, name, *chosen, by=by))
    typer.echo(f"Account {name} is reset, and can be used.")


def new_password(name: str) -> SecretStr:
    """Ask for one that may be used, on a terminal until it is one. Raises StaffProblem."""
    from kiosk.office import staffing
    from kiosk.staff.account import StaffProblem
    from kiosk.staff.passwords import SHORTEST

    asked = f"New password for {harmless(name)}, {SHORTEST} characters or more"
    while True:
        password = secret(asked, twice=True)
        try:
            return staffing.checked(password, name)
        except StaffProblem as weak:
            if not at_terminal():
                raise
            typer.echo(f"{str(weak).capitalize()}.", err=True)


def _chosen(
    settings: Settings, name: str, *, password: bool, card: bool
) -> tuple[SecretStr | None, StaffCard | None]:
    """What the account is to be opened with."""
    return (new_password(name) if password else None), (_card(settings) if card else None)


def _card(settings: Settings) -> StaffCard:
    from kiosk import wiring
    from kiosk.office import staffing
    from kiosk.ownership import own_reader

    def say(message: str) -> None:
        typer.echo(harmless(message), err=True)

    with own_reader(settings, "kiosk staff"):
        seen = asyncio.run(staffing.see_card(settings, wiring.pcsc_reader(settings), say))
        left = "" if seen.tries_left is None else f", tries left: {seen.tries_left}"
        typer.echo(f"Card {seen.id}{left}")
        passcode = secret("Passcode of the card")
        return asyncio.run(staffing.take_card(settings, wiring.pcsc_reader(settings), say, passcode))


def _yes(has: bool) -> str:
    return "yes" if has else "-"
