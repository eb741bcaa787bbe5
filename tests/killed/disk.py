"""A disk that loses its power: it holds what was synced, and of the rest whatever it happened to write.

What a process does to its files is written down by `disk.c`, which is preloaded into it. No well-kept
tool does this for one process: LazyFS and dm-log-writes want a file system or a device of their own.
"""

from __future__ import annotations

import ctypes
import os
import random
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

SECTOR = 512  # bytes that are written whole or not at all
_HEAD = struct.Struct("<cBqq")
_FOLDER = "."


@dataclass(frozen=True)
class Entry:
    """One thing done to a file: written, truncated, synced, created, unlinked; or (M) a mark."""

    what: str
    name: str
    offset: int
    size: int
    data: bytes = field(repr=False)

    def pieces(self) -> list[Entry]:
        """What can be on the disk without the rest: a write's sectors."""
        if self.what != "W":
            return [self]
        cuts = [self.offset, *range(self.offset - self.offset % SECTOR + SECTOR, self.end, SECTOR), self.end]
        return [
            Entry("W", self.name, begin, end - begin, self.data[begin - self.offset : end - self.offset])
            for begin, end in pairwise(cuts)
        ]

    @property
    def end(self) -> int:
        """Where a write ends."""
        return self.offset + self.size


class Disk:
    """What is surely on a disk, and what may be."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._safe = dict(files)
        self._waiting: list[Entry] = []

    def heed(self, entry: Entry) -> None:
        """Let that happen."""
        if entry.what == "S":
            synced = [one for one in self._waiting if _belongs(one, entry.name)]
            self._waiting = [one for one in self._waiting if not _belongs(one, entry.name)]
            self._safe = _with(self._safe, synced)
        elif entry.what != "M":
            self._waiting.append(entry)

    def whole(self) -> dict[str, bytes]:
        """The files as the process sees them."""
        return _with(self._safe, self._waiting)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """The files that are there if the power fails now: some of what waits was written, in any order."""
        share = chance.random()
        pieces = [piece for entry in self._waiting for piece in entry.pieces()]
        return _with(self._safe, [piece for piece in pieces if chance.random() < share])


def _belongs(entry: Entry, synced: str) -> bool:
    """That a file is there belongs to its folder, what is in it to itself."""
    return entry.what in "CU" if synced == _FOLDER else entry.what in "WT" and entry.name == synced


def _with(files: Mapping[str, bytes], entries: list[Entry]) -> dict[str, bytes]:
    after = dict(files)
    for entry in entries:
        content = after.get(entry.name, b"")
        match entry.what:
            case "C":
                after[entry.name] = content
            case "U":
                after.pop(entry.name, None)
            case "T":
                after[entry.name] = content[: entry.size].ljust(entry.size, b"\0")
            case "W":
                content = content.ljust(entry.end, b"\0")
                after[entry.name] = content[: entry.offset] + entry.data + content[entry.end :]
    return after


@contextmanager
def recorded(folder: Path, prefix: str, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Processes that begin while the body runs write down what they do to such files of a folder."""
    library, log = scratch / "disk.so", scratch / "disk.log"
    source = Path(__file__).with_name("disk.c")
    command: list[str | Path] = [
        "gcc",
        "-O1",
        "-Wall",
        "-Werror",
        "-shared",
        "-fPIC",
        "-o",
        library,
        source,
        "-ldl",
    ]
    subprocess.run(command, check=True)
    with monkeypatch.context() as environment:
        environment.setenv("LD_PRELOAD", str(library))
        environment.setenv("DISK_FOLDER", str(folder))
        environment.setenv("DISK_NAMES", prefix)
        environment.setenv("DISK_LOG", str(log))
        yield log


def mark() -> None:
    """In such a process: write down that something has come to its end."""
    ctypes.CDLL(None).disk_mark()


def entries(log: Path) -> Iterator[Entry]:
    """What was written down, in order."""
    content, at = log.read_bytes(), 0
    while at < len(content):
        what, length, offset, size = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        name = os.fsdecode(content[at : at + length])
        at += length
        data = content[at : at + size] if what == b"W" else b""
        at += len(data)
        yield Entry(what.decode(), name, offset, size, data)
