"""Files for one account alone: secrets on their way into the store, and what leaves it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from kiosk.enrolment import EnrolmentError
from kiosk.keys import sync_folder

_IN_MEMORY = 64 * 2**20  # bytes: some half a million rows of a roll


@contextmanager
def private(file: Path) -> Iterator[BinaryIO]:
    """A file that its owner alone can read, opened. Raises EnrolmentError otherwise, and OSError.

    What is no regular file, such as a pipe, has no mode that would say who can read what goes through.
    """
    with file.open("rb") as opened:
        mode = os.fstat(opened.fileno()).st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise EnrolmentError(
                f"{file}: others can read the secrets in it (mode {stat.S_IMODE(mode):04o}); chmod 600 {file}"
            )
        yield opened


def read_private(file: Path) -> bytes:
    """All of it. Raises as `private`."""
    with private(file) as opened:
        return opened.read()


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[BinaryIO]:
    """The stream if one can go back in it, else a copy: in memory, or a large one in a nameless file.

    Nobody else can open that, and it is gone with this process, however that ends.
    """
    if stream.seekable() and stream.tell() == 0:  # a password that was read before is no part of it
        yield stream
        return
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield cast("BinaryIO", copy)


@contextmanager
def new_private(file: Path) -> Iterator[BinaryIO]:
    """A new file of mode 0600, on the disk when the block ends, and gone where that raises.

    Raises FileExistsError rather than write over anything, and OSError.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        sync_folder(file.parent)
    except BaseException:  # Ctrl-C, too: half a file would pass for a whole one
        file.unlink(missing_ok=True)
        raise
