"""The health board, with reader, mail server and store really broken, one after the other, and mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cardio.reader import State
from kiosk.demo.smtp import DemoMailServer
from kiosk.keys import create_private
from kiosk.levels import Finding, Level
from kiosk.pulse import Pulse
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.staff.account import Account, Role
from kiosk.staff.rooms import health
from kiosk.staff.rooms.health import HealthRoom
from kiosk.staff.rooms.service import ServiceDesk
from tests.smtp import mail_server
from tests.stories.world import World, new_world

Board = dict[str, Finding]


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[tuple[World, DemoMailServer, HealthRoom]]:
    """A kiosk on a mail server, and the room that looks at both."""
    async with mail_server(folder) as server:
        create_private(folder / "smtp-password", server.password.get_secret_value().encode())
        settings = Settings().changed(mail=server.settings.model_dump())
        async with new_world(folder, settings) as world:
            now = world.hands.wall
            account = Account("tess", Role.TECHNICIAN, False, True, False, now)
            watch = world.parts.watch
            room = HealthRoom(account, world.settings, world.reader, Pulse(), lambda: watch.closed)
            yield world, server, room


async def until(boards: AsyncIterator[tuple[Finding, ...]], true: Callable[[Board], bool]) -> Board:
    """Look at one board after the other until it is so."""
    async with asyncio.timeout(30):
        async for findings in boards:
            board = {one.name: one for one in findings}
            if true(board):
                return board
    raise AssertionError


def broken(name: str) -> Callable[[Board], bool]:
    return lambda board: board[name].level is Level.FAIL


def mended(name: str) -> Callable[[Board], bool]:
    return lambda board: board[name].level is not Level.FAIL and board[name].detail != "one moment"


def test_within_five_seconds() -> None:
    """What is looked at often may have been looked at just before it broke, and then hang."""
    assert health.OFTEN + health.LIMIT + health.EVERY < 5
    often = {name for name, _, seconds in health.WATCHED if seconds == health.OFTEN}
    assert {"store", "mail server", "clock"} <= often


async def test_each_is_named_and_comes_back(tmp_path: Path) -> None:
    async with watched(tmp_path) as (world, server, room):
        boards = room.board()
        for name in ("reader", "mail server", "store"):
            await until(boards, mended(name))

        world.reader.unplug()
        board = await until(boards, broken("reader"))
        assert "plug it in" in board["reader"].advice
        world.reader.stop_service()
        board = await until(boards, broken("card service"))
        assert "pcscd" in board["card service"].advice
        world.reader.start_service()
        world.reader.plug()
        board = await until(boards, mended("reader"))
        assert world.reader.presence.state is State.EMPTY
        assert not broken("card service")(board)

        port = server.settings.port
        await server.stop()
        board = await until(boards, broken("mail server"))
        assert str(port) in board["mail server"].detail
        assert not broken("store")(board)

        (tmp_path / "kiosk.db").rename(tmp_path / "away")
        board = await until(boards, broken("store"))
        assert "missing" in board["store"].detail
        (tmp_path / "away").rename(tmp_path / "kiosk.db")
        await until(boards, mended("store"))


async def test_it_says_whether_people_are_served(tmp_path: Path) -> None:
    async with watched(tmp_path) as (world, _, room):
        boards, watch, tess = (
            room.board(),
            world.parts.watch,
            ServiceDesk(room.account, world.service.store, lambda: None),
        )
        board = await until(boards, lambda board: board["service"].detail == "in service")
        assert next(iter(board)) == "service"

        await tess.stop("Back at two")
        await watch.look("staff")
        board = await until(boards, lambda board: board["service"].level is Level.WARN)
        assert board["service"].detail.startswith("out of service since 20")
        assert board["service"].detail.endswith(" UTC, by tess: Back at two")
        assert board["service"].advice == "S, then F5 puts it back into service"
        await tess.resume()
        await watch.look("staff")
        await until(boards, lambda board: board["service"].detail == "in service")

        world.reader.unplug()
        board = await until(boards, broken("service"))
        assert "No card reader is connected." in board["service"].detail


async def test_where_no_kiosk_is_nothing_is_said_of_its_service(tmp_path: Path) -> None:
    async with watched(tmp_path) as (world, _, room):
        desk = HealthRoom(room.account, world.settings, world.reader, Pulse(), None)
        board = await until(desk.board(), mended("store"))
        assert "service" not in board


async def test_an_officer_is_told_whom_to_ask(tmp_path: Path) -> None:
    async with watched(tmp_path) as (world, _, room):
        tess = ServiceDesk(room.account, world.service.store, lambda: None)
        await tess.stop("Back at two")
        olga = replace(room.account, name="olga", role=Role.OFFICER)
        officers = HealthRoom(olga, world.settings, world.reader, Pulse(), lambda: OutOfService.TECHNICIAN)
        board = await until(officers.board(), lambda board: board["service"].level is Level.WARN)
        assert board["service"].advice.startswith("ask a technician at the kiosk: ")


async def test_nobody_looks_once_the_board_is_closed(tmp_path: Path) -> None:
    async with watched(tmp_path) as (_, _, room):
        looking = asyncio.create_task(until(room.board(), lambda _: False))
        await asyncio.wait([looking], timeout=0.1)
        looking.cancel()
        await asyncio.wait([looking])
        await asyncio.sleep(0)
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("health ")]
