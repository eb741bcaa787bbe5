"""Accounts: who may have one, with which name and password."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.passwords import weakness
from tests.kiosk.staff.conftest import PASSWORD, Staffed, card_of


@pytest.mark.parametrize("name", ["", "x", "9lives", "a b", "x" * 40, "Å.jones", "root;"])
async def test_a_name_that_can_be_none(staffed: Staffed, name: str) -> None:
    with pytest.raises(StaffProblem, match="staff name"):
        await staffed.accounts.add(name, Role.OFFICER, PASSWORD, None, by="administrator")


async def test_a_name_is_had_once_in_whatever_case(staffed: Staffed) -> None:
    with pytest.raises(StaffProblem, match="taken"):
        await staffed.accounts.add("OFFICER", Role.TECHNICIAN, PASSWORD, None, by="administrator")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "passwordpassword",
        "qwertyuiop123",
        "123456789012",
        "aaaaaaaaaaaaaa",
        "marion.smith2026",
        "x" * 129,
    ],
)
def test_a_password_that_is_refused(password: str) -> None:
    assert weakness(SecretStr(password), "marion.smith")


@pytest.mark.parametrize("password", ["violet tractor umbrella", "Zq8#mv!2Lp0w", "drei Affen im Regen"])
def test_a_password_that_may_be_had(password: str) -> None:
    assert not weakness(SecretStr(password), "marion.smith")


async def test_an_account_needs_a_way_in(staffed: Staffed) -> None:
    with pytest.raises(StaffProblem, match="password or a staff card"):
        await staffed.accounts.add("jones", Role.OFFICER, None, None, by="administrator")


async def test_the_last_administrator_stays(staffed: Staffed) -> None:
    with pytest.raises(StaffProblem, match="last administrator"):
        await staffed.accounts.disable("administrator", "left", by="administrator")
    await staffed.accounts.add("second", Role.ADMINISTRATOR, PASSWORD, None, by="administrator")
    await staffed.accounts.disable("administrator", "left", by="second")
    (event,) = await staffed.world.events("staff.disabled")
    assert (event.actor, event.reason) == ("second", "left")


async def test_two_administrators_cannot_disable_each_other_at_once(staffed: Staffed) -> None:
    await staffed.accounts.add("second", Role.ADMINISTRATOR, PASSWORD, None, by="administrator")
    done = await asyncio.gather(
        staffed.accounts.disable("administrator", "x", by="second"),
        staffed.accounts.disable("second", "x", by="administrator"),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "StaffProblem"]
    assert await staffed.accounts.has_administrator()


async def test_the_first_administrator_is_the_only_first(staffed: Staffed) -> None:
    staffed.world.change("DELETE FROM staff")
    assert not await staffed.accounts.any()
    names = ("one", "two", "three")
    done = await asyncio.gather(
        *(staffed.accounts.add_first(name, PASSWORD, by="init") for name in names), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "StaffProblem", "StaffProblem"]
    (first,) = await staffed.accounts.all()
    assert first.role is Role.ADMINISTRATOR
    assert len(await staffed.world.events("staff.added")) == 4, "and three at the beginning"


async def test_nobody_is_there_by_that_name(staffed: Staffed) -> None:
    with pytest.raises(StaffProblem, match="no staff account"):
        await staffed.accounts.disable("ghost", "left", by="administrator")


async def test_no_account_shows_what_opens_it(staffed: Staffed) -> None:
    shown = repr(await staffed.accounts.all())
    assert "$2b$" not in shown
    assert "card_key" not in shown


async def test_a_name_that_sounds_like_a_card_is_told_from_a_card(staffed: Staffed) -> None:
    await staffed.accounts.add("picard", Role.OFFICER, PASSWORD, None, by="administrator")
    with pytest.raises(StaffProblem, match="that name is taken"):
        await staffed.accounts.add("picard", Role.OFFICER, PASSWORD, None, by="administrator")
    taken = card_of(staffed.cards[Role.OFFICER])
    with pytest.raises(StaffProblem, match="that card is another account's"):
        await staffed.accounts.reset("picard", None, taken, by="administrator")
