"""The maintenance side of the demo, rooms and all: nothing in it is made up but the hardware."""

from __future__ import annotations

from kiosk.attendant import EXIT_START_AGAIN
from kiosk.demo.running import DemoKiosk
from screens.app import KioskApp, Maintenance
from screens.launch import staff_of
from screens.maintenance.board import Line
from screens.maintenance.home import HealthScreen
from screens.maintenance.sign_in import SignInScreen
from screens.scenes import AttractScreen
from screens.widgets.lines import Lines
from screens.widgets.say import Say
from tests.screens.hall import look, wait_until


async def test_a_technician_tests_the_demo_and_starts_it_again() -> None:
    kiosk = DemoKiosk()
    maintenance = Maintenance("f12", staff_of(kiosk))
    app = KioskApp(look(tick=0.1), kiosk.attend, maintenance=maintenance, on_signal=kiosk.close)

    def said(where: str) -> str:
        return " ".join(line.said for line in app.screen.query(where).results(Say))

    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(lambda: isinstance(app.screen, AttractScreen), 60)
        await pilot.press("f12")
        await wait_until(lambda: isinstance(app.screen, SignInScreen) and app.screen.focused is not None)
        await pilot.press(*"tess", "enter", *"violet", "space", *"tractor", "space", *"umbrella", "enter")
        await wait_until(lambda: isinstance(app.screen, HealthScreen), 20)
        await wait_until(lambda: "Virtual reader" in said("Line") and "one moment" not in said("Line"), 20)
        broken = [line.said for line in app.screen.query(Line) if "broken" in line.said]
        assert not broken
        await pilot.press("t")
        await wait_until(lambda: "never run" in said("#state"))
        await pilot.press("enter")
        await wait_until(lambda: "It went well" in said("#state"), 60)
        assert "unlock: writing-card" in app.screen.query_one(Lines).told
        await pilot.press("escape", "s")
        await wait_until(lambda: "in service" in said("#state"))
        await pilot.press("f8", "f8")
        await wait_until(lambda: not app.is_running, 20)
    assert app.return_value == EXIT_START_AGAIN
