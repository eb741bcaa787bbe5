"""Cards that a copy could stand in for: an unblock secret is kept for them, but no key is pinned."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_QUERY = """
    SELECT COUNT(*) FROM card JOIN unblock_secret ON unblock_secret.card = card.id
    JOIN holder ON holder.id = card.holder
    WHERE card.state = 'active' AND card.public_key IS NULL AND NOT holder.selftest
"""


def count_unpinned(database: Path) -> int:
    """How many active cards that is; the file is only read. Raises sqlite3.Error."""
    with closing(
        sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    ) as connection:
        (count,) = connection.execute(_QUERY).fetchone()
        return int(count)


def told(count: int) -> str:
    """The number in words."""
    return f"{count} active card{'s have' if count > 1 else ' has'} an unblock secret but no pinned key"
