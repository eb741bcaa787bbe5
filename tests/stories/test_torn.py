"""Every kind of card, torn at every command of its journeys: the kiosk finds out, the holder finishes.

Pulled before a command, that never reached the card; where the reply was lost, the card has carried it
out and the kiosk does not know. Either way whoever puts the card in again is told what is true and can
finish, the vault holds the unblock secret that the card holds, and no try was wasted.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.steps import Ending, Offer
from kiosk.storage.models import CardRow, CardWriteRow
from tests.sampling import sample
from tests.stories.cast import CAST, AnyCard, Role, opens, passcode_tries
from tests.stories.conftest import OpenWorld
from tests.stories.person import Person
from tests.stories.test_leaving import PLOTS, Plot, written_down
from tests.stories.world import World

TORN = [plot for plot in PLOTS if plot.offer not in (Offer.CHANGE_DETAILS, Offer.WITHDRAW)]
FAULTS = ("pull_before", "lose_reply")
COMMANDS = {  # register, unlock, forgotten, change
    "piv": (12, 16, 16, 19),
    "piv-of-another-vendor": (12, 16, 16, 19),
    "piv-rotating": (12, 19, 19, 19),
    "openpgp": (8, 10, 10, 16),
    "openpgp-with-kdf": (8, 10, 10, 16),
    "openpgp-by-admin-pin": (8, 15, 15, 16),
    "openpgp-rotating": (7, 14, 14, 14),
    "gids": (15, 16, 16, 15),
    "gids-with-aes": (15, 16, 16, 15),
    "profile": (7, 11, 11, 12),
    "profile-silent": (5, 6, 6, 9),
    "profile-in-two-commands": (7, 11, 11, 13),
    "profile-rotating": (7, 14, 14, 12),
}


def plots_of(role: Role) -> list[Plot]:
    """A card that does not say that it is locked is unlocked as one whose passcode was forgotten."""
    return [
        replace(plot, offer=Offer.FORGOTTEN, steps=plot.steps + 1) if plot.locked and not role.tells else plot
        for plot in TORN
    ]


STORIES = [
    (role, plot, commands)
    for role in CAST.values()
    for plot, commands in zip(plots_of(role), COMMANDS[role.name], strict=True)
]
CASES = {
    role.name: [
        (role, plot, fault, nth)
        for of, plot, commands in STORIES
        if of is role
        for nth in range(1, commands + 1)
        for fault in FAULTS
    ]
    for role in CAST.values()
}
CHOSEN = [case for cases in CASES.values() for case in sample(cases, 2)]


async def begun(open_world: OpenWorld, role: Role, plot: Plot) -> tuple[World, AnyCard, Person]:
    """The holder comes with the card."""
    world = await open_world(**role.sections)
    await world.holder()
    card = await role.enrolled(world)
    await plot.prepare(world, card)
    return world, card, plot.person(world)


@pytest.mark.parametrize(("role", "plot", "commands"), sample(STORIES, 10), ids=str)
async def test_each_journey_takes_so_many_commands(
    open_world: OpenWorld, role: Role, plot: Plot, commands: int
) -> None:
    world, card, person = await begun(open_world, role, plot)
    before = world.reader.faults.count()
    await person.visit(card)
    assert person.done
    assert world.reader.faults.count() - before == commands
    await agree(world, role, plot, card, person)


@pytest.mark.parametrize(("role", "plot", "fault", "nth"), CHOSEN, ids=str)
async def test_torn_at_any_command(
    open_world: OpenWorld, role: Role, plot: Plot, fault: str, nth: int
) -> None:
    world, card, person = await begun(open_world, role, plot)
    before = role.tries(card)
    getattr(world.reader.faults, fault)(nth)
    await person.visit(card)
    assert world.reader.card is None, "the card was torn out"
    assert role.tries(card) == before, "no try of the unblock secret is spent"
    await person.until_done(card)
    await agree(world, role, plot, card, person)


async def agree(world: World, role: Role, plot: Plot, card: AnyCard, person: Person) -> None:
    """As after an undisturbed visit, but that a write may have been tried before."""
    assert opens(card, person.pin), "the person was told what is true"
    assert passcode_tries(card) == 3
    assert role.tries(card) in (3, None)
    assert await role.agrees(world, card), "the vault holds the secret that the card holds"
    (row,) = await world.rows(CardRow)
    assert (row.unblock_state, row.unproven_sends) == ("usable", 0)
    states = [write.state for write in await world.rows(CardWriteRow)]
    assert states.count("done") == plot.writes, "nobody had to do again what was done"
    writes = set(states)
    assert writes <= {"done", "not-done"} | (set() if role.counter_settles else {"open-ended"})
    if writes <= {"done"}:
        await written_down(world, plot)
    if len(await world.secrets()) > 1:  # of a card that is not asked before its next unlock
        await unlocked_again(world, role, card)


async def unlocked_again(world: World, role: Role, card: AnyCard) -> None:
    """The next unlock finds out which of two secrets the card holds."""
    card.lock()
    world.hands.forward(minutes=40)
    await Person(world, Offer.UNLOCK, Ending.UNLOCKED).until_done(card)
    assert len(await world.secrets()) == 1
    assert await role.agrees(world, card)
    assert role.tries(card) == 3
