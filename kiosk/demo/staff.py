"""The demo's staff: who can sign in at the maintenance side, and with what."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from cardio.card import CardId
from cardio.virtual.piv import PivCard
from kiosk.staff.account import Role
from kiosk.staff.accounts import Accounts, StaffCard

BY = "demo"


@dataclass(frozen=True)
class Member:
    """One of the staff, with a card of their own."""

    name: str
    role: Role
    password: str
    card: PivCard


def staff() -> list[Member]:
    """A technician, an officer and an administrator, with newly made cards."""
    return [
        Member("tess", Role.TECHNICIAN, "violet tractor umbrella", PivCard(pin="418305", name="Tess Hall")),
        Member("olga", Role.OFFICER, "copper lantern meadow", PivCard(pin="725190", name="Olga Price")),
        Member("adam", Role.ADMINISTRATOR, "walnut harbour piano", PivCard(pin="960274", name="Adam Reid")),
    ]


async def sign_up(members: list[Member], accounts: Accounts) -> None:
    """Make their accounts."""
    for one in members:
        key = one.card.sign_in_der
        if key is None:
            raise LookupError(f"the card of {one.name} has no key 9A")
        card = StaffCard(CardId("piv", "guid", one.card.guid.hex().upper()), key)
        await accounts.add(one.name, one.role, SecretStr(one.password), card, by=BY)
