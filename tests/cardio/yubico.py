"""Yubico's own tools, as clients of a card that share no line with this package.

yubico-piv-tool comes from Debian, ykman from PyPI.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.pcscd import READER


async def piv_tool(*arguments: str) -> tuple[int, str]:
    """Run yubico-piv-tool; its exit code and everything it said."""
    program = shutil.which("yubico-piv-tool")
    if program is None:
        pytest.fail("yubico-piv-tool is missing: apt-get install yubico-piv-tool")
    return await _run(program, "--reader", READER, *arguments)


async def ykman(*arguments: str) -> tuple[int, str]:
    """Run ykman's PIV commands; its exit code and everything it said."""
    program = Path(sys.executable).with_name("ykman")
    if not program.exists():
        pytest.fail("ykman is missing: pip install yubikey-manager")
    return await _run(str(program), "--reader", READER, "piv", *arguments)


async def piv_tool_verifies(passcode: str) -> bool:
    """Whether yubico-piv-tool finds the passcode right; a wrong one costs a try."""
    code, said = await piv_tool("-a", "verify-pin", "-P", passcode)
    assert (code == 0) == ("Successfully verified PIN" in said), said
    return code == 0


async def ykman_changes(present: str, new: str) -> bool:
    """Whether ykman can change the passcode."""
    code, _ = await ykman("access", "change-pin", "-P", present, "-n", new)
    return code == 0


async def _run(program: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
