"""The demo's tray: every card with its crib, whole at 80x24 in every language; staff sign in by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from cardio.apdu import Command
from cardio.virtual.piv import PivCard
from kiosk.demo.running import DemoKiosk
from kiosk.i18n import LANGUAGES
from kiosk.settings import Settings
from screens.app import KioskApp, Maintenance
from screens.demo_tray import DemoTray, Row
from screens.launch import _tray, staff_of
from screens.maintenance.find import FindScreen
from screens.maintenance.home import HealthScreen
from screens.maintenance.sign_in import SignInScreen
from screens.scenes import AttractScreen, ClosedScreen
from screens.widgets.fields import Field
from screens.widgets.keys import FootKey
from screens.widgets.say import Say
from tests.sampling import sample
from tests.screens.fitting import cut
from tests.screens.hall import look

STAFF = ("tess", "olga", "adam")


@asynccontextmanager
async def demo(settings: Settings | None = None, language: str = "en") -> AsyncIterator[Pilot[int]]:
    """The demo, waiting for a card."""
    kiosk = DemoKiosk(settings)
    site = kiosk.settings.site.model_copy(update={"language": language})
    app = KioskApp(
        look(site=site, banner=lambda _: _("DEMO: nothing is real"), tick=0.1),
        kiosk.attend,
        drawer=_tray(kiosk.desk),
        maintenance=Maintenance(kiosk.settings.staff.key, staff_of(kiosk)),
        on_signal=kiosk.close,
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await comes(pilot, AttractScreen)
        yield pilot
        kiosk.close()
        while app.return_code is None:
            await pilot.pause(0.01)


async def comes(pilot: Pilot[int], screen: type[object]) -> None:
    """Wait until that screen is on top."""
    async with asyncio.timeout(20):
        while not isinstance(pilot.app.screen, screen):
            await pilot.pause(0.01)
    await pilot.pause()


def crib(pilot: Pilot[int]) -> str:
    return pilot.app.screen.query_one("#tray-crib", Say).said


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_card_and_its_crib_can_be_read(language: str) -> None:
    async with demo(language=language) as pilot:
        await pilot.press("f2")
        await comes(pilot, DemoTray)
        for cards in (8, 3):
            shown = [row for row in pilot.app.screen.query(Row) if row.display]
            assert [row.said[0] for row in shown] == [str(number + 1) for number in range(cards)]
            for _ in shown:
                assert not cut(pilot.app.screen)
                await pilot.press("down")
            await pilot.press("right")
        assert [row.number for row in pilot.app.screen.query(Row) if row.display] == list(range(8))


async def test_the_crib_says_how_each_of_the_staff_signs_in() -> None:
    async with demo() as pilot:
        await pilot.press("f2")
        await comes(pilot, DemoTray)
        await pilot.press("s")
        for name in STAFF:
            said = crib(pilot)
            assert "F12 on the first screen" in said
            assert f"Name: {name}" in said
            assert "Passcode: " in said
            assert ("Password: " in said) is (name == "tess")
            assert ("Password (not at a kiosk): " in said) is (name != "tess")
            await pilot.press("down")


async def test_a_sites_own_key_and_rule_are_told() -> None:
    settings = Settings().changed(staff={"key": "f10", "officer_password_at_kiosk": True})
    async with demo(settings) as pilot:
        await pilot.press("f2")
        await comes(pilot, DemoTray)
        await pilot.press("s", "down")
        assert "F10 on the first screen; then sign in, or F2" in crib(pilot)
        assert "Password: copper" in crib(pilot)


@pytest.mark.parametrize("digit", sample("123", 1))
async def test_each_of_the_staff_gets_in_by_what_the_crib_says(digit: str) -> None:
    async with demo() as pilot:
        await pilot.press("f12")
        await comes(pilot, SignInScreen)
        assert not cut(pilot.app.screen)
        await pilot.click("#header FootKey")
        await comes(pilot, DemoTray)
        await pilot.press(*["down"] * (int(digit) - 1))  # theirs are shown at once
        passcode = crib(pilot).partition("Passcode: ")[2].split("\n")[0]
        await pilot.press(digit)
        await comes(pilot, SignInScreen)
        async with asyncio.timeout(20):
            while not list(pilot.app.screen.query(Field))[2].display:
                await pilot.pause(0.01)
        await pilot.press(*passcode, "enter")
        await comes(pilot, FindScreen if STAFF[int(digit) - 1] == "olga" else HealthScreen)


async def test_the_readers_cable_is_pulled_and_put_back() -> None:
    async with demo() as pilot:
        for shown, key in ((ClosedScreen, "R Unplug"), (AttractScreen, "R Plug in")):
            await pilot.press("f2")
            await comes(pilot, DemoTray)
            assert key in [one.said for one in pilot.app.screen.query(FootKey)]
            await pilot.press("r")
            await comes(pilot, shown)


async def test_at_the_door_nobody_is_asked_for_a_card_that_cannot_be_read() -> None:
    async with demo() as pilot:
        await pilot.press("f2", "r")
        await comes(pilot, ClosedScreen)
        await pilot.press("f12")
        await comes(pilot, SignInScreen)
        assert "Sign in. No staff card can be read" in " ".join(
            one.said for one in pilot.app.screen.query(Say)
        )


async def test_the_staffs_key_works_over_the_tray_too() -> None:
    async with demo() as pilot:
        await pilot.press("f2")
        await comes(pilot, DemoTray)
        await pilot.press("f12")
        await comes(pilot, SignInScreen)


async def test_a_card_that_was_unlocked_is_called_that() -> None:
    async with demo() as pilot:
        await pilot.press("f2")
        await comes(pilot, DemoTray)
        tray = pilot.app.screen
        assert isinstance(tray, DemoTray)
        rows = list(tray.query(Row))
        assert rows[0].said.endswith("Ben Adams")
        card = tray._desk.roles[0].card
        assert isinstance(card, PivCard)
        assert card.process(Command(0, 0x2C, 0, 0x80, b"20481357" + b"739164\xff\xff")).ok
        tray.speak()
        assert rows[0].said.endswith("Ben Adams, unlocked")


async def test_every_key_can_be_read_beside_the_mails() -> None:
    async with demo() as pilot:
        for page in ("p", "s"):
            await pilot.press("f2")
            await comes(pilot, DemoTray)
            await pilot.press(page, "m")
            await pilot.pause()
            assert not cut(pilot.app.screen), page
            await pilot.press("f2")
            await comes(pilot, AttractScreen)
