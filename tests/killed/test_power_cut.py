"""The power fails at any moment: SQLite holds every unit of work that had returned, and no half one."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect

from tests.killed.acts import CHANGE, REGISTER, UNLOCK, Act, Rekey, Visit
from tests.killed.child import Errand, Wire
from tests.killed.disk import Disk, Entry, entries, mark, recorded
from tests.killed.points import Points
from tests.killed.scene import new_place, outside
from tests.sampling import LONG, SEED, sample
from tests.stories.cast import CAST

ACTS: list[Act] = [
    Visit(CAST["piv"], REGISTER),
    Visit(CAST["piv-rotating"], UNLOCK),
    Visit(CAST["piv"], CHANGE),
    Rekey(CAST["piv"]),
]
NAME = "kiosk.db"
CUTS = 40  # in a short run
WAYS = 5 if LONG else 2  # in which what was not synced is lost, at each


@dataclass(frozen=True)
class Marked:
    """An errand of which each commit is marked when it has returned."""

    errand: Errand

    async def carry_out(self, wire: Wire, points: Points) -> None:
        """Do it."""
        commit = DefaultDialect.do_commit

        def marked(dialect: DefaultDialect, connection: Any) -> None:
            commit(dialect, connection)  # type: ignore[no-untyped-call]
            mark()

        DefaultDialect.do_commit = marked  # type: ignore[method-assign]
        await self.errand.carry_out(wire, points)


@pytest.mark.parametrize("act", sample(ACTS, 1), ids=str)
async def test_power_cut_anywhere(tmp_path: Path, act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    place = new_place(tmp_path / "state", act.role, {})
    async with place.world() as world:
        card = await act.prepare(world)
    store = place.settings.state_directory / NAME
    before = {NAME: store.read_bytes()}
    async with outside(tmp_path, card) as around:
        async with place.world() as world:
            errand = Marked(await act.errand(world, around, None))
        with recorded(store.parent, NAME, tmp_path, monkeypatch) as log:
            await around.life(errand, processes=multiprocessing.get_context("spawn"))
    done = list(entries(log))
    kept = kept_after_each(tmp_path / "whole", before, done)
    assert len(set(kept)) > 5, "the marks tell units of work apart"
    last = cut_anywhere(tmp_path / "cut", before, done, kept)
    write(store.parent, last)
    async with place.world() as world:
        verified = await world.parts.trail.verify(None, lambda _: None)
        assert verified.fault is None
        assert verified.count == len(await world.events())
    with pytest.raises((AssertionError, sqlite3.Error)):
        cut_anywhere(tmp_path / "cut", before, [entry for entry in done if entry.what != "S"], kept)


def kept_after_each(scratch: Path, before: Mapping[str, bytes], done: list[Entry]) -> list[str]:
    """What the store holds at first, after each mark, and in the end."""
    disk = Disk(before)
    kept = [content(scratch, disk.whole())]
    for entry in done:
        disk.heed(entry)
        if entry.what == "M":
            kept.append(content(scratch, disk.whole()))
    return [*kept, content(scratch, disk.whole())]


def cut_anywhere(
    scratch: Path, before: Mapping[str, bytes], done: list[Entry], kept: list[str]
) -> dict[str, bytes]:
    """Let the power fail after each entry in several ways; what is found then is what had returned.

    Returns the files of the last cut.
    """
    chosen = set(sample(range(len(done)), CUTS))
    chance, disk, marks, lost = random.Random(SEED), Disk(before), 0, 0
    for number, entry in enumerate(done):
        disk.heed(entry)
        marks += entry.what == "M"
        for _ in range(WAYS if number in chosen else 0):
            files = disk.cut(chance)
            lost += files != disk.whole()
            found = content(scratch, files)
            assert found in kept[marks : marks + 2], f"after entry {number} of {len(done)}, {entry}"
    assert lost > WAYS, "something was lost now and then"
    return disk.cut(chance)


def content(folder: Path, files: Mapping[str, bytes]) -> str:
    """Everything that SQLite finds in such files; they are sound."""
    write(folder, files)
    with closing(sqlite3.connect(folder / NAME)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return "\n".join(store.iterdump())


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put these files there, in the place of others of the store."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob(f"{NAME}*"):
        path.unlink()
    for name, held in files.items():
        (folder / name).write_bytes(held)
