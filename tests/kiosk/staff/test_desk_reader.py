"""The reader at the officer's desk: what is read of a card, and how it becomes somebody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.virtual.card import VirtualCard
from cardio.virtual.gids import GidsCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from cardio.virtual.unknown import UnknownCard
from kiosk.hold import Hold
from kiosk.settings import Settings
from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.desk import Act, AtReader, CardSeen, Deed, Done, Grounds, How
from kiosk.staff.entry import Leaving
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.wiring import open_lobby
from kiosk.storage.models import CardRow, CardState, NextSecretRow, UnblockSecretRow
from tests.kiosk.staff.conftest import PASSWORD, Staffed, at_desk
from tests.stories.plots import block, register, unlock
from tests.stories.world import PIN, PUK, World, identity, new_world

FACTORY, WRONG = "12345678", "99990000"
WHY, ME = "T-5512", "officer"
CHANGE = 0x24


@pytest.fixture
async def world(staffed: Staffed) -> World:
    """Ann is a holder, without a card."""
    await staffed.world.holder()
    return staffed.world


@asynccontextmanager
async def looking(officer: StaffSession) -> AsyncIterator[AsyncIterator[AtReader]]:
    """What the reader tells, for as long as somebody looks."""
    stream = officer.desk.reader()
    assert isinstance(stream, AsyncGenerator)
    async with aclosing(stream):
        yield stream


async def read(world: World, officer: StaffSession, card: VirtualCard) -> CardSeen:
    """Put a card in, and look."""
    world.reader.remove()
    world.reader.insert(card)
    async with looking(officer) as stream:
        seen = (await anext(stream)).card
    assert seen is not None
    return seen


async def enrol(
    officer: StaffSession, seen: CardSeen, how: How, given: str = "", act: Act = Act.ENROL, **more: Any
) -> Done:
    """See what will happen, and have it happen."""
    deed = Deed(act, more.pop("holder", "H1"), new_card=seen.number, how=how, **more)
    will_be = await officer.desk.foresee(deed)
    typed = deed.holder_id if will_be.dangerous else ""
    return await officer.desk.carry_out(deed, Grounds(WHY, typed, SecretStr(given) if given else None))


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
            (How.FRESH, "present PUK"),
            (How.GIVEN, "PUK"),
            (How.NONE, ""),
        ]
        world.reader.remove()
        assert (await anext(stream)).card is None
        world.reader.insert(UnknownCard())
        assert "cannot be read here" in (await anext(stream)).hint


async def test_the_holder_of_the_card_in_the_reader_is_named(world: World, officer: StaffSession) -> None:
    seen = await read(world, officer, await world.card())
    assert (seen.holder_id, seen.holder_name, seen.state) == ("H1", "Ann Jones", "active")
    assert await world.events("card.not-genuine") == []


async def test_a_fresh_puk_is_set_and_the_card_unlocks_with_it(world: World, officer: StaffSession) -> None:
    card = PivCard(pin=PIN, puk=FACTORY)
    seen = await read(world, officer, card)
    done = await enrol(officer, seen, How.FRESH, FACTORY)
    assert done.lines == (
        f"Card {identity(card)} is enrolled.",
        "A fresh PUK was set on the card, and is kept.",
    )
    fresh = card.state().puk
    assert fresh != FACTORY
    assert fresh not in repr(done) + repr(await officer.desk.page("H1"))
    (event,) = await world.events("card.enrolled")
    assert (event.actor, event.reason) == ("officer", WHY)
    (replaced,) = await world.events("unblock-secret.replaced")
    assert (replaced.actor, replaced.outcome) == ("officer", "ok")
    await register(world, card)
    card.lock()
    await unlock(world, card)
    assert card.state().pin == "739164"


@pytest.mark.parametrize("happened", [True, False])
async def test_a_card_pulled_at_the_write_is_told_and_the_same_again_finishes(
    world: World, officer: StaffSession, happened: bool
) -> None:
    card = PivCard(puk=FACTORY)
    seen = await read(world, officer, card)
    fault = world.reader.faults.lose_reply if happened else world.reader.faults.pull_before
    fault(2, ins=CHANGE)  # the first is the card's answer to the present one
    with pytest.raises(StaffProblem, match="taken out too early: put it in and do the same again"):
        await enrol(officer, seen, How.FRESH, FACTORY)
    assert len(await world.rows(NextSecretRow)) == 1, "it is on record that a new one was begun"
    assert (await officer.desk.page("H1")).cards[0].unblock_secret == "being replaced"
    done = await enrol(officer, await read(world, officer, card), How.FRESH, FACTORY)
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
    seen = await read(world, officer, card)
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
    seen = await read(world, officer, card)
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
    seen = await read(world, officer, card)
    told = (await officer.desk.foresee(Deed(Act.ENROL, "H1", new_card=seen.number, how=How.NONE))).lines
    assert "Without a PUK: no kiosk can unlock it, until you enrol it again with one." in told
    await enrol(officer, seen, How.NONE)
    assert await world.rows(UnblockSecretRow) == []
    await enrol(officer, await read(world, officer, card), How.GIVEN, PUK)
    again = await read(world, officer, card)
    assert again.ways[-1].told == "The PUK that is kept for it stays."
    await enrol(officer, again, How.NONE)
    assert len(await world.rows(UnblockSecretRow)) == 1


async def test_a_wrong_puk_is_sent_once(world: World, officer: StaffSession) -> None:
    card = PivCard(puk=FACTORY, tries=5)
    with pytest.raises(StaffProblem, match="the card refused the PUK you gave, which has 4 tries left"):
        await enrol(officer, await read(world, officer, card), How.FRESH, WRONG)
    with pytest.raises(StaffProblem, match="see clearing its secret"):
        await enrol(officer, await read(world, officer, card), How.FRESH, WRONG)
    assert (card.state().puk_tries_left, await world.rows(CardRow)) == (4, [])
    (event,) = await world.events("unblock-secret.failed")
    assert (event.actor, event.outcome) == ("officer", "refused")


async def test_with_too_few_tries_no_fresh_puk_is_offered(world: World, officer: StaffSession) -> None:
    seen = await read(world, officer, PivCard(puk=FACTORY, puk_tries_left=2))
    assert How.FRESH not in [way.how for way in seen.ways]
    with pytest.raises(StaffProblem, match="cannot be enrolled that way"):
        await enrol(officer, seen, How.FRESH, FACTORY)


async def test_a_card_that_was_swapped_or_is_out_is_not_enrolled(world: World, officer: StaffSession) -> None:
    seen = await read(world, officer, PivCard(puk=PUK))
    other = PivCard(puk=PUK)
    world.reader.remove()
    for gone in (None, other):
        if gone is not None:
            world.reader.insert(gone)
        with pytest.raises(StaffProblem, match="put the card into the reader again"):
            await enrol(officer, seen, How.GIVEN, PUK)
    await read(world, officer, other)
    with pytest.raises(StaffProblem, match="put the card into the reader again"):
        await enrol(officer, seen, How.GIVEN, PUK)
    assert await world.rows(CardRow) == []


async def test_anothers_card_stays_theirs(world: World, officer: StaffSession) -> None:
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    seen = await read(world, officer, await world.card())
    with pytest.raises(StaffProblem, match="belongs to another holder"):
        await enrol(officer, seen, How.NONE, holder="H2")


async def test_what_may_be_a_copy_raises_an_alarm_and_wants_more_than_a_key(
    world: World, officer: StaffSession
) -> None:
    card = await world.card()
    copy = PivCard(guid=card.guid, puk=PUK)
    seen = await read(world, officer, copy)
    assert seen.other_key
    (alarm,) = await world.events("card.not-genuine")
    assert (alarm.actor, alarm.outcome) == ("officer", "alarm")
    with pytest.raises(StaffProblem, match="it may be a copy"):
        await enrol(officer, seen, How.NONE)
    deed = Deed(Act.ENROL, "H1", new_card=seen.number, how=How.NONE, replace_key=True)
    with pytest.raises(StaffProblem, match="type the holder's id"):
        await officer.desk.carry_out(deed, Grounds(WHY))
    await enrol(officer, seen, How.NONE, replace_key=True)
    (row,) = await world.rows(CardRow)
    assert row.public_key == copy.card_key_der


# -- a new card for an old one ------------------------------------------------------------------


@pytest.fixture
async def old(world: World) -> PivCard:
    """Ann is registered with this one, and blocked."""
    card = await world.card()
    await register(world, card)
    await block(world, card)
    return card


async def test_a_new_card_takes_the_place_of_the_old_and_the_registration_stays(
    world: World, officer: StaffSession, old: PivCard
) -> None:
    new = PivCard(pin=PIN, puk=FACTORY)
    seen = await read(world, officer, new)
    done = await enrol(officer, seen, How.FRESH, FACTORY, Act.REPLACE, card=str(identity(old)))
    assert done.lines[-1] == f"Card {identity(old)} is revoked."
    assert (await world.known(old)).state is CardState.REVOKED
    known = await world.known(new)
    assert (known.state, known.registered, known.blocked) == (CardState.ACTIVE, True, True)
    (revoked,), (*_, enrolled) = await world.events("card.state-set"), await world.events("card.enrolled")
    assert revoked.at == enrolled.at, "in one unit of work"
    assert {revoked.reason, enrolled.reason, revoked.actor} == {WHY, "officer"}
    await officer.desk.carry_out(Deed(Act.CLEAR_BLOCK, "H1"), Grounds(WHY))
    new.lock()
    await unlock(world, new)


async def test_a_replacement_cut_off_at_the_write_is_finished_by_the_same_again(
    world: World, officer: StaffSession, old: PivCard
) -> None:
    new = PivCard(puk=FACTORY)
    seen = await read(world, officer, new)
    world.reader.faults.lose_reply(2, ins=CHANGE)
    with pytest.raises(StaffProblem, match="taken out too early"):
        await enrol(officer, seen, How.FRESH, FACTORY, Act.REPLACE, card=str(identity(old)))
    again = await read(world, officer, new)
    await enrol(officer, again, How.FRESH, FACTORY, Act.REPLACE, card=str(identity(old)))
    assert await world.rows(NextSecretRow) == []
    assert len(await world.events("card.state-set")) == 1, "it was revoked once"


async def test_what_cannot_take_its_place_leaves_the_old_one_in_use(
    world: World, officer: StaffSession, old: PivCard
) -> None:
    card = str(identity(old))
    with pytest.raises(StaffProblem, match="this is the card that is to be replaced"):
        await enrol(officer, await read(world, officer, old), How.NONE, act=Act.REPLACE, card=card)
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    bobs = await world.card("H2")
    with pytest.raises(StaffProblem, match="belongs to another holder"):
        await enrol(officer, await read(world, officer, bobs), How.NONE, act=Act.REPLACE, card=card)
    suspended = await world.card()
    await world.set_state(suspended, CardState.SUSPENDED)
    with pytest.raises(StaffProblem, match="the card in the reader is suspended"):
        await enrol(officer, await read(world, officer, suspended), How.NONE, act=Act.REPLACE, card=card)
    new = await read(world, officer, PivCard(puk=FACTORY))
    with pytest.raises(StaffProblem, match="the card refused the PUK"):
        await enrol(officer, new, How.FRESH, WRONG, Act.REPLACE, card=card)
    assert (await world.known(old)).state is CardState.ACTIVE


# -- other kinds of cards -----------------------------------------------------------------------


@asynccontextmanager
async def site(
    directory: Path, database: dict[str, str], family: str
) -> AsyncIterator[tuple[StaffSession, World]]:
    """An officer of a site with other cards, and Ann without one."""
    settings = Settings().changed(database=database, cards={"families": [family]})
    async with new_world(directory, settings) as world:
        await world.holder()
        await world.office.accounts.add(ME, Role.OFFICER, PASSWORD, None, by="init")
        yield await at_desk(world.office), world


async def test_an_admin_pin_sets_a_fresh_resetting_code_and_is_not_kept(
    tmp_path: Path, database: dict[str, str]
) -> None:
    card = OpenPgpCard(admin_pin="60218834")
    async with site(tmp_path, database, "openpgp") as (officer, world):
        seen = await read(world, officer, card)
        assert (seen.ways[0].how, seen.ways[0].asks) == (How.FRESH, "admin PIN")
        await enrol(officer, seen, How.FRESH, "60218834")
        (kept,) = await world.secrets()
        assert kept.get_secret_value().decode() == card.state().resetting_code


async def test_an_admin_key_is_tried_and_one_that_is_wrong_is_not_kept(
    tmp_path: Path, database: dict[str, str]
) -> None:
    key = bytes(range(24))
    card = GidsCard(admin_key=key, admin_tries=3, card_id=bytes(range(16)))
    async with site(tmp_path, database, "gids") as (officer, world):
        seen = await read(world, officer, card)
        assert [way.how for way in seen.ways] == [How.GIVEN, How.NONE], "no fresh key can be set on it"
        with pytest.raises(StaffProblem, match="nothing was kept") as refused:
            await enrol(officer, seen, How.GIVEN, key[::-1].hex())
        assert "kiosk card" not in str(refused.value)
        assert await world.rows(CardRow) == []
        with pytest.raises(StaffProblem, match="clearing its secret"):
            await enrol(officer, await read(world, officer, card), How.GIVEN, key.hex())


async def test_a_derived_secret_needs_nothing_typed(tmp_path: Path, database: dict[str, str]) -> None:
    settings = Settings().changed(database=database, cards={"piv": {"unblock_secret": "diversified"}})
    async with new_world(tmp_path, settings, masters={"piv": SecretBytes(b"m" * 32)}) as world:
        await world.holder()
        await world.office.accounts.add(ME, Role.OFFICER, PASSWORD, None, by="init")
        officer = await at_desk(world.office)
        seen = await read(world, officer, PivCard())
        assert (seen.ways[0].how, seen.ways[0].asks) == (How.NONE, "")
        await enrol(officer, seen, How.NONE)
        assert (await officer.desk.page("H1")).cards[0].unblock_secret == "derived"
