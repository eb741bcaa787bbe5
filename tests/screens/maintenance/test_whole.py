"""The maintenance side of the demo, rooms and all: nothing in it is made up but the hardware."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot

from cardio.virtual.piv import PivCard
from kiosk.attendant import EXIT_START_AGAIN
from kiosk.demo.running import DemoKiosk
from kiosk.demo.staff import staff
from kiosk.settings import Settings
from kiosk.staff.account import Role
from screens.app import KioskApp, Maintenance
from screens.launch import staff_of
from screens.maintenance.board import Board
from screens.maintenance.deed import DeedScreen
from screens.maintenance.find import FindScreen
from screens.maintenance.holder import HolderScreen
from screens.maintenance.home import TOOLS, HealthScreen
from screens.maintenance.sign_in import SignInScreen
from screens.scenes import AttractScreen
from screens.widgets.fields import Entry
from screens.widgets.lines import Lines
from screens.widgets.say import Say
from tests.screens.hall import look, wait_until


@asynccontextmanager
async def signed_in(
    who: str = "tess", *, history: bool = False
) -> AsyncIterator[tuple[DemoKiosk, KioskApp, Pilot[int]]]:
    """The demo, with one of its staff at the health board, whom their password lets in."""
    (password,) = (member.password for member in staff() if member.name == who)
    alone = Settings().changed(staff={"officer_password_at_kiosk": True}, site={"kiosk_name": "Demo kiosk"})
    kiosk = DemoKiosk(None if who == "tess" else alone, history=history)
    maintenance = Maintenance("f12", staff_of(kiosk))
    app = KioskApp(look(tick=0.1), kiosk.attend, maintenance=maintenance, on_signal=kiosk.close)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(lambda: isinstance(app.screen, AttractScreen), 60)
        await pilot.press("f12")
        await wait_until(lambda: isinstance(app.screen, SignInScreen) and app.screen.focused is not None)
        typed = ("space" if sign == " " else sign for sign in password)
        await pilot.press(*who, "enter", *typed, "enter")
        await wait_until(lambda: isinstance(app.screen, HealthScreen), 20)
        yield kiosk, app, pilot


def said(app: KioskApp, where: str) -> str:
    """What these widgets say."""
    return " ".join(line.said for line in app.screen.query(where).results(Say))


def board(app: KioskApp) -> str:
    """All that stands on the health board."""
    return app.screen.query_one(Board).query_one(Lines).told


async def test_a_technician_tests_the_demo_and_starts_it_again() -> None:
    async with signed_in() as (_, app, pilot):
        await wait_until(lambda: "Virtual reader" in board(app) and "in service" in board(app), 60)
        await wait_until(lambda: "one moment" not in board(app), 20)
        assert "broken" not in board(app)
        await pilot.press("t")
        await wait_until(lambda: "never run" in said(app, "#state"))
        await pilot.press("enter")
        await wait_until(lambda: "It went well" in said(app, "#state"), 60)
        assert "unlock: writing-card" in app.screen.query_one(Lines).told
        await pilot.press("escape", "s")
        await wait_until(lambda: "in service" in said(app, "#state"))
        await pilot.press("f8", "f8")
        await wait_until(lambda: not app.is_running, 20)
    assert app.return_value == EXIT_START_AGAIN


async def test_an_administrator_sees_what_half_a_year_saved() -> None:
    async with signed_in("adam", history=True) as (kiosk, app, pilot):
        await pilot.press("p")
        await wait_until(lambda: "hours of RA time saved" in said(app, "#what"), 30)
        unlocks = int(said(app, "#unlocked").split()[0].replace(",", ""))
        assert unlocks > 1000
        await pilot.press("down", "enter")
        await wait_until(lambda: "by week: Main entrance" in said(app, "#about"), 30)
        alone = int(said(app, "#unlocked").split()[0].replace(",", ""))
        assert unlocks / 10 < alone < unlocks
        kiosk.close()
        await wait_until(lambda: not app.is_running, 20)


def secrets(kiosk: DemoKiosk) -> set[str]:
    """What nobody may see: of the cards, the people and the staff."""
    cards = [role.card.state() for role in kiosk.desk.roles if isinstance(role.card, PivCard)]
    answers = {answer for role in kiosk.desk.roles for answer in role.answers.values()}
    passwords = {member.password for member in staff()}
    return {card.pin for card in cards} | {card.puk for card in cards} | answers | passwords


async def test_no_tool_shows_a_secret() -> None:
    async with signed_in("adam") as (kiosk, app, pilot):
        kiosk.desk.insert(0)
        seen = ""
        for tool in TOOLS:
            if Role.ADMINISTRATOR not in tool.roles:
                continue
            await pilot.press(tool.letter)
            await wait_until(lambda: not isinstance(app.screen, HealthScreen))
            if tool.letter == "r":
                await pilot.press("i")
                await wait_until(lambda: "LOCKED" in app.screen.query_one(Lines).told, 20)
                await pilot.press("a")
            elif tool.letter == "t":
                await pilot.press("enter")
                await wait_until(lambda: "It went well" in said(app, "#state"), 60)
            elif tool.letter == "a":
                seen += await _through_the_accounts(kiosk, app, pilot)
            await pilot.pause()
            seen += _all_of(app)
            await pilot.press("escape")
            await wait_until(lambda: isinstance(app.screen, HealthScreen))
        assert "Virtual reader" in seen
        assert "Account eve is made" in seen
        assert not [secret for secret in secrets(kiosk) | {_NEW} if secret in seen]
        kiosk.close()
        await wait_until(lambda: not app.is_running, 20)


_NEW = "meadow-tractor"


def _all_of(app: KioskApp) -> str:
    """All that the screen in front says, and has in its fields but what is masked."""
    told = said(app, "Say") + "".join(lines.told for lines in app.screen.query(Lines)) + repr(app.screen.tree)
    drawn = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
    return told + drawn


async def _through_the_accounts(kiosk: DemoKiosk, app: KioskApp, pilot: Pilot[int]) -> str:
    """Make an account by a password, and give it a card by its passcode; what was seen on the way."""
    await wait_until(lambda: "signs in by" in said(app, "#head"), 20)
    for key in ("n", *"eve", "enter", "1", "1", *_NEW, "enter", *_NEW):
        app.post_message(events.Key(key, key if len(key) == 1 else None))
    await wait_until(lambda: [entry.value for entry in app.screen.query(Entry)] == [_NEW, _NEW], 20)
    await pilot.pause()
    seen = _all_of(app)
    await pilot.press("enter")
    await wait_until(lambda: "Account eve is made" in said(app, "#lines"), 20)
    seen += _all_of(app)
    await pilot.press("enter", "c")
    kiosk.desk.insert(kiosk.desk.pages[0][2])
    await wait_until(lambda: "nobody's staff card yet" in said(app, "#whose"), 20)
    card = kiosk.desk.roles[kiosk.desk.pages[0][2]].card
    assert isinstance(card, PivCard)
    await pilot.press(*card.state().pin)
    seen += _all_of(app)
    await pilot.press("enter")
    await wait_until(lambda: "The card opens it" in said(app, "#lines"), 20)
    seen += _all_of(app)
    await pilot.press("enter")
    return seen


@asynccontextmanager
async def at_the_desk() -> AsyncIterator[tuple[DemoKiosk, KioskApp, Pilot[int]]]:
    """The demo, with olga at her desk, signed in by her card."""
    kiosk = DemoKiosk()
    maintenance = Maintenance("f12", staff_of(kiosk))
    app = KioskApp(look(tick=0.1), kiosk.attend, maintenance=maintenance, on_signal=kiosk.close)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(lambda: isinstance(app.screen, AttractScreen), 60)
        await pilot.press("f12")
        await wait_until(lambda: isinstance(app.screen, SignInScreen) and app.screen.focused is not None)
        kiosk.desk.insert(kiosk.desk.pages[1][1])
        await wait_until(lambda: "type its passcode" in said(app, "Say"))
        await pilot.press(*"725190", "enter")
        await wait_until(lambda: isinstance(app.screen, FindScreen), 20)
        yield kiosk, app, pilot


async def test_no_screen_of_the_desk_shows_a_secret() -> None:
    async with at_the_desk() as (kiosk, app, pilot):
        seen: list[str] = []

        def look_at() -> None:
            seen.append(said(app, "Say") + " ".join(entry.value for entry in app.screen.query(Entry)))
            seen.extend(lines.told for lines in app.screen.query(Lines))
            seen.append("\n".join(strip.text for strip in app.screen._compositor.render_strips()))

        kiosk.desk.insert(0)
        await wait_until(lambda: isinstance(app.screen, HolderScreen), 20)
        await pilot.pause()
        look_at()
        for letter in "aewsr":
            await pilot.press(letter)
            await wait_until(lambda: not isinstance(app.screen, HolderScreen), 20)
            await pilot.pause()
            look_at()
            await pilot.press("escape")
            await wait_until(lambda: isinstance(app.screen, HolderScreen))
        await pilot.press("n")
        await wait_until(lambda: "How is it enrolled?" in said(app, "#which"), 20)
        look_at()
        await pilot.press("enter")
        await wait_until(lambda: isinstance(app.screen, DeedScreen), 20)
        await pilot.press(*"0000000")
        await pilot.pause()
        look_at()
        assert "Ben Adams" in " ".join(seen)
        assert not [secret for secret in secrets(kiosk) if any(secret in one for one in seen)]
        kiosk.close()
        await wait_until(lambda: not app.is_running, 20)
