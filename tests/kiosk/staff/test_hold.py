"""Staff and holders never have the kiosk at once; out of service is one kiosk's own affair."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from kiosk import attendant
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.staff.account import NotAllowed, StaffProblem
from kiosk.staff.entry import Leaving, Refused
from kiosk.staff.lobby import StaffLobby
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.wiring import open_lobby
from kiosk.steps import Attract, Closed, TakeCard, Welcome
from tests.kiosk.conftest import Front
from tests.kiosk.staff.conftest import PASSCODE, PASSWORD, Staffed
from tests.stories.world import new_world

TECHNICIAN = "technician"


@pytest.fixture
async def front(staffed: Staffed, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    """The attendant of the staffed world, at work."""
    monkeypatch.setattr(attendant, "LOOK_AGAIN", 0.01)
    made = Front(staffed.world)
    await made.stage.until(Attract)
    yield made
    if not made.running.done():
        await made.close()


@pytest.fixture
def lobby(staffed: Staffed) -> StaffLobby:
    """Where its staff come in."""
    return open_lobby(staffed.world.parts)


async def signed_in(lobby: StaffLobby, name: str = TECHNICIAN) -> StaffSession:
    assert lobby.enter()
    session = await lobby.by_password(name, PASSWORD)
    assert not isinstance(session, Refused)
    return session


async def test_while_somebody_is_signed_in_no_journey_begins(
    staffed: Staffed, front: Front, lobby: StaffLobby
) -> None:
    world = staffed.world
    await world.holder()
    card = await world.card()
    await signed_in(lobby)
    world.reader.insert(card)
    seen = await world.events("card.seen")
    await lobby.leave(Leaving.ASKED)
    await front.stage.until(TakeCard)
    assert await world.events("card.seen") == seen
    world.reader.remove()
    await front.stage.until(Attract)
    world.reader.insert(card)
    await front.stage.until(Welcome)
    (out,) = await world.events("staff.signed-out")
    assert (out.actor, out.reason) == (TECHNICIAN, "asked")


async def test_while_somebody_is_served_nobody_comes_in(
    staffed: Staffed, front: Front, lobby: StaffLobby
) -> None:
    await staffed.world.holder()
    staffed.world.reader.insert(await staffed.world.card())
    await front.stage.until(Welcome)
    assert not lobby.enter()


async def test_one_at_a_time(lobby: StaffLobby) -> None:
    assert lobby.enter()
    assert not lobby.enter()
    await lobby.leave(Leaving.ASKED)
    assert lobby.enter()


async def test_out_of_service_is_said_in_their_words_and_by_one_kiosk(
    staffed: Staffed, front: Front, lobby: StaffLobby, tmp_path: Path
) -> None:
    session = await signed_in(lobby)
    with pytest.raises(StaffProblem):
        await session.service.stop("  ")
    await session.service.stop("The reader is  being replaced.")
    await lobby.leave(Leaving.ASKED)
    closed = await front.stage.until(Closed)
    assert closed == Closed(OutOfService.TECHNICIAN, note="The reader is being replaced.")
    other = Settings().changed(site={"kiosk_name": "Library"})
    async with new_world(tmp_path, other, beside=staffed.world) as library:
        assert await library.parts.watch.look("waiting") is None
        states = {one.name: one.state for one in await library.parts.fleet.sightings()}
        assert states == {"Kiosk 1": "technician", "Library": "waiting"}
    session = await signed_in(lobby)
    await session.service.resume()
    await lobby.leave(Leaving.IDLE)
    await front.stage.until(Attract)
    told = [(one.event, one.actor, one.reason) for one in await staffed.world.events()]
    assert ("service.stopped", TECHNICIAN, "The reader is being replaced.") in told
    assert ("service.resumed", TECHNICIAN, "") in told


async def test_an_officer_takes_no_kiosk_out_of_service(staffed: Staffed, lobby: StaffLobby) -> None:
    staffed.world.reader.insert(
        staffed.cards[next(role for role in staffed.cards if role.value == "officer")]
    )
    assert lobby.enter()
    session = await lobby.by_card(PASSCODE, staffed.world.reader.presence.insertion)
    assert not isinstance(session, Refused)
    with pytest.raises(NotAllowed):
        await session.service.stop("no more cards today")
    assert await session.service.state() is None


async def test_started_again_by_whoever_supervises(staffed: Staffed, front: Front, lobby: StaffLobby) -> None:
    session = await signed_in(lobby)
    await session.service.restart()
    assert await front.ended() == attendant.EXIT_START_AGAIN
    assert [one.actor for one in await staffed.world.events("kiosk.restarted")] == [TECHNICIAN]


async def test_who_has_left_can_do_nothing_more(lobby: StaffLobby) -> None:
    session = await signed_in(lobby)
    lobby.shut()
    with pytest.raises(NotAllowed, match="signed out"):
        await session.service.stop("by a passer-by")
    await lobby.leave(Leaving.IDLE)
    with pytest.raises(NotAllowed):
        await session.service.resume()


async def test_nobody_is_let_in_who_has_left_the_door(staffed: Staffed, lobby: StaffLobby) -> None:
    assert lobby.enter()
    knocking = asyncio.create_task(lobby.by_password(TECHNICIAN, PASSWORD))
    await asyncio.sleep(0)
    await lobby.leave(Leaving.ASKED)
    assert isinstance(await knocking, Refused)
    assert [one.event for one in await staffed.world.events() if one.event.startswith("staff.signed")] == [
        "staff.signed-in",
        "staff.signed-out",
    ]


async def test_whose_account_is_shut_does_not_stay(staffed: Staffed, lobby: StaffLobby) -> None:
    await signed_in(lobby)
    assert await lobby.standing()
    await staffed.accounts.disable(TECHNICIAN, "left", by="administrator")
    assert not await lobby.standing()
    await staffed.accounts.reset(TECHNICIAN, None, None, by="administrator")
    assert await lobby.standing(), "in use again, by what has opened it before"


async def test_who_came_in_by_a_password_that_was_changed_does_not_stay(
    staffed: Staffed, lobby: StaffLobby
) -> None:
    await signed_in(lobby)
    await staffed.accounts.reset(TECHNICIAN, SecretStr("another long enough"), None, by="administrator")
    assert not await lobby.standing()
