"""What changes while a visit goes on counts: another card, a revocation, a block, the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from kiosk.dialogue import Gone
from kiosk.refusals import CodeRefusal, Why
from kiosk.steps import (
    AnswerQuestions,
    CodeChoice,
    ConfirmEmail,
    EnterCode,
    EnterPasscode,
    LastTry,
    NewPasscode,
    Offer,
    Privacy,
    SeeRA,
    SetQuestions,
    Step,
    Welcome,
)
from kiosk.storage.models import CardState, CardWriteRow, HolderRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import (
    block,
    changing_email,
    changing_passcode,
    changing_questions,
    register,
    unlocking,
    withdrawing,
)
from tests.stories.script import See, see
from tests.stories.shims import Shim
from tests.stories.world import ANSWERS, PIN, RA_EMAIL, World, answered, in_order, tries, wrong

LEAVES = Gone.CARD_OUT
OTHERS = {"first-pet": "Biscuit", "dream-job": "Pilot", "first-film": "Dumbo", "first-meal": "Omelette"}


def meanwhile(line: See, happens: Callable[[], Awaitable[Any]]) -> See:
    """The same line; before the person replies, this happens."""

    async def reply(step: Step[Any]) -> Any:
        await happens()
        given = line.reply(step) if callable(line.reply) else line.reply
        return await given if hasattr(given, "__await__") else given

    return see(line.step, reply, **line.fields)


@pytest.mark.parametrize("pinned", [True, False])
async def test_a_switch_to_another_card_is_an_alarm_whatever_that_card_is(world: World, pinned: bool) -> None:
    """The first card is in order; what it is switched to is suspended, and its passcode known."""
    await world.holder()
    await world.holder("H2", "Mallory Mole", "mallory@nhs.net")
    ann = await world.card(pinned=pinned)
    own = await world.card("H2", pin="111999", pin_tries_left=1)
    await world.set_state(ann, CardState.SUSPENDED)
    both = Shim(own)

    def switch(_: LastTry) -> bool:
        both.become(ann)
        return False

    lines = [see(Welcome, Offer.CHANGE_PASSCODE), see(LastTry, switch), see(SeeRA, why=Why.NOT_GENUINE)]
    await world.visit(both, lines)
    assert ann.state().pin == PIN
    (alarm,) = await world.events("card.not-genuine")
    assert alarm.reason == "identity changed"


async def test_a_card_revoked_meanwhile_gets_no_menu_again(registered: World) -> None:
    world = registered
    tries(world.ann, pin=1)
    revoked = meanwhile(see(LastTry, False), lambda: world.set_state(world.ann, CardState.REVOKED))
    lines = [see(Welcome, Offer.CHANGE_PASSCODE), revoked, see(SeeRA, why=Why.UNKNOWN_CARD)]
    await world.visit(world.ann, lines)


@pytest.mark.parametrize("state", [CardState.SUSPENDED, CardState.REVOKED])
async def test_a_card_revoked_before_the_new_passcode_is_not_unlocked(
    registered: World, state: CardState
) -> None:
    world = registered
    world.ann.lock()
    world.hands.forward(minutes=2)
    (questions, code, new, _) = unlocking(world)
    late = meanwhile(new, lambda: world.set_state(world.ann, state))
    await world.visit(world.ann, [questions, code, late, see(SeeRA, why=Why.PROOF_EXPIRED)])
    assert world.ann.state().locked
    assert await world.rows(CardWriteRow) == []


async def test_a_card_revoked_before_the_new_passcode_is_not_changed(registered: World) -> None:
    world = registered
    (menu, passcode, new, _) = changing_passcode()
    late = meanwhile(new, lambda: world.set_state(world.ann, CardState.REVOKED))
    await world.visit(world.ann, [menu, passcode, late, see(SeeRA, why=Why.PROOF_EXPIRED)])
    assert world.ann.state().pin == PIN


PLOTS: dict[str, Callable[[World], list[See]]] = {
    "questions": lambda _: changing_questions(OTHERS),
    "email": lambda world: changing_email(world, "ann.new@gov.uk"),
    "withdraw": lambda _: withdrawing(),
}


@pytest.mark.parametrize("by", ["block", "revocation", "clock"])
@pytest.mark.parametrize("plot", list(PLOTS))
async def test_nothing_is_kept_of_a_holder_blocked_or_a_card_revoked_meanwhile(
    registered: World, open_world: OpenWorld, plot: str, by: str
) -> None:
    world = registered
    second = await world.card(pin_tries_left=0)
    other = await open_world(beside=world)
    world.hands.forward(minutes=2)

    async def happens() -> None:
        if by == "block":
            await block(other, second)
        elif by == "revocation":
            await world.set_state(world.ann, CardState.REVOKED)
        else:
            world.hands.wall += timedelta(minutes=5)

    (*lines, last, _) = PLOTS[plot](world)
    end = see(SeeRA, why=Why.PROOF_EXPIRED)
    if by == "clock" and plot == "email":  # the code itself is refused already
        end = see(EnterCode, LEAVES, refusal=CodeRefusal.VOID)
    await world.visit(world.ann, [*lines, meanwhile(last, happens), end])
    known = await world.known(second)
    assert (known.own_email, set(known.questions)) == (RA_EMAIL, set(ANSWERS))
    changes = ("registration.questions-changed", "registration.email-changed", "registration.withdrawn")
    assert await world.events(*changes) == []


async def test_a_code_is_void_once_the_clock_has_jumped_within_the_visit(registered: World) -> None:
    """Twenty minutes went by, and the clock was set back: nobody can say how old the code is."""
    world = registered
    world.ann.lock()
    world.hands.forward(minutes=2)

    def jump(_: EnterCode) -> str:
        world.hands.forward(minutes=20)
        world.hands.wall -= timedelta(minutes=19)
        return world.post.code()

    void = see(EnterCode, LEAVES, refusal=CodeRefusal.VOID)
    await world.visit(world.ann, [unlocking(world)[0], see(EnterCode, jump), void])
    assert world.ann.state().locked


async def test_a_clock_that_jumps_after_the_code_stops_the_unlock(registered: World) -> None:
    world = registered
    world.ann.lock()
    world.hands.forward(minutes=2)
    (questions, code, new, _) = unlocking(world)

    def jump(_: NewPasscode) -> Any:
        world.hands.wall -= timedelta(minutes=10)
        return new.reply

    await world.visit(world.ann, [questions, code, see(NewPasscode, jump), see(SeeRA, why=Why.PROOF_EXPIRED)])
    assert world.ann.state().locked
    assert await world.rows(CardWriteRow) == []


async def test_a_registration_under_way_never_replaces_one_made_meanwhile(
    world: World, open_world: OpenWorld
) -> None:
    """Somebody with a second card of the holder's and its passcode waits at the code."""
    await world.holder()
    ann, second = await world.card(), await world.card()
    other = await open_world(beside=world, site={"kiosk_name": "Kiosk 2"})

    def begun(*codes: See) -> list[See]:
        return [
            see(Welcome, Offer.REGISTER),
            see(Privacy),
            see(EnterPasscode, PIN),
            see(SetQuestions, answered(OTHERS)),
            see(ConfirmEmail, "thief@gov.uk"),
            *codes,
        ]

    async def owner_registers(_: EnterCode) -> str:
        code = world.post.code()
        world.hands.forward(minutes=2)
        await register(world, ann)
        return code

    def again(_: EnterCode) -> CodeChoice:
        world.hands.forward(minutes=2)
        return CodeChoice.SEND_AGAIN

    void = see(EnterCode, again, refusal=CodeRefusal.VOID)
    lines = begun(see(EnterCode, owner_registers), void, see(SeeRA, why=Why.PROOF_EXPIRED))
    await other.visit(second, lines)
    known = await world.known(ann)
    assert (known.own_email, set(known.questions)) == (RA_EMAIL, set(ANSWERS))


async def test_right_answers_leave_no_block_behind_that_another_kiosk_set(
    registered: World, open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One attempt has failed; while right answers are being checked here, wrong ones fail there.

    Two have failed then, and one is left: the right ones must count neither as failed nor as a block.
    """
    world = registered
    second = await world.card(pin_tries_left=0)
    other = await open_world(beside=world)
    world.ann.lock()
    world.hands.forward(minutes=2)
    await world.visit(world.ann, [see(AnswerQuestions, wrong), see(AnswerQuestions, LEAVES)])
    hasher = world.service.attempts._hasher
    honest = hasher.all_match

    async def slow(rows: Sequence[tuple[str, SecretStr, str]]) -> bool:
        wrong_there = see(AnswerQuestions, wrong, attempts_left=1)
        await other.visit(second, [wrong_there, see(SeeRA, why=Why.BLOCKED)])
        return await honest(rows)

    monkeypatch.setattr(hasher, "all_match", slow)
    await world.visit(world.ann, [see(AnswerQuestions, in_order), see(EnterCode, LEAVES)])
    (holder,) = await world.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at) == (2, None)
