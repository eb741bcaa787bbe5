"""A virtual GIDS card as asked for."""

from __future__ import annotations

from typing import Any

from cardio.virtual.gids import GidsCard
from cardio.virtual.gids_state import Quirks
from kiosk.office.plugs.piv import algorithm
from kiosk.office.plugs.wanted import Misfit, Plugged, Wanted, hexadecimal, left, option, quirks, whole

_TAKES = (
    "guid", "admin_key", "cipher", "admin_tries", "admin_tries_left", "no_mutual", "sign_in", "expires",
    "name",
)  # fmt: skip
_CARD_ID = 0xA012, 0xDF20  # file and data object


def gids(wanted: Wanted, reader: str) -> Plugged:
    """The card. Raises Misfit."""
    wanted.only("gids", _TAKES)
    guid = hexadecimal(wanted.guid, "guid", 16)
    card = whole(
        lambda: GidsCard(
            **wanted.given("pin", "tries", "admin_tries", "admin_tries_left", "expires", "name"),
            **_admin_key(wanted),
            pin_tries_left=wanted.tries_left,
            card_id=guid,
            mutual=not wanted.no_mutual,
            sign_in=algorithm(wanted.sign_in, "sign_in"),
            quirks=quirks(Quirks, wanted.quirk),
        )
    )
    state = card.state()
    number = card.content(*_CARD_ID) or b""
    return Plugged(
        card,
        "GIDS",
        (
            ("number", f"gids:card-id:{number.hex().upper()}"),
            ("PIN", f"{state.pin}, {left(state.pin_tries_left)}"),
            ("admin key", f"{state.admin_key.hex().upper()}, {left(state.admin_tries_left)}"),
        ),
        (f'pkcs15-tool --reader "{reader}" --dump',),
    )


def _admin_key(wanted: Wanted) -> dict[str, Any]:
    """Cipher and key; a key of the wrong length makes no card. Raises Misfit."""
    chosen = wanted.given("cipher")
    if wanted.admin_key is not None:
        try:
            chosen["admin_key"] = bytes.fromhex(wanted.admin_key)
        except ValueError:
            raise Misfit(option("admin_key"), "it is written in hexadecimal digits") from None
    return chosen
