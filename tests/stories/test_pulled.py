"""The card is pulled before or after it is written: afterwards the kiosk finds out what is true.

What is told here is told of a PIV card; test_torn.py tears every kind of card at every command.
"""

from __future__ import annotations

import pytest

from cardio.apdu import Command
from cardio.virtual.piv import PivCard
from kiosk.steps import Ending, EnterPasscode, Finished, Offer, Purpose, Step, Welcome
from kiosk.storage.models import CardRow, CardWriteRow
from tests.stories.person import Person
from tests.stories.plots import NEW_PIN, register
from tests.stories.shims import Shim
from tests.stories.test_leaving import PLOTS, Plot
from tests.stories.world import PIN, World, tries

PULLED = [plot for plot in PLOTS if plot.offer not in (Offer.CHANGE_DETAILS, Offer.WITHDRAW)]


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


async def missed_the_last_screen(world: World) -> tuple[PivCard, Person]:
    """The passcode was changed, and the card pulled while the kiosk proved it."""
    card = await CHANGE.begin(world)
    person = CHANGE.person(world)

    def pulled(command: Command) -> None:
        if command.ins == 0x20 and card.state().pin == NEW_PIN:
            world.reader.remove()

    await person.visit(Shim(card, pulled))
    assert Finished not in kinds(person.seen)
    assert [write.state for write in await world.rows(CardWriteRow)] == ["done"]
    assert "Your passcode was changed" in (await world.notices())[-1]
    return card, person


async def test_who_missed_the_last_screen_is_told_at_the_next_insertion_and_once(world: World) -> None:
    card, person = await missed_the_last_screen(world)
    told, menu = await person.visit(card)
    assert isinstance(told, Finished)
    assert (told.ending, type(menu)) == (Ending.CARD_WORKS, Welcome)
    assert kinds(await person.visit(card)) == [Welcome]


async def test_a_card_that_locked_since_is_not_said_to_work(world: World) -> None:
    card, person = await missed_the_last_screen(world)
    card.lock()
    person.offer, person.ending = Offer.UNLOCK, Ending.UNLOCKED
    seen = await person.visit(card)
    assert [step.ending for step in seen if isinstance(step, Finished)] == [Ending.UNLOCKED]


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
