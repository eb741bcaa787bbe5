"""Is it really that card? A copy gets no further, and costs its holder nothing."""

from __future__ import annotations

import pytest

from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm
from kiosk.dialogue import Gone
from kiosk.refusals import Why
from kiosk.steps import NewPasscode, SeeRA, Welcome
from kiosk.storage.models import CardRow, HolderRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import unlock, unlocking
from tests.stories.script import see
from tests.stories.world import PIN, World

LEAVES = Gone.CARD_OUT


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("card_key", [Algorithm.ECC_P256, None], ids=["other-key", "no-key"])
async def test_a_copy_of_a_card_with_a_pinned_key(
    registered: World, locked: bool, card_key: Algorithm | None
) -> None:
    world = registered
    copy = await world.card(
        enrolled=False, guid=world.ann.guid, card_key=card_key, pin_tries_left=0 if locked else 3
    )
    mails = len(world.post.mails)
    script = await world.visit(copy, [see(SeeRA, why=Why.NOT_GENUINE)])
    assert [type(step) for step in script.seen] == [SeeRA], "nothing was asked before"
    assert len(world.post.mails) == mails
    (holder,) = await world.rows(HolderRow)
    (card,) = await world.rows(CardRow)
    assert (holder.attempts, holder.blocked_at, card.unblock_state) == (0, None, "usable")
    (alarm,) = await world.events("card.not-genuine")
    assert (alarm.outcome, alarm.reason, alarm.holder_key) == ("alarm", "proof failed", holder.audit_key)
    assert await world.events("card.refused") == []
    world.ann.lock()
    world.hands.forward(minutes=2)
    await unlock(world, world.ann)


@pytest.mark.parametrize(("same_guid", "reason"), [(True, "proof failed"), (False, "identity changed")])
async def test_a_card_that_is_swapped_unnoticed_gets_no_secret(
    registered: World, same_guid: bool, reason: str
) -> None:
    """By something between card and reader, so that the reader sees no card go out."""
    world = registered
    guid = world.ann.guid if same_guid else None
    other = await world.card(enrolled=False, guid=guid, pin_tries_left=0)
    world.ann.lock()
    world.hands.forward(minutes=2)
    (*lines, new, _) = unlocking(world)

    def swapped(_: NewPasscode) -> object:
        world.reader._card = other
        world.reader.faults.trace.clear()
        return new.reply

    await world.visit(world.ann, [*lines, see(NewPasscode, swapped), see(SeeRA, why=Why.NOT_GENUINE)])
    assert world.reader.faults.count([0x20, 0x24, 0x2C]) == 0
    assert (await world.events("card.not-genuine"))[-1].reason == reason


async def test_required_refuses_a_card_without_a_pinned_key(open_world: OpenWorld) -> None:
    world = await open_world(cards={"piv": {"card_authentication": "required"}})
    await world.holder()
    await world.visit(await world.card(pinned=False), [see(SeeRA, why=Why.NOT_GENUINE)])
    assert [event.reason for event in await world.events("card.not-genuine")] == ["no key pinned"]
    await world.visit(await world.card(), [see(Welcome, LEAVES)])


async def test_off_asks_no_proof(open_world: OpenWorld) -> None:
    world = await open_world(cards={"piv": {"card_authentication": "off"}})
    await world.holder()
    card = await world.card()
    copy = PivCard(pin=PIN, guid=card.guid)
    await world.visit(copy, [see(Welcome, LEAVES)])
    assert world.reader.faults.count([0x87]) == 0


async def test_a_genuine_card_proves_itself_before_anything_secret_in_every_session(
    registered: World,
) -> None:
    registered.ann.lock()
    registered.hands.forward(minutes=2)
    registered.reader.faults.trace.clear()
    await unlock(registered, registered.ann)
    proven = False
    for exchange in registered.reader.faults.trace:
        ins = exchange.header[1]
        if ins == 0xA4:
            proven = False
        elif ins == 0x87:
            proven = exchange.sw == 0x9000
        elif ins in (0x2C, 0x24) or (ins == 0x20 and exchange.lc):
            assert proven, "a secret went to a card that had not proven itself"
    assert registered.reader.faults.count([0x2C]) == 1
