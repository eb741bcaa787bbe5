"""How long a screen waits, and how it asks."""

from __future__ import annotations

import pytest

from kiosk.dialogue import Abandoned, Gone
from screens.patience import Mood, Vigil
from screens.widgets.panel import Panel
from screens.widgets.slots import Slots
from tests.screens.gallery import GALLERY, Sample
from tests.screens.hall import Hall, StillClock, hall


def _sample(name: str) -> Sample:
    return next(sample for sample in GALLERY if sample.name == name)


def _idle_panel(there: Hall) -> Panel:
    return there.screen.query_one("#idle", Panel)


def test_a_vigil_asks_and_then_gives_up() -> None:
    clock = StillClock()
    vigil = Vigil(90, 30, 2, clock)
    moods = []
    for _ in range(4):
        moods.append(vigil.mood)
        clock.seconds += 30
    assert moods == [Mood.CALM, Mood.CALM, Mood.ASKING, Mood.OVER]


def test_an_answer_to_the_asking_is_nothing_else_and_counts_twice_in_a_row() -> None:
    clock = StillClock()
    vigil = Vigil(90, 30, 2, clock)
    for _ in range(2):
        clock.seconds += 70
        assert vigil.extendable
        assert vigil.noticed()
        assert vigil.mood is Mood.CALM
    clock.seconds += 70
    assert not vigil.extendable
    assert not vigil.noticed(), "only something really done counts now, and it is done"
    assert vigil.extendable


def test_work_between_two_askings_starts_the_count_anew() -> None:
    clock = StillClock()
    vigil = Vigil(90, 30, 1, clock)
    for _ in range(5):
        clock.seconds += 70
        assert vigil.noticed()
        assert not vigil.noticed()
        assert vigil.extendable


def test_patience_too_short_for_a_warning_has_none() -> None:
    clock = StillClock()
    vigil = Vigil(20, 30, 2, clock)
    assert vigil.mood is Mood.CALM
    clock.seconds += 20
    assert vigil.left == 0
    assert vigil.noticed(), "too late"


async def test_a_key_goes_on_and_types_nothing() -> None:
    async with hall() as there:
        answer = await there.hang(_sample("new-passcode"))
        there.pass_time(70)
        await there.settle()
        assert _idle_panel(there).is_open
        await there.pilot.press("7")
        assert not _idle_panel(there).is_open
        assert there.screen.query_one("#first", Slots).count == 3, "the 7 only said: I am here"
        assert there.screen.focused is there.screen.query_one("#first", Slots)
        assert answer is not None
        assert not answer.done()


async def test_a_touch_goes_on_and_presses_nothing() -> None:
    async with hall() as there:
        answer = await there.hang(_sample("last-try"))
        there.pass_time(45)
        await there.settle()
        assert _idle_panel(there).is_open
        await there.touch(".choice")
        assert not _idle_panel(there).is_open
        assert answer is not None
        assert not answer.done()
        await there.touch(".choice")
        assert answer.result() is True


async def test_nobody_there() -> None:
    async with hall() as there:
        answer = await there.hang(_sample("new-passcode"))
        there.pass_time(91)
        await there.settle()
        assert answer is not None
        gone = answer.exception()
        assert isinstance(gone, Abandoned)
        assert gone.reason is Gone.PATIENCE
        assert "1" not in repr(there.screen.query_one("#first", Slots).secret().get_secret_value())


async def test_the_asking_closes_help_and_takes_the_keys() -> None:
    async with hall() as there:
        await there.hang(_sample("new-passcode"))
        await there.pilot.press("f1")
        there.pass_time(70)
        await there.settle()
        assert [panel.id for panel in there.screen.sub_panels if panel.is_open] == ["idle"]


@pytest.mark.parametrize(("name", "seconds"), [("finished-unlocked", 20), ("see-ra-blocked", 60)])
async def test_an_end_closes_by_itself(name: str, seconds: int) -> None:
    async with hall() as there:
        answer = await there.hang(_sample(name))
        there.pass_time(seconds - 1)
        await there.settle()
        assert not any(panel.is_open for panel in there.screen.sub_panels)
        assert answer is not None
        assert not answer.done()
        there.pass_time(1)
        assert isinstance(answer.exception(), Abandoned)
