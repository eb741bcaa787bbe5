"""The clock: earlier than the build or the newest event, or jumping: not believed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.clock import BUILT, JUMP, Clock
from tests.stories.world import Hands


def clock(hands: Hands) -> Clock:
    """A clock in the test's hands."""
    return Clock(lambda: hands.wall, lambda: hands.monotonic)


def test_a_clock_that_goes_as_it_should_is_believed() -> None:
    hands = Hands()
    watched = clock(hands)
    hands.forward(days=400)
    assert watched.is_believable(hands.wall)
    assert watched.drift() == timedelta(0)


@given(st.timedeltas(min_value=timedelta(hours=-1), max_value=timedelta(hours=1)))
def test_two_minutes_of_jump_are_allowed_in_either_direction(jump: timedelta) -> None:
    hands = Hands()
    watched = clock(hands)
    hands.wall += jump
    assert watched.drift() == jump
    assert watched.is_believable() is (abs(jump) <= JUMP)


@pytest.mark.parametrize(("behind", "believed"), [(119, True), (120, True), (121, False)])
def test_the_newest_event_of_the_store(behind: int, believed: bool) -> None:
    """Of any kiosk: their clocks may differ by as much."""
    hands = Hands()
    watched = clock(hands)
    assert watched.is_believable(hands.wall + timedelta(seconds=behind)) is believed


@pytest.mark.parametrize(("behind", "believed"), [(0, True), (121, False)])
def test_the_build(behind: int, believed: bool) -> None:
    hands = Hands()
    hands.wall = BUILT - timedelta(seconds=behind)
    assert clock(hands).is_believable() is believed


def test_a_clock_that_was_accepted_is_believed_from_there() -> None:
    hands = Hands()
    watched = clock(hands)
    hands.wall += timedelta(hours=3)
    assert not watched.is_believable()
    watched.accept()
    assert watched.is_believable()
    hands.wall -= timedelta(hours=3)
    assert not watched.is_believable()


def test_the_real_clocks_agree_with_each_other() -> None:
    real = Clock()
    assert abs(real.drift()) < timedelta(seconds=1)
    assert real.now().tzinfo is not None
