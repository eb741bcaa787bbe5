"""The maintenance side, put together on the parts of a kiosk."""

from __future__ import annotations

from functools import partial

from kiosk.staff.account import Account
from kiosk.staff.door import Door
from kiosk.staff.lobby import StaffLobby
from kiosk.staff.rooms.health import HealthRoom
from kiosk.staff.rooms.service import ServiceDesk
from kiosk.staff.rooms.session import StaffSession
from kiosk.wiring import Parts


def open_lobby(parts: Parts, *, at_kiosk: bool = True) -> StaffLobby:
    """Where staff come in. ``at_kiosk``: in a corridor, and not at the RA's own machine."""
    store = parts.service.store
    door = Door(store, parts.hasher, parts.accounts, parts.reader, parts.families, at_kiosk=at_kiosk)
    return StaffLobby(parts.hold, door, partial(_session, parts))


def _session(parts: Parts, account: Account) -> StaffSession:
    store = parts.service.store
    return StaffSession(
        account,
        HealthRoom(account, store.settings, parts.reader, parts.pulse),
        ServiceDesk(account, store, lambda: parts.hold.restart()),
    )
