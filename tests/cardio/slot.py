"""Slot 0 of the tests' PC/SC service: cards plugged in, and our families on what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from cardio.card import Card, Family, identify
from cardio.pcsc import PcscReader
from cardio.reader import State
from cardio.virtual.card import VirtualCard
from tests.cardio.cards import until
from tests.pcscd import READER, PcscService

AnyCard = TypeVar("AnyCard", bound=VirtualCard)


@asynccontextmanager
async def plugged(service: PcscService, card: AnyCard) -> AsyncIterator[AnyCard]:
    """Keep a card in slot 0, seen by the service."""
    reader = PcscReader(READER)
    async with service.card(card):
        await until(reader, State.CARD)
        yield card
    await reader.aclose()


@asynccontextmanager
async def opened(*families: Family) -> AsyncIterator[Card]:
    """The card in slot 0, as our families find it, in a session of its own."""
    reader = PcscReader(READER)
    await reader.start()
    try:
        async with reader.session(reader.presence.insertion) as channel:
            yield await identify(channel, families)
    finally:
        await reader.aclose()
