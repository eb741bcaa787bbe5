"""Who is acting, for the audit trail: the OS account, and whoever has signed in."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path

_LOGIN = Path("/proc/self/loginuid")  # 4294967295: nobody has signed in, such as in a service
LONGEST = 64  # characters of an actor


def operator() -> str:
    """The account's name: who signed in on this machine, else who called sudo, else whom this runs as.

    Who signed in is what the kernel has kept since (its audit's login uid). $SUDO_USER is believed of root
    alone, for anybody else can set it; environment names like $USER never are.
    """
    with suppress(KeyError, OSError, ValueError):
        return pwd.getpwuid(int(_LOGIN.read_text())).pw_name
    if os.geteuid() == 0:
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
