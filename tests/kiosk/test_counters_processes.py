"""Counters under fifty kiosks in five processes: never one attempt more than there are."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

import pytest
from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.codes import TooManyMails
from kiosk.proofs.hashing import Hasher, Row
from kiosk.settings import Settings
from kiosk.steps import Purpose
from kiosk.storage import sqlite
from kiosk.storage.models import CodeMailRow, HolderRow
from kiosk.visit import Known, Sight, Visit, new_reference
from tests.sampling import sample
from tests.stories.world import ANSWERS, RA_EMAIL, Hands, World, new_world

PROCESSES, KIOSKS = 5, 10  # in each
WRONG = SecretStr("no")
STORMS = {"attempts": 3, "code-tries": 5, "mails": 1}  # and how many of fifty may get through
_KIND = multiprocessing.get_context("forkserver")
_KIND.set_forkserver_preload(["tests.kiosk.test_counters_processes", "tests.killed.child"])


@dataclass(frozen=True)
class Storm:
    """What kiosks do at once with one card, as a process is told of it."""

    name: str
    settings: Settings
    hands: Hands
    known: Known

    async def strike(self, world: World) -> None:
        """Do it at one kiosk."""
        sight = Sight(self.known.id, 0, 3, PasscodeFormat(), None)
        visit = Visit(new_reference(), 1, self.known, sight)
        match self.name:
            case "attempts":
                wrong = [WRONG] * len(ANSWERS)
                await world.service.attempts.check(visit, Purpose.UNLOCK, tuple(wrong), "en")
            case "code-tries":
                await world.service.codes.check(visit, Purpose.UNLOCK, WRONG)
            case "mails":
                with suppress(TooManyMails):
                    await world.service.codes.send(visit, Purpose.UNLOCK, RA_EMAIL, "en")

    async def strike_everywhere(self, ready: Callable[[], object]) -> int:
        """Do it at ten kiosks at once, when everybody is ready; how often something was checked or sent."""
        async with AsyncExitStack() as stack:
            folder = self.settings.state_directory
            worlds = [
                await stack.enter_async_context(new_world(folder, self.settings, hands=self.hands))
                for _ in range(KIOSKS)
            ]
            checks = [counted(world.parts.hasher) for world in worlds]
            ready()
            await asyncio.gather(*map(self.strike, worlds))
            return sum(map(len, checks)) + sum(len(world.post.mails) for world in worlds)


def counted(hasher: Hasher) -> list[None]:
    """Grows with every check of answers or of a code."""
    checks: list[None] = []
    check = hasher.all_match

    async def checked(rows: Sequence[Row]) -> bool:
        checks.append(None)
        return await check(rows)

    hasher.all_match = checked  # type: ignore[method-assign]
    return checks


def live(storm: Storm, barrier: Barrier, connection: Connection) -> None:
    """A process with ten kiosks."""
    patient = (*sqlite.PRAGMAS, "PRAGMA busy_timeout=60000")  # however slow this machine is
    sqlite.PRAGMAS = patient  # type: ignore[assignment]
    connection.send(asyncio.run(storm.strike_everywhere(barrier.wait)))


def struck(storm: Storm) -> Sequence[int]:
    """Let five processes do it at once."""
    barrier = _KIND.Barrier(PROCESSES)
    pipes = [_KIND.Pipe(duplex=False) for _ in range(PROCESSES)]
    processes = [_KIND.Process(target=live, args=(storm, barrier, theirs)) for _, theirs in pipes]
    for process, (_, theirs) in zip(processes, pipes, strict=True):
        process.start()
        theirs.close()
    counts = []
    for process, (ours, _) in zip(processes, pipes, strict=True):
        with closing(ours), closing(process):
            counts.append(ours.recv())
            process.join()
    return counts


@pytest.mark.parametrize("name", sample(STORMS, 1))
async def test_fifty_kiosks_in_five_processes(registered: World, name: str) -> None:
    world = registered
    world.hands.forward(hours=2)
    known = await world.known(world.ann)
    if name == "code-tries":
        sight = Sight(known.id, 0, 3, PasscodeFormat(), None)
        await world.service.codes.send(
            Visit(new_reference(), 1, known, sight), Purpose.UNLOCK, RA_EMAIL, "en"
        )
    counts = await asyncio.to_thread(struck, Storm(name, world.service.store.settings, world.hands, known))
    assert sum(counts) == STORMS[name]
    (holder,) = await world.rows(HolderRow)
    assert (holder.attempts, holder.blocked_at is not None) == (
        (3, True) if name == "attempts" else (0, False)
    )
    mails = [row for row in await world.rows(CodeMailRow) if row.purpose == "unlock"]
    assert len(mails) == (name != "attempts")
