"""The demo's staff: who can sign in at the maintenance side, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from cardio.card import CardId
from cardio.virtual.piv import PivCard
from kiosk.demo import cast
from kiosk.i18n import Phrase, Words
from kiosk.settings import Staff
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


@dataclass(frozen=True)
class StaffRole(cast.Role):
    """A staff card of the tray. ``by_password``: whether the kiosk is content with one."""

    password: str = ""
    by_password: bool = False

    def crib(self) -> list[tuple[Phrase, str]]:
        """What they sign in with, beside the card."""
        return [(lambda _: _("Name"), self.name), (self._password_is, self.password)]

    def _password_is(self, _: Words) -> str:
        return _("Password") if self.by_password else _("Password (not at a kiosk)")


def roles(members: Sequence[Member], rules: Staff) -> list[cast.Role]:
    """Their cards for the tray, each with how its owner signs in."""
    return [_role(one, rules) for one in members]


_TITLES: dict[Role, Phrase] = {
    Role.TECHNICIAN: lambda _: _("Staff: the technician"),
    Role.OFFICER: lambda _: _("Staff: the officer"),
    Role.ADMINISTRATOR: lambda _: _("Staff: the administrator"),
}


_CRIBS: dict[Role, Phrase] = {
    Role.TECHNICIAN: lambda _: _("R unplugs the reader: find out what is wrong"),
    Role.OFFICER: lambda _: _("put a person's card in, and help them"),
    Role.ADMINISTRATOR: lambda _: _("see the report, and who may sign in"),
}


def _role(one: Member, rules: Staff) -> StaffRole:
    key, by_password = rules.key.upper(), one.role is Role.TECHNICIAN or rules.officer_password_at_kiosk

    def how(_: Words) -> str:
        if by_password:
            text = _("{key} on the first screen; then sign in, or F2 and this card")
        else:
            text = _("{key} on the first screen; then F2 and this card")
        return f"{text.format(key=key)}; {_CRIBS[one.role](_)}"

    return StaffRole(
        one.card, _TITLES[one.role], how, one.name, password=one.password, by_password=by_password
    )


async def sign_up(members: Sequence[Member], accounts: Accounts) -> None:
    """Make their accounts."""
    for one in members:
        key = one.card.sign_in_der
        if key is None:
            raise LookupError(f"the card of {one.name} has no key 9A")
        card = StaffCard(CardId("piv", "guid", one.card.guid.hex().upper()), key)
        await accounts.add(one.name, one.role, SecretStr(one.password), card, by=BY)
