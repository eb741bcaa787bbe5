"""kill -9 anywhere: the process is killed at any commit, APDU or SMTP command, and nothing is lost by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.steps import Purpose
from kiosk.storage.models import PendingRow
from kiosk.visit import Sight, Visit, new_reference
from tests.killed.acts import MORE_VISITS, OTHERS, VISITS, Act
from tests.killed.outside import Life, Outside
from tests.killed.points import NEVER
from tests.killed.scene import Place, new_place, outside
from tests.sampling import LONG, sample
from tests.stories.cast import AnyCard
from tests.stories.conftest import database
from tests.stories.world import World

__all__ = ["database"]
ACTS: list[Act] = [*VISITS, *OTHERS, *(MORE_VISITS if LONG else [])]
AT_ONCE = 1  # of the points of each act, in a short run


@pytest.mark.timeout(3600 if LONG else 180)  # every point of an act, one process each
@pytest.mark.parametrize("act", ACTS, ids=str)
async def test_killed_anywhere(tmp_path: Path, database: dict[str, str], act: Act) -> None:
    (tmp_path / "before").mkdir()
    before = new_place(tmp_path / "before", act.role, database)
    async with before.world() as world:
        card = await act.prepare(world)
    undisturbed = await played(tmp_path, before, card, act, NEVER)
    points = list(enumerate(undisturbed.points, 1))
    failures = []
    for nth, name in sample(points, AT_ONCE, f"{act} {database}"):
        try:
            await played(tmp_path, before, card, act, nth)
        except AssertionError as error:
            error.add_note(f"killed at point {nth} of {len(points)}, {name}")
            failures.append(error)
    if failures:
        raise ExceptionGroup("killed", failures)


async def played(scratch: Path, before: Place, card: AnyCard, act: Act, nth: int) -> Life:
    """Play an act to its end, whatever happens to the first process of it."""
    with before.copied(scratch / "now") as place:
        async with outside(scratch, card) as around:
            async with place.world() as world:
                errand = await act.errand(world, around, None)
            first = await around.life(errand, nth)
            lives = [first]
            async with place.world() as world:
                await act.holds(world, first)
                await nothing_went_back(world, around, first)
                errand = await act.errand(world, around, first)
            if nth != NEVER:
                lives.append(await around.life(errand))
            async with place.world() as world:
                await act.done(world, around.card, lives)
                await nothing_went_back(world, around, lives[-1])
    return first


async def nothing_went_back(world: World, around: Outside, life: Life) -> None:
    """Codes are used once and their tries are kept; notices are true; the audit trail is whole."""
    accepted = [event for event in await world.events("code.checked") if event.outcome == "ok"]
    tried = [one.tries_left for one in life.shown if one.step == "EnterCode" and one.tries_left is not None]
    for row in await world.rows(PendingRow):
        assert not tried or row.code_wrong >= 1, "a try of the code came back"
    assert len(accepted) <= len(around.codes()) + 1
    for event in accepted:
        purpose = Purpose(json.loads(event.detail)["purpose"])
        for code in around.codes():
            assert not await accepts(world, purpose, code), "a code was usable twice"
    verified = await world.parts.trail.verify(None, lambda _: None)
    assert verified.fault is None
    assert verified.count == len(await world.events())


async def accepts(world: World, purpose: Purpose, code: str) -> bool:
    """Whether a kiosk that has just started takes that code."""
    known = await world.only_card()
    sight = Sight(known.id, 3, 3, PasscodeFormat(), None)
    visit = Visit(new_reference(), 1, known, sight)
    return (await world.service.codes.check(visit, purpose, SecretStr(code))).right
