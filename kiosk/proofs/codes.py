"""Codes that are mailed, or read out by the RA: made, shown and typed."""

from __future__ import annotations

import secrets
import unicodedata

from pydantic import SecretStr


def new_code(digits: int) -> SecretStr:
    """A code of so many decimal digits, each equally likely, from the system's CSPRNG."""
    return SecretStr(f"{secrets.randbelow(10**digits):0{digits}d}")


def grouped(code: str) -> str:
    """The code as people read it, in two halves: "1234 5678"."""
    half = (len(code) + 1) // 2
    return f"{code[:half]} {code[half:]}".rstrip()


def clean(text: str) -> str:
    """What was typed, without the spaces and dashes people put between the groups."""
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Pd")
