"""Cards that a site describes itself, from the register to the unlock; some of them tell next to nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.card import CardId
from cardio.virtual.iso7816 import IsoCard, IsoQuirks
from kiosk.dialogue import Gone
from kiosk.enrolment import NewCard
from kiosk.refusals import Why
from kiosk.settings import Settings
from kiosk.steps import Ending, EnterPasscode, Finished, LastTry, NewPasscode, Offer, Purpose, SeeRA, Welcome
from kiosk.storage.models import CardRow, CardWriteRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import NEW_PIN, changing_passcode, registration, unlocking
from tests.stories.profiles import IN_TWO_COMMANDS, SILENT, TELLING, described
from tests.stories.script import See, see
from tests.stories.world import PIN, PUK, World, twice

SERIAL = bytes.fromhex("0102030405060708")
ASKS_COST = IsoQuirks(status_query_costs_a_try=True)


def card_of(table: dict[str, Any], **card: Any) -> IsoCard:
    profile = Settings().changed(**described(table)).cards.profiles["badge"].profile("badge")
    return IsoCard(profile, **{"serial": SERIAL, "passcode": PIN, "puk": PUK, **card})


async def enrolled(world: World, *, secret: str = PUK) -> None:
    """Ann has the card with that serial number."""
    await world.holder()
    new = NewCard(CardId("badge", "serial", SERIAL.hex().upper()), SecretBytes(secret.encode()))
    await world.parts.enrolment.enrol("H1", new, by="test")


async def registered(open_world: OpenWorld, card: IsoCard, table: dict[str, Any]) -> World:
    """Ann is registered with the card, two minutes ago."""
    world = await open_world(**described(table))
    await enrolled(world)
    await world.visit(card, registration(world))
    world.hands.forward(minutes=2)
    return world


def forgotten(world: World) -> list[See]:
    """The lines of an unlock of a card that does not say that it is locked."""
    return [see(Welcome, Offer.FORGOTTEN, locked=False), *unlocking(world)]


@pytest.mark.parametrize("table", [TELLING, IN_TWO_COMMANDS], ids=["P1-00", "P1-01"])
async def test_a_card_that_tells_its_tries_is_unlocked_as_any_other(
    open_world: OpenWorld, table: dict[str, Any]
) -> None:
    card = card_of(table)
    world = await registered(open_world, card, table)
    card.lock()
    await world.visit(card, unlocking(world))
    assert (card.state().passcode, card.state().puk_tries_left) == (NEW_PIN, 3)


async def test_a_locked_card_that_does_not_say_so_is_unlocked_as_forgotten(open_world: OpenWorld) -> None:
    card = card_of(SILENT, quirks=ASKS_COST)
    world = await registered(open_world, card, SILENT)
    card.lock()
    await world.visit(card, forgotten(world))
    state = card.state()
    assert (state.passcode, state.passcode_tries_left, state.puk_tries_left) == (NEW_PIN, 3, 3)


async def test_looking_at_such_a_card_costs_it_nothing(open_world: OpenWorld) -> None:
    card = card_of(SILENT, quirks=ASKS_COST)
    world = await registered(open_world, card, SILENT)
    await world.visit(card, changing_passcode())
    assert world.reader.faults.count([0x20]) == 3, "the registration, the change, and the proof of it"
    state = card.state()
    assert (state.passcode, state.passcode_tries_left, state.puk_tries_left) == (NEW_PIN, 3, 3)


async def test_its_tries_are_told_by_a_wrong_passcode_and_the_last_is_asked_about(
    open_world: OpenWorld,
) -> None:
    card = card_of(SILENT)
    world = await registered(open_world, card, SILENT)
    lines = [
        see(Welcome, Offer.CHANGE_PASSCODE),
        see(EnterPasscode, "111222", tries_left=None),
        see(EnterPasscode, "222333", tries_left=2, wrong=True),
        see(LastTry, True),
        see(EnterPasscode, "333444", tries_left=1, wrong=True),
        see(SeeRA, why=Why.PASSCODE_LOCKED),
    ]
    await world.visit(card, lines)
    assert card.state().locked
    await world.visit(card, forgotten(world))
    assert card.state().passcode == NEW_PIN


async def test_a_wrong_puk_is_sent_once_where_its_tries_are_not_told(open_world: OpenWorld) -> None:
    card = card_of(SILENT, puk="99990000")
    world = await registered(open_world, card, SILENT)
    await world.visit(card, [*forgotten(world)[:-1], see(SeeRA, why=Why.NO_UNBLOCK)])
    assert card.state().puk_tries_left == 2
    world.hands.forward(minutes=2)
    offers = (Offer.CHANGE_PASSCODE, Offer.CHANGE_DETAILS, Offer.WITHDRAW)
    await world.visit(card, [see(Welcome, Gone.CARD_OUT, offers=offers, note=Why.NO_UNBLOCK)])
    assert card.state().puk_tries_left == 2
    assert [row.unblock_state for row in await world.rows(CardRow)] == ["failed"]


async def test_an_unlock_torn_on_a_silent_card_is_settled_by_asking(open_world: OpenWorld) -> None:
    card = card_of(SILENT)
    world = await registered(open_world, card, SILENT)
    card.lock()
    world.reader.faults.lose_reply(ins=0x2C)
    await world.visit(card, [*forgotten(world)[:-1], see(SeeRA, why=Why.PUT_BACK)])
    assert card.state().passcode == NEW_PIN
    lines = [
        see(EnterPasscode, NEW_PIN, purpose=Purpose.SETTLE),
        see(Finished, ending=Ending.CARD_WORKS),
        see(Welcome, Offer.CHANGE_PASSCODE),
        see(EnterPasscode, NEW_PIN),
        see(NewPasscode, twice("840276")),
        see(Finished, ending=Ending.PASSCODE_CHANGED),
    ]
    await world.visit(card, lines)
    assert [row.state for row in await world.rows(CardWriteRow)] == ["done", "done"]


async def test_a_card_pulled_before_the_write_is_still_unlocked_in_the_end(open_world: OpenWorld) -> None:
    card = card_of(SILENT)
    world = await registered(open_world, card, SILENT)
    card.lock()
    world.reader.faults.pull_before(ins=0x2C)
    await world.visit(card, [*forgotten(world)[:-1], see(SeeRA, why=Why.PUT_BACK)])
    assert card.state().locked
    world.hands.forward(minutes=2)
    asked = see(EnterPasscode, NEW_PIN, purpose=Purpose.SETTLE)
    await world.visit(card, [asked, see(SeeRA, why=Why.PASSCODE_LOCKED)])
    await world.visit(card, forgotten(world))
    assert (card.state().passcode, card.state().puk_tries_left) == (NEW_PIN, 3)


async def test_an_unlock_in_two_commands_is_not_believed_for_its_counter(open_world: OpenWorld) -> None:
    """The PUK was taken and the new passcode was not: the card is unlocked, with its old one."""
    card = card_of(IN_TWO_COMMANDS)
    world = await registered(open_world, card, IN_TWO_COMMANDS)
    card.lock()
    world.reader.faults.pull_before(ins=0x24)
    await world.visit(card, [*unlocking(world)[:-1], see(SeeRA, why=Why.PUT_BACK)])
    assert (card.state().locked, card.state().passcode) == (False, PIN)
    world.hands.forward(minutes=2)
    lines = [
        see(EnterPasscode, NEW_PIN, purpose=Purpose.SETTLE),
        see(Finished, ending=Ending.OLD_PASSCODE),
        *forgotten(world),
    ]
    await world.visit(card, lines)
    assert card.state().passcode == NEW_PIN
