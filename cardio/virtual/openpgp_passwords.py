"""The passwords of a virtual OpenPGP card: PW1, resetting code and PW3, with their counters and KDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cardio.apdu import SW
from cardio.applets.openpgp_kdf import Password, parse_kdf
from cardio.errors import CardUnsupported, ProtocolError
from cardio.tlv import parse
from cardio.virtual.reference import Reference

FACTORY = {Password.PW1: "123456", Password.RESETTING_CODE: "", Password.PW3: "12345678"}
"""What a card from the factory has: no resetting code."""

_SHORTEST = {Password.PW1: 6, Password.RESETTING_CODE: 8, Password.PW3: 8}
_NO_KDF = bytes.fromhex("810100")
_INITIAL = {Password.PW1: 0x87, Password.PW3: 0x88}


@dataclass(frozen=True)
class Quirks:
    """How a card differs from the standard; each default is what the standard says."""

    wrong: int | None = SW.SECURITY_STATUS_NOT_SATISFIED  # for a wrong password; None: 63Cx
    locked: int = SW.AUTHENTICATION_METHOD_BLOCKED
    locked_at_once: bool = False  # the wrong password that spends the last try is answered so
    bad_format: int = SW.INCORRECT_DATA
    select_refuses_le: bool = False
    flat: bool = False  # 6E has neither its own tag nor 73
    no_application_data: bool = False  # 6E is not there
    no_count: bool = False  # C4 is not there


class CardPasswords:
    """What a card keeps of its passwords, given as people know them: in the order of `Password`.

    Raises ValueError for passwords or counters it could not hold.
    """

    def __init__(
        self,
        texts: Sequence[str],
        tries: int,
        lefts: Sequence[int | None],
        longest: int,
        kdf: bytes | None,
        quirks: Quirks,
    ) -> None:
        self.kdf = kdf or _NO_KDF
        self.signatures_hold = False  # the first byte of C4: whether one VERIFY 81 is good for many
        self._tries, self._longest, self._quirks = tries, longest, quirks
        self._references: dict[Password, Reference] = {}
        for password, text, left in zip(Password, texts, lefts, strict=True):
            unset = not text and password is Password.RESETTING_CODE
            if not unset and not _SHORTEST[password] <= len(text) <= longest:
                raise ValueError(f"{_SHORTEST[password]} to {longest} characters")
            if not 0 <= (tries if left is None else left) <= tries <= 255:
                raise ValueError("0 to 255 tries, and no more left than there are")
            remaining = 0 if unset else tries if left is None else left
            self._references[password] = Reference(self._kept(password, text), tries, remaining)

    @property
    def status(self) -> bytes:
        """The PW status bytes, C4 (4.4.2)."""
        lefts = [reference.left for reference in self._references.values()]
        return bytes([self.signatures_hold, *[self._longest] * 3, *lefts])

    def left(self, password: Password) -> int:
        """Tries left."""
        return self._references[password].left

    def shown(self, password: Password) -> str:
        """The password; with KDF on, what is kept of it, in hexadecimal."""
        value = self._references[password].value
        return value.decode("ascii", "replace") if self.kdf == _NO_KDF else value.hex()

    def knows(self, password: Password, text: str) -> bool:
        """Whether that is the password, whatever KDF makes of it."""
        return bool(text) and self._references[password].value == self._kept(password, text)

    def lock(self) -> None:
        """Bring the passcode's counter to zero."""
        self._references[Password.PW1].left = 0

    def check(self, password: Password, given: bytes) -> int:
        """Compare, and return the status word."""
        reference = self._references[password]
        if reference.left == 0:
            return self._quirks.locked
        if reference.check(given):
            return SW.OK
        if reference.left == 0 and self._quirks.locked_at_once:
            return self._quirks.locked
        return 0x63C0 | min(reference.left, 15) if self._quirks.wrong is None else self._quirks.wrong

    def split(self, password: Password, data: bytes) -> tuple[bytes, bytes]:
        """Divide what holds the present password and a new one, by the length of the present one."""
        length = len(self._references[password].value)
        return data[:length], data[length:]

    def set(self, password: Password, value: bytes) -> int:
        """Take a new one, with all its tries, and return the status word."""
        if not _SHORTEST[password] <= len(value) <= self._longest:
            return self._quirks.bad_format
        self._references[password].set(value)
        return SW.OK

    def clear_code(self) -> None:
        """Forget the resetting code."""
        self._references[Password.RESETTING_CODE] = Reference(b"", self._tries, 0)

    def use_kdf(self, content: bytes) -> bool:
        """Take a KDF-DO, which gives PW1 and PW3 their initial values again (4.3.2); False if it is none."""
        try:
            parse_kdf(content)
            objects = {item.tag: item.value for item in parse(content)}
        except (CardUnsupported, ProtocolError):
            return False
        self.kdf = content or _NO_KDF
        for password, tag in _INITIAL.items():
            self._references[password].set(objects.get(tag) or self._kept(password, FACTORY[password]))
        self.clear_code()
        return True

    def _kept(self, password: Password, text: str) -> bytes:
        """What the card keeps of a password."""
        value = text.encode("ascii")
        kdf = parse_kdf(self.kdf)
        return value if kdf is None or not value else kdf.derive(password, value)
