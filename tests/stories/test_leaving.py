"""Gone at any step of any journey: nothing is half done, and whoever comes back can finish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cardio.virtual.piv import PivCard
from kiosk.dialogue import Gone
from kiosk.steps import Detail, Ending, Finished, Offer
from kiosk.storage.models import CardWriteRow, HolderRow, PendingRow, RegistrationRow, SecurityAnswerRow
from tests.sampling import LONG
from tests.stories.cast import AnyCard
from tests.stories.person import Person
from tests.stories.plots import NEW_PIN, register
from tests.stories.world import PIN, World

OTHERS = {"first-pet": "Biscuit", "dream-job": "Pilot", "first-film": "Dumbo", "first-meal": "Omelette"}


@dataclass(frozen=True)
class Plot:
    """A journey, and how many steps it takes when nothing goes wrong."""

    offer: Offer
    ending: Ending
    steps: int
    locked: bool = False
    more: Callable[[], dict[str, Any]] = dict

    def __str__(self) -> str:
        told = f"-{self.offer.value}" if self.ending is Ending.UNLOCKED else ""
        return (
            self.ending.value + told + ("-locked" if self.locked and self.offer is not Offer.UNLOCK else "")
        )

    def person(self, world: World) -> Person:
        """Who wants this done."""
        return Person(world, self.offer, self.ending, **self.more())

    async def begin(self, world: World) -> PivCard:
        """The card it is done with."""
        await world.holder()
        card = await world.card()
        await self.prepare(world, card)
        return card

    async def prepare(self, world: World, card: AnyCard) -> None:
        """Bring an enrolled card to where the journey begins."""
        if self.offer is not Offer.REGISTER:
            await register(world, card)
            await world.service.notices.send_due()
        if self.locked:
            card.lock()
        world.hands.forward(minutes=2)

    @property
    def writes(self) -> bool:
        """Whether the card is written, and has a new passcode in the end."""
        return self.ending in (Ending.UNLOCKED, Ending.PASSCODE_CHANGED)


PLOTS = [
    Plot(Offer.REGISTER, Ending.REGISTERED, 7),
    Plot(Offer.UNLOCK, Ending.UNLOCKED, 4, locked=True),
    Plot(Offer.FORGOTTEN, Ending.UNLOCKED, 5),
    Plot(Offer.CHANGE_PASSCODE, Ending.PASSCODE_CHANGED, 4),
    Plot(Offer.CHANGE_DETAILS, Ending.QUESTIONS_CHANGED, 7, more=lambda: {"new_answers": OTHERS}),
    Plot(
        Offer.CHANGE_DETAILS,
        Ending.EMAIL_CHANGED,
        8,
        more=lambda: {"detail": Detail.EMAIL, "new_email": "ann@trust.nhs.net"},
    ),
    Plot(Offer.WITHDRAW, Ending.WITHDRAWN, 6),
]
REASONS = [Gone.CARD_OUT, Gone.PATIENCE, Gone.STOPPED, Gone.CLOSING, Gone.READER]
PLACES = [(plot, step) for plot in PLOTS for step in range(1, plot.steps + 1)]
CASES = [
    (plot, step, reason)
    for number, (plot, step) in enumerate(PLACES)
    for reason in (REASONS if LONG else [REASONS[number % len(REASONS)]])
]


async def standing(world: World, card: PivCard) -> tuple[object, ...]:
    """What must be as it was until the journey is complete."""
    registration = [(row.email, row.registered_at) for row in await world.rows(RegistrationRow)]
    answers = [(row.question, row.hash) for row in await world.rows(SecurityAnswerRow)]
    holders = [(row.attempts, row.blocked_at) for row in await world.rows(HolderRow)]
    return registration, answers, holders, card.state(), await world.rows(CardWriteRow)


@pytest.mark.parametrize("plot", PLOTS, ids=str)
async def test_each_journey_takes_so_many_steps(world: World, plot: Plot) -> None:
    card = await plot.begin(world)
    person = plot.person(world)
    seen = await person.visit(card)
    assert person.done
    assert len(seen) == plot.steps


@pytest.mark.parametrize(("plot", "step", "reason"), CASES, ids=str)
async def test_gone_at_any_step(world: World, plot: Plot, step: int, reason: Gone) -> None:
    card = await plot.begin(world)
    before = await standing(world, card)
    person = plot.person(world)
    seen = await person.visit(card, leave_at=step, reason=reason)
    assert len(seen) == step
    if isinstance(seen[-1], Finished):
        assert person.done
    else:
        assert await standing(world, card) == before
    await person.until_done(card)
    await complete(world, plot, card)


async def complete(world: World, plot: Plot, card: PivCard) -> None:
    """What is true at the end is what the last screen said."""
    assert card.state().pin == (NEW_PIN if plot.writes else PIN)
    assert not card.state().locked
    await written_down(world, plot)


async def written_down(world: World, plot: Plot) -> None:
    """The store says the same."""
    known = await world.only_card()
    assert known.registered is (plot.ending is not Ending.WITHDRAWN)
    assert known.attempts_left == 3
    assert known.open_write is None
    assert (known.email == "ann@trust.nhs.net") is (plot.ending is Ending.EMAIL_CHANGED)
    assert (set(known.questions) == set(OTHERS)) is (plot.ending is Ending.QUESTIONS_CHANGED)
    assert all(row.code_hash == "" for row in await world.rows(PendingRow))
    assert {write.state for write in await world.rows(CardWriteRow)} == ({"done"} if plot.writes else set())
