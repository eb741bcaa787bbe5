"""Emailed codes: wrong, expired, void, too many, and a mail server that does not take them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.dialogue import Gone
from kiosk.refusals import CodeRefusal, Why
from kiosk.steps import (
    AnswerQuestions,
    CodeChoice,
    CodeNotSent,
    EnterCode,
    NewPasscode,
    Offer,
    SeeRA,
    Welcome,
)
from kiosk.storage.models import CodeMailRow, PendingRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import unlocking
from tests.stories.script import See, see
from tests.stories.world import World, in_order

ANSWERED = see(AnswerQuestions, in_order)
LATER = Gone.CARD_OUT


@pytest.fixture
async def locked(registered: World) -> World:
    """Ann's card has locked, some time after she registered."""
    registered.ann.lock()
    registered.hands.forward(hours=2)
    return registered


def again(world: World, **delta: float) -> See:
    """Wait at the code, and have it sent again."""

    def wait(_: EnterCode) -> CodeChoice:
        world.hands.forward(**delta)
        return CodeChoice.SEND_AGAIN

    return see(EnterCode, wait)


def wrong_code(world: World) -> str:
    """Eight digits that are not the code."""
    return f"{(int(world.post.code()) + 1) % 10**8:08d}"


def right_code(world: World) -> See:
    """Enter the newest code."""
    return see(EnterCode, lambda _: world.post.code())


async def test_wrong_codes_are_counted_and_the_fifth_voids_the_code(locked: World) -> None:
    refusals: list[tuple[CodeRefusal | None, int | None]] = [
        (None, None),
        *((CodeRefusal.WRONG, left) for left in (4, 3, 2, 1)),
        (CodeRefusal.VOID, 0),
    ]
    lines = [
        see(EnterCode, lambda _: wrong_code(locked), refusal=refusal, tries_left=left)
        for refusal, left in refusals[:5]
    ]
    lines += [
        see(EnterCode, lambda _: locked.post.code(), refusal=CodeRefusal.VOID, tries_left=0),
        again(locked, seconds=61),
        *unlocking(locked)[1:],
    ]
    await locked.visit(locked.ann, [ANSWERED, *lines])
    assert not locked.ann.state().locked


async def test_tries_of_a_code_are_counted_over_visits(locked: World) -> None:
    four = [see(EnterCode, lambda _: wrong_code(locked)) for _ in range(4)]
    await locked.visit(locked.ann, [ANSWERED, *four, see(EnterCode, LATER)])
    fifth = [see(EnterCode, lambda _: wrong_code(locked)), see(EnterCode, LATER, refusal=CodeRefusal.VOID)]
    await locked.visit(locked.ann, fifth)
    locked.hands.forward(minutes=2)
    await locked.visit(locked.ann, [see(Welcome, Offer.UNLOCK), *unlocking(locked)[1:]])


async def test_a_code_is_typed_with_or_without_its_space(locked: World) -> None:
    def spaced(_: EnterCode) -> str:
        code = locked.post.code()
        return f" {code[:4]} {code[4:]}"

    await locked.visit(locked.ann, [ANSWERED, see(EnterCode, spaced), *unlocking(locked)[2:]])


async def test_a_code_lives_fifteen_minutes(locked: World) -> None:
    def late(_: EnterCode) -> str:
        locked.hands.forward(minutes=15)
        return locked.post.code()

    lines = [
        ANSWERED,
        see(EnterCode, late, expires_at=locked.hands.wall + timedelta(minutes=15)),
        see(EnterCode, CodeChoice.SEND_AGAIN, refusal=CodeRefusal.EXPIRED),
        *unlocking(locked)[1:],
    ]
    await locked.visit(locked.ann, lines)


async def test_a_new_code_voids_the_old_one(locked: World) -> None:
    codes: list[str] = []

    def note_and_send_again(_: EnterCode) -> CodeChoice:
        codes.append(locked.post.code())
        locked.hands.forward(seconds=60)
        return CodeChoice.SEND_AGAIN

    lines = [
        ANSWERED,
        see(EnterCode, note_and_send_again),
        see(EnterCode, lambda _: codes[0]),
        see(EnterCode, lambda _: locked.post.code(), refusal=CodeRefusal.WRONG, tries_left=4),
        *unlocking(locked)[2:],
    ]
    await locked.visit(locked.ann, lines)


async def test_sending_again_too_soon_leaves_the_code_as_it_was(locked: World) -> None:
    lines = [
        ANSWERED,
        see(EnterCode, CodeChoice.SEND_AGAIN, resend_at=locked.hands.wall + timedelta(seconds=60)),
        see(
            EnterCode,
            lambda _: locked.post.code(),
            refusal=CodeRefusal.WAIT,
            expires_at=locked.hands.wall + timedelta(minutes=15),
            resend_at=locked.hands.wall + timedelta(seconds=60),
        ),
        *unlocking(locked)[2:],
    ]
    await locked.visit(locked.ann, lines)
    assert [event.outcome for event in await locked.events("code.rate-reached")] == ["refused"]


async def test_a_code_that_was_used_up_is_called_that_and_the_next_one_comes_soon(locked: World) -> None:
    """A right code, and away before the new passcode: it has no second use, and the mail has to wait."""
    right = see(EnterCode, lambda _: locked.post.code())
    await locked.visit(locked.ann, [ANSWERED, right, see(NewPasscode, Gone.CARD_OUT)])
    soon = locked.hands.wall + timedelta(seconds=60)
    used = see(EnterCode, again(locked, seconds=60).reply, refusal=CodeRefusal.VOID, resend_at=soon)
    await locked.visit(locked.ann, [ANSWERED, used, *unlocking(locked)[1:]])


async def test_three_mails_a_visit(locked: World) -> None:
    mails = len(locked.post.mails)
    lines = [ANSWERED, again(locked, seconds=60), again(locked, seconds=60)]
    last = [
        see(EnterCode, CodeChoice.SEND_AGAIN, resend_at=None),
        see(EnterCode, lambda _: locked.post.code(), refusal=CodeRefusal.TOO_MANY, resend_at=None),
    ]
    await locked.visit(locked.ann, [*lines, *last, *unlocking(locked)[2:]])
    assert len(locked.post.mails) - mails == 3


async def test_a_void_code_and_no_mail_left_is_no_dead_screen(locked: World) -> None:
    wrongs = [see(EnterCode, lambda _: wrong_code(locked)) for _ in range(5)]
    lines = [ANSWERED, again(locked, seconds=60), again(locked, seconds=60), *wrongs]
    await locked.visit(locked.ann, [*lines, see(SeeRA, why=Why.MAIL)])


async def test_five_mails_an_hour_for_a_holder_over_visits_and_cards(locked: World) -> None:
    other = await locked.card(pin_tries_left=0)
    began = locked.hands.wall
    visit = [
        ANSWERED,
        again(locked, seconds=61),
        again(locked, seconds=61),
        see(EnterCode, LATER, resend_at=None),
    ]
    await locked.visit(locked.ann, visit)
    nothing_yet = see(
        EnterCode,
        again(locked, seconds=60).reply,
        refusal=CodeRefusal.VOID,
        expires_at=locked.hands.wall,
    )
    await locked.visit(
        other, [ANSWERED, nothing_yet, again(locked, seconds=61), see(EnterCode, LATER, resend_at=None)]
    )
    await locked.visit(await locked.card(pin_tries_left=0), [ANSWERED, see(SeeRA, why=Why.MAIL)])
    assert [mail.purpose for mail in await locked.rows(CodeMailRow)] == ["register", *["unlock"] * 5]
    locked.hands.forward(seconds=(began + timedelta(hours=1) - locked.hands.wall).total_seconds())
    third = await locked.card(pin_tries_left=0)
    await locked.visit(third, unlocking(locked))


async def test_a_code_is_bound_to_its_card(locked: World) -> None:
    await locked.visit(locked.ann, [ANSWERED, see(EnterCode, LATER)])
    code = locked.post.code()
    other = await locked.card(pin_tries_left=0)
    locked.hands.forward(seconds=61)
    lines = [ANSWERED, see(EnterCode, lambda _: code), see(EnterCode, LATER, refusal=CodeRefusal.WRONG)]
    await locked.visit(other, lines)


async def test_a_code_is_bound_to_its_purpose(locked: World) -> None:
    await locked.visit(locked.ann, [ANSWERED, see(EnterCode, LATER)])
    (row,) = await locked.rows(PendingRow)
    assert row.purpose == "unlock"
    assert (await locked.known(locked.ann)).pending[0].purpose.value == "unlock"


async def test_a_mail_that_could_not_be_sent_can_be_tried_again_and_costs_nothing(locked: World) -> None:
    locked.post.down = True

    def mended(_: CodeNotSent) -> bool:
        locked.post.down = False
        return True

    before = len(await locked.rows(CodeMailRow))
    tries = [see(CodeNotSent, True, masked="a····s@nhs.net") for _ in range(6)]
    await locked.visit(locked.ann, [ANSWERED, *tries, see(CodeNotSent, mended), *unlocking(locked)[1:]])
    assert len(await locked.rows(CodeMailRow)) == before + 1


async def test_a_mail_that_could_not_be_sent_leaves_no_code(locked: World) -> None:
    locked.post.down = True
    await locked.visit(locked.ann, [ANSWERED, see(CodeNotSent, False), see(SeeRA, why=Why.MAIL)])
    (row,) = await locked.rows(PendingRow)
    assert (row.code_state, row.code_hash, row.code_expires_at) == ("void", "", None)
    (event,) = [event for event in await locked.events("code.sent") if event.outcome == "failed"]
    assert event.reason == "connection refused"
    locked.post.down = False
    await locked.visit(locked.ann, [see(Welcome, Offer.UNLOCK), *unlocking(locked)[1:]])


async def test_a_mail_that_fails_when_sent_again_voids_the_code_before(locked: World) -> None:
    def fails(_: EnterCode) -> CodeChoice:
        locked.post.down = True
        locked.hands.forward(seconds=60)
        return CodeChoice.SEND_AGAIN

    await locked.visit(locked.ann, [ANSWERED, see(EnterCode, fails), see(CodeNotSent, LATER)])
    assert (await locked.rows(PendingRow))[0].code_state == "void"


async def test_a_code_is_of_no_use_before_the_server_took_the_mail(
    open_world: OpenWorld, locked: World
) -> None:
    """A kiosk dies while it sends: what it left behind opens nothing, and is swept away."""
    other = await open_world(beside=locked)

    async def during_the_mail() -> None:
        (row,) = await other.rows(PendingRow)
        assert row.code_state == "sending"
        assert row.code_expires_at is None
        await other.visit(locked.ann, [see(Welcome, LATER)])

    locked.post.meanwhile = during_the_mail
    await locked.visit(locked.ann, unlocking(locked))
    assert locked.post.meanwhile is None


async def test_the_new_passcode_step_follows_the_right_code_at_once(locked: World) -> None:
    await locked.visit(locked.ann, [ANSWERED, right_code(locked), see(NewPasscode, LATER)])
    (row,) = await locked.rows(PendingRow)
    assert (row.code_state, row.code_hash) == ("used", ""), "single use"
