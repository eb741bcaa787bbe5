"""GnuPG, as a client of a card that shares no line with this package. It comes from Debian.

GnuPG lives in a home of its own, and its daemons are ended after each command: scdaemon keeps the card.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
_SECONDS = 30


class Gpg:
    """GnuPG 2.2 or later with scdaemon."""

    def __init__(self, home: Path) -> None:
        self.home = home

    async def edit_card(
        self, commands: Sequence[str], passwords: Sequence[str] = (), menu: Sequence[str] = (), **answers: str
    ) -> None:
        """Run `gpg --card-edit`.

        ``commands`` go to its prompt, ``passwords`` to whatever asks for a PIN, in turn, and ``menu`` to
        the menu of the command passwd; ``answers`` to other questions by the last part of their keyword.
        A question without an answer fails the test, as does an answer nobody asked for.
        """
        turns = {
            "cardedit.prompt": [*commands, "quit"],
            "passphrase.enter": list(passwords),
            "cardutil.change_pin.menu": list(menu),
        }
        code, said = await self._talk(["--card-edit"], turns, answers)
        assert code == 0, said
        assert not any(turns.values()), f"never asked for: {turns}"

    async def run(self, *arguments: str, passwords: Sequence[str] = ()) -> str:
        """Run another command and return what it said."""
        code, said = await self._talk(arguments, {"passphrase.enter": list(passwords)}, {})
        assert code == 0, said
        return said

    async def _talk(
        self, arguments: Sequence[str], turns: Mapping[str, list[str]], answers: Mapping[str, str]
    ) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            _program("gpg"), "--homedir", str(self.home), "--no-tty", "--status-fd", "1",
            "--command-fd", "0", "--pinentry-mode", "loopback", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **_ENVIRONMENT},
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        try:
            async with asyncio.timeout(_SECONDS):
                while line := (await process.stdout.readline()).decode():
                    said += line
                    if line.startswith("[GNUPG:] GET_"):
                        asked = line.split()[-1]
                        turn = turns.get(asked)
                        answer = turn.pop(0) if turn else answers.get(asked.rpartition(".")[2])
                        assert answer is not None, f"{asked} after\n{said}"
                        process.stdin.write(answer.encode() + b"\n")
                code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await self._end_daemons()
        return code, said

    async def _end_daemons(self) -> None:
        code, said = await _run(_program("gpgconf"), "--homedir", str(self.home), "--kill", "all")
        assert code == 0, said


@asynccontextmanager
async def gpg_home() -> AsyncIterator[Gpg]:
    """A GnuPG with an empty home, in a folder whose name is short enough for its sockets."""
    home = Path(tempfile.mkdtemp(prefix="gpg-"))
    (home / "scdaemon.conf").write_text("disable-ccid\n")
    try:
        yield Gpg(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _program(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.fail(f"{name} is missing: apt-get install gnupg")
    return program


async def _run(program: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **_ENVIRONMENT},
    )
    async with asyncio.timeout(_SECONDS):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
