"""`kiosk card plug`: a virtual card in a real reader driver."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kiosk.commands.configuration import settings_of

if TYPE_CHECKING:
    from cardio.virtual.card import VirtualCard
    from kiosk.office.plugs import Plugged, Wanted


_FIRST_PORT = 35963  # cardio.virtual.vpcd's, which `kiosk --help` need not load
_SLOTS = 2  # of the driver as Debian configures it
_BUILT_IN = ("piv", "openpgp", "gids")  # need no configuration

Keys = Literal["p256", "p384", "rsa2048", "ed25519", "none"]
Tries = Annotated[int | None, typer.Option(metavar="N", min=1, max=15, help="How many tries a secret has.")]


def _left(whose: str) -> object:
    return typer.Option(metavar="N", min=0, max=15, help=f"Tries left of the {whose}.")


def plug(
    context: typer.Context,
    family: Annotated[
        str, typer.Option(metavar="NAME", help="piv, openpgp, gids, or a profile of kiosk.toml.")
    ] = "piv",
    slot: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=65535 - _FIRST_PORT,
            help=f"The slot of the driver; it listens on port {_FIRST_PORT} + N.",
        ),
    ] = 0,
    host: Annotated[str, typer.Option(metavar="NAME", help="Where the driver listens.")] = "127.0.0.1",
    pin: Annotated[str | None, typer.Option(metavar="TEXT", help="Its passcode.")] = None,
    tries: Tries = None,
    pin_tries_left: Annotated[int | None, _left("passcode")] = None,
    locked: Annotated[bool, typer.Option("--locked", help="No tries of the passcode left.")] = False,
    quirk: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=SW]",
            help="How it departs from the standard, repeatable: wrong=6300, locked=6984, bad_format=6700, "
            "select_refuses_le ... A wrong name is answered with those of the family.",
        ),
    ] = None,
    puk: Annotated[str | None, typer.Option(metavar="TEXT", help="PIV, profiles: its PUK.")] = None,
    puk_tries_left: Annotated[int | None, _left("PUK")] = None,
    guid: Annotated[
        str | None, typer.Option(metavar="HEX", help="PIV, GIDS: its card UUID. Default: a new one.")
    ] = None,
    no_chuid: Annotated[bool, typer.Option("--no-chuid", help="PIV: no card UUID, no FASC-N.")] = False,
    serial: Annotated[
        str | None, typer.Option(metavar="N", help="PIV (YubiKey), OpenPGP, profiles: its serial number.")
    ] = None,
    no_serial: Annotated[
        bool, typer.Option("--no-serial", help="PIV: not a YubiKey, no counters told.")
    ] = False,
    no_metadata: Annotated[
        bool, typer.Option("--no-metadata", help="PIV: it does not tell the PUK's counter (GET METADATA).")
    ] = False,
    card_key: Annotated[Keys | None, typer.Option(help="PIV: the key it proves itself with (9E).")] = None,
    sign_in: Annotated[
        Keys | None, typer.Option(help="PIV, OpenPGP, GIDS: the key its holder signs in with.")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="PIV, GIDS: when its certificates end."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="PIV, GIDS: the name in its certificates.")
    ] = None,
    card_version: Annotated[
        str | None, typer.Option(metavar="N.N", help="OpenPGP: the version it follows. Default: 3.4.")
    ] = None,
    admin_pin: Annotated[str | None, typer.Option(metavar="TEXT", help="OpenPGP: its admin PIN.")] = None,
    resetting_code: Annotated[
        str | None, typer.Option(metavar="TEXT", help="OpenPGP: its resetting code. Default: none.")
    ] = None,
    code_tries_left: Annotated[int | None, _left("resetting code")] = None,
    admin_key: Annotated[str | None, typer.Option(metavar="HEX", help="GIDS: its admin key.")] = None,
    cipher: Annotated[Literal["3des", "aes"] | None, typer.Option(help="GIDS: the admin key's.")] = None,
    admin_tries: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=15, help="GIDS: tries of its admin key.")
    ] = None,
    admin_tries_left: Annotated[int | None, _left("admin PIN or admin key")] = None,
    no_mutual: Annotated[
        bool, typer.Option("--no-mutual", help="GIDS: it knows no mutual authentication.")
    ] = False,
) -> None:
    """Plug a virtual card into a real reader driver, until Ctrl-C.

    The driver is vpcd, behind the PC/SC service; Debian has both: apt-get install pcscd
    vsmartcard-vpcd. The card has true counters, keys and certificates, and any program sees it in the
    reader 'Virtual PCD'. Its secrets are test values: never give those of a real card. Options say which
    families have them; the others are for all.

    \b
    Examples: kiosk card plug --family piv --slot 0
              kiosk card plug --locked --guid 8f1c2a6e0d4b4c1f9a5e7b3d2c4f6a52
              kiosk card plug --family openpgp --resetting-code 87654321
    """
    from kiosk.office.plugs import Misfit, make
    from kiosk.settings import Settings

    settings = Settings() if family in _BUILT_IN else settings_of(context)
    reader = f"Virtual PCD 00 {slot:02}" if slot < _SLOTS else "Virtual PCD"
    try:
        plugged = make(family, _wanted(context), reader, settings)
    except Misfit as misfit:
        raise typer.BadParameter(str(misfit), param_hint=misfit.option or None) from None
    _describe(plugged, reader, f"{host}, port {_FIRST_PORT + slot}")
    asyncio.run(_until_stopped(plugged.card, host, slot))
    typer.echo("The card is out.")


def _wanted(context: typer.Context) -> Wanted:
    """The options that describe the card."""
    from kiosk.office.plugs import Wanted

    given = {one.name: context.params[one.name] for one in fields(Wanted)}
    ends = given["expires"]
    return Wanted(
        **{**given, "quirk": tuple(given["quirk"] or ()), "expires": ends and ends.replace(tzinfo=UTC)}
    )


def _describe(plugged: Plugged, reader: str, place: str) -> None:
    typer.echo(f"A virtual {plugged.title} card in {reader} ({place}). Ctrl-C takes it out.")
    width = max(len(name) for name, _ in plugged.facts)
    for name, value in plugged.facts:
        typer.echo(f"  {name:{width}}  {value}")
    label = "Look at it:"
    for tool in (f'kiosk card inspect --reader "{reader}"', *plugged.tools):
        typer.echo(f"{label:13}{tool}")
        label = ""
    typer.echo(f'Enrol it:    kiosk card enrol HOLDER_ID --as NAME --reader "{reader}"')


async def _until_stopped(card: VirtualCard, host: str, slot: int) -> None:
    """Keep the card in until SIGINT or SIGTERM."""
    from cardio.virtual.vpcd import plug as keep_in

    def waiting() -> None:
        typer.echo("Nothing listens there: the card goes in once pcscd runs with the vpcd driver.", err=True)

    plugged = asyncio.ensure_future(keep_in(card, host, slot, waiting=waiting))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, plugged.cancel)
    with suppress(asyncio.CancelledError):
        await plugged
