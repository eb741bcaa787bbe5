"""The RA's desk, rooms and all, by the office's role on PostgreSQL: nothing is made up but the reader."""

from __future__ import annotations

from cardio.virtual.reader import VirtualReader
from kiosk.settings import Settings
from kiosk.staff.wiring import open_desk
from screens.desk import DeskApp
from screens.maintenance.deed import DeedScreen
from screens.maintenance.find import FindScreen
from screens.maintenance.holder import HolderScreen
from screens.maintenance.sign_in import SignInScreen
from screens.widgets.say import Say
from tests.kiosk.staff.conftest import Staffed, staffed
from tests.kiosk.staff.desk import ME, PASSWORD
from tests.kiosk.test_fleet_staff import database, officers
from tests.screens.hall import look, wait_until
from tests.stories.conftest import with_ann
from tests.stories.plots import block

__all__ = ["database", "officers", "staffed"]


def said(app: DeskApp) -> str:
    """What the screen in front says."""
    return " ".join(line.said for line in app.screen.query(Say))


def keys(text: str) -> list[str]:
    """A text as it is typed."""
    return ["space" if sign == " " else sign for sign in text]


async def test_an_officer_clears_a_block_by_the_offices_role(staffed: Staffed, officers: Settings) -> None:
    world, reader = await with_ann(staffed.world), VirtualReader()
    await block(world, world.ann)
    async with open_desk(officers, reader=reader) as lobby:
        app = DeskApp(look(tick=0.1), lobby, idle=120)
        async with app.run_test(size=(80, 24)) as pilot:
            await wait_until(lambda: isinstance(app.screen, SignInScreen) and app.focused is not None)
            await pilot.press(*keys(ME), "enter", *keys(PASSWORD.get_secret_value()), "enter")
            await wait_until(lambda: isinstance(app.screen, FindScreen) and app.focused is not None, 20)
            reader.insert(world.ann)
            await wait_until(lambda: isinstance(app.screen, HolderScreen) and "BLOCKED" in said(app), 20)
            await pilot.press("b")
            await wait_until(lambda: isinstance(app.screen, DeedScreen) and app.focused is not None, 20)
            await pilot.press(*keys("T-5512"), "enter")
            await wait_until(lambda: "They have all attempts again" in said(app), 20)
            await pilot.press("enter")
            await wait_until(lambda: "3 of 3 attempts left" in said(app), 20)
            await pilot.press("escape", "escape")
            await wait_until(lambda: isinstance(app.screen, SignInScreen), 20)
    told = [one.event for one in await world.events() if one.actor == ME]
    assert told == ["staff.signed-in", "holder.block-cleared", "staff.signed-out"]
