"""OpenSC's tools, as clients of a card that share no line with this package. They come from Debian."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest

from tests.pcscd import READER

_SECONDS = 30


async def opensc(name: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run one of them on slot 0; its exit code and everything it said."""
    program = shutil.which(name)
    if program is None:
        pytest.fail(f"{name} is missing: apt-get install opensc")
    process = await asyncio.create_subprocess_exec(
        program,
        "--reader",
        READER,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
    )
    async with asyncio.timeout(_SECONDS):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode("utf-8", "replace")
