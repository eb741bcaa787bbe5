"""A virtual OpenPGP card as asked for."""

from __future__ import annotations

import re

from cardio.virtual.openpgp import OpenPgpCard, Quirks
from cardio.virtual.openpgp_keys import Algorithm
from kiosk.office.plugs.wanted import Misfit, Plugged, Wanted, left, number, option, quirks, whole

_TAKES = (
    "serial", "card_version", "admin_pin", "admin_tries_left", "resetting_code", "code_tries_left", "sign_in"
)  # fmt: skip
_ALGORITHMS = {
    "p256": Algorithm.ECC_P256,
    "p384": Algorithm.ECC_P384,
    "rsa2048": Algorithm.RSA_2048,
    "ed25519": Algorithm.ED25519,
}


def openpgp(wanted: Wanted, reader: str) -> Plugged:
    """The card. Raises Misfit."""
    wanted.only("openpgp", _TAKES)
    serial = number(wanted.serial, "serial", 2**32 - 1)
    card = whole(
        lambda: OpenPgpCard(
            **wanted.given(
                "pin", "tries", "admin_pin", "admin_tries_left", "resetting_code", "code_tries_left"
            ),
            pin_tries_left=wanted.tries_left,
            version=_version(wanted.card_version),
            serial=serial,
            algorithm=_algorithm(wanted.sign_in),
            quirks=quirks(Quirks, wanted.quirk),
        )
    )
    state = card.state()
    key = card.authentication_key_der
    code = f"{state.resetting_code}, {left(state.code_tries_left)}" if state.resetting_code else "none"
    return Plugged(
        card,
        "OpenPGP",
        (
            ("number", f"openpgp:serial:{card.aid[8:14].hex().upper()}"),
            ("PIN", f"{state.pin}, {left(state.pin_tries_left)}"),
            ("resetting code", code),
            ("admin PIN", f"{state.admin_pin}, {left(state.admin_tries_left)}"),
            *((("key", key.hex()),) if key else ()),
        ),
        (f'openpgp-tool --reader "{reader}" --card-info', "gpg --card-edit"),
    )


def _version(text: str | None) -> tuple[int, int]:
    if text is None:
        return 3, 4
    if not re.fullmatch(r"[23]\.[0-9]", text):
        raise Misfit(option("card_version"), "2.0 to 3.9")
    return int(text[0]), int(text[2])


def _algorithm(name: str | None) -> Algorithm | None:
    if name == "none":
        return None
    if name is not None and name not in _ALGORITHMS:
        raise Misfit(option("sign_in"), f"there are {', '.join(_ALGORITHMS)} and none")
    return _ALGORITHMS[name or "p256"]
