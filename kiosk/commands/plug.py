"""`kiosk card plug`: a virtual card in a real reader driver."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from cardio.virtual.piv import PivCard, Quirks
    from cardio.virtual.piv_keys import Algorithm


_FIRST_PORT = 35963  # cardio.virtual.vpcd's, which `kiosk --help` need not load
_SLOTS = 2  # of the driver as Debian configures it

Keys = Literal["p256", "p384", "rsa2048", "none"]


def plug(
    family: Annotated[Literal["piv"], typer.Option(help="The kind of card.")] = "piv",
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
    pin: Annotated[str, typer.Option(metavar="DIGITS", help="Its passcode, 6 to 8 digits.")] = "123456",
    puk: Annotated[str, typer.Option(metavar="TEXT", help="Its PUK, 6 to 8 characters.")] = "12345678",
    tries: Annotated[int, typer.Option(metavar="N", min=1, max=15, help="Tries of passcode and PUK.")] = 3,
    pin_tries_left: Annotated[
        int | None, typer.Option(metavar="N", min=0, max=15, help="Tries left of the passcode.")
    ] = None,
    puk_tries_left: Annotated[
        int | None, typer.Option(metavar="N", min=0, max=15, help="Tries left of the PUK.")
    ] = None,
    locked: Annotated[bool, typer.Option("--locked", help="No tries of the passcode left.")] = False,
    guid: Annotated[
        str, typer.Option(metavar="HEX", help="Its card UUID, 32 digits. Default: a new one.")
    ] = "",
    no_chuid: Annotated[bool, typer.Option("--no-chuid", help="Without card UUID and FASC-N.")] = False,
    serial: Annotated[
        int, typer.Option(metavar="N", min=1, max=2**32 - 1, help="Its YubiKey serial number.")
    ] = 7_000_001,
    no_serial: Annotated[
        bool, typer.Option("--no-serial", help="Without serial number: not a YubiKey, no counters told.")
    ] = False,
    no_metadata: Annotated[
        bool, typer.Option("--no-metadata", help="It does not tell the PUK's counter (GET METADATA).")
    ] = False,
    card_key: Annotated[Keys, typer.Option(help="The key it proves itself with (9E).")] = "p256",
    sign_in: Annotated[Keys, typer.Option(help="The key and certificate of its holder (9A).")] = "p256",
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="When its certificates end.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="TEXT", help="The name in its certificates.")] = "Virtual card",
    quirk: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=SW]",
            help="How it departs from the standard, repeatable: wrong=6300, wrong_puk=6985, locked=6984, "
            "bad_format=6700, bad_format_costs_a_try, only_short_aid, select_refuses_le, "
            "empty_select_response, gzip_certificates.",
        ),
    ] = None,
) -> None:
    """Plug a virtual card into a real reader driver, until Ctrl-C.

    The driver is vpcd, behind the PC/SC service; Debian has both: apt-get install pcscd
    vsmartcard-vpcd. The card has true counters, keys and certificates, and any program sees it in the
    reader 'Virtual PCD'. PIN and PUK are test values: never give those of a real card.

    \b
    Examples: kiosk card plug --family piv --slot 0
              kiosk card plug --locked --guid 8f1c2a6e0d4b4c1f9a5e7b3d2c4f6a52
    """
    card = _card(
        pin=pin,
        puk=puk,
        tries=tries,
        pin_tries_left=0 if locked else pin_tries_left,
        puk_tries_left=puk_tries_left,
        guid=_hex(guid) if guid else None,
        chuid=not no_chuid,
        serial=None if no_serial else serial,
        metadata=not no_metadata,
        card_key=_algorithm(card_key),
        sign_in=_algorithm(sign_in),
        expires=expires.replace(tzinfo=UTC) if expires else None,
        name=name,
        quirks=_quirks(quirk or []),
    )
    _describe(card, family, host, slot, no_serial=no_serial)
    asyncio.run(_until_stopped(card, host, slot))
    typer.echo("The card is out.")


def _card(**features: Any) -> PivCard:
    from cardio.virtual.piv import PivCard

    try:
        return PivCard(**features)
    except ValueError as wrong:
        raise typer.BadParameter(f"no such card can be: {wrong}") from None


def _hex(text: str) -> bytes:
    try:
        guid = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        guid = b""
    if len(guid) != 16:
        raise typer.BadParameter("a card UUID has 32 hexadecimal digits", param_hint="--guid")
    return guid


def _algorithm(key: Keys) -> Algorithm | None:
    from cardio.virtual.piv_keys import Algorithm

    algorithms = {"p256": Algorithm.ECC_P256, "p384": Algorithm.ECC_P384, "rsa2048": Algorithm.RSA_2048}
    return algorithms.get(key)


def _quirks(wanted: list[str]) -> Quirks:
    """The quirks by the names of their fields; a switch stands alone, a status word has four hex digits."""
    from cardio.virtual.piv import Quirks

    switches = {field.name for field in fields(Quirks) if field.default is False}
    words = {field.name for field in fields(Quirks)} - switches
    chosen: dict[str, Any] = {}
    for one in wanted:
        name, equals, word = one.partition("=")
        if name in switches and not equals:
            chosen[name] = True
        elif name in words and len(word) == 4 and not set(word.upper()) - set("0123456789ABCDEF"):
            chosen[name] = int(word, 16)
        else:
            raise typer.BadParameter(
                f"{one}: give one of {', '.join(sorted(switches))}, or one of "
                f"{', '.join(sorted(words))} with =SW, a status word of four hexadecimal digits",
                param_hint="--quirk",
            )
    return Quirks(**chosen)


def _describe(card: PivCard, family: str, host: str, slot: int, *, no_serial: bool) -> None:
    from cardio.virtual.vpcd import VPCD_PORT

    state = card.state()
    reader = f"Virtual PCD 00 {slot:02}" if slot < _SLOTS else "Virtual PCD"
    tool = f'yubico-piv-tool --reader="{reader}" --action='
    typer.echo(
        f"A virtual {family.upper()} card in {reader} ({host}, port {VPCD_PORT + slot}). Ctrl-C takes it out."
    )
    typer.echo(f"  number  {family}:guid:{card.guid.hex().upper()}")
    typer.echo(
        f"  PIN     {state.pin}, {state.pin_tries_left} tries left{', locked' if state.locked else ''}"
    )
    typer.echo(f"  PUK     {state.puk}, {state.puk_tries_left} tries left")
    if card.card_key_der:
        typer.echo(f"  9E key  {card.card_key_der.hex()}")
    typer.echo(f'Look at it:  opensc-tool --reader "{reader}" --name')
    if not no_serial:
        typer.echo(f"             {tool}status")
        typer.echo(f"             {tool}verify-pin --pin={state.pin}")
        typer.echo(f"             {tool}unblock-pin --pin={state.puk} --new-pin=654321")
    typer.echo(f'Enrol it:    kiosk card enrol HOLDER_ID --reader "{reader}"')


async def _until_stopped(card: PivCard, host: str, slot: int) -> None:
    """Keep the card in until SIGINT or SIGTERM."""
    from cardio.virtual.vpcd import plug as keep_in

    plugged = asyncio.ensure_future(keep_in(card, host, slot))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, plugged.cancel)
    with suppress(asyncio.CancelledError):
        await plugged
