"""Staff accounts, as the screens of administrators know them: who has one, and what is done with it.

Whatever is done is an `AccountDeed`: what it will do is told before (`AccountsTool.foresee`). The room that
does it is in `kiosk.staff.rooms`; it checks the role, and the audit events name who has signed in. A password
or a passcode is in `AccountGrounds` alone, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from pydantic import SecretStr

from kiosk.staff.account import Account, Role
from kiosk.staff.desk import Done, Foreseen


class AccountAct(Enum):
    """What is done with an account."""

    ADD = "add"
    RESET = "reset"  # it gets a new password or card, or neither, and can be used again
    DISABLE = "disable"


class Opens(Enum):
    """What an account is opened with."""

    PASSWORD = "password"  # noqa: S105 - a kind of thing
    CARD = "card"  # the one in the reader, by its passcode


@dataclass(frozen=True)
class AccountDeed:
    """What is to be done, all of it but the reason and what is secret.

    ``role``: for ADD. ``opens``: what it is given; None for DISABLE, and where RESET leaves it as it was.
    """

    act: AccountAct
    name: str
    role: Role | None = None
    opens: Opens | None = None


@dataclass(frozen=True)
class StaffCardSeen:
    """The card in the reader. ``of``: the account whose staff card it is, empty where it is nobody's.

    ``tries_left``: of its passcode, None where it does not tell. ``trouble``: why it can be nobody's.
    ``insertion``: which presence of a card that is, for a number can be copied.
    """

    number: str = field(repr=False)
    of: str = ""
    tries_left: int | None = None
    trouble: str = ""
    insertion: int = 0


@dataclass(frozen=True)
class AtStaffReader:
    """The reader. ``card`` None: ``hint`` says what to do, or what went wrong."""

    card: StaffCardSeen | None
    hint: str = ""


@dataclass(frozen=True)
class AccountGrounds:
    """What was typed. ``card``: the one in the reader for which ``passcode`` was typed, as it was seen.

    ``told``: the sentences that were shown for it. Where they are not true any more, nothing is done.
    """

    reason: str = ""
    typed_name: str = ""
    password: SecretStr | None = None
    card: StaffCardSeen | None = None
    passcode: SecretStr | None = None
    told: tuple[str, ...] = field(default=(), repr=False)


class AccountsTool(Protocol):
    """Makes and changes accounts. Every method may raise NotAllowed, StaffProblem and StoreUnavailable."""

    async def elsewhere(self) -> str:
        """Why no account can be changed on this machine, in words; empty where they can.

        At a kiosk of a fleet they cannot: the database does not let kiosks change accounts.
        """

    async def all(self) -> tuple[Account, ...]:
        """Every account by name, disabled or not."""

    async def free(self, name: str) -> str:
        """The name as it will be kept. Raises StaffProblem for one that is taken, or can be none."""

    async def weakness(self, name: str, password: SecretStr) -> str:
        """What is wrong with a new password for that account, in words; empty: it may be used."""

    def reader(self) -> AsyncIterator[AtStaffReader]:
        """The card in the reader, looked at whenever another goes in; what is missing while there is none."""

    async def foresee(self, deed: AccountDeed) -> Foreseen:
        """What the deed would do. Raises StaffProblem, which says why, where it cannot be done."""

    async def carry_out(self, deed: AccountDeed, grounds: AccountGrounds) -> Done:
        """Do it. Raises StaffProblem: nothing was done; CardIOError. Nothing cuts this off once it has begun.

        A card that becomes somebody's has to stay in. A wrong passcode costs it a try.
        """
