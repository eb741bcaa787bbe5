"""Measures every step at three sizes on both databases: ``python -m tests.bench [SIZE] [--only KIND]``.

Ends with 1 if something grows otherwise than documented (docs/scale.md).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kiosk.commands.printing import table
from tests.bench.growth import Figures, as_documented, headings, row
from tests.bench.steps import STEPS, Figure
from tests.postgres import Server

PARTS = (16, 4, 1)  # of the size, so that a flat one and a linear one cannot be mistaken
SERVER: dict[str, Any] = {"shared_buffers": "1GB", "max_wal_size": "8GB"}  # as docs/scale.md recommends


def measured(kind: str, size: int, folder: Path) -> Iterator[tuple[str, Figure]]:
    """Every step on a store of so many cards, one after the other."""
    with _store(kind, folder) as (place, url):
        for name in STEPS:
            yield name, _taken(name, place, url, size)
        print(f"{kind}, {size} cards: {_used(place, url) / 2**20:.0f} MB", file=sys.stderr)


def main() -> int:
    """Measure, and print a table for each database."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("size", type=int, nargs="?", default=40_000, help="cards in the largest store")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one of the two databases")
    parser.add_argument("--within", type=Path, help="a folder on the disk that is to be measured")
    given = parser.parse_args()
    good = True
    for kind in [given.only] if given.only else ["sqlite", "postgresql"]:
        found: dict[str, dict[int, Figure]] = {name: {} for name in STEPS}
        for part in PARTS:
            size = max(1, given.size // part)
            with TemporaryDirectory(prefix="kiosk-bench-", dir=given.within) as folder:
                Path(folder).chmod(0o711)  # the server's account passes through it
                for name, figure in measured(kind, size, Path(folder)):
                    print(f"{kind}, {size} cards: {name} {figure.seconds:.4f} s", file=sys.stderr)
                    found[name][size] = figure
        _print(kind, found)
        good = good and all(as_documented(figures, STEPS[name][1]) for name, figures in found.items())
    return 0 if good else 1


def _print(kind: str, found: dict[str, dict[int, Figure]]) -> None:
    some: Figures = next(iter(found.values()))
    print(f"\n{kind}")
    table(headings(list(some)), [row(name, figures, STEPS[name][1]) for name, figures in found.items()])


@contextmanager
def _store(kind: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """A state directory, and the URL of an empty database; none for SQLite."""
    place = folder / "state"
    place.mkdir(mode=0o700)
    if kind == "sqlite":
        yield place, ""
        return
    server = Server(within=folder, **SERVER)
    try:
        server.start()
        yield place, server.empty()
    finally:
        server.remove()


def _taken(name: str, place: Path, url: str, size: int) -> Figure:
    command = [sys.executable, "-m", "tests.bench.steps", name, str(place), url, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Figure(**json.loads(done.stdout))


def _used(place: Path, url: str) -> int:
    """Bytes of the database on the disk, its logs left out."""
    if not url:
        return (place / "kiosk.db").stat().st_size
    import psycopg

    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert found is not None
    return int(found[0])


if __name__ == "__main__":
    sys.exit(main())
