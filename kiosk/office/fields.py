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

from cardio.card import CardId, Family, KeyUse
from kiosk.enrolment import EnrolmentError
from kiosk.proofs import emails
from kiosk.refusals import EmailRule

P = ParamSpec("P")
T = TypeVar("T")

_TELLING = 3  # characters: less names nobody

_EMAIL_RULES = {
    EmailRule.NOT_ONE_ADDRESS: "is not one plain email address",
    EmailRule.TOO_LONG: "is too long for an email address",
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


def impersonal(text: str, personal: Sequence[str]) -> str:
    """A text that stays when the person is forgotten: nothing that is theirs as a word of it."""
    words = set(_words(text))
    for part in personal:
        own = _words(part)
        if len("".join(own)) >= _TELLING and set(own) <= words:
            raise ValueError("names the person, and would stay in the audit trail: a ticket's number does")
    return text


def email(text: str, domains: Sequence[str]) -> str:
    """One address at an approved domain, or nothing at all."""
    if not text.strip():
        return ""
    try:
        return emails.parse(text, domains)
    except emails.EmailRefused as refused:
        approved = f"is not at an approved domain ({', '.join(domains)})"
        raise ValueError(_EMAIL_RULES.get(refused.rule, approved)) from None


def address(text: str, domains: Sequence[str]) -> str:
    """One address at an approved domain."""
    if not text.strip():
        raise ValueError("is empty")
    return email(text, domains)


def card_id(text: str, family: Family) -> CardId:
    """A card's number, as "KIND:NUMBER", "FAMILY:KIND:NUMBER" or the family's plain form."""
    return family.parse_id(text.strip().removeprefix(f"{family.name}:"))


def unblock_secret(text: str, family: Family) -> SecretBytes:
    """The secret that unlocks a card, as a roll has it."""
    try:
        return family.secret.parse(text)
    except ValueError as wrong:
        hint = " (spreadsheets drop leading zeros: format it as text)" if text.isdigit() else ""
        raise ValueError(f"{wrong}{hint}") from None


def card_key(text: str, family: Family, use: KeyUse) -> bytes:
    """The public half of a card's key: DER SubjectPublicKeyInfo, as hexadecimal or base64."""
    plain = "".join(text.split())
    try:
        key = (
            bytes.fromhex(plain)
            if re.fullmatch(r"[0-9A-Fa-f]+", plain)
            else base64.b64decode(plain, validate=True)
        )
        family.check_key(use, key)
    except (ValueError, binascii.Error):
        raise ValueError(
            "is not a public key such a card can have (DER SubjectPublicKeyInfo, as base64 or hexadecimal)"
        ) from None
    return key


def _words(text: str) -> list[str]:
    """Its words, whatever accents their letters have or have not, and how wide and tall they are."""
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return re.findall(r"[^\W_]+", bare.casefold())


def _line(text: str, longest: int) -> str:
    plain = text.strip()
    if not plain:
        raise ValueError("is empty")
    if len(plain) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if not plain.isprintable() and any(unicodedata.category(character)[0] == "C" for character in plain):
        raise ValueError("contains control characters")
    return plain
