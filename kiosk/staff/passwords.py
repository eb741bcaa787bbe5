"""Which passwords a staff account may have: long enough, and not the kind that is guessed first.

zxcvbn (Wheeler, USENIX Security 2016) knows common passwords, names, words, dates and keyboard walks.
It is loaded here only, when a password is chosen: its lists take a moment.
"""

from __future__ import annotations

from pydantic import SecretStr

SHORTEST = 12
LONGEST = 128
_SEEN = 72  # characters that zxcvbn looks at
_UNLIKELY = 3  # of its scores, 0 to 4: more than 10^8 guesses


def weakness(password: SecretStr, name: str) -> str:
    """What is wrong with a new password for the account ``name``, in words; empty: it may be used."""
    text = password.get_secret_value()
    if len(text) < SHORTEST:
        return f"is too short: use {SHORTEST} characters or more"
    if len(text) > LONGEST:
        return f"is too long: use {LONGEST} characters at most"
    from zxcvbn import zxcvbn

    found = zxcvbn(text[:_SEEN], user_inputs=[name, *name.replace(".", " ").split(), "kiosk", "smartcard"])
    if found["score"] >= _UNLIKELY:
        return ""
    why = found["feedback"]["warning"].rstrip(".").lower() or "it follows a pattern"
    return f"is easily guessed ({why}): use four or more words that have nothing to do with one another"
