"""A virtual PIV card as asked for."""

from __future__ import annotations

from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm
from cardio.virtual.piv_quirks import Quirks
from kiosk.office.plugs.wanted import (
    Misfit,
    Plugged,
    Wanted,
    hexadecimal,
    left,
    number,
    option,
    quirks,
    whole,
)

_TAKES = (
    "puk", "puk_tries_left", "guid", "no_chuid", "serial", "no_serial", "no_metadata", "card_key", "sign_in",
    "expires", "name",
)  # fmt: skip
_ALGORITHMS = {"p256": Algorithm.ECC_P256, "p384": Algorithm.ECC_P384, "rsa2048": Algorithm.RSA_2048}
_SERIAL = 7_000_001


def piv(wanted: Wanted, reader: str) -> Plugged:
    """The card. Raises Misfit."""
    wanted.only("piv", _TAKES)
    serial = None if wanted.no_serial else number(wanted.serial, "serial", 2**32 - 1) or _SERIAL
    guid = hexadecimal(wanted.guid, "guid", 16)
    card = whole(
        lambda: PivCard(
            **wanted.given("pin", "puk", "tries", "puk_tries_left", "expires", "name"),
            pin_tries_left=wanted.tries_left,
            guid=guid,
            chuid=not wanted.no_chuid,
            serial=serial,
            metadata=not wanted.no_metadata,
            card_key=algorithm(wanted.card_key, "card_key"),
            sign_in=algorithm(wanted.sign_in, "sign_in"),
            quirks=quirks(Quirks, wanted.quirk),
        )
    )
    state = card.state()
    key = card.card_key_der
    return Plugged(
        card,
        "PIV",
        (
            ("number", _number(card, serial, chuid=not wanted.no_chuid)),
            ("PIN", f"{state.pin}, {left(state.pin_tries_left)}"),
            ("PUK", f"{state.puk}, {left(state.puk_tries_left)}"),
            *((("9E key", key.hex()),) if key else ()),
        ),
        _tools(reader, state.pin, state.puk) if serial else (),
    )


def algorithm(name: str | None, field: str) -> Algorithm | None:
    """A key's algorithm by its short name: P-256 by default, None for "none". Raises Misfit."""
    if name == "none":
        return None
    if name is not None and name not in _ALGORITHMS:
        raise Misfit(option(field), f"there are {', '.join(_ALGORITHMS)} and none")
    return _ALGORITHMS[name or "p256"]


def _number(card: PivCard, serial: int | None, *, chuid: bool) -> str:
    if chuid and any(card.guid):
        return f"piv:guid:{card.guid.hex().upper()}"
    return f"piv:yubikey-serial:{serial}" if serial else "none: no kiosk takes it"


def _tools(reader: str, pin: str, puk: str) -> tuple[str, ...]:
    tool = f'yubico-piv-tool --reader="{reader}" --action='
    return (
        f"{tool}status",
        f"{tool}verify-pin --pin={pin}",
        f"{tool}unblock-pin --pin={puk} --new-pin=654321",
    )
