"""What the screens are given: a kiosk that attends to people on a stage. Loads no store and no reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kiosk.dialogue import Stage
from kiosk.settings import Settings

if TYPE_CHECKING:
    from kiosk.staff.entry import Lobby


class Kiosk(Protocol):
    """What `screens.launch` shows. ``virtual`` puts a permanent banner on every screen."""

    @property
    def settings(self) -> Settings:
        """The configuration, for names, patience and colours."""

    @property
    def virtual(self) -> bool:
        """Whether the reader is a virtual one."""

    @property
    def lobby(self) -> Lobby | None:
        """Where staff come in; None while nobody attends."""

    async def attend(self, stage: Stage) -> int:
        """Serve people on this stage; returns the exit code once closed."""

    def close(self) -> None:
        """Ask `attend` to end; a card write under way is waited for."""
