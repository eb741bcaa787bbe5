"""The door: what is asked of whoever stands there, and what of the lobby."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr
from textual.screen import Screen

from kiosk.staff.entry import Leaving, Refused, Why
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.sign_in import SignInScreen
from screens.widgets.fields import Entry
from tests.screens.hall import Hall, hall, wait_until
from tests.screens.maintenance.fakes import FakeLobby, FakeSession


class OneTryLeft(FakeLobby):
    """A card with one try left is in the reader. Keeps what was typed, and whether they were sure."""

    def __init__(self) -> None:
        super().__init__()
        self.card = 1
        self.tried: list[tuple[str, int, bool]] = []

    async def by_card(self, passcode: SecretStr, card: int, *, last_try: bool = False) -> Session | Refused:
        self.tried.append((passcode.get_secret_value(), card, last_try))
        return FakeSession() if last_try else Refused(Why.LAST_TRY, tries_left=1)


@asynccontextmanager
async def door(lobby: FakeLobby) -> AsyncIterator[Hall]:
    """An app with the door in front."""
    async with hall() as there:
        there.app.push_screen(SignInScreen(lobby, Manner(there.app.stage._manner.look), idle=120))
        await wait_until(
            lambda: isinstance(there.app.screen, SignInScreen) and there.app.screen.focused is not None
        )
        yield there


def _drawn(there: Hall) -> str:
    return "\n".join(line.text for line in there.app.screen._compositor.render_strips())


async def test_the_last_try_of_a_card_takes_the_passcode_twice() -> None:
    lobby = OneTryLeft()
    async with door(lobby) as there:
        await there.pilot.press(*"725190", "enter")
        await wait_until(lambda: "The card has one try left" in _drawn(there))
        assert all(entry.value == "" for entry in there.app.screen.query(Entry))
        await there.pilot.press(*"725190", "enter")
        await wait_until(lambda: not isinstance(there.app.screen, SignInScreen))
    assert lobby.tried == [("725190", 1, False), ("725190", 1, True)]


async def test_who_was_told_so_of_one_card_is_told_of_the_next_one() -> None:
    lobby = OneTryLeft()
    async with door(lobby) as there:
        await there.pilot.press(*"725190", "enter")
        await wait_until(lambda: "The card has one try left" in _drawn(there))
        lobby.card = 2
        there.screen.tick()
        assert "The card has one try left" not in _drawn(there)
        await there.pilot.press(*"725190", "enter")
        await wait_until(lambda: "The card has one try left" in _drawn(there))
    assert [sure for _, _, sure in lobby.tried] == [False, False]


async def test_whoever_is_let_in_behind_something_else_is_let_out_again() -> None:
    """As when the demo's tray was opened meanwhile: nobody would see that they are signed in."""
    lobby = OneTryLeft()
    async with door(lobby) as there:
        await there.pilot.press(*"725190", "enter")
        await wait_until(lambda: "The card has one try left" in _drawn(there))
        await there.pilot.press(*"725190")
        there.app.screen.query(Entry).last().post_message(
            Entry.Submitted(there.app.screen.query(Entry).last(), "725190")
        )
        there.app.push_screen(Screen())
        await wait_until(lambda: lobby.left == [Leaving.ASKED])
