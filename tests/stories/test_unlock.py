"""Unlock: the leaflet from locked card to new passcode, its three orders, and its refusals."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from kiosk import codes
from kiosk.dialogue import Gone
from kiosk.refusals import PasscodeRule, Why
from kiosk.steps import (
    AnswerQuestions,
    EnterCode,
    NewPasscode,
    Offer,
    SeeRA,
    Welcome,
)
from kiosk.storage.models import CardWriteRow, HolderRow, PendingRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import NEW_PIN, register, unlock, unlocking
from tests.stories.script import See, see
from tests.stories.world import PIN, RA_EMAIL, World, in_order, twice, wrong


async def test_the_leaflet(registered: World) -> None:
    registered.ann.lock()
    await unlock(registered, registered.ann)
    state = registered.ann.state()
    assert not state.locked
    assert state.pin == NEW_PIN
    assert state.puk_tries_left == 3
    assert f"{RA_EMAIL}: Your smartcard was unlocked" in await registered.notices()
    assert await registered.rows(PendingRow) == []
    (write,) = await registered.rows(CardWriteRow)
    assert (write.state, write.was_locked, write.unblock_tries) == ("done", True, 3)


async def test_the_card_is_written_once_and_only_at_the_end(registered: World) -> None:
    registered.ann.lock()
    (questions, code, new, finished) = unlocking(registered)

    def untouched(step: NewPasscode) -> object:
        assert registered.reader.faults.count([0x24, 0x2C]) == 0
        return new.reply

    lines = [questions, code, see(NewPasscode, untouched), finished]
    await registered.visit(registered.ann, lines)
    assert registered.reader.faults.count([0x24, 0x2C]) == 1


@pytest.mark.parametrize(
    "proofs", [["questions", "email-code"], ["email-code", "questions"], ["email-code"]], ids=len
)
async def test_the_three_orders(open_world: OpenWorld, proofs: list[str]) -> None:
    world = await with_ann(await open_world(unlock={"proofs": proofs}))
    world.hands.forward(minutes=2)
    world.ann.lock()
    asked = {
        "questions": see(AnswerQuestions, in_order),
        "email-code": see(EnterCode, lambda _: world.post.code()),
    }
    # A mail goes out only when somebody asked for it, so an order that begins with one begins with the menu.
    menu = (
        [] if proofs[0] == "questions" else [see(Welcome, Offer.UNLOCK, offers=(Offer.UNLOCK,), locked=True)]
    )
    lines = [*menu, *(asked[proof] for proof in proofs), *unlocking(world)[2:]]
    script = await world.visit(world.ann, lines)
    places = [step.place for step in script.seen[len(menu) :] if step.place]
    assert [place.step for place in places] == [*range(1, len(proofs) + 2), len(proofs) + 1]
    assert {place.of for place in places} == {len(proofs) + 1}
    assert world.ann.state().pin == NEW_PIN


async def test_the_mail_is_enough_for_a_holder_whom_the_ra_gave_an_address(open_world: OpenWorld) -> None:
    world = await open_world(unlock={"proofs": ["email-code"]})
    await world.holder()
    card = await world.card(pin_tries_left=0)
    await world.visit(card, [see(Welcome, Offer.UNLOCK), *unlocking(world)[1:]])
    assert card.state().pin == NEW_PIN


async def test_forgotten_is_the_same_on_a_card_that_is_not_locked(registered: World) -> None:
    registered.hands.forward(minutes=2)
    await registered.visit(registered.ann, [see(Welcome, Offer.FORGOTTEN), *unlocking(registered)])
    assert registered.ann.state().pin == NEW_PIN
    (write,) = await registered.rows(CardWriteRow)
    assert not write.was_locked


PASSCODES = {
    PasscodeRule.TOO_SHORT: twice("58392"),
    PasscodeRule.TOO_LONG: twice("583920174"),
    PasscodeRule.NOT_DIGITS: twice("58392x"),
    PasscodeRule.ALL_ONE: twice("777777"),
    PasscodeRule.RUN: twice("234567"),
    PasscodeRule.REPEATED: twice("585858"),
    PasscodeRule.COMMON: twice("147258"),
    PasscodeRule.OWN_ID: twice("58201947"),
    PasscodeRule.MISMATCH: (SecretStr("583920"), SecretStr("583921")),
}


async def test_every_refusal_of_a_new_passcode_names_its_rule(world: World) -> None:
    """The present passcode is refused where it was typed, and the card's own refusal is told: elsewhere."""
    await world.holder("UK-58201947")
    world.ann = await world.card("UK-58201947")
    await unlock_registered(world, [see(NewPasscode, PASSCODES[rule]) for rule in PASSCODES])
    told = {PasscodeRule.EMAILED_CODE, PasscodeRule.SAME, PasscodeRule.CARD}
    assert set(PasscodeRule) == set(PASSCODES) | told


async def test_the_emailed_code_never_becomes_the_passcode(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "new_code", lambda _: SecretStr("58392017"))  # one that no other rule refuses
    await world.holder()
    world.ann = await world.card()
    whole = see(NewPasscode, lambda _: twice(world.post.code()))
    part = see(NewPasscode, lambda _: twice(world.post.code()[:6]))
    await unlock_registered(world, [whole, part], [PasscodeRule.EMAILED_CODE] * 2)


async def unlock_registered(
    world: World, refused: list[See], rules: list[PasscodeRule] | None = None
) -> None:
    """Register, lock and unlock, with these new passcodes first, each refused for its rule."""
    await register(world, world.ann)
    world.ann.lock()
    (questions, code, new, finished) = unlocking(world)
    expected = [None, *(rules or PASSCODES)]
    told = [
        see(NewPasscode, line.reply, refusal=rule)
        for line, rule in zip([*refused, new], expected, strict=True)
    ]
    await world.visit(world.ann, [questions, code, *told, finished])
    assert world.ann.state().pin == NEW_PIN


async def test_wrong_answers_say_only_how_many_attempts_remain(registered: World) -> None:
    registered.ann.lock()
    one_wrong = see(AnswerQuestions, lambda step: (*in_order(step)[:3], SecretStr("no")), attempts_left=3)
    lines = [
        one_wrong,
        see(AnswerQuestions, wrong, attempts_left=2, wrong=True, explain=False),
        see(AnswerQuestions, in_order, attempts_left=1, wrong=True),
        *unlocking(registered)[1:],
    ]
    await registered.visit(registered.ann, lines)
    (holder,) = await registered.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at) == (0, None), "an unlock sets the count to zero"


async def test_answers_are_compared_as_people_write_them(registered: World) -> None:
    registered.ann.lock()
    loose = {
        "first-school": "  HILLSIDE!",
        "childhood-street": "marsh-lane".replace("-", " "),
        "first-car": "Róver",
        "first-manager": "okafor.",
    }
    lines = [see(AnswerQuestions, lambda step: in_order(step, loose)), *unlocking(registered)[1:]]
    await registered.visit(registered.ann, lines)


async def test_right_answers_do_not_clear_the_count_before_the_unlock_is_complete(registered: World) -> None:
    registered.ann.lock()
    lines = [see(AnswerQuestions, wrong), see(AnswerQuestions, in_order), see(EnterCode, Gone.CARD_OUT)]
    await registered.visit(registered.ann, lines)
    (holder,) = await registered.rows(HolderRow)
    assert holder.attempts == 1


async def test_proofs_that_took_too_long_do_not_unlock(registered: World) -> None:
    registered.ann.lock()
    await registered.visit(registered.ann, [see(AnswerQuestions, in_order), see(EnterCode, Gone.CARD_OUT)])
    registered.hands.forward(minutes=29)

    def late(_: NewPasscode) -> object:
        registered.hands.forward(minutes=2)
        return twice(NEW_PIN)

    lines = [
        see(Welcome, Offer.UNLOCK),
        see(EnterCode, lambda _: registered.post.code()),
        see(NewPasscode, late),
        see(SeeRA, why=Why.PROOF_EXPIRED),
    ]
    await registered.visit(registered.ann, lines)
    state = registered.ann.state()
    assert (state.pin, state.locked, state.puk_tries_left) == (PIN, True, 3)
    assert await registered.rows(CardWriteRow) == []


async def test_after_a_right_code_nothing_is_resumable(registered: World) -> None:
    registered.ann.lock()
    (questions, code, new, finished) = unlocking(registered)
    await registered.visit(registered.ann, [questions, code, see(NewPasscode, Gone.PATIENCE)])
    assert registered.ann.state().locked
    registered.hands.forward(minutes=2)
    await registered.visit(registered.ann, [questions, code, new, finished])
    assert registered.ann.state().pin == NEW_PIN
