"""What a step took: seconds on the wall, and of processors, which others do not take away."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall, and of all processors: this process, its children and the database's server."""

    seconds: float
    work: float


class Stopwatch:
    """Runs from when it is made. ``url``: of the database whose server's work counts too; empty: none."""

    def __init__(self, url: str = "") -> None:
        self._postmaster = _postmaster(url) if url else 0
        self._begun = Spent(time.perf_counter(), self._work())

    def spent(self) -> Spent:
        """Since then."""
        return Spent(time.perf_counter() - self._begun.seconds, self._work() - self._begun.work)

    def _work(self) -> float:
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(used.ru_utime + used.ru_stime for used in own) + _of_server(self._postmaster)


def _postmaster(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SHOW data_directory").fetchone()
    assert found is not None
    return int(Path(found[0], "postmaster.pid").read_text().split()[0])


def _of_server(postmaster: int) -> float:
    """Of the server's first process with those that have ended, and of all that it has started (proc(5))."""
    if not postmaster:
        return 0.0
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(stat.parent.name) == postmaster:
            ticks += sum(map(int, after_name[11:15]))  # utime, stime, and those of children that ended
        elif int(after_name[1]) == postmaster:
            ticks += sum(map(int, after_name[11:13]))
    return ticks / _TICKS
