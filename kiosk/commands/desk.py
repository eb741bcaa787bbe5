"""What `kiosk card enrol` says and asks at the officer's desk."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import typer

from kiosk.commands.printing import harmless

if TYPE_CHECKING:
    from pydantic import SecretStr

    from cardio.secret import SecretFormat
    from kiosk.office.enrolling import SeenCard
    from kiosk.office.equipping import Equipped


def hint(message: str) -> None:
    """Tell, beside the output, what is waited for."""
    for line in message.splitlines():
        typer.echo(harmless(line), err=True)


def tell(done: Equipped, seen: SeenCard, holder: str) -> None:
    """Say what became of the card; ``holder`` is harmless to print."""
    how = {
        "added": "is enrolled for",
        "renewed": "was enrolled already; secret and key are renewed for",
        "unchanged": "was enrolled already, just so, for",
        "kept": "was enrolled already for",
        "held": "is enrolled for",
    }
    secret = seen.family.secret.name
    typer.echo(f"Card {seen.id} {how[done.change.value]} {holder}.")
    told = {
        "set": f"A fresh {secret} was set on the card, and is kept.",
        "finished": f"The fresh {secret} of an earlier try is on the card, and is kept.",
        "kept": f"Nothing was sent to it: it has accepted another {secret}, which stays kept.",
    }
    if done.fresh:
        typer.echo(told[done.fresh.value])
    elif done.change.value == "kept":
        typer.echo(f"It has accepted another {secret}, which stays kept; the one you gave is not.")
    if done.change.value == "held":
        typer.echo(
            f"The {secret} is kept, and not sent before 'kiosk card clear-secret': too much was sent in vain."
        )
    if done.change.value == "kept":
        typer.echo("If the card was reset since: 'kiosk card clear-secret', then this again.")


def ask_for(wanted: SecretFormat, *, fresh: bool) -> SecretStr:
    """Ask twice, hidden. Raises EnrolmentError where there is no terminal that could hide it."""
    from getpass import GetPassWarning

    from pydantic import SecretStr

    from kiosk.enrolment import EnrolmentError

    question = f"Present {wanted.name}" if fresh else f"Unblock secret ({wanted.name})"
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            return SecretStr(typer.prompt(question, hide_input=True, confirmation_prompt="The same again"))
        except GetPassWarning:
            raise EnrolmentError("no terminal to ask on: use --secret-file or --secret-stdin") from None


def describe(seen: SeenCard) -> None:
    """Say what was read of the card, and what is to be pinned."""
    from kiosk.office.described import lines

    told = list(lines(seen))
    width = max(len(name) for name, _ in told) + 1
    for name, value in told:
        typer.echo(f"{name + ':':{width}} {harmless(value)}")
