"""A finger that rests on the bar opens the maintenance side; one that only touches it does not."""

from __future__ import annotations

import pytest
from textual import events
from textual.screen import Screen

from kiosk.steps import Attract, EnterPasscode, Purpose
from screens.app import KioskApp, Maintenance
from screens.look import Manner
from screens.widgets import header
from screens.widgets.header import HeaderBar
from tests.screens.gallery import FORMAT
from tests.screens.hall import Hall, hall, wait_until


class Asked:
    """Counts how often the maintenance side was asked for."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, manner: Manner) -> Screen[None] | None:
        self.times += 1
        return None


def _finger(there: Hall, kind: type[events.MouseEvent], on: str) -> None:
    x, y = there.screen.query(on).first().region.center
    driver = there.app._driver
    assert driver is not None
    x, y = int(x), int(y)
    driver.process_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))


def _held(there: Hall) -> bool:
    """Whether a finger rests on the bar."""
    return there.screen.query_one(HeaderBar)._holding is not None


async def _press(there: Hall, on: str) -> None:
    _finger(there, events.MouseDown, on)
    await there.settle()


async def test_a_finger_that_rests_on_the_bar_asks_for_it_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked()
    async with hall(maintenance=Maintenance("f12", asked)) as there:
        there.stage.show(Attract())
        await there.settle()
        monkeypatch.setattr(header, "LONG", 3600)
        await there.touch("#header .service")  # let go at once
        assert not _held(there)
        await _press(there, "#header FootKey")  # a key has its own meaning
        assert not _held(there)
        monkeypatch.setattr(header, "LONG", 0.05)
        await _press(there, "#header .service")
        assert _held(there)
        _finger(there, events.MouseMove, "#body")  # slipped off
        await wait_until(lambda: not _held(there))
        await there.settle()
        assert asked.times == 0
        await _press(there, "#header .service")
        await wait_until(lambda: asked.times == 1)
        await _press(there, "#header .kiosk")
        await wait_until(lambda: asked.times == 2)


async def test_nobody_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "LONG", 0.05)
    held: list[bool] = []
    asks = KioskApp.on_header_bar_held

    def told(app: KioskApp) -> None:
        asks(app)
        held.append(True)

    monkeypatch.setattr(KioskApp, "on_header_bar_held", told)
    asked = Asked()
    async with hall(maintenance=Maintenance("f12", asked)) as there:
        there.stage.pose(EnterPasscode(purpose=Purpose.REGISTER, tries_left=3, format=FORMAT))
        await there.settle()
        await _press(there, "#header .service")
        await wait_until(lambda: bool(held))
        assert asked.times == 0
