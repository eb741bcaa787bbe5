"""The first screen: the board, and a key for each tool of the role."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.levels import Finding, Level
from kiosk.staff.account import Role
from kiosk.staff.entry import Leaving
from kiosk.storage.database import StoreUnavailable
from screens.maintenance import base
from screens.maintenance.base import Stay
from screens.maintenance.home import TOOLS, HealthScreen
from screens.widgets.keys import FootKey
from tests.sampling import sample
from tests.screens.fitting import cut
from tests.screens.hall import look, wait_until
from tests.screens.maintenance.fakes import FakeLobby, FakeSession, office


def keys(role: Role) -> set[str]:
    return {tool.letter for tool in TOOLS if role in tool.roles}


def test_who_is_offered_what() -> None:
    assert keys(Role.TECHNICIAN) == set("rmtles")
    assert keys(Role.ADMINISTRATOR) == set("rmtlespa")
    assert keys(Role.OFFICER) == set("msp")
    assert [tool.key for tool in TOOLS if Role.OFFICER in tool.roles] == ["f9", "f5", "f10"], (
        "letters are for the field"
    )


_AT_THE_BOARD = (Role.TECHNICIAN, Role.ADMINISTRATOR)


@pytest.mark.parametrize("role", sample(_AT_THE_BOARD, 1))
async def test_every_key_opens_its_tool_and_esc_leads_back(role: Role) -> None:
    async with office(FakeSession(role)) as there:
        for tool in TOOLS:
            for key in (tool.letter, tool.letter.upper()):
                await there.press(key)
                opened = not isinstance(there.screen, HealthScreen)
                assert opened is (role in tool.roles), (role, key)
                if opened:
                    await there.press("escape")
                assert isinstance(there.screen, HealthScreen)


async def test_every_key_can_be_clicked() -> None:
    async with office(FakeSession(Role.ADMINISTRATOR)) as there:
        for number in range(len(TOOLS)):
            key = list(there.screen.query(FootKey))[number]
            await there.there.touch(key)
            await wait_until(lambda: not isinstance(there.screen, HealthScreen))
            await there.there.settle()
            back = list(there.screen.query(FootKey))[-1]
            await there.there.touch(back)
            await wait_until(lambda: isinstance(there.screen, HealthScreen))


@pytest.mark.parametrize("role", _AT_THE_BOARD)
async def test_the_footer_fits_and_every_tools_too(role: Role) -> None:
    async with office(FakeSession(role)) as there:
        for tool in (None, *TOOLS):
            if tool is not None and role in tool.roles:
                await there.press(tool.letter)
            assert cut(there.there.app.screen) == [], tool
            if tool is not None and role in tool.roles:
                await there.press("escape")


@pytest.mark.parametrize("width", [80, 120])
async def test_what_is_longer_than_its_line_is_cut(width: int) -> None:
    async with office(size=(width, 30)) as there:
        await there.sees("reader        good", "card in it    see to it", "store         broken", "at risk")
        line = next(line for line in there.drawn.splitlines() if "Gemalto" in line)
        assert line.rstrip().endswith("…") is (width == 80)
        assert "third socket of the hub" in line or width == 80


async def test_the_worst_is_first_in_what_to_do() -> None:
    async with office() as there:
        await there.sees("store: see that the disk is not full")
        said = there.drawn
        assert (
            said.index("store: see")
            < said.index("vault key, pepper key: ask")
            < said.index("card in it: take")
        )


async def test_the_board_comes_back_after_trouble() -> None:
    async with office() as there:
        there.session.health.board.put(StoreUnavailable("disk I/O error"))
        await there.sees("The store cannot be reached")
        await wait_until(lambda: there.session.health.board.open == 1)
        there.session.health.board.put((Finding("store", Level.OK, "is there again"),))
        await there.sees("is there again")
        assert "cannot be reached" not in there.drawn


async def test_esc_signs_out_and_nothing_is_followed_any_more() -> None:
    async with office() as there:
        await there.press("escape")
        await wait_until(lambda: there.lobby.left == [Leaving.ASKED])
    await wait_until(lambda: there.session.health.board.open == 0)


class Shut(FakeLobby):
    """A lobby that knows that the account was disabled meanwhile."""

    async def standing(self) -> bool:
        return False


async def test_whose_account_is_disabled_is_put_out_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base._STANDING <= 10
    monkeypatch.setattr(base, "_STANDING", 0.01)
    lobby = Shut()
    Stay(lobby, look(), 120).watch()
    await wait_until(lambda: lobby.left == [Leaving.SHUT])


async def test_while_somebody_leaves_nobody_goes_on() -> None:
    """What is under way is waited for; meanwhile the kiosk is nobody's."""
    async with office() as there:
        gate, first = asyncio.Event(), there.screen

        async def slow() -> None:
            await gate.wait()

        first.later(slow())
        await there.press("escape")
        await there.press("s", "m", "escape")
        assert there.screen is first, "a passer-by opens nothing"
        assert there.lobby.is_shut
        assert there.lobby.left == []
        first.later(slow())
        gate.set()
        await wait_until(lambda: there.lobby.left == [Leaving.ASKED])


async def test_what_ends_on_a_screen_that_is_gone_ends_nothing_else() -> None:
    async with office() as there:
        await there.press("s")
        gone = there.screen

        async def draws() -> None:
            gone.query_one("#nothing-of-the-kind")

        await there.press("escape")
        gone.later(draws())
        await there.there.settle()
        assert there.there.app.is_running
        assert there.there.app.return_code is None
