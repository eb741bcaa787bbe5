"""What is measured, each in a process of its own: ``python -m tests.bench.steps STEP FOLDER URL SIZE``.

It prints a `Figure` as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from cardio.card import CardId
from cardio.virtual.piv import PivCard
from kiosk.audit import Event, Subject
from kiosk.keyring import key_ring
from kiosk.office import auditing, backups, cards, rolls
from kiosk.office.auditing import Wanted
from kiosk.office.believed import believed
from kiosk.office.initialising import initialise
from kiosk.office.office import office
from kiosk.settings import Settings
from kiosk.storage.place import sqlite_file
from tests.bench import roll
from tests.bench.effort import Spent, Stopwatch
from tests.postgres import program, set_up
from tests.stories.plots import register, unlock
from tests.stories.world import World, new_world

EVENTS = 30 / 13  # audit events for each card, as the national service has them
_LOOKED_UP = 200  # cards and holders
_VISITS = 25
_SHOWN = 25
_COUNTED = 3


class Growth(Enum):
    """How the time for all that a step does may grow with the store."""

    FLAT = "flat"
    LINEAR = "linear"


@dataclass(frozen=True)
class Figure:
    """``seconds`` on the wall and of processors (``work``) for ``items``; of a step that is flat, for one.

    ``peak``: bytes of memory.
    """

    seconds: float
    work: float
    items: int
    peak: int


@dataclass(frozen=True)
class Ground:
    """A store under test, and how many cards it has (or is to have)."""

    folder: Path
    url: str
    size: int

    @property
    def settings(self) -> Settings:
        """As a kiosk on this store has them; office and kiosk are on one machine."""
        database = {"url": self.url} if self.url else {}
        return Settings().changed(state={"directory": self.folder}, database=database)

    def some(self) -> Iterator[int]:
        """Numbers of holders, the same in every run."""
        chosen = random.Random(1)
        for _ in range(_LOOKED_UP):
            yield chosen.randrange(self.size)


async def import_(ground: Ground) -> tuple[Spent, int]:
    """`kiosk card import`, on an empty store."""
    file = ground.folder / "roll.csv"
    await asyncio.to_thread(roll.write, file, ground.size)
    for _ in initialise(ground.settings):
        pass
    if ground.url:
        set_up(ground.url)
    with file.open("rb") as opened:
        watch = Stopwatch(ground.url)
        faults, counts = await rolls.import_roll(
            ground.settings, opened, by="bench", told=lambda stage, line, lines: None
        )
        spent = watch.spent()
    file.unlink()
    assert (list(faults), counts["added"]) == ([], ground.size)
    return spent, ground.size


async def fill(ground: Ground) -> tuple[Spent, int]:
    """Events of visits, until there are as many as a service at work has."""
    watch = Stopwatch(ground.url)
    async with office(ground.settings) as parts:
        store = parts.service.store
        missing = int(ground.size * EVENTS) - await parts.trail.count()
        for start in range(0, missing, 500):
            about = Subject(visit=f"{start:08x}")
            async with store.work() as session:
                count = min(500, missing - start)
                store.audit.record_all(session, [(Event.VISIT_ENDED, about, {})] * count)
    return watch.spent(), missing


async def look_up(ground: Ground) -> tuple[Spent, int]:
    """What happens first when a card goes in."""
    async with office(ground.settings) as parts:

        async def one(number: int) -> None:
            known = await parts.service.holders.find(CardId("piv", "guid", roll.serial(number)))
            assert known is not None
            assert known.holder_id == roll.holder_id(number)

        return await _each(ground, one)


async def clock(ground: Ground) -> tuple[Spent, int]:
    """Whether the clock can be right, by the newest event: asked all the time."""
    async with office(ground.settings) as parts:

        async def one(_: int) -> None:
            assert await parts.service.store.clock_is_believable()

        return await _each(ground, one)


async def find_word(ground: Ground) -> tuple[Spent, int]:
    """`kiosk holder find` with a surname."""
    return await _find(ground, roll.surname)


async def find_name(ground: Ground) -> tuple[Spent, int]:
    """The same with a full name, of which one word is that of very many."""
    return await _find(ground, lambda number: f"{roll.given(number)} {roll.surname(number)}")


async def find_address(ground: Ground) -> tuple[Spent, int]:
    """The same with an address."""
    return await _find(ground, roll.address)


async def unlocked(ground: Ground) -> tuple[Spent, int]:
    """A whole visit in which a locked card is unlocked; people and mail take no time here."""
    settings, times = ground.settings, []
    async with new_world(ground.folder, settings, keys=key_ring(settings)) as world:
        for number in range(_VISITS):
            card = await _locked(world, f"bench-{number}", puk=f"{50_000_000 + number}")
            watch = Stopwatch()
            await unlock(world, card)
            times.append(watch.spent())
    return _quickest(times), 1


async def show(ground: Ground) -> tuple[Spent, int]:
    """`kiosk audit show`."""
    times = []
    for _ in range(_SHOWN):
        watch = Stopwatch()
        shown = await auditing.show(ground.settings, Wanted(), 50)
        times.append(watch.spent())
        assert len(shown) == 50
    return _quickest(times), 1


async def verify(ground: Ground) -> tuple[Spent, int]:
    """`kiosk audit verify`."""
    watch = Stopwatch(ground.url)
    verdict = await auditing.verify(ground.settings, None, lambda count: None)
    assert not verdict.fault
    return watch.spent(), verdict.verified.count


async def backup(ground: Ground) -> tuple[Spent, int]:
    """`kiosk backup`, which verifies what it has written; or pg_dump."""
    file = ground.folder / "backup"
    watch = Stopwatch(ground.url)
    if sqlite_file(ground.settings):
        await backups.backup(ground.settings, file, lambda count: None, by="bench")
    else:
        command = [program("pg_dump"), "--format=custom", f"--file={file}", ground.url]
        await asyncio.to_thread(subprocess.run, command, check=True)
    spent = watch.spent()
    file.unlink()
    return spent, ground.size


async def doctor(ground: Ground) -> tuple[Spent, int]:
    """What `kiosk doctor` and an import count last: cards that are believed by their number."""
    times = []
    for _ in range(_COUNTED):  # the first time it reads what nobody has read for a while
        watch = Stopwatch(ground.url)
        found = await asyncio.to_thread(believed, ground.settings)
        times.append(watch.spent())
        assert found.unpinned >= ground.size
    return _quickest(times), ground.size


async def listed(ground: Ground) -> tuple[Spent, int]:
    """`kiosk card list`."""
    watch = Stopwatch(ground.url)
    count = sum([len(page) async for page in cards.all_cards(ground.settings, None)])
    assert count >= ground.size
    return watch.spent(), ground.size


STEPS: dict[str, tuple[Callable[[Ground], Awaitable[tuple[Spent, int]]], Growth]] = {
    "card import": (import_, Growth.LINEAR),
    "further events": (fill, Growth.LINEAR),
    "card goes in": (look_up, Growth.FLAT),
    "newest event": (clock, Growth.FLAT),
    "find by surname": (find_word, Growth.FLAT),
    "find by full name": (find_name, Growth.FLAT),
    "find by address": (find_address, Growth.FLAT),
    "an unlock": (unlocked, Growth.FLAT),
    "audit show": (show, Growth.FLAT),
    "audit verify": (verify, Growth.LINEAR),
    "backup": (backup, Growth.LINEAR),
    "doctor's count": (doctor, Growth.LINEAR),
    "card list": (listed, Growth.LINEAR),
}


async def _find(ground: Ground, text: Callable[[int], str]) -> tuple[Spent, int]:
    async with office(ground.settings) as parts:

        async def one(number: int) -> None:
            found = await parts.enrolment.find(text(number))
            assert roll.holder_id(number) in {holder.row.holder_id for holder in found}

        return await _each(ground, one)


async def _each(ground: Ground, work: Callable[[int], Awaitable[None]]) -> tuple[Spent, int]:
    """The quickest of many: what others do on the machine makes it slower, nothing makes it quicker."""
    times = []
    for number in ground.some():
        watch = Stopwatch()
        await work(number)
        times.append(watch.spent())
    return _quickest(times), 1


def _quickest(times: Sequence[Spent]) -> Spent:
    return min(times, key=lambda spent: spent.seconds)


async def _locked(world: World, holder: str, puk: str) -> PivCard:
    """The locked card of a new holder, who is registered."""
    await world.holder(holder, f"Ann {holder}", f"{holder}@nhs.net")
    card = await world.card(holder, secret=puk, puk=puk)
    await register(world, card)
    card.lock()
    world.hands.forward(minutes=2)
    return card


def main() -> None:
    """Take one step."""
    name, folder, url, size = sys.argv[1:]
    work, _ = STEPS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent, items = asyncio.run(_awaited(work(Ground(Path(folder), url, int(size)))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps(asdict(Figure(spent.seconds, spent.work, items, peak * 1024))))


async def _awaited(work: Awaitable[tuple[Spent, int]]) -> tuple[Spent, int]:
    return await work


if __name__ == "__main__":
    main()
