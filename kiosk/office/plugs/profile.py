"""A virtual card of one of the site's own profiles, as asked for."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from cardio.applets.iso7816_data import serial as told_serial
from cardio.profile import Profile
from cardio.virtual.iso7816 import IsoCard, IsoQuirks
from kiosk.office.plugs.wanted import Misfit, Plugged, Wanted, left, option, quirks, whole

_TAKES = ("puk", "puk_tries_left", "serial")
_SERIAL_LENGTH = 8  # bytes, where the profile says nothing


def profile(described: Profile, wanted: Wanted) -> Plugged:
    """The card. Raises Misfit."""
    wanted.only(described.name, _TAKES)
    serial = _serial(described, wanted.serial)
    rules, secret = described.passcode, described.puk.format
    puk = wanted.puk or (
        _test_value("0123456789ABCDEF", [2 * length for length in secret.lengths])
        if secret.written == "hex"
        else _test_value(secret.alphabet, secret.lengths)
    )
    pin = wanted.pin or _test_value(rules.alphabet, range(rules.min_length, rules.max_length + 1))
    card = whole(
        lambda: IsoCard(
            described,
            serial=serial,
            passcode=pin,
            puk=puk,
            passcode_tries_left=wanted.tries_left,
            quirks=quirks(IsoQuirks, wanted.quirk),
            **wanted.given("tries", "puk_tries_left"),
        )
    )
    state = card.state()
    number = told_serial(serial, described.written)
    return Plugged(
        card,
        described.name,
        (
            ("number", f"{described.name}:{described.kind}:{number}"),
            ("PIN", f"{state.passcode}, {left(state.passcode_tries_left)}"),
            (secret.name, f"{state.puk}, {left(state.puk_tries_left)}"),
        ),
    )


def _serial(described: Profile, text: str | None) -> bytes:
    """The bytes on the card for a number as the profile has it written. Raises Misfit."""
    length = described.serial.length or _SERIAL_LENGTH
    if text is None:
        if described.written == "hex":
            return secrets.token_bytes(length)
        digits = "".join(secrets.choice("123456789") for _ in range(length))
        return digits.encode() if described.written == "ascii" else bytes.fromhex(digits * 2)
    try:
        if described.written == "ascii":
            value = text.encode("ascii")
        else:
            value = bytes.fromhex(text + ("F" if len(text) % 2 and described.written == "bcd" else ""))
    except ValueError:
        value = b""
    if told_serial(value, described.written) is None:
        raise Misfit(option("serial"), f'no serial number of this profile (written = "{described.written}")')
    return value


def _test_value(alphabet: str, lengths: Sequence[int]) -> str:
    """A value such as 123456: of 6 or 8 characters where the profile allows that."""
    length = next((usual for usual in (6, 8) if usual in lengths), lengths[0])
    return "".join(alphabet[(at + 1) % len(alphabet)] for at in range(length))
