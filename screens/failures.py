"""What becomes of an error nobody expected: its type and place in the log, never its values."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

log = logging.getLogger(__name__)

EX_SOFTWARE = 70  # sysexits.h: the supervisor starts the kiosk again


def place(trace: TracebackType | None) -> str:
    """The innermost line of a traceback, as "file.py:12 in function". No source, no variables."""
    frames = traceback.extract_tb(trace)
    if not frames:
        return "nowhere"
    last = frames[-1]
    return f"{last.filename}:{last.lineno} in {last.name}"


def record(error: BaseException, where: str) -> None:
    """Log the type and place of an error and of what caused it; its message may hold a secret."""
    seen: BaseException | None = error
    while seen is not None:
        log.error("%s: %s at %s", where, type(seen).__qualname__, place(seen.__traceback__))
        seen = seen.__cause__ or seen.__context__
