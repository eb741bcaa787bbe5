"""Staff at a kiosk that has a touch screen and no keyboard."""

from __future__ import annotations

from pydantic import SecretStr

from kiosk.staff.entry import Refused
from kiosk.staff.seen import Session
from screens.look import Manner
from screens.maintenance.sign_in import SignInScreen
from screens.widgets.keyboard import Letter
from screens.widgets.keys import Key
from tests.screens.fitting import cut
from tests.screens.hall import Hall, hall, wait_until
from tests.screens.maintenance.fakes import FakeLobby, FakeSession, office


class Knocked(FakeLobby):
    """Keeps who knocked."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[tuple[str, str]] = []

    async def by_password(self, name: str, password: SecretStr) -> Session | Refused:
        self.tried.append((name, password.get_secret_value()))
        return await super().by_password(name, password)


async def _type(there: Hall, text: str) -> None:
    for sign in text:
        await there.touch(next(letter for letter in there.screen.query(Letter) if letter.key == sign))
    await there.touch(
        next(key for key in there.screen.query(Key) if key.key == "enter" and "cap" in key.classes)
    )
    await there.settle()


async def test_somebody_signs_in_by_fingers_alone() -> None:
    lobby = Knocked()
    async with hall(touch=True) as there:
        there.app.push_screen(SignInScreen(lobby, Manner(there.app.stage._manner.look), idle=120))
        await wait_until(
            lambda: isinstance(there.app.screen, SignInScreen) and there.app.screen.focused is not None
        )
        await there.settle()
        assert not cut(there.app.screen)
        await _type(there, "tess")
        await _type(there, "pass-word1")
        await wait_until(lambda: bool(lobby.tried))
    assert lobby.tried == [("tess", "pass-word1")]


async def test_every_tool_in_which_something_is_typed_has_letters() -> None:
    session = FakeSession()
    async with office(session, touch=True) as there:
        await there.press("s")
        await there.sees("This kiosk is in service")
        await _type(there.there, "backsoon")
        await wait_until(lambda: session.service.stopped is not None)
        assert session.service.stopped is not None
        assert session.service.stopped.reason == "backsoon"
        for tool in "ml":
            await there.press("escape", tool)
            await there.sees("ABC abc")
            assert not cut(there.there.app.screen)
