"""One process owns a reader: two that asked the same card in turn would disturb each other's people."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from kiosk.settings import Settings


class ReaderTaken(Exception):
    """Another process owns the reader. The message says which, and what to do."""


@contextmanager
def own_reader(settings: Settings, purpose: str) -> Iterator[None]:
    """Own the reader that reader.name stands for, within this state directory, for the length of the block.

    ``purpose`` is what others are told. The lock ends with the process, however it ends. Raises
    ReaderTaken, and OSError where the state directory cannot be written.
    """
    pattern = hashlib.sha256(settings.reader.name.lower().encode()).hexdigest()[:12]
    path = settings.state_directory / f"reader-{pattern}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "another process"
            raise ReaderTaken(
                f"the reader is in use by {owner}: end that first, or choose another reader with --reader"
            ) from None
        os.ftruncate(descriptor, 0)
        now = datetime.now(UTC)
        os.pwrite(
            descriptor, f"'{purpose}' (process {os.getpid()}, since {now:%Y-%m-%d %H:%M} UTC)".encode(), 0
        )
        yield
    finally:
        os.close(descriptor)  # and with it the lock; the file stays, or two could lock two files of its name
