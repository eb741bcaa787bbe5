"""At the officer's desk: a new card for an old one, and cards of other kinds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretBytes

from cardio.virtual.gids import GidsCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from kiosk.settings import Settings
from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.desk import Act, Deed, Grounds, How
from kiosk.staff.rooms.session import StaffSession
from kiosk.storage.models import CardRow, CardState, NextSecretRow
from tests.kiosk.staff.conftest import Staffed
from tests.kiosk.staff.desk import FACTORY, ME, PASSWORD, WHY, at_desk, enrol, read
from tests.stories.plots import block, register, unlock
from tests.stories.world import PIN, World, identity, new_world

WRONG = "99990000"
CHANGE = 0x24


@pytest.fixture
async def world(staffed: Staffed) -> World:
    """Ann is a holder, without a card."""
    await staffed.world.holder()
    return staffed.world


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
    seen = await read(world.reader, officer, new)
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
    seen = await read(world.reader, officer, new)
    world.reader.faults.lose_reply(2, ins=CHANGE)
    with pytest.raises(StaffProblem, match="taken out too early"):
        await enrol(officer, seen, How.FRESH, FACTORY, Act.REPLACE, card=str(identity(old)))
    again = await read(world.reader, officer, new)
    await enrol(officer, again, How.FRESH, FACTORY, Act.REPLACE, card=str(identity(old)))
    assert await world.rows(NextSecretRow) == []
    assert len(await world.events("card.state-set")) == 1, "it was revoked once"


async def test_what_cannot_take_its_place_leaves_the_old_one_in_use(
    world: World, officer: StaffSession, old: PivCard
) -> None:
    card = str(identity(old))
    with pytest.raises(StaffProblem, match="this is the card that is to be replaced"):
        await enrol(officer, await read(world.reader, officer, old), How.NONE, act=Act.REPLACE, card=card)
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    bobs = await world.card("H2")
    with pytest.raises(StaffProblem, match="belongs to another holder"):
        await enrol(officer, await read(world.reader, officer, bobs), How.NONE, act=Act.REPLACE, card=card)
    suspended = await world.card()
    await world.set_state(suspended, CardState.SUSPENDED)
    with pytest.raises(StaffProblem, match="the card in the reader is suspended"):
        await enrol(
            officer, await read(world.reader, officer, suspended), How.NONE, act=Act.REPLACE, card=card
        )
    new = await read(world.reader, officer, PivCard(puk=FACTORY))
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
        seen = await read(world.reader, officer, card)
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
        seen = await read(world.reader, officer, card)
        assert [way.how for way in seen.ways] == [How.GIVEN, How.NONE], "no fresh key can be set on it"
        with pytest.raises(StaffProblem, match="nothing was kept") as refused:
            await enrol(officer, seen, How.GIVEN, key[::-1].hex())
        assert "kiosk card" not in str(refused.value)
        assert await world.rows(CardRow) == []
        with pytest.raises(StaffProblem, match="clearing its secret"):
            await enrol(officer, await read(world.reader, officer, card), How.GIVEN, key.hex())


async def test_a_derived_secret_needs_nothing_typed(tmp_path: Path, database: dict[str, str]) -> None:
    settings = Settings().changed(database=database, cards={"piv": {"unblock_secret": "diversified"}})
    async with new_world(tmp_path, settings, masters={"piv": SecretBytes(b"m" * 32)}) as world:
        await world.holder()
        await world.office.accounts.add(ME, Role.OFFICER, PASSWORD, None, by="init")
        officer = await at_desk(world.office)
        seen = await read(world.reader, officer, PivCard())
        assert (seen.ways[0].how, seen.ways[0].asks) == (How.NONE, "")
        await enrol(officer, seen, How.NONE)
        assert (await officer.desk.page("H1")).cards[0].unblock_secret == "derived"


async def test_a_card_that_may_not_be_enrolled_is_still_somebodys(
    tmp_path: Path, database: dict[str, str]
) -> None:
    """The site demands a proof that this card cannot give."""
    cards = {"piv": {"card_authentication": "required"}}
    async with new_world(tmp_path, Settings().changed(database=database, cards=cards)) as world:
        await world.holder()
        await world.office.accounts.add(ME, Role.OFFICER, PASSWORD, None, by="init")
        officer = await at_desk(world.office)
        bare = await world.card(pinned=False, card_key=None, sign_in=None)
        seen = await read(world.reader, officer, bare)
        assert (seen.holder_id, seen.ways) == ("H1", ())
        assert "demands one" in seen.trouble
        with pytest.raises(StaffProblem, match="demands one"):
            await enrol(officer, seen, How.NONE)
