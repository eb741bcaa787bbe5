"""A replacement of the unblock secret is torn, and then so is whatever finds out what became of it."""

from __future__ import annotations

import pytest

from kiosk.steps import Ending, Offer
from kiosk.storage.models import CardRow, NextSecretRow
from tests.sampling import sample
from tests.stories.cast import CAST, AnyCard, Role, opens
from tests.stories.conftest import OpenWorld
from tests.stories.person import Person
from tests.stories.plots import NEW_PIN
from tests.stories.test_leaving import PLOTS
from tests.stories.test_torn import FAULTS
from tests.stories.world import World

UNLOCK = next(plot for plot in PLOTS if plot.offer is Offer.UNLOCK)
REPLACE = 0x24
COMMANDS = {  # of an unlock after a replacement that did not reach the card, and after one that did
    "piv-rotating": (28, 26),
    "openpgp-by-admin-pin": (21, 18),
    "openpgp-rotating": (20, 17),
    "profile-rotating": (20, 18),
}
STORIES = [
    (CAST[name], first, commands)
    for name, both in COMMANDS.items()
    for first, commands in zip(FAULTS, both, strict=True)
]
CASES = [
    (role, first, fault, nth)
    for role, first, commands in STORIES
    for nth in range(1, commands + 1)
    for fault in FAULTS
]


async def replacement_torn(open_world: OpenWorld, role: Role, first: str) -> tuple[World, AnyCard]:
    """A card that was unlocked, whose secret was being replaced, and that has locked again."""
    world = await open_world(**role.sections)
    await world.holder()
    card = await role.enrolled(world)
    await UNLOCK.prepare(world, card)
    getattr(world.reader.faults, first)(ins=REPLACE)
    await UNLOCK.person(world).visit(card)
    assert opens(card, NEW_PIN)
    assert len(await world.rows(NextSecretRow)) == 1, "both secrets are kept"
    card.lock()
    world.hands.forward(minutes=40)
    return world, card


@pytest.mark.parametrize(("role", "first", "commands"), sample(STORIES, 4), ids=str)
async def test_the_next_unlock_finds_out_and_takes_so_many_commands(
    open_world: OpenWorld, role: Role, first: str, commands: int
) -> None:
    world, card = await replacement_torn(open_world, role, first)
    before = world.reader.faults.count()
    person = Person(world, Offer.UNLOCK, Ending.UNLOCKED)
    await person.visit(card)
    assert person.done
    assert world.reader.faults.count() - before == commands
    await settled(world, role, card)


@pytest.mark.parametrize(("role", "first", "fault", "nth"), sample(CASES, 7), ids=str)
async def test_torn_again_while_it_is_found_out(
    open_world: OpenWorld, role: Role, first: str, fault: str, nth: int
) -> None:
    world, card = await replacement_torn(open_world, role, first)
    person = Person(world, Offer.UNLOCK, Ending.UNLOCKED)
    getattr(world.reader.faults, fault)(nth)
    await person.visit(card)
    assert world.reader.card is None, "the card was torn out"
    assert role.tries(card) in (2, 3), "finding out costs one try"
    await person.until_done(card)
    assert opens(card, person.pin)
    if len(await world.secrets()) > 1:  # what was torn was another replacement, after the unlock
        card.lock()
        world.hands.forward(minutes=40)
        await Person(world, Offer.UNLOCK, Ending.UNLOCKED).until_done(card)
    await settled(world, role, card)


async def settled(world: World, role: Role, card: AnyCard) -> None:
    """One secret is kept, which is the card's, and all its tries are back."""
    assert len(await world.secrets()) == 1
    assert await role.agrees(world, card)
    assert role.tries(card) == 3
    assert [row.unblock_state for row in await world.rows(CardRow)] == ["usable"]
    assert await world.events("unblock-secret.failed") == []
