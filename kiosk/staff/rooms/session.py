"""StaffSession: what whoever has signed in may see and do. The screens get this, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.staff.account import Account
from kiosk.staff.rooms.health import HealthRoom
from kiosk.staff.rooms.service import ServiceDesk


class StaffSession:
    """One person at the maintenance side. Its rooms check the role, and write the audit events themselves.

    ``health``: the board; ``service``: the kiosk in and out of service.
    """

    def __init__(self, account: Account, health: HealthRoom, service: ServiceDesk) -> None:
        self.account = account
        self.health = health
        self.service = service
        self._at_end: list[Callable[[], Awaitable[None]]] = []

    def at_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have something let go of when they leave: a card's session, a stream."""
        self._at_end.append(work)

    async def close(self) -> None:
        """Let go of everything, the newest first."""
        while self._at_end:
            await self._at_end.pop()()
