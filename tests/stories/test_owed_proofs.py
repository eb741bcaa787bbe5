"""Proofs that are owed: cards that had to be sent their secret first, and what they may try then."""

from __future__ import annotations

import pytest

from cardio.apdu import Command, Response
from cardio.virtual.openpgp import OpenPgpCard
from kiosk.enrolment import NewCard
from kiosk.refusals import Why
from kiosk.steps import Ending, EnterPasscode, Finished, NewPasscode, Purpose, SeeRA, Welcome
from kiosk.storage.models import CardRow, CardWriteRow, NextSecretRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import NEW_PIN, register, unlock, unlocking
from tests.stories.script import see
from tests.stories.test_proven_keys import INTERNAL_AUTHENTICATE, LEAVES, REFUSED, openpgp_card, registered
from tests.stories.world import World, identity


async def locked(open_world: OpenWorld) -> tuple[World, OpenPgpCard]:
    """Ann's registered card has locked."""
    world, card = await registered(open_world)
    card.lock()
    world.hands.forward(minutes=2)
    return world, card


async def test_a_copy_that_leaves_before_its_proof_has_unlocked_nothing(open_world: OpenWorld) -> None:
    """It said done and was gone. When the card itself comes it is as locked as before: that is an alarm."""
    world, card = await locked(open_world)
    copy = openpgp_card(pin_tries_left=0)
    world.reader.faults.pull_before(ins=INTERNAL_AUTHENTICATE)
    await world.visit(copy, [*unlocking(world)[:-1], see(SeeRA, why=Why.PUT_BACK)])
    assert [write.state for write in await world.rows(CardWriteRow)] == ["answered"]
    assert await world.events("card.unlocked") == []
    world.hands.forward(minutes=2)
    await world.visit(card, [see(SeeRA, why=Why.NO_UNBLOCK)])
    assert (await world.rows(CardRow))[0].unblock_state == "failed"
    assert [event.reason for event in await world.events("card.not-genuine")] == ["another card was unlocked"]


async def test_the_card_itself_that_left_before_its_proof_gives_it_later(open_world: OpenWorld) -> None:
    world, card = await locked(open_world)
    world.reader.faults.pull_before(ins=INTERNAL_AUTHENTICATE)
    await world.visit(card, [*unlocking(world)[:-1], see(SeeRA, why=Why.PUT_BACK)])
    world.hands.forward(minutes=2)
    asked = see(EnterPasscode, NEW_PIN, purpose=Purpose.SETTLE)
    await world.visit(card, [asked, see(Finished, ending=Ending.CARD_WORKS), see(Welcome, LEAVES)])
    assert [write.state for write in await world.rows(CardWriteRow)] == ["done"]
    assert (await world.rows(CardRow))[0].unblock_state == "usable"


async def test_a_copy_that_gives_the_passcode_later_has_still_no_key(open_world: OpenWorld) -> None:
    world, _ = await locked(open_world)
    copy = openpgp_card(pin_tries_left=0)
    world.reader.faults.pull_before(ins=INTERNAL_AUTHENTICATE)
    await world.visit(copy, [*unlocking(world)[:-1], see(SeeRA, why=Why.PUT_BACK)])
    world.hands.forward(minutes=2)
    await world.visit(copy, [see(EnterPasscode, NEW_PIN, purpose=Purpose.SETTLE), REFUSED])
    assert await world.events("card.unlocked") == []


async def test_a_copy_that_says_done_and_keeps_its_passcode_is_an_alarm(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = await locked(open_world)
    copy = openpgp_card(pin_tries_left=0)
    honest = copy.process

    def process(command: Command) -> Response:
        return Response(b"", 0x9000) if command.ins == 0x2C else honest(command)

    monkeypatch.setattr(copy, "process", process)
    await world.visit(copy, [*unlocking(world)[:-1], REFUSED])
    assert (await world.rows(CardRow))[0].unblock_state == "failed"
    assert [event.reason for event in await world.events("card.not-genuine")] == ["said done, and was not"]


async def test_a_key_that_is_pinned_in_the_middle_of_a_visit_counts_at_once(world: World) -> None:
    await world.holder()
    genuine = await world.card(pinned=False)
    await register(world, genuine)
    (row,) = await world.rows(CardRow)
    copy = await world.card(enrolled=False, guid=genuine.guid, card_key=None, pin_tries_left=0)
    async with world.office.service.store.work() as session:
        stored = await session.get_one(CardRow, row.id)
        stored.public_key = stored.passcode_key = None  # as if nothing had been pinned
    world.hands.forward(minutes=2)
    *lines, new, _ = unlocking(world)

    async def pinned(_: NewPasscode) -> object:
        key = NewCard(identity(genuine), None, genuine.card_key_der)
        await world.parts.enrolment.enrol("H1", key, by="test")
        return new.reply

    await world.visit(copy, [*lines, see(NewPasscode, pinned), REFUSED])
    assert world.reader.faults.count([0x2C]) == 0


# -- secrets that are being replaced --------------------------------------------------------------


async def test_a_card_that_only_goes_in_is_sent_neither_of_two_secrets(open_world: OpenWorld) -> None:
    world = await open_world(cards={"piv": {"rotate": True}})
    await world.holder()
    card = await world.card()
    await register(world, card)
    card.lock()
    world.hands.forward(minutes=2)
    world.reader.faults.lose_reply(ins=0x24)
    await unlock(world, card)
    assert len(await world.rows(NextSecretRow)) == 1
    world.reader.faults.trace.clear()
    world.hands.forward(minutes=2)
    await world.visit(card, [see(Finished, ending=Ending.CARD_WORKS), see(Welcome, LEAVES)])
    assert world.reader.faults.count([0x24, 0x2C]) == 0
