"""The RA's assistance code, in place of the questions: for the blocked, and for who never registered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cardio.virtual.piv import PivCard
from kiosk.dialogue import Gone
from kiosk.refusals import CodeRefusal, Why
from kiosk.steps import AnswerQuestions, EnterAssistance, EnterCode, Offer, SeeRA, Welcome
from kiosk.storage.models import AssistanceRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import NEW_PIN, block, unlocking
from tests.stories.script import See, see
from tests.stories.world import RA_EMAIL, World, in_order, tries

LEAVES = Gone.CARD_OUT


async def issue(world: World, card: PivCard) -> str:
    """What the officer reads out."""
    known = await world.known(card)
    code = await world.office.service.assistance.issue(known, by="officer", reason="spoke to them")
    return code.get_secret_value()


def wrong_code(code: str) -> str:
    """Ten digits that are not the code."""
    return f"{(int(code) + 1) % 10**10:010d}"


def helped(world: World, code: str) -> list[See]:
    """The lines of an unlock with an assistance code."""
    return [see(Welcome, Offer.ASSISTANCE), see(EnterAssistance, code), *unlocking(world)[1:]]


@pytest.fixture
async def blocked(registered: World) -> World:
    """Ann's card is locked and she is blocked."""
    await block(registered, registered.ann)
    registered.hands.forward(minutes=2)
    return registered


async def test_it_unlocks_for_a_blocked_holder_and_clears_the_block(blocked: World) -> None:
    code = await issue(blocked, blocked.ann)
    lines = helped(blocked, f"{code[:5]} {code[5:]}")
    await blocked.visit(blocked.ann, [*lines[:2], see(EnterCode, LEAVES)])
    assert (await blocked.known(blocked.ann)).blocked, "blocked until that unlock is complete"
    await blocked.visit(blocked.ann, lines[2:])
    known = await blocked.known(blocked.ann)
    assert (known.blocked, known.attempts_left) == (False, 3)
    assert blocked.ann.state().pin == NEW_PIN
    notices = await blocked.notices()
    assert f"{RA_EMAIL}: An assistance code was issued for your smartcard" in notices
    assert f"{RA_EMAIL}: Your assistance code was used" in notices
    (event,) = await blocked.events("assistance.issued")
    assert (event.actor, event.reason) == ("officer", "spoke to them")


async def test_it_unlocks_for_a_holder_who_never_registered(world: World) -> None:
    await world.holder()
    card = await world.card(pin_tries_left=0)
    await world.visit(card, helped(world, await issue(world, card)))
    assert card.state().pin == NEW_PIN


async def test_it_works_on_a_card_that_is_not_locked(blocked: World) -> None:
    tries(blocked.ann, pin=3)
    await blocked.visit(blocked.ann, helped(blocked, await issue(blocked, blocked.ann)))
    assert not (await blocked.known(blocked.ann)).blocked


async def test_it_is_offered_beside_the_questions_while_one_waits(registered: World) -> None:
    await issue(registered, registered.ann)
    offers = (Offer.CHANGE_PASSCODE, Offer.FORGOTTEN, Offer.ASSISTANCE, Offer.CHANGE_DETAILS, Offer.WITHDRAW)
    await registered.visit(registered.ann, [see(Welcome, LEAVES, offers=offers)])
    registered.ann.lock()
    await registered.visit(registered.ann, [see(Welcome, LEAVES, offers=(Offer.UNLOCK, Offer.ASSISTANCE))])


@pytest.mark.parametrize("proofs", [["email-code"], ["email-code", "questions"]], ids=len)
async def test_it_is_asked_for_in_every_order_of_proofs(open_world: OpenWorld, proofs: list[str]) -> None:
    world = await with_ann(await open_world())
    await block(world, world.ann)
    world.hands.forward(minutes=2)
    other = await open_world(beside=world, unlock={"proofs": proofs})
    code = await issue(world, world.ann)
    (menu, assistance, mailed, *rest) = helped(world, code)
    both = [assistance, mailed] if len(proofs) == 1 else [mailed, assistance]
    await other.visit(world.ann, [menu, *both, *rest])
    assert not (await other.known(world.ann)).blocked


async def test_answers_given_before_the_block_do_not_stand_in_for_it(registered: World) -> None:
    world = registered
    other = await world.card(pin_tries_left=0)
    world.ann.lock()
    world.hands.forward(minutes=2)
    await world.visit(world.ann, [see(AnswerQuestions, in_order), see(EnterCode, LEAVES)])
    await block(world, other)
    world.hands.forward(minutes=16)
    await world.visit(world.ann, helped(world, await issue(world, world.ann)))
    assert not (await world.known(world.ann)).blocked


async def test_five_wrong_entries_void_it(blocked: World) -> None:
    code = await issue(blocked, blocked.ann)
    entries = [
        see(EnterAssistance, wrong_code(code), refusal=CodeRefusal.WRONG if left else None, tries_left=left)
        for left in (None, 4, 3, 2, 1)
    ]
    await blocked.visit(blocked.ann, [see(Welcome, Offer.ASSISTANCE), *entries, see(SeeRA, why=Why.NO_PROOF)])
    (row,) = await blocked.rows(AssistanceRow)
    assert (row.state, row.code_hash) == ("void", "")
    await refused(blocked, code)


async def refused(world: World, code: str) -> None:
    """The code is entered, and does not work."""
    lines = [see(Welcome, Offer.ASSISTANCE), see(EnterAssistance, code), see(SeeRA, why=Why.NO_PROOF)]
    await world.visit(world.ann, lines)
    assert world.ann.state().locked


async def test_it_lives_an_hour(blocked: World) -> None:
    code = await issue(blocked, blocked.ann)
    blocked.hands.forward(minutes=60)
    await refused(blocked, code)
    assert (await blocked.events("assistance.checked"))[-1].reason == "expired"


async def test_it_lives_as_long_as_the_site_says(open_world: OpenWorld) -> None:
    world = await with_ann(await open_world(codes={"assistance_minutes": 1440}))
    await block(world, world.ann)
    code = await issue(world, world.ann)
    world.hands.forward(hours=23, minutes=59)
    (row,) = await world.rows(AssistanceRow)
    assert row.expires_at - row.issued_at == timedelta(hours=24)
    await world.visit(world.ann, helped(world, code))


async def test_a_new_one_voids_the_old(blocked: World) -> None:
    old = await issue(blocked, blocked.ann)
    for _ in range(3):
        await blocked.visit(
            blocked.ann, [see(Welcome, Offer.ASSISTANCE), see(EnterAssistance, wrong_code(old)), LEFT]
        )
    new = await issue(blocked, blocked.ann)
    lines = [
        see(Welcome, Offer.ASSISTANCE),
        see(EnterAssistance, old),
        see(EnterAssistance, new, refusal=CodeRefusal.WRONG, tries_left=4),
        *unlocking(blocked)[1:],
    ]
    await blocked.visit(blocked.ann, lines)


LEFT = see(EnterAssistance, LEAVES)


async def test_it_works_once(blocked: World) -> None:
    code = await issue(blocked, blocked.ann)
    await blocked.visit(blocked.ann, helped(blocked, code))
    await block(blocked, blocked.ann)
    blocked.hands.forward(minutes=2)
    await refused(blocked, code)


async def test_it_stands_for_the_questions_for_thirty_minutes(blocked: World) -> None:
    code = await issue(blocked, blocked.ann)
    await blocked.visit(blocked.ann, [*helped(blocked, code)[:2], see(EnterCode, LEAVES)])
    blocked.hands.forward(minutes=20)
    await blocked.visit(blocked.ann, [see(Welcome, Offer.ASSISTANCE), *unlocking(blocked)[1:]])
    assert blocked.ann.state().pin == NEW_PIN


async def test_without_one_nothing_can_be_guessed(blocked: World) -> None:
    await refused(blocked, "0123456789")
