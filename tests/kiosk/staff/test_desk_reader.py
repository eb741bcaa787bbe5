"""The reader at the officer's desk: what is read of a card, and how it becomes somebody's."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cardio.virtual.piv import PivCard
from cardio.virtual.unknown import UnknownCard
from kiosk.hold import Hold
from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.desk import Act, AtReader, Deed, Grounds, How
from kiosk.staff.entry import Leaving
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.wiring import open_lobby
from kiosk.storage.models import CardRow, NextSecretRow, UnblockSecretRow
from tests.kiosk.staff.conftest import Staffed
from tests.kiosk.staff.desk import FACTORY, PASSWORD, WHY, enrol, looking, read
from tests.stories.plots import register, unlock
from tests.stories.world import PIN, PUK, World, identity

WRONG = "99990000"
CHANGE = 0x24


@pytest.fixture
async def world(staffed: Staffed) -> World:
    """Ann is a holder, without a card."""
    await staffed.world.holder()
    return staffed.world


async def test_the_reader_says_what_it_waits_for_and_what_came(world: World, officer: StaffSession) -> None:
    card = PivCard(puk=FACTORY)
    async with looking(officer) as stream:
        assert await anext(stream) == AtReader(None, "Put the card into the reader.")
        world.reader.insert(card)
        seen = (await anext(stream)).card
        assert seen is not None
        assert (seen.number, seen.holder_id, seen.state) == (str(identity(card)), "", "")
        assert ("Passcode tries left", "3") in seen.lines
        assert [(way.how, way.asks) for way in seen.ways] == [
            (How.FRESH, "PUK on the card now"),
            (How.GIVEN, "PUK"),
            (How.NONE, ""),
        ]
        world.reader.remove()
        assert (await anext(stream)).card is None
        world.reader.insert(UnknownCard())
        assert "cannot be read here" in (await anext(stream)).hint


async def test_the_holder_of_the_card_in_the_reader_is_named(world: World, officer: StaffSession) -> None:
    seen = await read(world.reader, officer, await world.card())
    assert (seen.holder_id, seen.holder_name, seen.state) == ("H1", "Ann Jones", "active")
    assert await world.events("card.not-genuine") == []


async def test_a_fresh_puk_is_set_and_the_card_unlocks_with_it(
    world: World, officer: StaffSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    card = PivCard(pin=PIN, puk=FACTORY)
    seen = await read(world.reader, officer, card)
    done = await enrol(officer, seen, How.FRESH, FACTORY)
    assert done.lines == (
        f"Card {identity(card)} is enrolled.",
        "A fresh PUK was set on the card, and is kept.",
    )
    fresh = card.state().puk
    assert fresh != FACTORY
    told = repr(done) + repr(vars(await officer.desk.page("H1"))) + caplog.text
    told += repr([row.model_dump() for row in await world.events()])
    assert [secret for secret in (fresh, FACTORY, PIN) if secret in told] == []
    (event,) = await world.events("card.enrolled")
    assert (event.actor, event.reason) == ("officer", WHY)
    (replaced,) = await world.events("unblock-secret.replaced")
    assert (replaced.actor, replaced.outcome) == ("officer", "ok")
    await register(world, card)
    card.lock()
    await unlock(world, card)
    assert card.state().pin == "739164"


async def test_a_staff_card_is_named_before_it_becomes_somebodys(
    staffed: Staffed, world: World, officer: StaffSession
) -> None:
    seen = await read(world.reader, officer, staffed.cards[Role.TECHNICIAN])
    assert (seen.holder_id, seen.staff) == ("", "technician")
    deed = Deed(Act.ENROL, "H1", new_card=seen.number, how=How.GIVEN)
    assert "It is the staff card of technician" in " ".join((await officer.desk.foresee(deed)).lines)
    assert (await read(world.reader, officer, PivCard(puk=FACTORY))).staff == ""


@pytest.mark.parametrize("happened", [True, False])
async def test_a_card_pulled_at_the_write_is_told_and_the_same_again_finishes(
    world: World, officer: StaffSession, happened: bool
) -> None:
    card = PivCard(puk=FACTORY)
    seen = await read(world.reader, officer, card)
    fault = world.reader.faults.lose_reply if happened else world.reader.faults.pull_before
    fault(2, ins=CHANGE)  # the first is the card's answer to the present one
    with pytest.raises(StaffProblem, match="taken out too early: put it in and do the same again"):
        await enrol(officer, seen, How.FRESH, FACTORY)
    assert len(await world.rows(NextSecretRow)) == 1, "it is on record that a new one was begun"
    assert (await officer.desk.page("H1")).cards[0].unblock_secret == "being replaced"
    done = await enrol(officer, await read(world.reader, officer, card), How.FRESH, FACTORY)
    finished = "The fresh PUK of an earlier try is on the card, and is kept."
    assert done.lines[1] == (finished if happened else "A fresh PUK was set on the card, and is kept.")
    assert await world.rows(NextSecretRow) == []
    (kept,) = await world.secrets()
    assert kept.get_secret_value().decode() == card.state().puk


async def test_leaving_waits_for_a_card_that_is_being_written(staffed: Staffed, world: World) -> None:
    lobby = open_lobby(replace(world.office, hold=Hold()), at_kiosk=False)
    lobby.enter()
    officer = await lobby.by_password("officer", PASSWORD)
    assert isinstance(officer, StaffSession)
    card = PivCard(puk=FACTORY)
    seen = await read(world.reader, officer, card)
    world.reader.faults.delay = 0.01
    work = asyncio.create_task(enrol(officer, seen, How.FRESH, FACTORY))
    while not world.reader.faults.count({CHANGE}):  # noqa: ASYNC110 - the trace tells nobody
        await asyncio.sleep(0)
    work.cancel()
    lobby.shut()
    await lobby.leave(Leaving.IDLE)
    assert await world.rows(NextSecretRow) == []
    (kept,) = await world.secrets()
    assert kept.get_secret_value().decode() == card.state().puk != FACTORY


async def test_a_secret_that_is_typed_is_kept(world: World, officer: StaffSession) -> None:
    card = PivCard(pin=PIN, puk=PUK)
    seen = await read(world.reader, officer, card)
    with pytest.raises(StaffProblem, match="type the PUK: nothing was done"):
        await enrol(officer, seen, How.GIVEN)
    with pytest.raises(StaffProblem, match="the PUK must") as refused:
        await enrol(officer, seen, How.GIVEN, "4821507")
    assert "4821507" not in str(refused.value)
    await enrol(officer, seen, How.GIVEN, PUK)
    (kept,) = await world.secrets()
    assert kept.get_secret_value().decode() == PUK
    assert card.state().puk_tries_left == 3, "no try was spent"


async def test_a_card_without_a_secret_is_one_that_no_kiosk_unlocks(
    world: World, officer: StaffSession
) -> None:
    card = PivCard(puk=PUK)
    seen = await read(world.reader, officer, card)
    told = (await officer.desk.foresee(Deed(Act.ENROL, "H1", new_card=seen.number, how=How.NONE))).lines
    assert "Without a PUK: no kiosk can unlock it, until you enrol it again with one." in told
    await enrol(officer, seen, How.NONE)
    assert await world.rows(UnblockSecretRow) == []
    await enrol(officer, await read(world.reader, officer, card), How.GIVEN, PUK)
    again = await read(world.reader, officer, card)
    assert again.ways[-1].told == "The PUK that is kept for it stays."
    await enrol(officer, again, How.NONE)
    assert len(await world.rows(UnblockSecretRow)) == 1


async def test_a_wrong_puk_is_sent_once(world: World, officer: StaffSession) -> None:
    card = PivCard(puk=FACTORY, tries=5)
    with pytest.raises(StaffProblem, match="the card refused the PUK you gave, which has 4 tries left"):
        await enrol(officer, await read(world.reader, officer, card), How.FRESH, WRONG)
    with pytest.raises(StaffProblem, match="see clearing its secret"):
        await enrol(officer, await read(world.reader, officer, card), How.FRESH, WRONG)
    assert (card.state().puk_tries_left, await world.rows(CardRow)) == (4, [])
    (event,) = await world.events("unblock-secret.failed")
    assert (event.actor, event.outcome) == ("officer", "refused")


async def test_with_too_few_tries_no_fresh_puk_is_offered(world: World, officer: StaffSession) -> None:
    seen = await read(world.reader, officer, PivCard(puk=FACTORY, puk_tries_left=2))
    assert How.FRESH not in [way.how for way in seen.ways]
    assert seen.lacking == "A random one needs 3 tries of the PUK, and the card has 2."
    with pytest.raises(
        StaffProblem, match=r"that way: go back .Esc. for others\. A random one needs 3 tries"
    ):
        await enrol(officer, seen, How.FRESH, FACTORY)


async def test_a_card_that_was_swapped_or_is_out_is_not_enrolled(world: World, officer: StaffSession) -> None:
    seen = await read(world.reader, officer, PivCard(puk=PUK))
    other = PivCard(puk=PUK)
    world.reader.remove()
    for gone in (None, other):
        if gone is not None:
            world.reader.insert(gone)
        with pytest.raises(StaffProblem, match="put the card into the reader again"):
            await enrol(officer, seen, How.GIVEN, PUK)
    await read(world.reader, officer, other)
    with pytest.raises(StaffProblem, match="put the card into the reader again"):
        await enrol(officer, seen, How.GIVEN, PUK)
    assert await world.rows(CardRow) == []


async def test_anothers_card_stays_theirs(world: World, officer: StaffSession) -> None:
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    seen = await read(world.reader, officer, await world.card())
    with pytest.raises(StaffProblem, match="belongs to another holder"):
        await enrol(officer, seen, How.NONE, holder="H2")


async def test_what_may_be_a_copy_raises_an_alarm_and_wants_more_than_a_key(
    world: World, officer: StaffSession
) -> None:
    card = await world.card()
    copy = PivCard(guid=card.guid, puk=PUK)
    seen = await read(world.reader, officer, copy)
    assert seen.other_key
    (alarm,) = await world.events("card.not-genuine")
    assert (alarm.actor, alarm.outcome) == ("officer", "alarm")
    async with looking(officer) as stream:
        again = (await anext(stream)).card
    assert again is not None
    assert again.other_key
    assert len(await world.events("card.not-genuine")) == 1, "once, however often it is looked at"
    with pytest.raises(StaffProblem, match="it may be a copy"):
        await enrol(officer, seen, How.NONE)
    deed = Deed(Act.ENROL, "H1", new_card=seen.number, how=How.NONE, replace_key=True)
    with pytest.raises(StaffProblem, match="type the holder's id"):
        await officer.desk.carry_out(deed, Grounds(WHY))
    await enrol(officer, seen, How.NONE, replace_key=True)
    (row,) = await world.rows(CardRow)
    assert row.public_key == copy.card_key_der
