"""`kiosk card`: enrolling, importing and listing cards, and what state they are in."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import AsJson, Reason, settings_of
from kiosk.commands.enrol import enrol, replace
from kiosk.commands.inspect import inspect
from kiosk.commands.plug import plug
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless, listed, say, stages
from kiosk.commands.signing import As, officer, still
from kiosk.commands.trace import trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kiosk.arrivals import RowFault
    from kiosk.settings import Settings

app = typer.Typer(
    help="Bring cards in, list them, replace them; plug virtual ones in.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Serial = Annotated[
    str,
    typer.Argument(
        metavar="SERIAL",
        help="The card as 'kiosk card list' shows it; 32 hexadecimal digits are a PIV card UUID.",
    ),
]


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A CSV file in UTF-8, of mode 0600; - reads standard input.")
    ],
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Bring in holders and cards from a CSV file.

    The first line names the columns: holder_id, name, email, family, serial, unblock_secret and,
    where the key of a card (PIV 9E) is known, card_key: its public key in DER (SubjectPublicKeyInfo)
    as base64 or hexadecimal. email, unblock_secret and card_key may be empty; a card without a secret
    cannot be unlocked here. serial and unblock_secret are written as docs/cards.md says for each family;
    a PIV card's serial is guid:HEX, fasc-n:HEX or yubikey-serial:DIGITS.

    The file is gone through twice: first every bad row is named with its line, and if there is one, nothing
    is brought in. Kiosks on the same database work on meanwhile. An import that was interrupted goes on
    when it is run again. What comes through a pipe is kept until the end: in memory, or in a temporary
    file without a name if it is large; the first line of that is the password.

    \b
    Example: kiosk card import cards.csv --as jones
    A row:   40017,Ann Jones,ann.jones@nhs.net,piv,guid:8F1C...52,12345678
    """
    from kiosk.office import rolls
    from kiosk.office.private import private, spooled

    settings = settings_of(context)
    account = officer(settings, as_)
    typed = file == "-"
    name = "standard input" if typed else file
    given = nullcontext(sys.stdin.buffer) if typed else private(Path(file))
    with given as stream, spooled(stream) as roll, stages() as told:
        by = still(settings, account)  # who fills a pipe may take long
        faults, counts = asyncio.run(
            rolls.import_roll(settings, roll, by=by, told=lambda stage, *reached: told(stage.value, *reached))
        )
    if as_json:
        print_json(_summary(settings, counts, faults))
        raise typer.Exit(1 if faults else 0)
    if faults:
        for fault in faults:
            typer.echo(f"{name}:{fault.line}: {harmless(fault.reason)}", err=True)
        typer.echo(
            f"kiosk: nothing was brought in: {len(faults)} fault{'s' * (len(faults) > 1)} in {name}", err=True
        )
        raise typer.Exit(1)
    typer.echo(
        f"Cards: {counts['added']} added, {counts['renewed']} with a new secret or key, "
        f"{counts['unchanged']} unchanged."
    )
    _tell_more(settings, counts)


def _summary(settings: Settings, counts: Mapping[str, int], faults: Sequence[RowFault]) -> dict[str, object]:
    """What came of a file, for scripts: either what is wrong with it, or how many cards became what."""
    from kiosk.office.believed import believed

    if faults:
        return {"faults": [{"line": fault.line, "reason": fault.reason} for fault in faults]}
    found = believed(settings)
    return {**counts, "unpinned": found.unpinned, "shared": found.shared}


def _tell_more(settings: Settings, counts: Mapping[str, int]) -> None:
    """What an officer has to know of the cards that were brought in."""
    from kiosk.office.believed import believed, told

    if counts["kept"]:
        typer.echo(
            f"{counts['kept']} have accepted another unblock secret than the one given, and keep it; "
            "for a card that was reset, see 'kiosk card clear-secret'."
        )
    if counts["refused"]:
        typer.echo(
            f"{counts['refused']} have refused before the unblock secret that was given, so it is not taken: "
            "see 'kiosk card clear-secret'."
        )
    if counts["held"]:
        typer.echo(
            f"{counts['held']} have an unblock secret that is not sent before 'kiosk card clear-secret': "
            "too many were sent in vain, and such a card does not tell its tries."
        )
    found = believed(settings)
    if found.unpinned:
        typer.echo(f"{told(found.unpinned)}; 'kiosk doctor' says what to do.")
    if found.shared:
        typer.echo(
            f"{found.shared} have the same unblock secret as another, and are not sent it while they cannot "
            "prove themselves: see 'kiosk doctor'."
        )


@app.command("list")
def list_(
    context: typer.Context,
    holder: Annotated[str | None, typer.Option(metavar="ID", help="Only the cards of this holder.")] = None,
    as_json: AsJson = False,
) -> None:
    """List cards with their holders.

    UNBLOCK SECRET: kept, derived from the master key, none, being replaced (which of two the card holds
    is found out at the next unlock), refused (by the card once, or held back: see clear-secret), or
    unfit (kept, but no such card takes it). PROVES ITSELF, as what is pinned for it demands: always,
    after the passcode, when unlocked, or no: then it is believed by its number.

    \b
    Examples: kiosk card list
              kiosk card list --holder 40017 --json
    """
    from kiosk.office import cards

    asyncio.run(
        listed(
            cards.all_cards(settings_of(context), holder),
            ("HOLDER", "NAME", "CARD", "STATE", "UNBLOCK SECRET", "PROVES ITSELF"),
            lambda one: (
                one.holder_id,
                one.holder_name,
                one.card,
                one.state,
                one.unblock_secret,
                one.proves_itself,
            ),
            as_json=as_json,
        )
    )


@app.command("suspend")
def suspend(
    context: typer.Context, serial: Serial, reason: Reason, as_json: AsJson = False, as_: As = None
) -> None:
    """Refuse a card at every kiosk for now.

    'kiosk card activate' takes it back.

    \b
    Example: kiosk card suspend piv:guid:8F1C...52 --reason "lost" --as jones
    """
    _set_state(context, serial, "suspended", reason, as_, as_json=as_json)


@app.command("revoke")
def revoke(
    context: typer.Context, serial: Serial, reason: Reason, as_json: AsJson = False, as_: As = None
) -> None:
    """Refuse a card at every kiosk for good.

    \b
    Example: kiosk card revoke piv:guid:8F1C...52 --reason "has left" --as jones
    """
    _set_state(context, serial, "revoked", reason, as_, as_json=as_json)


@app.command("activate")
def activate(
    context: typer.Context, serial: Serial, reason: Reason, as_json: AsJson = False, as_: As = None
) -> None:
    """Take a suspended or revoked card back into use.

    \b
    Example: kiosk card activate piv:guid:8F1C...52 --reason "found" --as jones
    """
    _set_state(context, serial, "active", reason, as_, as_json=as_json)


@app.command("clear-secret")
def clear_secret(
    context: typer.Context, serial: Serial, reason: Reason, as_json: AsJson = False, as_: As = None
) -> None:
    """Let an unblock secret that was refused be sent again.

    A card that refused its unblock secret, or may have, is not sent it again: each refusal costs a try,
    and after the last the card cannot be unlocked any more. Look first whether the secret kept here
    is the card's, and how many tries it has left. If it is another one, enrol or import the card with
    that instead: then this is not needed, unless two were sent in vain to a card that does not tell its
    tries. After this, whatever the card has refused may be sent once more, so be sure.

    It is also for a card that was reset and has another secret now, and for one that refused an admin
    key when it was to be enrolled: after this, enrol or import it anew.

    \b
    Example: kiosk card clear-secret piv:guid:8F1C...52 --reason T-4711 --as jones
    """
    from kiosk.office import cards

    settings = settings_of(context)
    card = asyncio.run(cards.clear_secret(settings, serial, reason, by=officer(settings, as_).actor))
    say(f"The unblock secret of card {card} may be sent again.", {"card": str(card)}, as_json=as_json)


def _set_state(
    context: typer.Context, serial: str, state: str, reason: str, as_: str | None, *, as_json: bool
) -> None:
    from kiosk.office import cards
    from kiosk.storage.models import CardState

    settings = settings_of(context)
    by = officer(settings, as_).actor
    card = asyncio.run(cards.set_state(settings, serial, CardState(state), reason, by=by))
    say(f"Card {card} is {state}.", {"card": str(card), "state": state}, as_json=as_json)


app.command("enrol")(enrol)
app.command("replace")(replace)
app.command("inspect")(inspect)
app.command("trace")(trace)
app.command("plug")(plug)
