"""A kiosk with staff: a technician, an officer and an administrator, each with password and card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from cardio.card import CardId
from cardio.virtual.piv import PivCard
from kiosk.hold import Hold
from kiosk.settings import Settings
from kiosk.staff.account import Account, Role
from kiosk.staff.accounts import Accounts, StaffCard
from kiosk.staff.door import Door
from kiosk.staff.entry import Refused
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.wiring import open_lobby
from tests.kiosk.staff.desk import PASSWORD, at_desk
from tests.stories.conftest import database, with_ann
from tests.stories.world import World, new_world

__all__ = ["PASSWORD", "database", "officer", "staffed"]

PASSCODE = SecretStr("418305")


@dataclass
class Staffed:
    """The world, its staff's cards by role, and the door of its kiosk."""

    world: World
    cards: dict[Role, PivCard]
    door: Door

    @property
    def accounts(self) -> Accounts:
        """As an administrator changes them."""
        return self.world.office.accounts

    async def account(self, name: str) -> Account:
        """That account."""
        found = await self.accounts.find(name)
        assert found is not None
        return found

    async def session(self, role: Role) -> StaffSession:
        """Somebody of that role, signed in at the RA's own machine."""
        lobby = open_lobby(replace(self.world.parts, hold=Hold()), at_kiosk=False)
        assert lobby.enter()
        entered = await lobby.by_password(role.value, PASSWORD)
        assert isinstance(entered, StaffSession)
        return entered


def card_of(card: PivCard) -> StaffCard:
    """What is pinned of a card."""
    assert card.sign_in_der is not None
    return StaffCard(CardId("piv", "guid", card.guid.hex().upper()), card.sign_in_der)


async def by_card(staffed: Staffed, passcode: SecretStr) -> Account | Refused:
    """Sign in with the card in the reader."""
    return await staffed.door.by_card(passcode, staffed.world.reader.presence.insertion)


def door_of(world: World, *, at_kiosk: bool = True) -> Door:
    """The door of a world's kiosk."""
    parts = world.parts
    store = parts.service.store
    return Door(store, parts.hasher, parts.accounts, parts.reader, parts.families, at_kiosk=at_kiosk)


@pytest.fixture
async def staffed(tmp_path: Path, database: dict[str, str]) -> AsyncIterator[Staffed]:
    """Three accounts, named for their roles."""
    async with new_world(tmp_path, Settings().changed(database=database)) as world:
        cards = {role: PivCard(pin=PASSCODE.get_secret_value(), name=role.value) for role in Role}
        for role, card in cards.items():
            await world.office.accounts.add(role.value, role, PASSWORD, card_of(card), by="init")
        yield Staffed(world, cards, door_of(world))


@pytest.fixture
async def ann(staffed: Staffed) -> World:
    """Ann is registered, and her card locked."""
    world = await with_ann(staffed.world)
    world.ann.lock()
    return world


@pytest.fixture
async def officer(staffed: Staffed) -> StaffSession:
    """An officer on the RA's own machine."""
    return await at_desk(staffed.world.office)
