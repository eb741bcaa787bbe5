"""Who is acting, for the audit trail: the OS account, until staff accounts exist."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress


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
