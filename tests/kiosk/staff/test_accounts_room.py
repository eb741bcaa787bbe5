"""Accounts, as administrators make and change them at the maintenance side: said, done, and on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest
from pydantic import SecretStr

from cardio.virtual.piv import PivCard
from cardio.virtual.unknown import UnknownCard
from kiosk.hold import Hold
from kiosk.staff.account import Account, NotAllowed, Role, StaffProblem
from kiosk.staff.entry import Refused, Why
from kiosk.staff.foreseeing_accounts import Office
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.roster import (
    AccountAct,
    AccountDeed,
    AccountGrounds,
    AtStaffReader,
    Opens,
    StaffCardSeen,
)
from kiosk.staff.wiring import open_lobby
from tests.kiosk.staff.conftest import PASSCODE, PASSWORD, Staffed, by_card
from tests.stories.world import identity

NEW = SecretStr("copper lantern meadow")
VERIFY = 0x20
ADD = AccountDeed(AccountAct.ADD, "jones", Role.OFFICER, Opens.PASSWORD)


def reset(name: str, opens: Opens | None = None) -> AccountDeed:
    """What gives an account something new, or nothing."""
    return AccountDeed(AccountAct.RESET, name, opens=opens)


def disable(name: str) -> AccountDeed:
    """What shuts an account."""
    return AccountDeed(AccountAct.DISABLE, name)


@pytest.fixture
async def administrator(staffed: Staffed) -> StaffSession:
    """An administrator on the RA's own machine."""
    return await signed_in(staffed, "administrator")


async def signed_in(staffed: Staffed, name: str) -> StaffSession:
    """Somebody on the RA's own machine."""
    lobby = open_lobby(replace(staffed.world.office, hold=Hold()), at_kiosk=False)
    assert lobby.enter()
    entered = await lobby.by_password(name, PASSWORD)
    assert isinstance(entered, StaffSession)
    return entered


async def look(session: StaffSession) -> AtStaffReader:
    """What is in the reader now."""
    stream = session.accounts.reader()
    assert isinstance(stream, AsyncGenerator)
    async with aclosing(stream):
        return await anext(stream)


async def put_in(staffed: Staffed, session: StaffSession, card: PivCard) -> StaffCardSeen:
    """Put a card in, and look."""
    staffed.world.reader.remove()
    staffed.world.reader.insert(card)
    seen = (await look(session)).card
    assert seen is not None
    return seen


async def told(session: StaffSession, deed: AccountDeed) -> str:
    """What will happen."""
    return " ".join((await session.accounts.foresee(deed)).lines)


# -- making one ---------------------------------------------------------------------------------


async def test_an_account_is_made_and_signs_in(staffed: Staffed, administrator: StaffSession) -> None:
    room = administrator.accounts
    assert await room.free(" Jones ") == "jones"
    for name, said in (("x", "a staff name has 2 to 32"), ("OFFICER", "account 'officer' already")):
        with pytest.raises(StaffProblem, match=said):
            await room.free(name)
    done = await room.carry_out(ADD, AccountGrounds(password=NEW))
    assert done.lines[0] == "Account jones is made, for the role officer."
    lobby = open_lobby(replace(staffed.world.office, hold=Hold()), at_kiosk=False)
    lobby.enter()
    assert isinstance(await lobby.by_password("jones", NEW), StaffSession)
    event = (await staffed.world.events("staff.added"))[-1]
    assert (event.actor, event.outcome) == ("administrator", "ok")
    listed = {one.name: one for one in await room.all()}
    assert list(listed) == sorted(listed)
    assert (listed["jones"].role, listed["jones"].password, listed["jones"].card) == (
        Role.OFFICER,
        True,
        False,
    )
    assert listed["officer"].card_key is None, "the screens have nothing to do with it"


async def test_a_password_that_may_not_be_had_is_refused_and_told_why(
    staffed: Staffed, administrator: StaffSession
) -> None:
    room = administrator.accounts
    for text, said in (("hunter2", "too short"), ("passwordpassword", "easily guessed")):
        assert said in await room.weakness("jones", SecretStr(text))
        with pytest.raises(StaffProblem, match=said) as refused:
            await room.carry_out(ADD, AccountGrounds(password=SecretStr(text)))
        assert text not in str(refused.value)
    assert await room.weakness("jones", NEW) == ""
    with pytest.raises(StaffProblem, match="type the password"):
        await room.carry_out(ADD, AccountGrounds(password=SecretStr("")))
    with pytest.raises(StaffProblem, match="needs a role"):
        await room.foresee(AccountDeed(AccountAct.ADD, "jones"))
    with pytest.raises(StaffProblem, match="'officer' already"):
        await room.carry_out(replace(ADD, name="officer"), AccountGrounds(password=NEW))
    assert len(await staffed.world.events("staff.added")) == 3, "those of the beginning"


async def test_it_is_said_where_a_password_is_not_enough(administrator: StaffSession) -> None:
    needed = "At a kiosk an officer needs a staff card"
    assert needed in await told(administrator, ADD)
    assert "needs a staff card" not in await told(administrator, replace(ADD, role=Role.TECHNICIAN))
    assert "needs a staff card" not in await told(administrator, replace(ADD, opens=Opens.CARD))
    assert needed not in await told(administrator, reset("officer", Opens.PASSWORD)), "they have one"


# -- the card in the reader ---------------------------------------------------------------------


async def test_the_card_in_the_reader_becomes_somebodys(
    staffed: Staffed, administrator: StaffSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    room, card = administrator.accounts, PivCard(pin=PASSCODE.get_secret_value())
    assert await look(administrator) == AtStaffReader(None, "Put the card into the reader.")
    seen = await put_in(staffed, administrator, card)
    assert seen == StaffCardSeen(str(identity(card)), "", 3, insertion=1)
    deed = replace(ADD, opens=Opens.CARD)
    done = await room.carry_out(deed, AccountGrounds(card=seen, passcode=PASSCODE))
    assert "The card opens it from now on" in done.lines[1]
    assert not card.state().verified, "it was reset afterwards"
    entered = await by_card(staffed, PASSCODE)
    assert isinstance(entered, Account)
    assert entered.name == "jones"
    assert (await put_in(staffed, administrator, card)).of == "jones"
    events = repr([one.model_dump() for one in await staffed.world.events()])
    assert PASSCODE.get_secret_value() not in repr(deed) + repr(done) + caplog.text + events


async def test_a_wrong_passcode_costs_a_try_and_says_so(
    staffed: Staffed, administrator: StaffSession
) -> None:
    card = PivCard(pin="418306")
    seen = await put_in(staffed, administrator, card)
    grounds = AccountGrounds(card=seen, passcode=PASSCODE)
    with pytest.raises(StaffProblem, match="refused this passcode; tries left on the card: 2"):
        await administrator.accounts.carry_out(reset("technician", Opens.CARD), grounds)
    with pytest.raises(StaffProblem, match="length or alphabet"):
        await administrator.accounts.carry_out(
            reset("technician", Opens.CARD), replace(grounds, passcode=SecretStr("1"))
        )
    assert card.state().pin_tries_left == 2
    card.lock()
    with pytest.raises(StaffProblem, match="the card is locked"):
        await administrator.accounts.carry_out(reset("technician", Opens.CARD), grounds)
    assert await staffed.world.events("staff.reset") == []


async def test_no_card_but_the_one_that_was_looked_at_is_sent_a_passcode(
    staffed: Staffed, administrator: StaffSession
) -> None:
    room, reader = administrator.accounts, staffed.world.reader
    seen = await put_in(staffed, administrator, PivCard(pin="418306"))
    grounds = AccountGrounds(card=seen, passcode=PASSCODE)
    deed = reset("technician", Opens.CARD)
    with pytest.raises(StaffProblem, match="type the passcode"):
        await room.carry_out(deed, replace(grounds, passcode=None))
    for other in (None, replace(seen, number="piv:guid:00"), replace(seen, insertion=seen.insertion - 1)):
        with pytest.raises(StaffProblem, match="put the card into the reader again"):
            await room.carry_out(deed, replace(grounds, card=other))
    one, copy = PivCard(pin="418306", guid=bytes(range(16))), PivCard(pin="418306", guid=bytes(range(16)))
    grounds = replace(grounds, card=await put_in(staffed, administrator, one))
    reader.remove()
    reader.insert(copy)
    for _ in range(2):
        with pytest.raises(StaffProblem, match="Nothing was sent to it"):
            await room.carry_out(deed, grounds)
        await look(administrator)  # which shows the same number
    verified = [one for one in reader.faults.trace if one.header[1] == VERIFY and one.lc]
    assert verified == [], "the others ask for the tries"


async def test_a_card_that_is_anothers_or_can_be_nobodys(
    staffed: Staffed, administrator: StaffSession
) -> None:
    room, deed = administrator.accounts, reset("technician", Opens.CARD)
    seen = await put_in(staffed, administrator, staffed.cards[Role.OFFICER])
    assert seen.of == "officer"
    with pytest.raises(StaffProblem, match="the staff card of officer"):
        await room.carry_out(deed, AccountGrounds(card=seen, passcode=PASSCODE))
    keyless = await put_in(staffed, administrator, PivCard(sign_in=None))
    assert "no key that signs" in keyless.trouble
    with pytest.raises(StaffProblem, match="no key that signs"):
        await room.carry_out(deed, AccountGrounds(card=keyless, passcode=PASSCODE))
    staffed.world.reader.remove()
    staffed.world.reader.insert(UnknownCard())
    assert "cannot be read here" in (await look(administrator)).hint
    assert await staffed.world.events("staff.reset") == []


# -- new ways in, and none ----------------------------------------------------------------------


async def test_a_new_password_takes_the_old_ones_place_and_opens_a_shut_account(
    staffed: Staffed, administrator: StaffSession
) -> None:
    room = administrator.accounts
    await room.carry_out(disable("technician"), AccountGrounds("has left", "technician"))
    deed = reset("technician", Opens.PASSWORD)
    assert "is taken back into use" in await told(administrator, deed)
    assert "The password that they have now opens nothing any more." in await told(administrator, deed)
    assert "Their staff card stays as it is." in await told(administrator, deed)
    await room.carry_out(deed, AccountGrounds(password=NEW))
    assert isinstance(await staffed.door.by_password("technician", NEW), Account)
    event = (await staffed.world.events("staff.reset"))[-1]
    assert event.actor == "administrator"
    assert '"change": "password"' in event.detail.replace('":"', '": "')


async def test_disabled_and_used_again(staffed: Staffed, administrator: StaffSession) -> None:
    room = administrator.accounts
    will_be = await room.foresee(disable("officer"))
    assert will_be.dangerous
    assert "Whoever is signed in as officer is put out within seconds." in will_be.lines
    with pytest.raises(StaffProblem, match="type the account's name"):
        await room.carry_out(disable("officer"), AccountGrounds("has left", "technician"))
    with pytest.raises(StaffProblem, match="the reason is empty"):
        await room.carry_out(disable("officer"), AccountGrounds(" ", "officer"))
    assert await staffed.world.events("staff.disabled") == []
    with pytest.raises(StaffProblem, match="in use already"):
        await room.foresee(reset("officer"))
    await room.carry_out(disable("officer"), AccountGrounds("has left", "officer"))
    (event,) = await staffed.world.events("staff.disabled")
    assert (event.actor, event.reason) == ("administrator", "has left")
    with pytest.raises(StaffProblem, match="disabled already"):
        await room.foresee(disable("officer"))
    assert "an officer, by the password or the staff card of before" in await told(
        administrator, reset("officer")
    )
    done = await room.carry_out(reset("officer"), AccountGrounds())
    assert done.lines == ("Account officer can be used.", "What has opened it before opens it again.")
    staffed.world.reader.insert(staffed.cards[Role.OFFICER])
    assert isinstance(await by_card(staffed, PASSCODE), Account)


async def test_the_last_administrator_stays_and_nobody_is_there_by_another_name(
    staffed: Staffed, administrator: StaffSession
) -> None:
    with pytest.raises(StaffProblem, match="'administrator' is the last administrator: make another one"):
        await administrator.accounts.foresee(disable("administrator"))
    with pytest.raises(StaffProblem, match=r"there is no staff account 'ghost'$"):
        await administrator.accounts.foresee(disable("ghost"))


async def test_who_disables_themselves_is_told_and_put_out(staffed: Staffed) -> None:
    await staffed.accounts.add("second", Role.ADMINISTRATOR, PASSWORD, None, by="administrator")
    lobby = open_lobby(replace(staffed.world.office, hold=Hold()), at_kiosk=False)
    lobby.enter()
    second = await lobby.by_password("second", PASSWORD)
    assert isinstance(second, StaffSession)
    will_be = await second.accounts.foresee(disable("second"))
    assert will_be.lines[0] == "This is your own account: you are signed out yourself."
    assert will_be.lines[-1] == "One administrator is left then."
    assert await lobby.standing()
    await second.accounts.carry_out(disable("second"), AccountGrounds("has left", "second"))
    assert not await lobby.standing()


async def test_nothing_begins_once_they_have_left_and_leaving_waits_for_what_has(
    staffed: Staffed, administrator: StaffSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = administrator.accounts
    looks, faults = room._office, staffed.world.reader.faults
    seen = await put_in(staffed, administrator, PivCard(pin=PASSCODE.get_secret_value()))
    faults.delay, sent = 0.01, faults.count({VERIFY})
    grounds = AccountGrounds(card=seen, passcode=PASSCODE)
    work = asyncio.create_task(room.carry_out(replace(ADD, opens=Opens.CARD), grounds))
    while faults.count({VERIFY}) == sent:  # noqa: ASYNC110 - the trace tells nobody
        await asyncio.sleep(0)
    work.cancel()
    administrator.shut()
    await administrator.close()
    assert (await staffed.account("jones")).card
    with pytest.raises(NotAllowed, match="you are signed out"):
        await room.all()

    async def leaves() -> Office:
        there = await looks()
        room.shut = True
        return there

    room.shut = False
    monkeypatch.setattr(room, "_office", leaves)
    with pytest.raises(NotAllowed, match="nothing was done"):
        await room.carry_out(disable("jones"), AccountGrounds("x", "jones"))


# -- where it may be done -----------------------------------------------------------------------


async def test_a_kiosk_of_a_fleet_sends_administrators_to_the_ras_machine(staffed: Staffed) -> None:
    session = await staffed.session(Role.ADMINISTRATOR)
    room = session.accounts
    assert len(await room.all()) == 3, "who has one can be seen there, too"
    if not staffed.world.guarded:
        assert await room.elsewhere() == ""
        await room.carry_out(ADD, AccountGrounds(password=NEW))
        return
    assert "'kiosk desk'" in await room.elsewhere()
    for attempt in (
        room.foresee(ADD),
        room.carry_out(ADD, AccountGrounds(password=NEW)),
        anext(aiter(room.reader())),
    ):
        with pytest.raises(StaffProblem, match="on the RA's own machine"):
            await attempt
    assert await staffed.door.by_password("jones", NEW) == Refused(Why.WRONG)


async def test_the_ras_own_machine_says_nothing_of_the_kind(administrator: StaffSession) -> None:
    assert await administrator.accounts.elsewhere() == ""


def test_what_opens_an_account_is_in_no_repr() -> None:
    grounds = AccountGrounds("T-1", "jones", NEW, StaffCardSeen("piv:guid:1"), PASSCODE)
    told = repr(grounds) + repr(StaffCardSeen("piv:guid:1"))
    assert [one for one in ("copper", "guid", PASSCODE.get_secret_value()) if one in told] == []
