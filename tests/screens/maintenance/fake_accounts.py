"""Accounts without a store: they say what the real room says, and keep what was asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from kiosk.staff.account import Account, Role, StaffProblem
from kiosk.staff.desk import Done, Foreseen
from kiosk.staff.foreseeing_accounts import Office, done, foreseen
from kiosk.staff.roster import (
    AccountAct,
    AccountDeed,
    AccountGrounds,
    AtStaffReader,
    Opens,
    StaffCardSeen,
)
from tests.screens.gallery import NOW

ME = "ruth"  # the administrator of every fake session
PASSWORD, PASSCODE = "plum-kettle", "418305"
THEIRS = StaffCardSeen("piv:guid:0C41A3B78E5D4F60917F2B6C8D3E1A55", "", 3)
MINE = replace(THEIRS, number="piv:guid:B197C1010AA33FEF65B176C155D55DED", of=ME)


def account(name: str, role: Role, *, disabled: bool = False, by: str = "password", days: int = 9) -> Account:
    """An account that was made so many days ago; ``by`` names what opens it."""
    made = NOW - timedelta(days=days)
    return Account(name, role, disabled, "password" in by, "card" in by, made)


ACCOUNTS = (
    account("brown", Role.TECHNICIAN, days=220),
    account("jones", Role.OFFICER, by="password, card", days=218),
    account("marion.smith-hargreaves-oconnor", Role.OFFICER, by="card", days=90),
    account("patel", Role.OFFICER, disabled=True, by="password, card", days=200),
    account(ME, Role.ADMINISTRATOR, by="password, card", days=230),
    account("wood", Role.ADMINISTRATOR, by="card", days=12),
)


class FakeAccounts:
    """A list, a reader, and what was done. ``trouble`` is raised by the next deed."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = list(accounts or ACCOUNTS)
        self.elsewhere_because = ""
        self.done: list[tuple[AccountDeed, AccountGrounds]] = []
        self.trouble: Exception | None = None
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.at = AtStaffReader(None, "Put the card into the reader.")
        self.looks = 0
        self._followers: list[asyncio.Queue[AtStaffReader]] = []

    @property
    def followers(self) -> int:
        """How many follow the reader."""
        return len(self._followers)

    def put(self, card: StaffCardSeen | None) -> None:
        """Another card in the reader, or none."""
        self.at = AtStaffReader(card, "" if card else "Put the card into the reader.")
        for one in self._followers:
            one.put_nowait(self.at)

    async def elsewhere(self) -> str:
        return self.elsewhere_because

    async def all(self) -> tuple[Account, ...]:
        return tuple(sorted(self.accounts, key=lambda one: one.name))

    async def free(self, name: str) -> str:
        if not name.strip() or " " in name.strip():
            raise StaffProblem("a staff name has 2 to 32 of a-z, 0-9, dot, hyphen and underscore")
        if name in [one.name for one in self.accounts]:
            raise StaffProblem(f"there is a staff account {name!r} already")
        return name.strip().casefold()

    async def weakness(self, name: str, password: SecretStr) -> str:
        short = len(password.get_secret_value()) < len(PASSWORD)
        return "The password is too short: use 12 characters or more" if short else ""

    async def reader(self) -> AsyncIterator[AtStaffReader]:
        mine: asyncio.Queue[AtStaffReader] = asyncio.Queue()
        self.looks += 1
        self._followers.append(mine)
        try:
            yield self.at
            while True:
                yield await mine.get()
        finally:
            self._followers.remove(mine)

    async def foresee(self, deed: AccountDeed) -> Foreseen:
        return foreseen(deed, Office(self.accounts, ME, card_only=True))

    async def carry_out(self, deed: AccountDeed, grounds: AccountGrounds) -> Done:
        await self.goes_on.wait()
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        self.done.append((deed, grounds))
        before = next((one for one in self.accounts if one.name == deed.name), None)
        if before is None and deed.role is not None:
            before = account(deed.name, deed.role, by="", days=0)
        assert before is not None
        after = replace(
            before,
            disabled=deed.act is AccountAct.DISABLE,
            password=before.password or deed.opens is Opens.PASSWORD,
            card=before.card or deed.opens is Opens.CARD,
        )
        self.accounts = [one for one in self.accounts if one.name != deed.name] + [after]
        return Done(done(deed))
