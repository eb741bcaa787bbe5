"""What the two kinds of database do differently; everything else is the same SQL and the same code."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

_INSUFFICIENT = "42501"  # insufficient_privilege
_OUR_OWN = "UK"  # what the migrations' triggers and functions raise


class StoreUnavailable(Exception):
    """The database cannot be used: nothing of this unit of work was kept."""


class NotAllowed(StoreUnavailable):
    """The database refuses this role what was asked. The message is for people, and says whose it is."""


class Backend(Protocol):
    """A place where a store can be.

    ``shown`` names it for people, without a password, ``role`` whom it is opened as (empty for a file).
    ``one_at_a_time``: units of work follow one another, whatever they touch; otherwise those that change
    one holder's facts take that holder's lock.
    """

    shown: str
    role: str
    one_at_a_time: bool

    def engine(self) -> AsyncEngine:
        """Connections for units of work. Connects to nothing yet."""
        ...

    def plain(self, *, write: bool = False) -> Engine:
        """Connections for migrations, checks and reports; without ``write`` they cannot change a thing."""
        ...

    def revision(self) -> str | None:
        """The migration the store is at, None where it has no tables yet. Raises StoreUnavailable."""
        ...

    async def time(self, session: AsyncSession) -> datetime | None:
        """The database's own clock, UTC; None where this machine's clock is the store's."""
        ...

    async def ticket(self, session: AsyncSession) -> str | None:
        """What `took_place` needs to know of this unit of work; None where a commit is never in doubt."""
        ...

    async def took_place(self, engine: AsyncEngine, ticket: str) -> bool:
        """Whether a unit of work was committed whose answer was lost. Raises StoreUnavailable."""
        ...

    async def watch(self, session: AsyncSession, seconds: float | None) -> AbstractContextManager[None]:
        """Connect, and end the connection of a unit of work that lasts longer, so that it fails."""
        ...

    async def erase(self) -> bool:
        """After something was deleted: let it be gone from the files, as far as this program can.

        Whether it was done; otherwise it is to be done later, when nobody reads what was.
        """
        ...


def refusal(error: BaseException | None, role: str) -> NotAllowed | None:
    """An error of the driver as what a role may not do; None for every other error.

    The words are the server's, or those of our own triggers: names of tables and kiosks, no row's values.
    """
    state = getattr(error, "sqlstate", None) or ""
    line = str(error).strip().split("\n")[0]
    if state == _INSUFFICIENT:
        whose = "it is for an officer's role or the owner of the tables"
        return NotAllowed(f"the role {role} may not do this ({line}): {whose} (docs/fleet.md)")
    if state.startswith(_OUR_OWN):
        return NotAllowed(f"the role {role} may not do this: {line} (docs/fleet.md)")
    return None


def reason(error: DBAPIError) -> str:
    """Why the database could not be used, in one line; the driver's words hold no row's values."""
    cause = error.orig or error
    line = str(cause).strip().split("\n")[0]
    return line or type(cause).__name__
