"""The store goes away, or the process is killed, between two units of work: whoever goes on can finish."""

from __future__ import annotations

from contextlib import suppress

import pytest

from kiosk.enrolment import EnrolmentError
from kiosk.steps import Ending, Offer
from kiosk.storage.database import StoreUnavailable
from tests.sampling import sample
from tests.stories.cast import CAST, AnyCard, Role, opens
from tests.stories.conftest import OpenWorld
from tests.stories.outage import How, Killed, Outage
from tests.stories.person import Person
from tests.stories.test_torn import FAULTS, begun
from tests.stories.test_torn_office import ORDERS, Order, carried_out, desk, torn_first
from tests.stories.test_torn_twice import UNLOCK, replacement_torn, settled
from tests.stories.world import World

UNITS = {  # of work: in an unlock with a replacement; after one that did not reach the card; and that did
    "piv-rotating": (18, 24, 23),
    "openpgp-by-admin-pin": (18, 24, 23),
}
STORIES = [
    (CAST[name], first, units)
    for name, each in UNITS.items()
    for first, units in zip(("", *FAULTS), each, strict=True)
]
CASES = [
    (role, first, how, nth) for role, first, units in STORIES for nth in range(1, units + 1) for how in How
]


async def story(open_world: OpenWorld, role: Role, first: str) -> tuple[World, AnyCard]:
    """A locked card, whose unblock secret is to be replaced, or whose replacement was torn."""
    if first:
        return await replacement_torn(open_world, role, first)
    world, card, _ = await begun(open_world, role, UNLOCK)
    return world, card


@pytest.mark.parametrize(("role", "first", "units"), sample(STORIES, 2), ids=str)
async def test_an_unlock_takes_so_many_units_of_work(
    open_world: OpenWorld, role: Role, first: str, units: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await story(open_world, role, first)
    outage = Outage(monkeypatch)
    await Person(world, Offer.UNLOCK, Ending.UNLOCKED).visit(card)
    assert outage.count == units + world.guarded  # the secret is asked for first, and then taken
    await settled(world, role, card)


@pytest.mark.parametrize(("role", "first", "how", "nth"), sample(CASES, 6), ids=str)
async def test_an_unlock_that_ends_between_two_units_of_work(
    open_world: OpenWorld, role: Role, first: str, how: How, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await story(open_world, role, first)
    person = Person(world, Offer.UNLOCK, Ending.UNLOCKED)
    outage = Outage(monkeypatch, how, nth)
    with suppress(StoreUnavailable, Killed):
        await person.visit(card)
    outage.end()
    assert role.tries(card) in (2, 3), "finding out costs one try"
    await person.until_done(card)
    assert opens(card, person.pin)
    if len(await world.secrets()) > 1:
        card.lock()
        world.hands.forward(minutes=40)
        await Person(world, Offer.UNLOCK, Ending.UNLOCKED).until_done(card)
    await settled(world, role, card)


UNITS_OF_FRESH = {  # at first; after one that did not reach the card; and that did
    "piv": (12, 19, 10),
    "openpgp": (9, 11, 11),
    "openpgp-without-code": (9, 11, 9),
}
OFFICE = [
    (order, first, units)
    for order in ORDERS
    if order.fresh and order.role.name in UNITS_OF_FRESH
    for first, units in zip(("", *FAULTS), UNITS_OF_FRESH[order.role.name], strict=True)
]
OFFICE_CASES = [
    (order, first, how, nth) for order, first, units in OFFICE for nth in range(1, units + 1) for how in How
]


async def at_the_desk(
    open_world: OpenWorld, order: Order, first: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[World, AnyCard]:
    """A card to set a fresh secret on, or on which that was torn."""
    if first:
        return await torn_first(open_world, order, first, monkeypatch)
    return await desk(open_world, order, monkeypatch)


@pytest.mark.parametrize(("order", "first", "units"), sample(OFFICE, 2), ids=str)
async def test_a_fresh_secret_takes_so_many_units_of_work(
    open_world: OpenWorld, order: Order, first: str, units: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await at_the_desk(open_world, order, first, monkeypatch)
    outage = Outage(monkeypatch)
    await order.carry_out(world)
    assert outage.count == units
    await carried_out(world, order, card)


@pytest.mark.parametrize(("order", "first", "how", "nth"), sample(OFFICE_CASES, 6), ids=str)
async def test_an_enrolment_that_ends_between_two_units_of_work(
    open_world: OpenWorld, order: Order, first: str, how: How, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, card = await at_the_desk(open_world, order, first, monkeypatch)
    outage = Outage(monkeypatch, how, nth)
    with suppress(StoreUnavailable, Killed, EnrolmentError):
        await order.carry_out(world)
    outage.end()
    await order.carry_out(world)
    await carried_out(world, order, card)
