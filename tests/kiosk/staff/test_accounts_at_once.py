"""Two administrators at once: nobody who was shut out changes an account, and nothing is done untold."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr

from cardio.virtual.piv import PivCard
from kiosk.staff.account import NotAllowed, Role, StaffProblem
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.roster import AccountGrounds, Opens
from tests.kiosk.staff.conftest import PASSCODE, PASSWORD, Staffed
from tests.kiosk.staff.test_accounts_room import ADD, NEW, VERIFY, disable, put_in, reset, signed_in


@pytest.fixture
async def first(staffed: Staffed) -> StaffSession:
    """One administrator on the RA's own machine."""
    return await signed_in(staffed, "administrator")


@pytest.fixture
async def second(staffed: Staffed) -> StaffSession:
    """Another one, on another machine."""
    await staffed.accounts.add("second", Role.ADMINISTRATOR, PASSWORD, None, by="administrator")
    return await signed_in(staffed, "second")


async def test_who_was_shut_out_does_nothing_in_the_seconds_until_they_are_put_out(
    staffed: Staffed, first: StaffSession, second: StaffSession
) -> None:
    await first.accounts.carry_out(disable("second"), AccountGrounds("has left", "second"))
    password = AccountGrounds(password=NEW)
    for deed, grounds in (
        (reset("second"), AccountGrounds()),
        (reset("second", Opens.PASSWORD), password),
        (ADD, password),
        (disable("officer"), AccountGrounds("x", "officer")),
    ):
        with pytest.raises(NotAllowed, match="your own account was changed meanwhile"):
            await second.accounts.carry_out(deed, grounds)
    assert (await staffed.account("second")).disabled
    assert not (await staffed.account("officer")).disabled
    assert await staffed.accounts.find("jones") is None


async def test_nor_does_whoever_signed_in_with_a_password_that_is_no_more(
    first: StaffSession, second: StaffSession
) -> None:
    await first.accounts.carry_out(reset("second", Opens.PASSWORD), AccountGrounds(password=NEW))
    with pytest.raises(NotAllowed):
        await second.accounts.carry_out(
            reset("second", Opens.PASSWORD), AccountGrounds(password=SecretStr("walnut harbour pencil"))
        )


async def test_who_is_shut_out_while_a_card_is_asked_has_made_nothing(
    staffed: Staffed, first: StaffSession, second: StaffSession
) -> None:
    card, faults = PivCard(pin=PASSCODE.get_secret_value()), staffed.world.reader.faults
    seen = await put_in(staffed, second, card)
    faults.delay, sent = 0.01, faults.count({VERIFY})
    grounds = AccountGrounds(card=seen, passcode=PASSCODE)
    work = asyncio.create_task(second.accounts.carry_out(replace(ADD, opens=Opens.CARD), grounds))
    while faults.count({VERIFY}) == sent:  # noqa: ASYNC110 - the trace tells nobody
        await asyncio.sleep(0)
    await first.accounts.carry_out(disable("second"), AccountGrounds("has left", "second"))
    with pytest.raises(NotAllowed):
        await work
    assert await staffed.accounts.find("jones") is None


async def test_nothing_is_done_that_was_not_told(
    staffed: Staffed, first: StaffSession, second: StaffSession
) -> None:
    deed = reset("officer", Opens.PASSWORD)
    told = (await first.accounts.foresee(deed)).lines
    await second.accounts.carry_out(disable("officer"), AccountGrounds("has left", "officer"))
    with pytest.raises(StaffProblem, match="changed meanwhile: go back, and see"):
        await first.accounts.carry_out(deed, AccountGrounds(password=NEW, told=told))
    assert (await staffed.account("officer")).disabled
    told = (await first.accounts.foresee(deed)).lines
    assert "The account is disabled, and is taken back into use: officer can sign in again." in told
    await first.accounts.carry_out(deed, AccountGrounds(password=NEW, told=told))
    assert not (await staffed.account("officer")).disabled


async def test_nobody_who_is_shut_out_while_a_card_is_asked_comes_in_by_it(
    staffed: Staffed, first: StaffSession, second: StaffSession
) -> None:
    card, faults = PivCard(pin=PASSCODE.get_secret_value()), staffed.world.reader.faults
    seen = await put_in(staffed, first, card)
    faults.delay, sent = 0.01, faults.count({VERIFY})
    grounds = AccountGrounds(card=seen, passcode=PASSCODE)
    work = asyncio.create_task(first.accounts.carry_out(reset("officer", Opens.CARD), grounds))
    while faults.count({VERIFY}) == sent:  # noqa: ASYNC110 - the trace tells nobody
        await asyncio.sleep(0)
    await second.accounts.carry_out(disable("officer"), AccountGrounds("has left", "officer"))
    with pytest.raises(StaffProblem, match="changed meanwhile"):
        await work
    assert (await staffed.account("officer")).disabled
