"""Staff accounts from the command line: made, listed, disabled, reset; and the very first one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from cardio.card import CardId, KeyUse, identify
from cardio.reader import Reader
from kiosk.families import families
from kiosk.office import fields
from kiosk.office.office import office
from kiosk.office.operator import operator
from kiosk.office.waiting import Say, wait_for_card
from kiosk.settings import Settings
from kiosk.staff.account import Account, Role, StaffProblem
from kiosk.staff.accounts import StaffCard, folded
from kiosk.staff.door import NO_KEY, staff_card
from kiosk.staff.passwords import weakness


@dataclass(frozen=True)
class StaffSummary:
    """An account as a list shows it; ``password``, ``card``: whether it has one. Times are UTC."""

    name: str
    role: str
    disabled: bool
    password: bool
    card: bool
    created_at: datetime


@dataclass(frozen=True)
class SeenStaffCard:
    """A card that may become somebody's, and the tries its passcode has left, None where not told."""

    id: CardId
    tries_left: int | None


async def everybody(settings: Settings) -> Sequence[StaffSummary]:
    """Every account, by name."""
    async with office(settings) as parts:
        return [_summary(one) for one in await parts.accounts.all()]


async def require_free(settings: Settings, name: str) -> str:
    """The name as it will be kept. Raises StaffProblem for one that is taken or can be none."""
    name = folded(name)
    async with office(settings) as parts:
        if await parts.accounts.find(name) is not None:
            raise StaffProblem(f"there is a staff account {name!r} already")
    return name


async def require_there(settings: Settings, name: str) -> str:
    """The name as it is kept. Raises StaffProblem where nobody has it."""
    name = folded(name)
    async with office(settings) as parts:
        if await parts.accounts.find(name) is None:
            raise StaffProblem(f"there is no staff account {name!r}: 'kiosk staff list' names them")
    return name


async def has_administrator(settings: Settings) -> bool:
    """Whether anybody can make accounts."""
    async with office(settings) as parts:
        return await parts.accounts.has_administrator()


def checked(password: SecretStr, name: str) -> SecretStr:
    """A new password that may be used. Raises StaffProblem, which does not repeat it."""
    if wrong := weakness(password, name):
        raise StaffProblem(f"the password {wrong}")
    return password


async def add(
    settings: Settings,
    name: str,
    role: Role,
    password: SecretStr | None,
    card: StaffCard | None,
    *,
    by: Account,
) -> None:
    """Make an account. Raises StaffProblem."""
    async with office(settings) as parts:
        await parts.accounts.add(name, role, password, card, by=by)


async def add_first(settings: Settings, name: str, password: SecretStr) -> None:
    """Make the first administrator, in the name of the OS account. Raises StaffProblem where one is there."""
    async with office(settings) as parts:
        await parts.accounts.add_first(name, password, by=operator())


async def disable(settings: Settings, name: str, reason: str, *, by: Account) -> None:
    """Let nobody sign in by that name any more. Raises StaffProblem, EnrolmentError for the reason."""
    reason = fields.checked("the reason", fields.reason, reason)
    async with office(settings) as parts:
        await parts.accounts.disable(name, reason, by=by)


async def reset(
    settings: Settings, name: str, password: SecretStr | None, card: StaffCard | None, *, by: Account
) -> None:
    """Give an account a new password or card, and let it sign in again. Raises StaffProblem."""
    async with office(settings) as parts:
        await parts.accounts.reset(name, password, card, by=by)


async def see_card(settings: Settings, reader: Reader, say: Say) -> SeenStaffCard:
    """Wait for a card, and say what it is. Closes the reader. Raises StaffProblem, any CardIOError."""
    try:
        present = await wait_for_card(reader, say)
        async with reader.session(present.insertion) as channel:
            card = await identify(channel, families(settings))
            if await card.offered_key(KeyUse.PASSCODE) is None:
                raise StaffProblem(NO_KEY)
            return SeenStaffCard(card.id, await card.tries_left())
    finally:
        await reader.aclose()


async def take_card(settings: Settings, reader: Reader, say: Say, passcode: SecretStr) -> StaffCard:
    """Have the card check its passcode, and prove the key that is to be pinned. Closes the reader.

    Raises StaffProblem, and any CardIOError that is not about the passcode.
    """
    try:
        present = await wait_for_card(reader, say)
        return await staff_card(reader, families(settings), passcode, present.insertion)
    finally:
        await reader.aclose()


def _summary(one: Account) -> StaffSummary:
    return StaffSummary(one.name, one.role.value, one.disabled, one.password, one.card, one.created_at)
