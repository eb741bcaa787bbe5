"""Cards that are believed by their number when they are locked: a copy of one would be, too."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import String, bindparam, text

from kiosk.families import families
from kiosk.keyring import diversified
from kiosk.settings import Settings
from kiosk.storage.place import place

# Grouped by an expression: by the column itself SQLite would follow the index of serial numbers through the
# whole file, in no order of its pages.
_QUERY = """
    SELECT
        card.family || '' AS family,
        SUM(CASE WHEN card.passcode_key IS NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN card.passcode_key IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN unblock_secret.card IN ({shared}) THEN 1 ELSE 0 END)
    FROM card LEFT JOIN unblock_secret ON unblock_secret.card = card.id
    JOIN holder ON holder.id = card.holder
    WHERE card.state = 'active' AND NOT holder.selftest AND card.public_key IS NULL AND NOT card.mutual_proven
        AND (unblock_secret.card IS NOT NULL OR card.family IN :derived)
    GROUP BY card.family || ''
"""
_SHARED = {
    "postgresql": "SELECT unlock_shared_cards()",  # a kiosk may compare no fingerprints
    "sqlite": """SELECT card FROM unblock_secret WHERE fingerprint IN (
        SELECT fingerprint FROM unblock_secret GROUP BY fingerprint HAVING COUNT(*) > 1
    )""",
}


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
    """Count them; the database is only read. Raises DBAPIError."""
    engine = place(settings).plain()
    query = text(_QUERY.format(shared=_SHARED[engine.dialect.name]))
    query = query.bindparams(bindparam("derived", expanding=True, type_=String))
    try:
        with engine.connect() as connection:
            found = connection.execute(query, {"derived": diversified(settings)})
            rows = {family: counts for family, *counts in found}
    finally:
        engine.dispose()
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
