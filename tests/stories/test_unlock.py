"""Unlock: the leaflet from locked card to new passcode, and every way it can be refused."""

from __future__ import annotations

from tests.stories.plots import NEW_PIN, unlock
from tests.stories.world import World


async def test_the_leaflet(registered: World) -> None:
    registered.ann.lock()
    await unlock(registered, registered.ann)
    state = registered.ann.state()
    assert not state.locked
    assert state.pin == NEW_PIN
    assert state.puk_tries_left == 3
