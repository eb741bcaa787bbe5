"""Two benches to try readers and cards on: one in this process, one behind a real pcscd."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

from cardio.pcsc import Limits, PcscReader
from cardio.reader import Presence, Reader, State
from cardio.virtual.card import VirtualCard
from cardio.virtual.faults import Faults
from cardio.virtual.reader import VirtualReader
from cardio.virtual.vpcd import plug
from tests.pcscd import READER, PcscService

PATIENCE = 10.0
"""Seconds within which anything here has to happen."""


class Bench(ABC):
    """A reader, and the hands and the mishaps around it."""

    reader: Reader
    faults: Faults

    @abstractmethod
    async def insert(self, card: VirtualCard) -> int:
        """Put a card in, wait until the reader sees it, return the insertion number."""

    @abstractmethod
    async def remove(self) -> None:
        """Take the card out and wait until the reader sees that."""

    @abstractmethod
    def stop_service(self) -> None:
        """Stop the card service."""

    @abstractmethod
    def start_service(self) -> None:
        """Start it again."""

    @abstractmethod
    async def close(self) -> None:
        """Put everything away."""

    async def see(self, *states: State) -> Presence:
        """Wait until the reader shows one of these states."""
        async with asyncio.timeout(PATIENCE):
            presence = self.reader.presence
            while presence.state not in states:
                presence = await self.reader.changed(presence)
            return presence


class InProcessBench(Bench):
    """VirtualReader."""

    def __init__(self) -> None:
        self.reader = self._reader = VirtualReader()
        self.faults = self._reader.faults

    async def insert(self, card: VirtualCard) -> int:
        self._reader.insert(card)
        return self.reader.presence.insertion

    async def remove(self) -> None:
        self._reader.remove()

    def stop_service(self) -> None:
        self._reader.stop_service()

    def start_service(self) -> None:
        self._reader.start_service()

    async def close(self) -> None:
        await self._reader.aclose()


class PcscBench(Bench):
    """PcscReader on pcscd, with cards plugged in through vpcd."""

    def __init__(self, service: PcscService) -> None:
        self.reader = self._reader = PcscReader(READER, limits=Limits(command=5.0, after_removal=1.0))
        self.faults = Faults()
        self._service = service
        self._plugged: asyncio.Task[None] | None = None

    async def insert(self, card: VirtualCard) -> int:
        before = self.reader.presence.insertion
        self._plugged = asyncio.create_task(plug(card, slot=self._service.slot, faults=self.faults))
        presence = await self.see(State.CARD, State.MUTE)
        assert presence.insertion > before
        return presence.insertion

    async def remove(self) -> None:
        await self._unplug()
        await self.see(State.EMPTY)

    async def _unplug(self) -> None:
        if self._plugged is not None:
            self._plugged.cancel()
            with suppress(asyncio.CancelledError):
                await self._plugged
            self._plugged = None
            await self._service.emptied()

    def stop_service(self) -> None:
        self._service.stop()

    def start_service(self) -> None:
        self._service.start()

    async def close(self) -> None:
        await self._unplug()
        await self._reader.aclose()
