"""Signing in for one command: through the same door as at a kiosk, where a password is enough."""

from __future__ import annotations

from dataclasses import replace

from pydantic import SecretStr

from kiosk.audit import Event, Outcome, Subject
from kiosk.families import families
from kiosk.office.office import office
from kiosk.office.operator import signed_in
from kiosk.settings import Settings
from kiosk.staff.account import Account, NotAllowed, Role, StaffProblem
from kiosk.staff.accounts import SHUT_OUT
from kiosk.staff.door import Door
from kiosk.staff.entry import Refused

FIRST = "there is no staff account yet: make the first administrator with 'kiosk init --administrator NAME'"


async def require_staff(settings: Settings) -> None:
    """Raise StaffProblem where nobody could sign in, whoever it is; SettingsError where nobody could work."""
    families(settings)  # what is wrong with them is said before anything is asked, or missing
    async with office(settings) as parts:
        if not await parts.accounts.any():
            raise StaffProblem(FIRST)


async def sign_in(settings: Settings, name: str, password: SecretStr, role: Role) -> Account:
    """Check who it is. Raises StaffProblem, NotAllowed."""
    async with office(settings) as parts:
        store, known = parts.service.store, (parts.accounts, parts.reader, parts.families)
        door = Door(store, parts.hasher, *known, at_kiosk=False, named=signed_in)
        entry = await door.by_password(name, password)
        if isinstance(entry, Refused):
            raise StaffProblem(_words(entry))
        by = signed_in(entry.name)
        if entry.role is not role:
            about = Subject(actor=by)
            await store.record(Event.STAFF_REFUSED, about, Outcome.REFUSED, "role", method="password")
            raise NotAllowed(f"this is for the role {role.value}, and yours is {entry.role.value}")
        return replace(entry, acts_as=by)


async def require_standing(settings: Settings, account: Account) -> None:
    """Raise NotAllowed where whoever was let in as that account would not be now."""
    async with office(settings) as parts:
        if not account.stands(await parts.accounts.find(account.name)):
            raise NotAllowed(SHUT_OUT)


def _words(refused: Refused) -> str:
    if refused.until is not None:
        until = refused.until.astimezone()
        return f"after a failure under this name you have to wait here, until {until:%H:%M:%S}"
    return "name or password is not right; wait a minute before you try again"
