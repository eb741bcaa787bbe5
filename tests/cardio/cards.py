"""Help for card tests: open a virtual card through a virtual reader, or script a channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretBytes, SecretStr

from cardio.apdu import Command, Response
from cardio.applets.piv import PivApplication, PivFamily
from cardio.card import Card, CardId, identify
from cardio.reader import Reader, State
from cardio.virtual.card import VirtualCard
from cardio.virtual.reader import VirtualReader

PIN, PUK, NEW = SecretStr("123456"), SecretBytes(b"12345678"), SecretStr("80642975")


@asynccontextmanager
async def opened(card: VirtualCard, reader: VirtualReader | None = None) -> AsyncIterator[Card]:
    """Put a card into a virtual reader (a new one by default) and identify it as PIV."""
    reader = reader or VirtualReader()
    reader.insert(card)
    async with reader.session(reader.presence.insertion) as channel:
        yield await identify(channel, [PivFamily()])


async def until(reader: Reader, state: State) -> int:
    """Wait for a state of the reader and return the insertion number."""
    presence = reader.presence
    while presence.state is not state:
        presence = await reader.changed(presence)
    return presence.insertion


class ScriptedChannel:
    """A channel whose answers are prepared by instruction byte; several for one INS come in turn."""

    atr = b"\x3b\x00"

    def __init__(self, answers: dict[int, list[int | Response]]) -> None:
        self.sent: list[Command] = []
        self._answers = {ins: list(turns) for ins, turns in answers.items()}

    async def transmit(self, command: Command) -> Response:
        """Answer with what is next for this INS, 6D00 where nothing is prepared."""
        self.sent.append(command)
        turns = self._answers.get(command.ins)
        answer = turns.pop(0) if turns else 0x6D00
        return answer if isinstance(answer, Response) else Response(b"", answer)

    def count(self, ins: int) -> int:
        """How often an instruction was sent."""
        return sum(command.ins == ins for command in self.sent)


def application(channel: ScriptedChannel) -> PivApplication:
    """A PIV card on a scripted channel, as if it had been identified."""
    return PivApplication(channel, CardId("piv", "guid", "00"))
