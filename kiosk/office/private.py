"""Files that hold unblock secrets on their way into the store."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from kiosk.enrolment import EnrolmentError


def read_private(file: Path) -> bytes:
    """All of a file that its owner alone can read. Raises EnrolmentError otherwise, and OSError.

    What is no regular file, such as a pipe, has no mode that would say who can read what goes through.
    """
    with file.open("rb") as opened:
        mode = os.fstat(opened.fileno()).st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise EnrolmentError(
                f"{file}: others can read the secrets in it (mode {stat.S_IMODE(mode):04o}); chmod 600 {file}"
            )
        return opened.read()
