"""Staff accounts, for administrators: who has one; made, given what opens it, and shut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from pydantic import SecretStr

from kiosk.enrolment import EnrolmentError
from kiosk.office import fields
from kiosk.staff.account import Account, StaffProblem
from kiosk.staff.accounts import CHANGED, StaffCard, folded
from kiosk.staff.desk import Done, Foreseen
from kiosk.staff.foreseeing_accounts import Office, done, foreseen
from kiosk.staff.passwords import weakness
from kiosk.staff.rooms.accounts_reader import AccountsReader
from kiosk.staff.rooms.rights import ADMINISTRATORS, for_roles
from kiosk.staff.rooms.writing import WritingRoom
from kiosk.staff.roster import AccountAct, AccountDeed, AccountGrounds, AtStaffReader, Opens
from kiosk.wiring import Parts

ELSEWHERE = (
    "accounts are not changed at a kiosk of a fleet, where the database does not let anybody: "
    "do it on the RA's own machine, with 'kiosk desk'"
)


class AccountsRoom(WritingRoom):
    """Makes and changes accounts, in the name of whoever has signed in."""

    changes = "staff", "password_hash"
    elsewhere_is = ELSEWHERE

    def __init__(self, account: Account, parts: Parts) -> None:
        super().__init__(parts.service.store)
        self.account = account
        self._parts = parts
        self._accounts = parts.accounts
        self._at_reader = AccountsReader(parts)

    @for_roles(ADMINISTRATORS)
    async def elsewhere(self) -> str:
        """Why no account can be changed on this machine; empty where they can."""
        return await self._why_not_here()

    @for_roles(ADMINISTRATORS)
    async def all(self) -> tuple[Account, ...]:
        """Every account by name, disabled or not."""
        return tuple(replace(one, card_key=None, opened_by="") for one in await self._accounts.all())

    @for_roles(ADMINISTRATORS)
    async def free(self, name: str) -> str:
        """The name as it will be kept. Raises StaffProblem for one that is taken, or can be none."""
        name = folded(name)
        if await self._accounts.find(name) is not None:
            raise StaffProblem(f"there is a staff account {name!r} already")
        return name

    @for_roles(ADMINISTRATORS)
    async def weakness(self, name: str, password: SecretStr) -> str:
        """What is wrong with a new password for that account; empty: it may be used."""
        wrong = await asyncio.to_thread(weakness, password, name)
        return f"The password {wrong}" if wrong else ""

    @for_roles(ADMINISTRATORS)
    async def reader(self) -> AsyncIterator[AtStaffReader]:
        """The card in the reader, looked at whenever another goes in; what is missing while there is none."""
        await self._require_here()
        async for seen in self._at_reader.follow():
            yield seen

    @for_roles(ADMINISTRATORS)
    async def foresee(self, deed: AccountDeed) -> Foreseen:
        """What the deed would do. Raises StaffProblem, which says why, where it cannot be done."""
        await self._require_here()
        return foreseen(deed, await self._office())

    @for_roles(ADMINISTRATORS)
    async def carry_out(self, deed: AccountDeed, grounds: AccountGrounds) -> Done:
        """Do it, to its end. Raises StaffProblem: nothing was done; CardIOError."""
        await self._require_here()
        office = await self._office()
        will_be = foreseen(deed, office)
        if grounds.told not in ((), will_be.lines):
            raise StaffProblem(CHANGED)
        if will_be.dangerous and grounds.typed_name.strip().casefold() != deed.name:
            raise StaffProblem("type the account's name as it stands above: nothing was done")
        return await self._to_its_end(
            lambda: self._carry_out(deed, grounds, office), f"account {deed.act.value}"
        )

    async def _office(self) -> Office:
        rules = self._parts.service.settings.staff
        everybody = await self._accounts.all()
        return Office(everybody, self.account.name, not rules.officer_password_at_kiosk)

    async def _carry_out(self, deed: AccountDeed, grounds: AccountGrounds, office: Office) -> Done:
        name, by = deed.name, self.account
        if deed.act is AccountAct.DISABLE:
            await self._accounts.disable(name, _reason(grounds.reason), by=by)
        elif deed.role is not None:  # it is being made: what is there keeps the role that it has
            await self._accounts.add(name, deed.role, *await self._opened_with(deed, grounds), by=by)
        else:
            seen = office.account(name)
            await self._accounts.reset(name, *await self._opened_with(deed, grounds), by=by, seen=seen)
        return Done(done(deed))

    async def _opened_with(
        self, deed: AccountDeed, grounds: AccountGrounds
    ) -> tuple[SecretStr | None, StaffCard | None]:
        """What was typed, or the card for which it was. Raises StaffProblem, CardIOError."""
        if deed.opens is None:
            return None, None
        if deed.opens is Opens.PASSWORD:
            if grounds.password is None or not grounds.password.get_secret_value():
                raise StaffProblem("type the password: nothing was done")
            return grounds.password, None
        if grounds.passcode is None or not grounds.passcode.get_secret_value():
            raise StaffProblem("type the passcode of the card: nothing was done")
        return None, await self._at_reader.take(deed.name, grounds.card, grounds.passcode)


def _reason(text: str) -> str:
    try:
        return fields.checked("the reason", fields.reason, text)
    except EnrolmentError as problem:
        raise StaffProblem(str(problem)) from None
