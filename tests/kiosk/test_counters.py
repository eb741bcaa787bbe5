"""Counters under fifty hands at once: never one attempt more than there are.

In a long run they are at fifty kiosks, in a short one at five; see test_counters_processes.py, too.
"""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.codes import TooManyMails
from kiosk.dialogue import Gone
from kiosk.marks import UNPROVEN_SENDS
from kiosk.pendings import ProofMissing
from kiosk.refusals import CodeRefusal
from kiosk.steps import NewPasscode, Purpose
from kiosk.storage import sqlite
from kiosk.storage.models import CodeMailRow, HolderRow, PendingRow
from kiosk.unblock import UnblockNotPossible
from kiosk.visit import Sight, Visit, new_reference
from tests.sampling import LONG
from tests.stories.conftest import with_ann
from tests.stories.plots import unlocking
from tests.stories.script import see
from tests.stories.world import ANSWERS, RA_EMAIL, World, identity, new_world

FIFTY = 50
KIOSKS = FIFTY if LONG else 5
RESET = 0x2C  # RESET RETRY COUNTER
WRONG = tuple(SecretStr("no") for _ in ANSWERS)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes the kiosks of a test."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty kiosks on one file get their turns, however slow this machine is."""
    patient = [pragma for pragma in sqlite.PRAGMAS if "busy_timeout" not in pragma]
    monkeypatch.setattr(sqlite, "PRAGMAS", [*patient, "PRAGMA busy_timeout=60000"])


@pytest.fixture
async def kiosks(registered: World, stack: AsyncExitStack) -> list[World]:
    """Kiosks on one store, in which Ann is registered: one for each of fifty hands."""
    registered.hands.forward(hours=2)
    return await together(registered, stack) * (FIFTY // KIOSKS)


async def together(first: World, stack: AsyncExitStack) -> list[World]:
    """A kiosk and others on the same store, each with parts and connections of its own."""
    others = [
        await stack.enter_async_context(
            new_world(first.settings.state_directory, first.settings, beside=first)
        )
        for _ in range(KIOSKS - 1)
    ]
    return [first, *others]


async def visit(world: World, first: World) -> Visit:
    """A visit of Ann's card, without the card."""
    known = await world.known(first.ann)
    sight = Sight(identity(first.ann), 0, 3, PasscodeFormat(), None)
    return Visit(new_reference(), 1, known, sight)


async def visits_at(kiosks: list[World]) -> list[Visit]:
    """A visit at each."""
    return [await visit(world, kiosks[0]) for world in kiosks[:KIOSKS]] * (FIFTY // KIOSKS)


async def test_fifty_attempts_at_once_are_three(kiosks: list[World]) -> None:
    checked = 0
    for world in set(kiosks):
        hasher = world.parts.hasher
        check = hasher.all_match

        async def counted(rows: object, check: object = check) -> bool:
            nonlocal checked
            checked += 1
            return await check(rows)  # type: ignore[operator, no-any-return]

        hasher.all_match = counted  # type: ignore[method-assign]
    visits = await visits_at(kiosks)
    verdicts = await asyncio.gather(
        *(
            kiosks[number].service.attempts.check(visits[number], Purpose.UNLOCK, WRONG, "en")
            for number in range(FIFTY)
        )
    )
    assert checked == 3
    assert Counter(verdict.attempts_left for verdict in verdicts) == {2: 1, 1: 1, 0: FIFTY - 2}
    (holder,) = await kiosks[0].rows(HolderRow)
    assert (holder.attempts, holder.blocked_at) == (3, kiosks[0].hands.wall)
    assert len(await kiosks[0].events("holder.blocked")) == 1


async def test_right_and_wrong_at_once_never_give_an_attempt_away(kiosks: list[World]) -> None:
    known = await visit(kiosks[0], kiosks[0])
    right = tuple(SecretStr(ANSWERS[question]) for question in known.known.questions)
    await asyncio.gather(
        *(
            world.service.attempts.check(known, Purpose.UNLOCK, WRONG if number % 2 else right, "en")
            for number, world in enumerate(kiosks)
        )
    )
    failed = [e for e in await kiosks[0].events("answers.checked") if '"attempts_left"' in e.detail]
    (holder,) = await kiosks[0].rows(HolderRow)
    assert len(failed) == holder.attempts <= 3


async def test_fifty_codes_at_once_are_five_tries(kiosks: list[World]) -> None:
    visits = await visits_at(kiosks)
    await kiosks[0].service.codes.send(visits[0], Purpose.UNLOCK, RA_EMAIL, "en")
    wrong = SecretStr(f"{(int(kiosks[0].post.code()) + 1) % 10**8:08d}")
    entries = await asyncio.gather(
        *(
            kiosks[number].service.codes.check(visits[number], Purpose.UNLOCK, wrong)
            for number in range(FIFTY)
        )
    )
    tries = Counter(entry.tries_left for entry in entries)
    assert [tries[left] for left in (4, 3, 2, 1, 0)] == [1] * 5
    assert sum(entry.refusal is CodeRefusal.VOID for entry in entries) == FIFTY - 4
    right = SecretStr(kiosks[0].post.code())
    assert (await kiosks[1].service.codes.check(visits[1], Purpose.UNLOCK, right)).refusal is CodeRefusal.VOID


async def test_one_right_code_entered_twice_at_once_counts_once(kiosks: list[World]) -> None:
    visits = await visits_at(kiosks)
    await kiosks[0].service.codes.send(visits[0], Purpose.UNLOCK, RA_EMAIL, "en")
    right = SecretStr(kiosks[0].post.code())
    entries = await asyncio.gather(
        *(kiosks[n].service.codes.check(visits[n], Purpose.UNLOCK, right) for n in range(4))
    )
    assert sum(entry.right for entry in entries) == 1
    (row,) = await kiosks[0].rows(PendingRow)
    assert row.code_hash == ""


async def test_fifty_mails_at_once_are_one(kiosks: list[World]) -> None:
    visits = await visits_at(kiosks)
    results = await asyncio.gather(
        *(
            kiosks[number].service.codes.send(visits[number], Purpose.UNLOCK, RA_EMAIL, "en")
            for number in range(FIFTY)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, TooManyMails) for result in results) == FIFTY - 1
    assert len([row for row in await kiosks[0].rows(CodeMailRow) if row.purpose == "unlock"]) == 1


async def test_fifty_entries_of_an_assistance_code_are_five_tries(kiosks: list[World]) -> None:
    first = kiosks[0]
    code = await first.office.service.assistance.issue(
        await first.known(first.ann), by="o", reason="spoke to them"
    )
    here = await visit(first, first)
    wrong = SecretStr(f"{(int(code.get_secret_value()) + 1) % 10**10:010d}")
    entries = await asyncio.gather(*(world.service.assistance.check(here, wrong, "en") for world in kiosks))
    tries = Counter(entry.tries_left for entry in entries)
    assert [tries[left] for left in (4, 3, 2, 1, 0)] == [1] * 5
    assert not (await first.service.assistance.check(here, code, "en")).right


@pytest.mark.parametrize("lost", [True, False], ids=["answers-lost", "refused"])
async def test_a_card_that_tells_no_tries_is_sent_its_secret_twice_at_most(
    world: World, stack: AsyncExitStack, lost: bool
) -> None:
    """Each kiosk, with the card in it and the proofs given, sends a secret that is wrong."""
    await with_ann(world, metadata=False, secret="11119999")
    world.ann.lock()
    world.hands.forward(hours=2)
    await world.visit(world.ann, [*unlocking(world)[:2], see(NewPasscode, Gone.STOPPED)])
    (proven,) = await world.rows(PendingRow)
    kiosks = await together(world, stack)
    cards = [copy.deepcopy(world.ann) for _ in kiosks]
    sends = []
    for kiosk, card in zip(kiosks, cards, strict=True):
        kiosk.reader.insert(card)
        if lost:
            kiosk.reader.faults.lose_reply(ins=RESET)
        here = await visit(kiosk, world)
        there = replace(here, reference=proven.visit, insertion=kiosk.reader.presence.insertion)
        sends.append(kiosk.service.cards.reset_passcode(there, SecretStr("739164"), "en"))
    ends = await asyncio.gather(*sends, return_exceptions=True)
    assert not [end for end in ends if not isinstance(end, Exception)], "it is the wrong secret"
    sent = sum(3 - card._puk.left for card in cards)
    assert sent == UNPROVEN_SENDS if lost else 1 <= sent <= UNPROVEN_SENDS
    assert sum(isinstance(end, UnblockNotPossible | ProofMissing) for end in ends) == KIOSKS - sent
    assert len(await world.events("card.write-begun")) == sent
