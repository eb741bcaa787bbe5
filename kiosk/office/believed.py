"""Cards that are believed by their number when they are locked: a copy of one would be, too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

from kiosk.families import families
from kiosk.settings import Settings
from kiosk.storage.database import database_path
from kiosk.wiring import diversified

_QUERY = """
    SELECT
        card.family,
        SUM(card.passcode_key IS NULL),
        SUM(card.passcode_key IS NOT NULL),
        SUM(unblock_secret.fingerprint IN (
            SELECT fingerprint FROM unblock_secret GROUP BY fingerprint HAVING COUNT(*) > 1
        ))
    FROM card LEFT JOIN unblock_secret ON unblock_secret.card = card.id
    JOIN holder ON holder.id = card.holder
    WHERE card.state = 'active' AND NOT holder.selftest AND card.public_key IS NULL AND NOT card.mutual_proven
        AND (unblock_secret.card IS NOT NULL OR card.family IN (SELECT value FROM json_each(?)))
    GROUP BY card.family
"""


@dataclass(frozen=True)
class Believed:
    """Active cards that have an unblock secret, and nothing pinned that proves them before a passcode.

    ``unpinned``: nothing at all is pinned, though such cards have keys. ``unprovable``: they have none.
    ``later``: what is pinned proves them after the passcode. ``shared``: of all these, cards that have
    the same secret as another, which is not sent to them. Cards of families that have
    ``card_authentication`` off are left out.
    """

    unpinned: int = 0
    unprovable: int = 0
    later: int = 0
    shared: int = 0


def believed(settings: Settings) -> Believed:
    """Count them; the database is only read. Raises sqlite3.Error."""
    path = database_path(settings.database.url, settings.state_directory)
    derived = "[" + ",".join(f'"{name}"' for name in diversified(settings)) + "]"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        rows = {family: counts for family, *counts in connection.execute(_QUERY, (derived,))}
    unpinned = unprovable = later = shared = 0
    for family in families(settings):
        if family.name not in rows or settings.cards.table(family.name).card_authentication == "off":
            continue
        keyless, after_passcode, alike = (int(count or 0) for count in rows[family.name])
        if family.traits.key_uses or family.traits.mutual:
            unpinned += keyless
        else:
            unprovable += keyless
        later += after_passcode
        shared += alike
    return Believed(unpinned, unprovable, later, shared)


def told(count: int) -> str:
    """The number of those that want a key, in words."""
    return f"{count} active card{'s have' if count > 1 else ' has'} an unblock secret but no pinned key"
