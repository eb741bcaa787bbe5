"""What a site says of a card that no family here knows by itself: an ISO 7816-4 profile.

Everything is checked when the profile is made, so that no passcode and no PUK of a wrong format can
ever reach the card. ISO 7816-4:2013: VERIFY (11.6.6), CHANGE REFERENCE DATA (11.6.7), RESET RETRY
COUNTER (11.6.10).
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Literal

from cardio.card import PasscodeFormat
from cardio.secret import SecretFormat
from cardio.source import ProfileError, Source, Written

Encoding = Literal["ascii", "bcd", "pin-block", "binary"]

_DIGITS = frozenset(string.digits)
_PRINTABLE = frozenset(chr(code) for code in range(0x20, 0x7F))
_PIN_BLOCK_LENGTHS = (4, 12)  # ISO 9564-1, format 2
_MAX_LENGTH = 32


@dataclass(frozen=True)
class Coding:
    """How a passcode or PUK is put into bytes.

    "ascii"; "bcd": two digits a byte, the first one high; "pin-block": ISO 9564-1 format 2, 8 bytes;
    "binary": as it is, for a PUK that is no text. ``pad`` fills up to ``size`` bytes; None: nothing is
    filled up. With "bcd" the low half of ``pad`` also stands after an odd number of digits.
    """

    encoding: Encoding = "ascii"
    pad: int | None = None
    size: int = 0

    def encode(self, value: bytes) -> bytes:
        """The bytes for the card. ``value`` is of a length and alphabet that was checked."""
        if self.encoding == "pin-block":
            digits = f"2{len(value):X}{value.decode('ascii')}"
            return bytes.fromhex(digits.ljust(16, "F"))
        if self.encoding == "bcd":
            digits = value.decode("ascii")
            odd = f"{self.pad & 0x0F:X}" if len(digits) % 2 and self.pad is not None else ""
            value = bytes.fromhex(digits + odd)
        return value if self.pad is None else value.ljust(self.size, bytes([self.pad]))

    def check(self, lengths: range | tuple[int, ...], alphabet: str) -> None:
        """Raises ProfileError if not every value of these lengths and this alphabet fits."""
        shortest, longest = min(lengths), max(lengths)
        if self.encoding in ("bcd", "pin-block") and set(alphabet) - _DIGITS:
            raise ProfileError("alphabet", f'encoding = "{self.encoding}" takes digits only')
        if self.encoding == "pin-block":
            least, most = _PIN_BLOCK_LENGTHS
            if not least <= shortest <= longest <= most:
                raise ProfileError("encoding", f"a PIN block holds {least} to {most} digits")
        if self.encoding in ("pin-block", "binary") and (self.pad is not None or self.size):
            raise ProfileError("pad", f'encoding = "{self.encoding}" is never filled up')
        if (self.pad is None) != (not self.size):
            raise ProfileError("pad_to", "pad and pad_to go together")
        if self.pad is not None:
            self._check_pad(self.pad, longest, alphabet)
        elif self.encoding == "bcd" and any(length % 2 for length in lengths):
            raise ProfileError("pad", "an odd number of digits leaves half a byte: say what fills it")

    def _check_pad(self, pad: int, longest: int, alphabet: str) -> None:
        needed = (longest + 1) // 2 if self.encoding == "bcd" else longest
        if needed > self.size:
            raise ProfileError("pad_to", f"the longest value takes {needed} bytes")
        if self.encoding == "ascii" and chr(pad) in alphabet:
            raise ProfileError("pad", "a character of the alphabet cannot be the filler")
        if self.encoding == "bcd" and (pad & 0x0F <= 9 or pad >> 4 <= 9):
            raise ProfileError("pad", "neither half of it may be a digit")


@dataclass(frozen=True)
class Answers:
    """What status words mean beyond 9000 and 63Cx (x tries left; 63C0 is locked)."""

    wrong: frozenset[int]
    locked: frozenset[int]
    bad_format: frozenset[int] = frozenset({0x6700, 0x6A80})

    def __post_init__(self) -> None:
        for key, words in (("locked", self.locked), ("bad_format", self.bad_format)):
            if 0x9000 in words or any(word & 0xFFF0 == 0x63C0 for word in words):
                raise ProfileError(key, "9000 and 63C0 to 63CF have their meaning already")
        if 0x9000 in self.wrong or any(word & 0xFFF0 == 0x63C0 for word in self.wrong):
            raise ProfileError("wrong", "9000 and 63C0 to 63CF have their meaning already")
        for key, words, others in (
            ("locked", self.locked, self.wrong),
            ("bad_format", self.bad_format, self.wrong | self.locked),
        ):
            if both := words & others:
                raise ProfileError(key, f"{min(both):04X} cannot mean two things")


PASSCODE_ANSWERS = Answers(frozenset({0x6300, 0x6982}), frozenset({0x6983, 0x6984}))
PUK_ANSWERS = Answers(frozenset({0x6300, 0x6982, 0x6985}), frozenset({0x6983, 0x6984}))


@dataclass(frozen=True)
class PasscodeRules:
    """The passcode: its reference (P2), which values it takes, and what may be asked about it.

    ``status_query``: an empty VERIFY (of class ``status_cla``) tells the tries and costs none.
    ``tries``: a data object that holds their number in one byte. ``change_p1`` 0: present and new
    passcode in one command; 1: VERIFY, then the new one alone. Raises ProfileError.
    """

    reference: int
    min_length: int = 6
    max_length: int = 8
    alphabet: str = string.digits
    coding: Coding = Coding()
    status_query: bool = False
    status_cla: int = 0x00
    tries: Source | None = None
    change_p1: Literal[0, 1] = 0
    answers: Answers = PASSCODE_ANSWERS

    def __post_init__(self) -> None:
        if not 0 < self.min_length <= self.max_length <= _MAX_LENGTH:
            raise ProfileError("max_length", f"min_length to max_length must lie within 1 to {_MAX_LENGTH}")
        if self.coding.encoding == "binary":
            raise ProfileError("encoding", "a passcode is typed: it cannot be binary")
        _check_alphabet(self.alphabet)
        self.coding.check(range(self.min_length, self.max_length + 1), self.alphabet)
        _check_tries(self.tries, status_query=self.status_query)

    @property
    def format(self) -> PasscodeFormat:
        """As families say it."""
        return PasscodeFormat(self.min_length, self.max_length, self.alphabet)


@dataclass(frozen=True)
class PukRules:
    """The PUK, and the form of RESET RETRY COUNTER that takes it.

    ``reset_p1`` 0: PUK and new passcode in one command; 1: the PUK alone, and then the new passcode
    by CHANGE REFERENCE DATA with P1 01; 2: VERIFY of the PUK at its ``reference``, and then the new
    passcode alone. ``reset_reference``: P2 of the command where it is not the passcode's.
    ``replaceable``: CHANGE REFERENCE DATA takes the present PUK and a new one. Raises ProfileError.
    """

    reference: int | None = None
    name: str = "PUK"
    lengths: tuple[int, ...] = (8,)
    alphabet: str = string.digits
    coding: Coding = Coding()
    reset_p1: Literal[0, 1, 2] = 0
    reset_reference: int | None = None
    status_query: bool = False
    status_cla: int = 0x00
    tries: Source | None = None
    replaceable: bool = False
    answers: Answers = PUK_ANSWERS

    def __post_init__(self) -> None:
        if not self.lengths or not 0 < min(self.lengths) <= max(self.lengths) <= _MAX_LENGTH:
            raise ProfileError("lengths", f"must lie within 1 to {_MAX_LENGTH}")
        if self.reference is None:
            for key, wanted in (
                ("reset_p1", self.reset_p1 == 2),
                ("status_query", self.status_query),
                ("replaceable", self.replaceable),
            ):
                if wanted:
                    raise ProfileError(key, "needs the reference of the PUK")
        if self.coding.encoding != "binary":
            _check_alphabet(self.alphabet)
        self.coding.check(self.lengths, self.alphabet)
        _check_tries(self.tries, status_query=self.status_query)

    @property
    def format(self) -> SecretFormat:
        """As families say it."""
        lengths, longest = tuple(sorted(set(self.lengths))), max(self.lengths)
        if self.coding.encoding == "binary":
            return SecretFormat(self.name, lengths, longest, written="hex")
        fresh = string.digits if set(self.alphabet) >= _DIGITS else self.alphabet
        return SecretFormat(self.name, lengths, longest, alphabet=self.alphabet, fresh_alphabet=fresh)


@dataclass(frozen=True)
class Profile:
    """A card as the site describes it. ``name`` is the family's, ``kind`` that of its serial numbers.

    ``select_p2`` and ``select_le``: how SELECT of the application is sent. Raises ProfileError.
    """

    name: str
    aid: bytes
    serial: Source
    passcode: PasscodeRules
    puk: PukRules
    written: Written = "hex"
    kind: str = "serial"
    select_p2: int = 0x00
    select_le: bool = True

    def __post_init__(self) -> None:
        if not 5 <= len(self.aid) <= 16:
            raise ProfileError("aid", "an application identifier has 5 to 16 bytes")
        if self.puk.reset_p1 == 1 and self.passcode.change_p1 != 1:
            raise ProfileError(
                "puk.reset_p1", '"01" sets no new passcode: passcode.change_p1 has to be "01", which does'
            )
        if self.puk.reference == self.passcode.reference:
            raise ProfileError("puk.reference", "is the passcode's")


def _check_alphabet(alphabet: str) -> None:
    if not alphabet or set(alphabet) - _PRINTABLE:
        raise ProfileError("alphabet", "printable ASCII characters, at least one")


def _check_tries(tries: Source | None, *, status_query: bool) -> None:
    if tries is not None and (tries.file or tries.short_ef is not None):
        raise ProfileError("tries.file", "only a data object is read between the commands of a passcode")
    if tries is not None and status_query:
        raise ProfileError("status_query", "tries says already where they are told")
