"""Start one of the cards that others wrote, and keep it in slot 0 of the tests' PC/SC service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cardio.pcsc import PcscReader
from cardio.reader import State
from cardio.virtual.vpcd import VPCD_PORT
from tests.cardio.cards import until
from tests.pcscd import READER, PcscService

_ROOT = Path(__file__).parents[2]
_PYTHON = _ROOT / "build" / "cards-venv" / "bin" / "python"
_SECONDS = 30.0  # RSA keys take their time


class ForeignCard:
    """A card in the hands of a test."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, service: PcscService) -> None:
        self._name, self._process, self._service = name, process, service

    async def ready(self) -> None:
        """Wait until the card is in and the service sees it."""
        await self._says("ready")
        reader = PcscReader(READER)
        try:
            async with asyncio.timeout(_SECONDS):
                await until(reader, State.CARD)
        finally:
            await reader.aclose()

    async def pull(self) -> None:
        """Take it out, and wait until the service has seen that. It keeps what a card keeps."""
        self._touch()
        await self._says("out")
        await self._service.emptied()

    async def insert(self) -> None:
        """Put it in again."""
        self._touch()
        await self.ready()

    def _touch(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    async def _says(self, word: str) -> None:
        assert self._process.stdout is not None
        async with asyncio.timeout(_SECONDS):
            said = await self._process.stdout.readline()
            if said.decode() != f"{word}\n":
                pytest.fail(f"{self._name} said {said!r} and ended with {await self._process.wait()}")


@asynccontextmanager
async def foreign_card(service: PcscService, name: str, **options: str | bool) -> AsyncIterator[ForeignCard]:
    """Have the adapter of that name (a module of this package) plug a card in for the length of the block.

    ``options`` are its command-line options: ``resetting_code="..."`` is --resetting-code. Fails the
    test where the environment of these cards is missing, or the card does not come up.
    """
    if not _PYTHON.exists():
        pytest.fail(f"{_PYTHON.relative_to(_ROOT)} is missing: make setup")
    process = await asyncio.create_subprocess_exec(
        str(_PYTHON), "-W", "ignore", "-m", f"tests.foreign.{name}",
        "--port", str(VPCD_PORT + service.slot), *_arguments(options),
        cwd=_ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    card = ForeignCard(name, process, service)
    try:
        await card.ready()
        yield card
        assert process.returncode is None, f"{name} ended in the middle"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
        await service.emptied()


def _arguments(options: dict[str, str | bool]) -> list[str]:
    flags = [(f"--{name.replace('_', '-')}", value) for name, value in options.items() if value is not False]
    return [part for flag, value in flags for part in ([flag] if value is True else [flag, str(value)])]
