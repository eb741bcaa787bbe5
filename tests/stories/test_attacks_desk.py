"""What officers change counts at once, also for whoever stands at a kiosk at that very moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.refusals import CodeRefusal, Why
from kiosk.staff.desk import Act
from kiosk.staff.rooms.session import StaffSession
from kiosk.steps import EnterCode, SeeRA
from kiosk.storage.models import CardWriteRow, PendingRow
from tests.stories.conftest import with_ann
from tests.stories.plots import changing_email, changing_questions, registration, unlocking, withdrawing
from tests.stories.script import See, see
from tests.stories.test_attacks_meanwhile import LEAVES, OTHERS, meanwhile
from tests.stories.test_desk import carry_out, lobby, officer
from tests.stories.world import ANSWERS, RA_EMAIL, World

__all__ = ["lobby", "officer"]

NEW = "ann@gov.uk"
EXPIRED = see(SeeRA, why=Why.PROOF_EXPIRED)
ACTS = pytest.mark.parametrize("act", [Act.SET_EMAIL, Act.WITHDRAW])


@ACTS
async def test_a_code_that_was_entered_unlocks_nothing_any_more(
    world: World, officer: StaffSession, act: Act
) -> None:
    await with_ann(world)
    world.ann.lock()
    world.hands.forward(minutes=2)
    (questions, code, new, _) = unlocking(world)
    late = meanwhile(new, lambda: carry_out(officer, act, email=NEW))
    await world.visit(world.ann, [questions, code, late, EXPIRED])
    assert world.ann.state().locked
    assert await world.rows(CardWriteRow) == []


async def test_nobody_registers_by_an_address_that_the_ra_has_given_up(
    world: World, officer: StaffSession
) -> None:
    """Somebody with a found card, its passcode and the old mailbox; its owner has called the RA."""
    await world.holder()
    world.ann = await world.card()
    lines = registration(world)
    lines[4] = meanwhile(lines[4], lambda: carry_out(officer, Act.SET_EMAIL, email=NEW))
    await world.visit(world.ann, [*lines[:5], EXPIRED])
    known = await world.known(world.ann)
    assert (known.registered, known.ra_email) == (False, NEW)
    assert await world.events("registration.completed", "code.sent") == []


PLOTS: dict[str, Callable[[World], list[See]]] = {
    "questions": lambda _: changing_questions(OTHERS),
    "email": lambda world: changing_email(world, "thief@gov.uk"),
    "withdraw": lambda _: withdrawing(),
}


@ACTS
@pytest.mark.parametrize("plot", list(PLOTS))
async def test_what_was_proven_before_changes_nothing_any_more(
    world: World, officer: StaffSession, plot: str, act: Act
) -> None:
    """Somebody with a found card, its passcode and answers; nothing of what the officer does is undone."""
    await with_ann(world)
    world.hands.forward(minutes=2)
    (*before, last, _) = PLOTS[plot](world)
    end = see(EnterCode, LEAVES, refusal=CodeRefusal.VOID) if plot == "email" else EXPIRED
    late = meanwhile(last, lambda: carry_out(officer, act, email=NEW))
    await world.visit(world.ann, [*before, late, end])
    await _as_the_officer_left_it(world, act)


@ACTS
async def test_no_code_for_another_address_is_sent_afterwards(
    world: World, officer: StaffSession, act: Act
) -> None:
    await with_ann(world)
    world.hands.forward(minutes=2)
    lines = changing_email(world, "thief@gov.uk")
    lines[-3] = meanwhile(lines[-3], lambda: carry_out(officer, act, email=NEW))
    await world.visit(world.ann, [*lines[:-2], EXPIRED])
    await _as_the_officer_left_it(world, act)


async def _as_the_officer_left_it(world: World, act: Act) -> None:
    known = await world.known(world.ann)
    if act is Act.WITHDRAW:
        assert (known.registered, known.own_email, known.ra_email) == (False, "", RA_EMAIL)
    else:
        assert (known.own_email, known.ra_email, set(known.questions)) == (NEW, NEW, set(ANSWERS))
    withdrawn = await world.events("registration.withdrawn")
    assert [event.actor for event in withdrawn] == (["olga"] if act is Act.WITHDRAW else [])
    assert await world.events("registration.questions-changed", "registration.email-changed") == []
    assert await world.rows(PendingRow) == []
