"""Awaiting what must not be cut in half."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def run_to_end(work: Coroutine[None, None, T]) -> T:
    """Run ``work`` to its end, whatever happens to the caller.

    A cancelled caller is told so, but only once the work has ended; its outcome is then dropped.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain about it
        raise
