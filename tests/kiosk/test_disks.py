"""A full disk, a read-only one, a database that another program holds: out of service, and back by itself."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from kiosk import attendant
from kiosk.office.doctor import Finding, Level, storing
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.steps import Attract, Closed, Ending, Offer
from kiosk.storage import sqlite
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import CardWriteRow
from tests.kiosk.conftest import Front
from tests.stories.conftest import with_ann
from tests.stories.person import Person
from tests.stories.world import World, new_world

HOLD = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


class SmallDisk:
    """A disk of its own, where this account may mount one; else limits and rights that act alike."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.mounted = _mount("-t", "tmpfs", "-o", "size=4m,mode=700", "none", str(folder))

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not another byte fits."""
        if not self.mounted:
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
            yield
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            return
        ballast = self.folder / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(512)):
                pass
        yield
        ballast.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be written; no file is open as it begins."""
        if self.mounted:
            assert _mount("-o", "remount,ro", str(self.folder))
            yield
            assert _mount("-o", "remount,rw", str(self.folder))
            return
        files = [*self.folder.iterdir(), self.folder]
        for path in files:
            path.chmod(0o500)
        yield
        for path in files:
            path.chmod(0o700)

    def remove(self) -> None:
        """Take it away."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", self.folder], check=True)


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small one."""
    made = SmallDisk(tmp_path / "disk")
    yield made
    made.remove()


@asynccontextmanager
async def kiosk_on(disk: SmallDisk) -> AsyncIterator[World]:
    """A kiosk with its store on that disk."""
    async with new_world(disk.folder, Settings()) as world:
        yield world


@asynccontextmanager
async def front_of(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    """Its front, which looks again soon."""
    monkeypatch.setattr(attendant, "LOOK_AGAIN", 0.2)
    front = Front(world)
    try:
        yield front
    finally:
        await front.close()


async def closed_for(front: Front, caplog: pytest.LogCaptureFixture, *reasons: str) -> None:
    """It is out of service, and the log says why."""
    closed = await front.stage.until(Closed)
    assert closed.reason is OutOfService.STORE
    assert any(f"the store is away: {reason}" in caplog.text for reason in reasons), caplog.text


async def nothing_happens(world: World) -> None:
    """A journey does not go through, and the card is as it was."""
    before = world.ann.state()
    with pytest.raises(StoreUnavailable):
        await Person(world, Offer.CHANGE_PASSCODE, Ending.PASSCODE_CHANGED).visit(world.ann)
    world.reader.remove()
    assert world.ann.state() == before


async def everything_works(world: World, events: int) -> None:
    """The same journey goes through; what there was is there, and the trail is whole."""
    world.hands.forward(hours=2)
    await Person(world, Offer.CHANGE_PASSCODE, Ending.PASSCODE_CHANGED).until_done(world.ann)
    assert [row.state for row in await world.rows(CardWriteRow)] == ["done"]
    verified = await world.parts.trail.verify(None, lambda _: None)
    assert verified.fault is None
    assert verified.count > events


async def named(world: World, check: Callable[[Settings], Awaitable[Finding]], *words: str) -> None:
    """`kiosk doctor` names it, and says what to do."""
    finding = await check(world.settings)
    assert finding.level is Level.FAIL
    for word in words:
        assert word in f"{finding.detail} {finding.advice}"


async def test_a_full_disk(
    disk: SmallDisk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with kiosk_on(disk) as world:
        await with_ann(world)
        events = len(await world.events())
        async with front_of(world, monkeypatch) as front:
            await front.stage.until(Attract)
            with disk.full():
                await closed_for(front, caplog, "database or disk is full", "disk I/O error")
                await named(world, storing.disk, "0 MB free", "make room")
                await nothing_happens(world)
            await front.stage.until(Attract)
        await everything_works(world, events)


async def test_a_read_only_disk(
    disk: SmallDisk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with kiosk_on(disk) as world:
        await with_ann(world)
        events = len(await world.events())
    async with AsyncExitStack() as stack:
        with disk.read_only():
            again = await stack.enter_async_context(new_world(disk.folder, Settings(), beside=world))
            again.ann = world.ann
            front = await stack.enter_async_context(front_of(again, monkeypatch))
            await closed_for(front, caplog, "attempt to write a readonly database", "unable to open")
            await named(again, storing.store, "mounted read-only")
            await nothing_happens(again)
        await front.stage.until(Attract)
        await stack.pop_all().aclose()
    async with new_world(disk.folder, Settings(), beside=world) as after:
        after.ann = world.ann
        await everything_works(after, events)


async def test_a_database_that_another_program_holds(
    disk: SmallDisk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sqlite, "PRAGMAS", (*sqlite.PRAGMAS, "PRAGMA busy_timeout=100"))
    async with kiosk_on(disk) as world:
        await with_ann(world)
        events = len(await world.events())
        async with front_of(world, monkeypatch) as front:
            await front.stage.until(Attract)
            async with held(disk):
                await closed_for(front, caplog, "database is locked")
                await named(world, storing.store, "database is locked", "no other program holds it")
                await nothing_happens(world)
            await front.stage.until(Attract)
        await everything_works(world, events)


@asynccontextmanager
async def held(disk: SmallDisk) -> AsyncIterator[None]:
    """Another program has the database's only write lock."""
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-c", HOLD, str(disk.folder / "kiosk.db")]
    program = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert program.stdout is not None
    try:
        assert await program.stdout.readline() == b"held\n"
        yield
    finally:
        await program.communicate(b"")
