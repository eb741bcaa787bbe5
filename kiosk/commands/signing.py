"""``--as``: commands that act on people, secrets or staff need to know who acts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.asking import secret
from kiosk.commands.printing import harmless

if TYPE_CHECKING:
    from kiosk.settings import Settings
    from kiosk.staff.account import Account, Role

As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Your staff name. The password is asked for, or is the first line of standard input where "
        "that is no terminal.",
    ),
]


def officer(settings: Settings, name: str | None) -> Account:
    """Have an officer sign in. Raises StaffProblem, NotAllowed."""
    from kiosk.staff.account import Role

    return _signed_in(settings, name, Role.OFFICER)


def administrator(settings: Settings, name: str | None) -> Account:
    """Have an administrator sign in. Raises the same."""
    from kiosk.staff.account import Role

    return _signed_in(settings, name, Role.ADMINISTRATOR)


def still(settings: Settings, account: Account) -> str:
    """How the audit trail names them; to be asked for after they were, for that may have taken hours.

    Raises NotAllowed where their account was shut, or given another password or card, meanwhile.
    """
    from kiosk.office import signing

    asyncio.run(signing.require_standing(settings, account))
    return account.actor


def _signed_in(settings: Settings, name: str | None, role: Role) -> Account:
    from kiosk.office import signing
    from kiosk.staff.account import StaffProblem

    asyncio.run(signing.require_staff(settings))
    if name is None:
        raise StaffProblem(f"say who you are with --as NAME: this is for an account of the role {role.value}")
    password = secret(f"Password of {harmless(name)}")  # outside of any loop, or Ctrl-C would not end it
    return asyncio.run(signing.sign_in(settings, name, password, role))
