"""The unblock secret: its last try is never used, and one refusal stops everybody."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes

from cardio.virtual.piv_quirks import Quirks
from kiosk.dialogue import Gone
from kiosk.enrolment import EnrolmentError, NewCard
from kiosk.refusals import Why
from kiosk.steps import NewPasscode, Offer, SeeRA, Welcome
from kiosk.storage.models import CardRow, CardWriteRow, UnblockSecretRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import refused_for_its_secret, unlock, unlocking
from tests.stories.script import See, see
from tests.stories.world import PUK, World, identity, tries

LEAVES = Gone.CARD_OUT
ENDS_AT_THE_RA = see(SeeRA, why=Why.NO_UNBLOCK)


async def with_wrong_secret(world: World, **card: object) -> World:
    """Ann is registered, and what the RA brought in for her card is not its PUK."""
    await with_ann(world, secret="11119999", **card)
    world.ann.lock()
    world.hands.forward(minutes=2)
    return world


async def bring(world: World, secret: str) -> None:
    """The RA brings in this secret for Ann's card."""
    await world.parts.enrolment.enrol(
        "H1", NewCard(identity(world.ann), SecretBytes(secret.encode())), by="officer"
    )


def refused(world: World) -> list[See]:
    """An unlock that the card refuses."""
    return [*unlocking(world)[:3], ENDS_AT_THE_RA]


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(wrong_puk=0x6982), Quirks(wrong_puk=0x6985)])
async def test_a_refused_secret_is_marked_for_every_kiosk(
    world: World, open_world: OpenWorld, quirks: Quirks
) -> None:
    await with_wrong_secret(world, quirks=quirks)
    await world.visit(world.ann, refused(world))
    assert world.ann.state().puk_tries_left == 2
    assert world.ann.state().locked
    (event,) = await world.events("unblock-secret.failed")
    assert event.outcome == "alarm"
    (write,) = await world.rows(CardWriteRow)
    assert write.state == "refused"
    elsewhere = await open_world(beside=world, site={"kiosk_name": "Kiosk 2"})
    await elsewhere.visit(world.ann, [ENDS_AT_THE_RA])
    assert world.ann.state().puk_tries_left == 2, "never sent again"


async def test_a_marked_secret_takes_register_and_forgotten_away(world: World) -> None:
    await with_wrong_secret(world)
    await world.visit(world.ann, refused(world))
    tries(world.ann, pin=3)
    offers = (Offer.CHANGE_PASSCODE, Offer.CHANGE_DETAILS, Offer.WITHDRAW)
    await world.visit(world.ann, [see(Welcome, LEAVES, offers=offers, note=Why.NO_UNBLOCK)])


async def test_another_secret_from_the_ra_gets_its_chance(world: World) -> None:
    await with_wrong_secret(world)
    await world.visit(world.ann, refused(world))
    with pytest.raises(EnrolmentError, match="refused this unblock secret before"):
        await bring(world, "11119999")
    assert [card.unblock_state for card in await world.rows(CardRow)] == ["failed"]
    await bring(world, PUK)
    assert [card.unblock_state for card in await world.rows(CardRow)] == ["usable"]
    world.hands.forward(minutes=31)
    await unlock(world, world.ann)


async def test_a_secret_that_is_locked_on_the_card(registered: World) -> None:
    """A card that does not tell the tries of its PUK, which somebody has spent elsewhere."""
    world = registered
    other = await world.card(metadata=False, puk_tries_left=0, pin_tries_left=0)
    world.hands.forward(minutes=2)
    await world.visit(other, refused(world))
    assert [event.reason for event in await world.events("unblock-secret.failed")] == ["UnblockSecretLocked"]
    await world.visit(other, [ENDS_AT_THE_RA])


async def test_tries_that_were_spent_while_the_holder_gave_the_proofs(registered: World) -> None:
    world = registered
    world.ann.lock()
    world.hands.forward(minutes=2)
    (*lines, new, _) = unlocking(world)

    def spent(_: NewPasscode) -> object:
        tries(world.ann, puk=1)
        return new.reply

    await world.visit(world.ann, [*lines, see(NewPasscode, spent), ENDS_AT_THE_RA])
    assert world.ann.state().puk_tries_left == 1
    assert await world.rows(CardWriteRow) == []


async def test_the_site_may_keep_more_tries_back(open_world: OpenWorld) -> None:
    world = await with_ann(await open_world(unlock={"min_unblock_tries": 3}))
    world.ann.lock()
    tries(world.ann, puk=2)
    await world.visit(world.ann, [ENDS_AT_THE_RA])


async def test_a_secret_that_was_tampered_with_in_the_store_is_an_alarm(registered: World) -> None:
    world = registered
    other = await world.card()
    world.ann.lock()
    world.hands.forward(minutes=2)
    async with world.office.service.store.work() as session:
        known, another = await world.known(world.ann), await world.known(other)
        mine = await session.get_one(UnblockSecretRow, known.card)
        mine.ciphertext = (await session.get_one(UnblockSecretRow, another.card)).ciphertext
    await world.visit(world.ann, refused_for_its_secret(world))
    (alarm,) = await world.events("vault.does-not-open")
    assert (alarm.outcome, alarm.card_key) == ("alarm", known.card_key)
    assert world.ann.state().puk_tries_left == 3, "nothing was sent"
    assert await world.events("unblock-secret.failed") == []
