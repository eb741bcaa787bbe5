"""Three failed attempts: counted in the store, over every visit, card, kiosk and journey."""

from __future__ import annotations

from kiosk.dialogue import Gone
from kiosk.refusals import Why
from kiosk.steps import (
    AnswerQuestions,
    ConfirmWithdraw,
    Ending,
    EnterCode,
    Finished,
    Offer,
    Proof,
    SeeRA,
    Welcome,
)
from kiosk.storage.models import HolderRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import (
    block,
    changing_passcode,
    changing_questions,
    proving,
    register,
    unlock,
    unlocking,
)
from tests.stories.script import see
from tests.stories.world import RA_EMAIL, World, in_order, tries, wrong

LEAVES = Gone.CARD_OUT
BLOCKED_MENU = (Offer.CHANGE_PASSCODE, Offer.ASSISTANCE)


async def test_three_failed_attempts_and_only_the_ra_can_help(registered: World) -> None:
    await block(registered, registered.ann)
    (holder,) = await registered.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at) == (3, registered.hands.wall)
    assert f"{RA_EMAIL}: Self-service is blocked for your smartcard" in await registered.notices()
    assert [event.outcome for event in await registered.events("answers.checked")] == ["refused"] * 3
    assert len(await registered.events("holder.blocked")) == 1
    state = registered.ann.state()
    assert (state.locked, state.puk_tries_left) == (True, 3)


async def test_attempts_are_counted_over_visits_cards_and_kiosks(
    registered: World, open_world: OpenWorld
) -> None:
    world = registered
    other = await world.card(pin_tries_left=0)
    world.ann.lock()
    await world.visit(world.ann, [see(AnswerQuestions, wrong, attempts_left=3), see(AnswerQuestions, LEAVES)])
    elsewhere = await open_world(beside=world, site={"kiosk_name": "Kiosk 2"})
    await elsewhere.visit(other, [see(AnswerQuestions, wrong, attempts_left=2), see(AnswerQuestions, LEAVES)])
    last = [see(AnswerQuestions, wrong, attempts_left=1), see(SeeRA, why=Why.BLOCKED)]
    await world.visit(world.ann, last)
    for card in (world.ann, other):
        await world.visit(card, [see(Welcome, LEAVES, offers=(Offer.ASSISTANCE,), note=Why.BLOCKED)])


async def test_the_block_survives_a_restart(registered: World, open_world: OpenWorld) -> None:
    await block(registered, registered.ann)
    await registered.parts.close()
    restarted = await open_world(beside=registered)
    await restarted.visit(registered.ann, [see(Welcome, LEAVES, note=Why.BLOCKED)])


async def test_attempts_are_shared_with_the_other_journeys(registered: World) -> None:
    (*lines, _) = proving(Offer.WITHDRAW)
    wrongs = [see(AnswerQuestions, wrong, attempts_left=left) for left in (3, 2, 1)]
    await registered.visit(registered.ann, [*lines, *wrongs, see(SeeRA, why=Why.BLOCKED)])
    await registered.visit(registered.ann, [see(Welcome, LEAVES, offers=BLOCKED_MENU, note=Why.BLOCKED)])
    assert (await registered.known(registered.ann)).registered


async def test_a_blocked_holder_can_change_the_passcode(registered: World) -> None:
    await block(registered, registered.ann)
    tries(registered.ann, pin=3)
    await registered.visit(registered.ann, changing_passcode())
    assert (await registered.known(registered.ann)).blocked


async def test_withdrawing_and_registering_again_gives_no_attempts(registered: World) -> None:
    world = registered
    other = await world.card()
    world.ann.lock()
    two_wrong = [see(AnswerQuestions, wrong) for _ in range(2)]
    await world.visit(world.ann, [*two_wrong, see(AnswerQuestions, LEAVES, attempts_left=1)])
    world.hands.forward(minutes=2)
    lines = [
        *proving(Offer.WITHDRAW, by=Proof.EMAIL_CODE),
        see(EnterCode, lambda _: world.post.code()),
        see(ConfirmWithdraw, True),
        see(Finished, ending=Ending.WITHDRAWN),
    ]
    await world.visit(other, lines)
    world.hands.forward(minutes=2)
    await register(world, other)
    await world.visit(world.ann, [see(AnswerQuestions, LEAVES, attempts_left=1)])


async def test_new_questions_give_no_attempts(registered: World) -> None:
    world = registered
    other = await world.card()
    world.ann.lock()
    await world.visit(world.ann, [see(AnswerQuestions, wrong), see(AnswerQuestions, LEAVES)])
    changed = {"first-pet": "Biscuit", "dream-job": "Pilot", "first-film": "Dumbo", "first-meal": "Omelette"}
    await world.visit(other, changing_questions(changed))
    questions = see(AnswerQuestions, LEAVES, attempts_left=2, questions=tuple(changed))
    await world.visit(world.ann, [questions])


async def test_right_answers_for_something_else_give_no_attempts_back(registered: World) -> None:
    world = registered
    other = await world.card()
    world.ann.lock()
    await world.visit(world.ann, [see(AnswerQuestions, wrong), see(AnswerQuestions, LEAVES)])
    lines = [*proving(Offer.WITHDRAW), see(ConfirmWithdraw, LEAVES)]
    await world.visit(other, lines)
    await world.visit(world.ann, [see(AnswerQuestions, LEAVES, attempts_left=2)])


async def test_the_last_attempt_may_be_the_right_one(registered: World) -> None:
    registered.ann.lock()
    lines = [see(AnswerQuestions, wrong), see(AnswerQuestions, wrong)]
    await registered.visit(
        registered.ann, [*lines, see(AnswerQuestions, in_order, attempts_left=1), see(EnterCode, LEAVES)]
    )
    (holder,) = await registered.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at) == (2, None)


async def test_blocked_while_a_code_was_under_way(registered: World) -> None:
    """With another card, meanwhile: the code of this one is no way around the block."""
    world = registered
    other = await world.card(pin_tries_left=0)
    world.ann.lock()
    world.hands.forward(minutes=2)
    await world.visit(world.ann, [see(AnswerQuestions, in_order), see(EnterCode, LEAVES)])
    await block(world, other)
    await world.visit(world.ann, [see(Welcome, LEAVES, offers=(Offer.ASSISTANCE,), note=Why.BLOCKED)])


async def test_blocked_between_the_proofs_and_the_new_passcode(
    registered: World, open_world: OpenWorld
) -> None:
    world = registered
    other, kiosk = await world.card(pin_tries_left=0), await open_world(beside=registered)
    world.ann.lock()
    world.hands.forward(minutes=2)

    questions, code, new, _ = unlocking(world)

    async def meanwhile(_: object) -> object:
        await block(kiosk, other)
        return new.reply

    lines = [questions, code, see(new.step, meanwhile), see(SeeRA, why=Why.PROOF_EXPIRED)]
    await world.visit(world.ann, lines)
    assert world.ann.state().locked


async def test_the_ra_clears_the_block(registered: World) -> None:
    await block(registered, registered.ann)
    known = await registered.known(registered.ann)
    await registered.office.service.assistance.clear_block(known, by="officer", reason="spoke to them")
    await registered.visit(registered.ann, [see(AnswerQuestions, LEAVES, attempts_left=3)])
    (event,) = await registered.events("holder.block-cleared")
    assert (event.actor, event.reason) == ("officer", "spoke to them")
    await unlock(registered, registered.ann)
