"""Help for the tests of GIDS cards: open a virtual one, and OpenSC's tools that know them (from Debian)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretBytes, SecretStr

from cardio.applets.gids import GidsApplication, GidsFamily
from cardio.card import Card, CardId, identify
from cardio.reader import Channel
from cardio.virtual.card import VirtualCard
from cardio.virtual.gids import ADMIN_KEY
from cardio.virtual.reader import VirtualReader
from tests.cardio.opensc import opensc

PIN, NEW, WRONG = SecretStr("123456"), SecretStr("n3w Passcode"), SecretStr("975318")
KEY, WRONG_KEY = SecretBytes(ADMIN_KEY), SecretBytes(bytes(24))


@asynccontextmanager
async def opened(card: VirtualCard, reader: VirtualReader | None = None) -> AsyncIterator[Card]:
    """Put a card into a virtual reader (a new one by default) and identify it as GIDS."""
    reader = reader or VirtualReader()
    reader.insert(card)
    async with reader.session(reader.presence.insertion) as channel:
        yield await identify(channel, [GidsFamily()])


def application(channel: Channel) -> GidsApplication:
    """A GIDS card on any channel, as if it had been identified."""
    return GidsApplication(channel, CardId("gids", "card-id", "00"))


async def unblocks(admin_key: bytes, new: str) -> bool:
    """Whether gids-tool can set a new passcode with that admin key."""
    code, said = await opensc("gids-tool", "--unblock", "--admin-key", admin_key.hex(), "--pin", new)
    assert (code == 0) == ("Unblock PIN done successfully" in said), said
    return code == 0


async def verifies(passcode: str) -> bool:
    """Whether pkcs15-tool finds the passcode right; a wrong one costs a try."""
    code, said = await opensc("pkcs15-tool", "--verify-pin", "--pin", passcode)
    assert code == 0 or "Operation failed" in said, said
    return code == 0
