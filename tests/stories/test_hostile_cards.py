"""Cards that go mad in the middle of a journey: a calm screen, nothing lost, and the honest card still works.

From some command on they answer every command in a way of their own, until they are taken out.
"""

from __future__ import annotations

import random

import pytest

from cardio.virtual.card import VirtualCard
from kiosk.audit import Outcome
from kiosk.refusals import Why
from kiosk.steps import Ending, Offer, SeeRA, Step, Welcome
from kiosk.storage.models import CardRow, HolderRow
from tests.madness import MADNESS, Mad
from tests.sampling import sample
from tests.stories.cast import CAST, Role, opens
from tests.stories.conftest import OpenWorld
from tests.stories.person import Person
from tests.stories.test_leaving import Plot
from tests.stories.test_torn import STORIES, begun
from tests.stories.world import World

CASES = [
    (role, plot, nth, madness)
    for role, plot, commands in STORIES
    for nth in range(1, commands + 1)
    for madness in MADNESS
]


@pytest.mark.parametrize(("role", "plot", "nth", "madness"), sample(CASES, 16), ids=str)
async def test_a_card_that_goes_mad(
    open_world: OpenWorld, role: Role, plot: Plot, nth: int, madness: str
) -> None:
    world, card, person = await begun(open_world, role, plot)
    before = role.tries(card)
    person.baffled = True
    seen = await person.visit(Mad(card, nth - 1, MADNESS[madness]), leave_at=12)
    person.baffled = False
    assert seen, "something is on the screen"
    assert role.tries(card) == before, "no try of the unblock secret was wasted"
    (holder,) = await world.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at) == (0, None)
    assert await incidents(world) == []
    if person.done and not opens(card, person.pin):
        assert not role.proves, "a card that can prove itself cannot be lied about"
        return
    await looked_at(world)
    await person.until_done(card)
    assert opens(card, person.pin)


async def incidents(world: World) -> list[str]:
    """What nobody had foreseen."""
    return [event.reason for event in await world.events("kiosk.incident")]


async def looked_at(world: World) -> None:
    """An officer clears a secret that the mad card seemed to refuse."""
    (row,) = await world.rows(CardRow)
    if row.unblock_state != "usable":
        alarms = [event for event in await world.events() if event.outcome == Outcome.ALARM.value]
        assert alarms, "and was told of it"
        known = await world.only_card()
        await world.parts.enrolment.clear_secret(known.id, by="test", reason="looked at")


@pytest.mark.parametrize("role", CAST.values(), ids=str)
async def test_an_answer_to_reset_of_any_bytes_is_no_matter(open_world: OpenWorld, role: Role) -> None:
    """Nothing but `kiosk card inspect` reads it."""
    world = await open_world(**role.sections)
    await world.holder()
    card = await role.enrolled(world)
    card._atr = random.Random(1).randbytes(33)
    assert isinstance(await look(world, card), Welcome)


async def look(world: World, card: VirtualCard) -> Step[object]:
    """The first screen that the card leads to."""
    (first, *_) = await Person(world, Offer.REGISTER, Ending.REGISTERED).visit(card, leave_at=1)
    return first


async def test_a_card_that_nothing_here_understands(open_world: OpenWorld) -> None:
    world = await open_world(cards={"families": ["piv", "openpgp", "gids"]})
    await world.holder()
    card = await CAST["piv"].enrolled(world)
    for answer in MADNESS.values():
        step = await look(world, Mad(card, 0, answer))
        assert isinstance(step, SeeRA)
        assert step.why in (Why.UNREADABLE, Why.CARD_FAILED)
