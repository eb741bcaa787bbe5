"""What a card has refused is never sent to it again, whoever brings it; two sends in vain are the most."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretBytes

from cardio.virtual.piv import PivCard
from kiosk.audit import Subject
from kiosk.enrolment import Change, EnrolmentError, NewCard, NewHolder, NewRow
from kiosk.marks import secret_accepted, secret_failed
from kiosk.refusals import Why
from kiosk.settings import Settings
from kiosk.steps import SeeRA
from kiosk.storage.models import CardRow, RefusedSecretRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import register, unlock, unlocking
from tests.stories.script import see
from tests.stories.test_derived_secrets import MASTER, personalised, puk_of
from tests.stories.world import PUK, RA_EMAIL, World, identity, new_world

ENDS_AT_THE_RA = see(SeeRA, why=Why.NO_UNBLOCK)
FIRST, SECOND, THIRD = "11119999", "22228888", "33337777"


async def silent(world: World, secret: str = FIRST, **card: object) -> PivCard:
    """Ann's locked card, which does not tell the tries of its PUK, and is kept with a wrong one."""
    await with_ann(world, metadata=False, secret=secret, **card)
    world.ann.lock()
    world.hands.forward(minutes=2)
    return world.ann


async def fails(world: World) -> None:
    """The card refuses what it is sent."""
    world.hands.forward(minutes=40)
    await world.visit(world.ann, [*unlocking(world)[:3], ENDS_AT_THE_RA])


async def bring(world: World, secret: str) -> Change:
    """As `kiosk card enrol` does."""
    new = NewCard(identity(world.ann), SecretBytes(secret.encode()))
    return await world.parts.enrolment.enrol("H1", new, by="officer")


async def roll(world: World, secret: str, card: PivCard | None = None) -> Counter[Change]:
    """As `kiosk card import` does."""
    new = NewCard(identity(card or world.ann), SecretBytes(secret.encode()))
    rows = [NewRow(1, NewHolder("H1", "Ann Jones", RA_EMAIL), new)]
    return await world.parts.enrolment.import_all(rows, by="roll")


async def state(world: World) -> str:
    (row,) = await world.rows(CardRow)
    return row.unblock_state


async def test_a_roll_does_not_bring_a_refused_secret_back_through_another(world: World) -> None:
    card = await silent(world)
    await fails(world)
    assert await bring(world, SECOND) is Change.RENEWED
    assert await state(world) == "usable"
    assert await roll(world, FIRST) == Counter({Change.REFUSED: 1})
    assert [secret.get_secret_value().decode() for secret in await world.secrets()] == [SECOND]
    await fails(world)
    assert await roll(world, FIRST) == Counter({Change.REFUSED: 1})
    with pytest.raises(EnrolmentError, match=r"refused this unblock secret before.*clear-secret"):
        await bring(world, FIRST)
    assert await state(world) == "failed"
    await world.visit(card, [ENDS_AT_THE_RA])
    assert card.state().puk_tries_left == 1


async def test_a_third_secret_is_kept_and_waits_for_the_officer(world: World) -> None:
    card = await silent(world)
    await fails(world)
    await bring(world, SECOND)
    await fails(world)
    assert await bring(world, PUK) is Change.HELD
    assert await roll(world, PUK) == Counter({Change.HELD: 1}), "it says so every night"
    await world.visit(card, [ENDS_AT_THE_RA])
    assert card.state().puk_tries_left == 1
    await world.parts.enrolment.clear_secret(identity(card), by="officer", reason="it is on the letter")
    world.hands.forward(minutes=40)
    await unlock(world, card)
    assert card.state().puk_tries_left == 3


async def test_lost_answers_of_one_secret_count_for_the_next(world: World) -> None:
    card = await silent(world)
    world.reader.faults.lose_reply(ins=0x2C)
    await world.visit(card, [*unlocking(world)[:3], see(SeeRA, why=Why.PUT_BACK)])
    await fails(world)
    assert (await state(world), card.state().puk_tries_left) == ("failed", 1)
    assert await bring(world, SECOND) is Change.HELD
    await world.visit(card, [ENDS_AT_THE_RA])
    assert card.state().puk_tries_left == 1


async def test_a_card_that_tells_its_tries_gets_any_secret_but_a_refused_one(world: World) -> None:
    await with_ann(world, secret=FIRST, tries=8)
    world.ann.lock()
    for secret in (SECOND, THIRD, PUK):
        await fails(world)
        assert await bring(world, secret) is Change.RENEWED
        with pytest.raises(EnrolmentError, match="before"):
            await bring(world, FIRST)
    assert len(await world.rows(RefusedSecretRow)) == 3
    world.hands.forward(minutes=40)
    await unlock(world, world.ann)


async def test_clearing_lets_a_refused_one_be_brought_again(world: World) -> None:
    await silent(world)
    await fails(world)
    await bring(world, SECOND)
    await world.parts.enrolment.clear_secret(identity(world.ann), by="officer", reason="looked")
    assert await world.rows(RefusedSecretRow) == []
    assert await bring(world, FIRST) is Change.RENEWED


async def test_a_secret_that_works_after_all_is_refused_no_longer(world: World) -> None:
    """Its answers were lost until it counted as refused."""
    await silent(world, secret=PUK)
    known = await world.known(world.ann)
    async with world.office.service.store.work() as session:
        await secret_failed(session, world.service.store, known.card, Subject(), "unproven")
    assert len(await world.rows(RefusedSecretRow)) == 1
    async with world.office.service.store.work() as session:
        await secret_accepted(session, known.card)
    assert await world.rows(RefusedSecretRow) == []
    assert await bring(world, PUK) is Change.UNCHANGED


async def test_what_was_refused_is_that_very_secret_of_that_card(world: World) -> None:
    await with_ann(world, secret=FIRST)

    async def allowed(card: PivCard, secret: str) -> None:
        await world.parts.trials.require_unrefused(identity(card), SecretBytes(secret.encode()), "PUK")

    await allowed(world.ann, FIRST)  # nobody has tried it
    world.ann.lock()
    await fails(world)
    with pytest.raises(EnrolmentError, match="refused this PUK before"):
        await allowed(world.ann, FIRST)
    await allowed(world.ann, PUK)
    await allowed(PivCard(), FIRST)
    await world.parts.enrolment.clear_secret(identity(world.ann), by="ra", reason="looked")
    await allowed(world.ann, FIRST)


async def test_a_refused_secret_of_a_card_not_in_the_store_is_not_taken_either(world: World) -> None:
    await world.holder()
    card = PivCard(puk=PUK)
    await world.parts.trials.refused(identity(card), SecretBytes(FIRST.encode()), by="officer")
    assert await roll(world, FIRST, card) == Counter({Change.REFUSED: 1, Change.ADDED: 1})
    assert await world.secrets() == []


async def test_a_derived_secret_that_failed_is_not_forgotten(
    tmp_path: Path, database: dict[str, str]
) -> None:
    settings = Settings().changed(database=database, cards={"piv": {"unblock_secret": "diversified"}})
    async with new_world(tmp_path, settings, masters={"piv": MASTER}) as world:
        await world.holder()
        card = personalised(metadata=False)
        derived = puk_of(card)
        card._puk.value = PUK.encode()
        await world.parts.enrolment.enrol("H1", NewCard(identity(card), None), by="test")
        world.ann = card
        await register(world, card)
        card.lock()
        await fails(world)
        assert await roll(world, derived) == Counter({Change.REFUSED: 1})
        await bring(world, SECOND)
        assert await roll(world, derived) == Counter({Change.REFUSED: 1})


async def test_a_roll_does_not_undo_a_mark_and_lose_the_secret_that_the_card_holds(
    open_world: OpenWorld,
) -> None:
    world = await open_world(cards={"piv": {"rotate": True}})
    await with_ann(world)
    world.ann.lock()
    world.hands.forward(minutes=40)
    await unlock(world, world.ann)
    rotated = world.ann.state().puk
    known = await world.known(world.ann)
    async with world.office.service.store.work() as session:
        await secret_failed(session, world.service.store, known.card, Subject(), "NotGenuine")
    for change in (await roll(world, PUK), Counter([await bring(world, SECOND)])):
        assert change == Counter({Change.KEPT: 1})
    assert await state(world) == "failed"
    assert [secret.get_secret_value().decode() for secret in await world.secrets()] == [rotated]
    await world.parts.enrolment.clear_secret(identity(world.ann), by="officer", reason="it was reset")
    assert await roll(world, PUK) == Counter({Change.RENEWED: 1})
