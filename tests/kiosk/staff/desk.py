"""An officer at the desk: what is done there, with a card or without."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from cardio.virtual.card import VirtualCard
from cardio.virtual.reader import VirtualReader
from kiosk.hold import Hold
from kiosk.staff.account import Role
from kiosk.staff.desk import Act, AtReader, CardSeen, Deed, Done, Grounds, How
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.wiring import open_lobby
from kiosk.wiring import Parts

PASSWORD = SecretStr("violet tractor umbrella")
WHY, ME = "T-5512", Role.OFFICER.value
FACTORY = "12345678"


async def at_desk(office: Parts) -> StaffSession:
    """The account named officer, signed in where the office's role is at work."""
    lobby = open_lobby(replace(office, hold=Hold()), at_kiosk=False)
    assert lobby.enter()
    entered = await lobby.by_password(ME, PASSWORD)
    assert isinstance(entered, StaffSession)
    return entered


async def carry_out(
    officer: StaffSession, act: Act, reason: str = WHY, holder: str = "H1", given: str = "", **more: Any
) -> Done:
    """See what will happen, and have it happen."""
    deed = Deed(act, holder, **more)
    will_be = await officer.desk.foresee(deed)
    assert will_be.lines
    assert all(line.endswith(".") for line in will_be.lines)
    typed = holder if will_be.dangerous else ""
    return await officer.desk.carry_out(deed, Grounds(reason, typed, SecretStr(given) if given else None))


@asynccontextmanager
async def looking(officer: StaffSession) -> AsyncIterator[AsyncIterator[AtReader]]:
    """What the reader tells, for as long as somebody looks."""
    stream = officer.desk.reader()
    assert isinstance(stream, AsyncGenerator)
    async with aclosing(stream):
        yield stream


async def read(reader: VirtualReader, officer: StaffSession, card: VirtualCard) -> CardSeen:
    """Put a card in, and look."""
    reader.remove()
    reader.insert(card)
    async with looking(officer) as stream:
        seen = (await anext(stream)).card
    assert seen is not None
    return seen


async def enrol(
    officer: StaffSession, seen: CardSeen, how: How, given: str = "", act: Act = Act.ENROL, **more: Any
) -> Done:
    """Enrol the card that was read."""
    return await carry_out(officer, act, given=given, new_card=seen.number, how=how, **more)
