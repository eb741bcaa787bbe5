"""The passwords of an OpenPGP card as it wants them sent: in length, and hashed where it has KDF on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Command
from cardio.applets.common import passcode_bytes
from cardio.applets.openpgp_data import KDF, USUAL_MAX, ApplicationData
from cardio.applets.openpgp_kdf import Kdf, Password, parse_kdf
from cardio.card import PasscodeFormat
from cardio.errors import CardUnsupported, WrongUnblockSecret
from cardio.reader import Channel
from cardio.secret import SecretFormat

_MIN_PASSCODE, _MIN_SECRET, _MAX_LENGTH = 6, 8, 64  # 4.3.1; cards take up to 127, people do not
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_NO_SUCH_OBJECT = (
    SW.REFERENCED_DATA_NOT_FOUND, SW.NOT_FOUND, SW.WRONG_P1_P2, SW.INCORRECT_P1_P2, SW.FUNCTION_NOT_SUPPORTED,
)  # fmt: skip


def _format(name: str) -> SecretFormat:
    return SecretFormat(name, tuple(range(_MIN_SECRET, _MAX_LENGTH + 1)), _MIN_SECRET)


CODE_FORMAT, ADMIN_FORMAT = _format("resetting code"), _format("admin PIN")


@dataclass(frozen=True)
class Plain:
    """A password that was found fit to be sent, as people write it."""

    password: Password
    value: bytes = field(repr=False)


class Passwords:
    """Turns passwords into the bytes that go to one card: first whether they may, then how."""

    def __init__(self, channel: Channel, data: ApplicationData) -> None:
        self._channel = channel
        self._limits = data.status
        self._kdf: Kdf | None = None
        self._kdf_known = not data.may_have_kdf

    @property
    def passcode_format(self) -> PasscodeFormat:
        """At least 6 characters, and at most as many as the card says."""
        longest = self._limits.pw1_max if self._limits else USUAL_MAX
        return PasscodeFormat(_MIN_PASSCODE, min(longest, _MAX_LENGTH), _PRINTABLE)

    def passcode(self, passcode: SecretStr) -> Plain:
        """PW1. Raises PasscodeRefused."""
        return Plain(Password.PW1, passcode_bytes(passcode, self.passcode_format))

    def resetting_code(self, secret: SecretBytes) -> Plain:
        """The resetting code. Raises WrongUnblockSecret for what can be none."""
        longest = self._limits.code_max if self._limits else USUAL_MAX
        return Plain(Password.RESETTING_CODE, _checked(secret, CODE_FORMAT, longest))

    def admin_pin(self, secret: SecretBytes) -> Plain:
        """PW3. Raises WrongUnblockSecret for what can be none."""
        longest = self._limits.pw3_max if self._limits else USUAL_MAX
        return Plain(Password.PW3, _checked(secret, ADMIN_FORMAT, longest))

    async def derived(self, *passwords: Plain) -> list[bytes]:
        """Return them as they are sent: hashed, if the card says so when it is first asked.

        Raises CardUnsupported where it does not say clearly: then it gets none.
        """
        if not self._kdf_known:
            response = await self._channel.transmit(Command(0x00, 0xCA, 0x00, KDF, le=256))
            if not response.ok and response.sw not in _NO_SUCH_OBJECT:
                raise CardUnsupported("the card does not say how it wants its passwords", sw=response.sw)
            self._kdf = parse_kdf(response.data) if response.ok else None
            self._kdf_known = True
        kdf = self._kdf
        if kdf is None:
            return [plain.value for plain in passwords]
        return [await asyncio.to_thread(kdf.derive, plain.password, plain.value) for plain in passwords]


def _checked(secret: SecretBytes, rules: SecretFormat, longest: int) -> bytes:
    if not rules.accepts(secret) or len(secret.get_secret_value()) > longest:
        raise WrongUnblockSecret(None)
    return secret.get_secret_value()
