"""Whether a store was written with the pepper that is here.

With another one nobody's answers match, nobody is found by name, and the first audit event would break the
chain. The store's oldest events tell: their MACs are made with a key derived from the pepper (`kiosk.chain`).
"""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from kiosk.chain import LABEL, Chain, oldest, unreadable
from kiosk.keys import KeyProblem, key_source
from kiosk.pepper import Pepper, derived
from kiosk.settings import Settings
from kiosk.storage.backend import Backend, StoreUnavailable, reason
from kiosk.store import Store

PUT_RIGHT = (
    "put the right one back from your backup, or copy it from the RA's machine; or database.url leads to "
    "another store than it should"
)


class StrangePepper(KeyProblem):
    """The pepper is not the one that the store was written with. The message says what to do."""


def pepper_place(settings: Settings) -> str:
    """Where the pepper is, for people."""
    if settings.keys.token is not None:
        return f"token {settings.keys.token_label!r}: the pepper"
    return str(key_source(settings.state_directory, settings.keys.pepper, "pepper-key"))


def strange(settings: Settings, store: str) -> StrangePepper:
    """The problem of a pepper that is not the store's, and what to do."""
    return StrangePepper(
        f"{pepper_place(settings)}: is not the one that {store} was written with (none of its oldest audit "
        f"events fits): {PUT_RIGHT}"
    )


async def require_own_pepper(store: Store) -> None:
    """Before anything is done in a store. Raises StrangePepper, StoreUnavailable."""
    async with store.database.transaction() as session:
        if not await store.audit.chain.fits(session):
            raise strange(store.settings, store.database.backend.shown)


def require_pepper_of(backend: Backend, settings: Settings, pepper: Pepper) -> None:
    """The same without a kiosk around it. Raises StrangePepper, StoreUnavailable."""
    if not written_with(backend, pepper):
        raise strange(settings, backend.shown)


def written_with(backend: Backend, pepper: Pepper) -> bool:
    """Whether a store was, as far as can be told: one without an event fits any. Raises StoreUnavailable."""
    if backend.revision() is None:
        return True
    engine = backend.plain()
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("audit_store"):
                return True  # of the release before the chain
            rows = [row._asdict() for row in connection.execute(oldest())]
    except (DBAPIError, ValueError, TypeError) as error:
        if isinstance(error, DBAPIError) and not unreadable(error):
            raise StoreUnavailable(reason(error)) from None
        return True
    finally:
        engine.dispose()
    return Chain(derived(pepper, LABEL)).made(rows)
