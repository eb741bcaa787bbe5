"""Every step and scene has a view, and every view a snapshot."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.pilot import Pilot

from kiosk import steps
from screens.app import KioskApp
from screens.views import SCENE_VIEWS, STEP_VIEWS
from tests.screens.gallery import GALLERY, Sample
from tests.screens.hall import Hall, StillClock, look, wait_for_end

_PICTURES = [sample for sample in GALLERY if sample.picture]


def _kinds(base: type[Any]) -> set[type[Any]]:
    return {
        kind
        for kind in vars(steps).values()
        if isinstance(kind, type) and issubclass(kind, base) and kind is not base
    }


def test_every_step_and_scene_has_a_view() -> None:
    assert set(STEP_VIEWS) == _kinds(steps.Step)
    assert set(SCENE_VIEWS) == _kinds(steps.Scene)


def test_every_view_and_activity_is_pictured() -> None:
    shown = [sample.shown for sample in _PICTURES]
    assert {type(one) for one in shown} == {*STEP_VIEWS, *SCENE_VIEWS, steps.Busy}
    assert {one.activity for one in shown if isinstance(one, steps.Busy)} == set(steps.Activity)


def test_names_in_the_gallery_are_unique() -> None:
    names = [sample.name for sample in GALLERY]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("sample", _PICTURES, ids=lambda sample: sample.name)
def test_looks_as_it_did(sample: Sample, snap_compare: Any) -> None:
    clock, end = StillClock(), asyncio.Event()
    site = look().site.model_copy(update={"touch": sample.touch})
    app = KioskApp(look(clock, site=site), lambda stage: wait_for_end(stage, end))

    async def hang(pilot: Pilot[int]) -> None:
        await Hall(app, pilot, clock).hang(sample)

    assert snap_compare(app, run_before=hang, terminal_size=(80, 24))
