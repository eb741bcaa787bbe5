"""The card is pulled before or after any command: afterwards the kiosk finds out what is true.

Before a command it never reaches the card; after it the card has carried it out and the kiosk does
not know. Either way whoever puts the card in again can finish, and store and card agree.
"""

from __future__ import annotations

import pytest

from cardio.virtual.piv import PivCard
from kiosk.steps import Ending, EnterPasscode, Finished, Offer, Purpose, Step
from kiosk.storage.models import CardRow, CardWriteRow
from tests.sampling import sample
from tests.stories.person import Person
from tests.stories.plots import NEW_PIN, register
from tests.stories.test_leaving import PLOTS, Plot, complete
from tests.stories.world import PIN, World, tries

PULLED = [plot for plot in PLOTS if plot.offer not in (Offer.CHANGE_DETAILS, Offer.WITHDRAW)]
COMMANDS = {Offer.REGISTER: 11, Offer.UNLOCK: 15, Offer.FORGOTTEN: 15, Offer.CHANGE_PASSCODE: 17}
CASES = [
    (plot, fault, nth)
    for plot in PULLED
    for fault in ("pull_before", "lose_reply")
    for nth in range(1, COMMANDS[plot.offer] + 1)
]


@pytest.mark.parametrize("plot", PULLED, ids=str)
async def test_each_journey_takes_so_many_commands(world: World, plot: Plot) -> None:
    card = await plot.begin(world)
    before = world.reader.faults.count()
    await plot.person(world).visit(card)
    assert world.reader.faults.count() - before == COMMANDS[plot.offer]


@pytest.mark.parametrize(("plot", "fault", "nth"), sample(CASES, 40), ids=str)
async def test_pulled_at_any_command(world: World, plot: Plot, fault: str, nth: int) -> None:
    card = await plot.begin(world)
    person = plot.person(world)
    getattr(world.reader.faults, fault)(nth)
    await person.visit(card)
    assert world.reader.card is None
    assert card.state().puk_tries_left == 3
    await person.until_done(card)
    assert person.pin == card.state().pin, "the person was told what is true"
    await agree(world, plot, card)


async def agree(world: World, plot: Plot, card: PivCard) -> None:
    """As after an undisturbed visit, but that a write may have been tried before."""
    writes = [write.state for write in await world.rows(CardWriteRow)]
    assert set(writes) <= {"done", "not-done"}
    assert ("done" in writes) is (card.state().pin == NEW_PIN)
    assert [row.unblock_state for row in await world.rows(CardRow)] == ["usable"]
    if "not-done" not in writes:
        await complete(world, plot, card)


async def lost(world: World, plot: Plot, *, happened: bool, **card: object) -> tuple[PivCard, Person]:
    """The reply to the write was lost, or the card pulled just before it."""
    made = await plot.begin(world)
    person = plot.person(world)
    ins = 0x24 if plot.offer is Offer.CHANGE_PASSCODE else 0x2C
    fault = world.reader.faults.lose_reply if happened else world.reader.faults.pull_before
    fault(ins=ins)
    await person.visit(made)
    (write,) = await world.rows(CardWriteRow)
    assert write.state == "unknown"
    return made, person


UNLOCK, FORGOTTEN, CHANGE = PULLED[1:]
ENDED = {True: Ending.CARD_WORKS, False: Ending.OLD_PASSCODE}


def kinds(seen: list[Step[object]]) -> list[type]:
    """The types of the steps."""
    return [type(step) for step in seen]


@pytest.mark.parametrize("plot", [FORGOTTEN, CHANGE], ids=str)
@pytest.mark.parametrize("happened", [True, False])
async def test_the_holder_is_asked_where_the_counter_does_not_tell(
    world: World, plot: Plot, happened: bool
) -> None:
    card, person = await lost(world, plot, happened=happened)
    world.hands.forward(minutes=2)
    asked, told, *_ = await person.visit(card)
    assert isinstance(asked, EnterPasscode)
    assert (asked.purpose, asked.tries_left) == (Purpose.SETTLE, 3)
    assert isinstance(told, Finished)
    assert told.ending is ENDED[happened]
    assert card.state().pin == NEW_PIN
    states = [write.state for write in await world.rows(CardWriteRow)]
    assert states == (["done"] if happened else ["not-done", "done"])


@pytest.mark.parametrize("happened", [True, False])
async def test_the_counter_settles_the_unlock_of_a_locked_card(world: World, happened: bool) -> None:
    card, person = await lost(world, UNLOCK, happened=happened)
    world.hands.forward(minutes=2)
    seen = await person.visit(card)
    assert EnterPasscode not in kinds(seen), "the holder is not asked"
    if happened:
        assert isinstance(seen[0], Finished)
        assert seen[0].ending is Ending.CARD_WORKS
        assert "Your smartcard was unlocked" in (await world.notices())[-1]
    else:
        assert Finished not in kinds(seen[:-1]), "it simply begins again"
    assert card.state().pin == NEW_PIN


async def test_asking_never_spends_the_last_try(world: World) -> None:
    card, person = await lost(world, CHANGE, happened=False)
    tries(card, pin=1)
    world.hands.forward(minutes=2)
    seen = await person.visit(card, leave_at=1)
    assert EnterPasscode not in kinds(seen)
    assert card.state().pin_tries_left == 1
    (write,) = await world.rows(CardWriteRow)
    assert write.state == "open-ended"


async def test_a_wrong_answer_counts_where_the_tries_are_told_next(world: World) -> None:
    card, person = await lost(world, CHANGE, happened=False)
    tries(card, pin=2)
    world.hands.forward(minutes=2)
    seen = await person.visit(card, leave_at=4)
    assert [type(step).__name__ for step in seen] == ["EnterPasscode", "Finished", "Welcome", "LastTry"]
    assert card.state().pin == PIN


async def test_locked_since_it_no_longer_matters(world: World) -> None:
    card, person = await lost(world, CHANGE, happened=True)
    card.lock()
    world.hands.forward(minutes=2)
    person.offer, person.ending = Offer.UNLOCK, Ending.UNLOCKED
    await person.visit(card)
    assert [write.state for write in await world.rows(CardWriteRow)] == ["open-ended", "done"]


async def test_leaving_the_question_open_asks_it_again(world: World) -> None:
    card, person = await lost(world, FORGOTTEN, happened=True)
    for _ in range(2):
        (asked,) = await person.visit(card, leave_at=1)
        assert isinstance(asked, EnterPasscode)
    await person.until_done(card)
    assert [write.state for write in await world.rows(CardWriteRow)] == ["done"]


async def test_a_secret_that_may_have_been_refused_is_not_sent_for_ever(world: World) -> None:
    """A card that does not tell the PUK's tries, pulled in every unlock: two sends, and no third."""
    await world.holder()
    card = await world.card(metadata=False, pin_tries_left=3)
    await register(world, card)
    card.lock()
    for expected in ("usable", "failed"):
        world.hands.forward(minutes=40)
        person = Person(world, Offer.UNLOCK, Ending.UNLOCKED)
        world.reader.faults.pull_before(ins=0x2C)
        await person.visit(card)
        await person.visit(card, leave_at=1)
        assert [row.unblock_state for row in await world.rows(CardRow)] == [expected]
    (alarm,) = await world.events("unblock-secret.failed")
    assert alarm.reason == "unproven"
