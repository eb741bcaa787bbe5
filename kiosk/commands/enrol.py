"""`kiosk card enrol` and `kiosk card replace`: the card in the reader becomes a holder's."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import AsJson, ReaderPattern, Reason, settings_of
from kiosk.commands.desk import ask_for, describe, hint, tell
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless
from kiosk.commands.signing import As, officer, still

if TYPE_CHECKING:
    from pydantic import SecretBytes, SecretStr

    from kiosk.office.enrolling import SeenCard
    from kiosk.office.equipping import Order
    from kiosk.settings import Settings
    from kiosk.staff.account import Account

SecretFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Read the secret from a file of mode 0600.")
]
SecretStdin = Annotated[
    bool, typer.Option("--secret-stdin", help="Read the secret from standard input, after the password.")
]
NoSecret = Annotated[bool, typer.Option("--no-secret", help="Ask for no secret; one that is kept stays.")]
FreshSecret = Annotated[
    bool, typer.Option("--fresh", help="Set a random PUK or resetting code on the card, and keep that.")
]
ReplaceKey = Annotated[
    bool, typer.Option("--replace-key", help="Pin the card's keys though others were pinned for it.")
]


def enrol(
    context: typer.Context,
    holder_id: Annotated[str, typer.Argument(metavar="HOLDER_ID", help="Whose card it is.")],
    secret_file: SecretFile = None,
    secret_stdin: SecretStdin = False,
    no_secret: NoSecret = False,
    fresh: FreshSecret = False,
    replace_key: ReplaceKey = False,
    reader: ReaderPattern = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit trail; may be left out.")
    ] = "",
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Tie the card in the reader to a holder.

    With it goes the unblock secret (a PUK, a resetting code, an admin PIN or an admin key), which sets a
    new passcode once the card has locked. It is asked for twice and not shown, unless it comes from a
    file or standard input. It is kept as you give it, and not tried: a wrong one shows at the first
    unlock. An admin key alone is tried, once, for it is what proves such a card; after a refusal no other
    is, before 'kiosk card clear-secret'. Nothing else here spends a try of the card. A card that can prove
    itself without its passcode (PIV 9E) does so, and its key is pinned; the key that signs after the
    passcode is pinned as the card shows it. A card that shows another key than the one pinned for it may
    be a copy and is refused: --replace-key is for one that was given new keys, or has none any more.

    With --fresh you are asked for what the card has now: its present PUK (often the factory's), or the
    admin PIN of an OpenPGP card. A present PUK is kept once the card has accepted it, not before. A
    random PUK or resetting code is kept first, and then written to the card. If the card is pulled or the
    power fails, give the same command again: it finds out and finishes. The card must tell its tries, and
    have at least three. --no-secret is for a card whose secret is derived, or that shall have none: what is
    kept for it stays.

    \b
    Examples: kiosk card enrol 40017 --as jones
              kiosk card enrol 40017 --secret-file puk.txt --as jones
              kiosk card enrol 40017 --fresh --reader "Gemalto*" --as jones
    """
    from kiosk.office import enrolling
    from kiosk.office.equipping import Order

    _require_one(secret_file, secret_stdin, no_secret, fresh)
    settings = settings_of(context, reader=reader)
    account = officer(settings, as_)
    name = asyncio.run(enrolling.holder_name(settings, holder_id))
    reason = asyncio.run(enrolling.checked_reason(settings, holder_id, reason))
    given = _given(secret_file, secret_stdin)
    order = Order(holder_id, account.actor, fresh=fresh, replace_key=replace_key, reason=reason)
    _carry_out(settings, account, order, name, given, no_secret=no_secret, as_json=as_json)


def replace(
    context: typer.Context,
    serial: Annotated[
        str, typer.Argument(metavar="SERIAL", help="The old card, as 'kiosk card list' shows it.")
    ],
    reason: Reason,
    secret_file: SecretFile = None,
    secret_stdin: SecretStdin = False,
    no_secret: NoSecret = False,
    fresh: FreshSecret = False,
    replace_key: ReplaceKey = False,
    reader: ReaderPattern = "",
    as_json: AsJson = False,
    as_: As = None,
) -> None:
    """Let the card in the reader take the place of another.

    It is enrolled for the holder of the old card, just as 'kiosk card enrol' does it, and the old card is
    revoked at the same moment. The holder's registration, address and attempts stay. If the new card is
    pulled too early, give the same command again.

    \b
    Example: kiosk card replace guid:8F1C...52 --fresh --reason lost --as jones
    """
    from kiosk.office import cards, enrolling
    from kiosk.office.equipping import Order

    _require_one(secret_file, secret_stdin, no_secret, fresh)
    settings = settings_of(context, reader=reader)
    account = officer(settings, as_)
    old, holder_id = asyncio.run(cards.owned(settings, serial))
    name = asyncio.run(enrolling.holder_name(settings, holder_id))
    reason = asyncio.run(enrolling.checked_reason(settings, holder_id, reason, empty=False))
    given = _given(secret_file, secret_stdin)
    order = Order(
        holder_id, account.actor, fresh=fresh, replace_key=replace_key, reason=reason, instead_of=old
    )
    _carry_out(settings, account, order, name, given, no_secret=no_secret, as_json=as_json)


def _require_one(file: Path | None, stdin: bool, none: bool, fresh: bool) -> None:
    if (file is not None) + stdin + none > 1:
        raise typer.BadParameter("choose one of --secret-file, --secret-stdin and --no-secret")
    if none and fresh:
        raise typer.BadParameter("--fresh needs what the card has now: leave --no-secret out")


def _given(file: Path | None, stdin: bool) -> SecretStr | None:
    from kiosk.office import enrolling

    return enrolling.secret_from(file, sys.stdin) if file or stdin else None


def _carry_out(
    settings: Settings,
    account: Account,
    order: Order,
    name: str,
    given: SecretStr | None,
    *,
    no_secret: bool,
    as_json: bool,
) -> None:
    """Read the card, ask for what is missing, do it, and say what became of it."""
    from kiosk import wiring
    from kiosk.office import enrolling, equipping
    from kiosk.ownership import own_reader

    with own_reader(settings, "kiosk card replace" if order.instead_of else "kiosk card enrol"):
        seen = asyncio.run(enrolling.read_card(settings, wiring.pcsc_reader(settings), hint))
        if not order.replace_key:
            asyncio.run(enrolling.require_pinned(settings, seen, by=order.by))
        if not as_json:
            describe(seen)
        secret = None if no_secret else _secret(settings, seen, order, given)
        still(settings, account)
        done = asyncio.run(equipping.carry_out(settings, wiring.pcsc_reader, hint, seen, secret, order))
    if as_json:
        fresh = done.fresh.value if done.fresh else None
        told = {
            "card": str(seen.id),
            "holder_id": order.holder_id,
            "change": done.change.value,
            "fresh": fresh,
        }
        print_json(told | ({"revoked": str(order.instead_of)} if order.instead_of else {}))
        return
    tell(done, seen, f"{harmless(name)} ({harmless(order.holder_id)})")
    if order.instead_of is not None:
        typer.echo(f"Card {order.instead_of} is revoked.")


def _secret(settings: Settings, seen: SeenCard, order: Order, given: SecretStr | None) -> SecretBytes:
    from kiosk.office import equipping

    wanted = equipping.asked_for(seen.family, fresh=order.fresh)
    if order.fresh:
        asyncio.run(equipping.require_tries(settings, seen))
    return equipping.checked(given or ask_for(wanted, fresh=order.fresh), wanted)
