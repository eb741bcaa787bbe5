"""What the kiosk was told: every setting, and where it comes from."""

from __future__ import annotations

from kiosk.provenance import Origins, in_force
from kiosk.settings import Settings
from kiosk.staff.account import Account
from kiosk.staff.rooms.rights import TECHNICIANS, Room, for_roles
from kiosk.staff.tools import Setting


class SettingsRoom(Room):
    """Shows the settings. Nobody changes them here: they are the file's."""

    def __init__(self, account: Account, settings: Settings, origins: Origins) -> None:
        self.account = account
        self._settings = settings
        self._origins = origins

    @for_roles(TECHNICIANS)
    async def all(self) -> tuple[Setting, ...]:
        """Every setting, in the order of kiosk.toml."""
        return tuple(Setting(*one) for one in in_force(self._settings, self._origins))
