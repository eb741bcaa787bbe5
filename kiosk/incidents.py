"""What the log may say about an exception nobody expected: type and places, never a value."""

from __future__ import annotations

import traceback


def redacted(error: BaseException) -> str:
    """The chain of exceptions as types with file, line and function; no message, no local variable."""
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        frames = traceback.extract_tb(seen.__traceback__)
        places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        parts.append("\n".join([type(seen).__qualname__, *places]))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\nbecause of ".join(parts)
