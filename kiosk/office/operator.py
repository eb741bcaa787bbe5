"""Who is acting, for the audit trail: the OS account, and whoever has signed in."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress

LONGEST = 64  # characters of an actor


def operator() -> str:
    """The account's name: who called sudo, else whom this process runs as.

    $SUDO_USER counts only where such an account exists; environment names like $USER never do.
    """
    with suppress(KeyError):
        return pwd.getpwnam(os.environ.get("SUDO_USER", "")).pw_name
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account that only the directory service knows, and it is away
        return f"uid {os.getuid()}"


def signed_in(staff: str) -> str:
    """A member of the staff as an actor, with the account whose command it is: "jones (root)".

    "" is nobody of the staff: the account alone.
    """
    if not staff:
        return operator()
    room = LONGEST - len(staff) - len(" ()")
    return f"{staff} ({operator()[:room]})"


def names(actor: str) -> frozenset[str]:
    """Everybody an actor stands for, folded: the staff name and the account of "jones (root)"."""
    staff, _, account = actor.casefold().removesuffix(")").partition(" (")
    return frozenset({staff, account} - {""})
