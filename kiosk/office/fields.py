"""What may stand for a holder, a card, a secret or a key: the same rules for arguments and files.

Each returns the clean value or raises ValueError, whose message says what is wanted. No message
repeats the value: it may be a secret in the wrong place.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from pydantic import SecretBytes

from cardio.applets.piv_proof import challenge_for
from cardio.card import CardId
from kiosk.enrolment import EnrolmentError
from kiosk.proofs import emails
from kiosk.refusals import EmailRule

P = ParamSpec("P")
T = TypeVar("T")

_EMAIL_RULES = {
    EmailRule.NOT_ONE_ADDRESS: "is not one plain email address",
    EmailRule.TOO_LONG: "is too long for an email address",
}
_PIV_KINDS = {
    "guid": re.compile(r"[0-9A-F]{32}"),
    "fasc-n": re.compile(r"[0-9A-F]{50}"),
    "yubikey-serial": re.compile(r"[0-9]{1,10}"),
}


def checked(what: str, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call one of these functions for an argument. Raises EnrolmentError, which names it."""
    try:
        return check(*args, **kwargs)
    except ValueError as wrong:
        raise EnrolmentError(f"{what} {wrong}") from None


def holder_id(text: str) -> str:
    """A holder's id: 1 to 64 printable characters."""
    return _line(text, 64)


def name(text: str) -> str:
    """A display name: 1 to 200 printable characters."""
    return _line(text, 200)


def reason(text: str) -> str:
    """A reason for the audit trail: 1 to 200 printable characters."""
    return _line(text, 200)


def email(text: str, domains: Sequence[str]) -> str:
    """One address at an approved domain, or nothing at all."""
    if not text.strip():
        return ""
    try:
        return emails.parse(text, domains)
    except emails.EmailRefused as refused:
        approved = f"is not at an approved domain ({', '.join(domains)})"
        raise ValueError(_EMAIL_RULES.get(refused.rule, approved)) from None


def card_id(text: str, family: str) -> CardId:
    """A card's number, as "KIND:NUMBER", "FAMILY:KIND:NUMBER" or the family's plain form."""
    return _CARD_IDS[family](text.strip().removeprefix(f"{family}:"))


def unblock_secret(text: str, length: int | None) -> SecretBytes:
    """The secret that unlocks a card, as ASCII; ``length`` is its family's, None where it varies."""
    if not text.isascii() or not text.isprintable() or not text:
        raise ValueError("must be plain ASCII characters")
    if length is not None and len(text) != length:
        raise ValueError(
            f"must have exactly {length} characters (spreadsheets drop leading zeros: format it as text)"
        )
    return SecretBytes(text.encode("ascii"))


def card_key(text: str, family: str) -> bytes:
    """A card-authentication key: DER SubjectPublicKeyInfo, as hexadecimal or base64."""
    plain = "".join(text.split())
    try:
        key = (
            bytes.fromhex(plain)
            if re.fullmatch(r"[0-9A-Fa-f]+", plain)
            else base64.b64decode(plain, validate=True)
        )
        _CARD_KEYS[family](key)
    except (ValueError, binascii.Error):
        raise ValueError(
            "is not a public key such a card can have (DER SubjectPublicKeyInfo, as base64 or hexadecimal)"
        ) from None
    return key


def _line(text: str, longest: int) -> str:
    plain = text.strip()
    if not plain:
        raise ValueError("is empty")
    if len(plain) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if any(unicodedata.category(character)[0] == "C" for character in plain):
        raise ValueError("contains control characters")
    return plain


def _piv_card(text: str) -> CardId:
    kind, colon, number = text.partition(":")
    if not colon:
        kind, number = "guid", text
    kind, number = kind.strip().lower(), number.strip().upper()
    if kind == "guid":
        number = number.replace("-", "")  # as a UUID is written
    if kind not in _PIV_KINDS or not _PIV_KINDS[kind].fullmatch(number) or not number.strip("0"):
        raise ValueError(
            "is not the number of a PIV card: guid:32 hexadecimal digits, fasc-n:50 hexadecimal digits "
            "or yubikey-serial:decimal digits"
        )
    return CardId("piv", kind, str(int(number)) if kind == "yubikey-serial" else number)


_CARD_IDS: dict[str, Callable[[str], CardId]] = {"piv": _piv_card}
_CARD_KEYS: dict[str, Callable[[bytes], object]] = {"piv": challenge_for}
