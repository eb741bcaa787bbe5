"""Counters under fifty hands at once: never one attempt more than there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.codes import TooManyMails
from kiosk.refusals import CodeRefusal
from kiosk.settings import Settings
from kiosk.steps import Purpose
from kiosk.storage.models import CodeMailRow, HolderRow, PendingRow
from kiosk.visit import Sight, Visit, new_reference
from tests.stories.world import ANSWERS, RA_EMAIL, World, identity, new_world

FIFTY = 50
WRONG = tuple(SecretStr("no") for _ in ANSWERS)


@pytest.fixture
async def kiosks(registered: World) -> AsyncIterator[list[World]]:
    """Two kiosks on one store, in which Ann is registered."""
    directory = registered.settings.state_directory
    registered.hands.forward(hours=2)
    async with new_world(directory, Settings(), beside=registered) as second:
        yield [registered, second]


async def visit(world: World, first: World) -> Visit:
    """A visit of Ann's card, without the card."""
    known = await world.known(first.ann)
    sight = Sight(identity(first.ann), 0, 3, PasscodeFormat(), None)
    return Visit(new_reference(), 1, known, sight)


async def test_fifty_attempts_at_once_are_three(kiosks: list[World]) -> None:
    checked = 0
    for world in kiosks:
        hasher = world.parts.hasher
        check = hasher.all_match

        async def counted(rows: object, check: object = check) -> bool:
            nonlocal checked
            checked += 1
            return await check(rows)  # type: ignore[operator, no-any-return]

        hasher.all_match = counted  # type: ignore[method-assign]
    visits = [await visit(world, kiosks[0]) for world in kiosks]
    verdicts = await asyncio.gather(
        *(
            kiosks[number % 2].service.attempts.check(visits[number % 2], Purpose.UNLOCK, WRONG, "en")
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
    attempts = kiosks[0].service.attempts
    await asyncio.gather(
        *(attempts.check(known, Purpose.UNLOCK, WRONG if number % 2 else right, "en") for number in range(20))
    )
    failed = [e for e in await kiosks[0].events("answers.checked") if '"attempts_left"' in e.detail]
    (holder,) = await kiosks[0].rows(HolderRow)
    assert len(failed) == holder.attempts <= 3


async def test_fifty_codes_at_once_are_five_tries(kiosks: list[World]) -> None:
    visits = [await visit(world, kiosks[0]) for world in kiosks]
    await kiosks[0].service.codes.send(visits[0], Purpose.UNLOCK, RA_EMAIL, "en")
    wrong = SecretStr(f"{(int(kiosks[0].post.code()) + 1) % 10**8:08d}")
    entries = await asyncio.gather(
        *(
            kiosks[number % 2].service.codes.check(visits[number % 2], Purpose.UNLOCK, wrong)
            for number in range(FIFTY)
        )
    )
    tries = Counter(entry.tries_left for entry in entries)
    assert [tries[left] for left in (4, 3, 2, 1, 0)] == [1] * 5
    assert sum(entry.refusal is CodeRefusal.VOID for entry in entries) == FIFTY - 4
    right = SecretStr(kiosks[0].post.code())
    assert (await kiosks[1].service.codes.check(visits[1], Purpose.UNLOCK, right)).refusal is CodeRefusal.VOID


async def test_one_right_code_entered_twice_at_once_counts_once(kiosks: list[World]) -> None:
    visits = [await visit(world, kiosks[0]) for world in kiosks]
    await kiosks[0].service.codes.send(visits[0], Purpose.UNLOCK, RA_EMAIL, "en")
    right = SecretStr(kiosks[0].post.code())
    entries = await asyncio.gather(
        *(kiosks[n].service.codes.check(visits[n], Purpose.UNLOCK, right) for n in (0, 1, 0, 1))
    )
    assert sum(entry.right for entry in entries) == 1
    (row,) = await kiosks[0].rows(PendingRow)
    assert row.code_hash == ""


async def test_fifty_mails_at_once_are_one(kiosks: list[World]) -> None:
    visits = [await visit(world, kiosks[0]) for world in kiosks]
    results = await asyncio.gather(
        *(
            kiosks[number % 2].service.codes.send(visits[number % 2], Purpose.UNLOCK, RA_EMAIL, "en")
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
    entries = await asyncio.gather(*(first.service.assistance.check(here, wrong, "en") for _ in range(FIFTY)))
    tries = Counter(entry.tries_left for entry in entries)
    assert [tries[left] for left in (4, 3, 2, 1, 0)] == [1] * 5
    assert not (await first.service.assistance.check(here, code, "en")).right
