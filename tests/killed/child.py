"""What a process does that may be killed: it is a kiosk, or an officer's command.

What outlives it is elsewhere, at the other end of its `Wire`: the card, the mailbox and what the
person was shown.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Protocol

from pydantic import SecretBytes, SecretStr

from cardio.virtual.card import VirtualCard
from cardio.virtual.reader import VirtualReader
from kiosk import rekeying as chunks
from kiosk.keyring import key_ring
from kiosk.mail import SmtpMailer
from kiosk.office import enrolling, equipping, rekeying
from kiosk.proofs.hashing import Hasher
from kiosk.settings import Settings
from kiosk.steps import AnswerQuestions, Ending, EnterCode, EnterPasscode, Finished, Offer, Step
from kiosk.storage.place import sqlite_file
from kiosk.wiring import put_together
from tests.killed.points import Points
from tests.stories.person import Person
from tests.stories.world import PIN, HandClock, Hands, Post, World, wrong

WRONG_PIN = "604713"


@dataclass(frozen=True)
class Shown:
    """What a person has seen of a step, as far as it matters afterwards."""

    step: str
    ending: Ending | None = None
    attempts_left: int | None = None
    tries_left: int | None = None


class Wire:
    """What a process can ask of the world outside; every question is answered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, what: str, detail: Any = None) -> Any:
        """Ask, and wait for the answer."""
        self._connection.send((what, detail))
        return self._connection.recv()


class DistantCard:
    """A card that is in no process that is killed."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.atr: bytes = wire.ask("atr")

    def power_on(self) -> None:
        """Apply power."""
        self._wire.ask("power_on")

    def power_off(self) -> None:
        """Take power away."""
        self._wire.ask("power_off")

    def transmit(self, apdu: bytes) -> bytes:
        """Let it carry out one command."""
        answer: bytes = self._wire.ask("transmit", apdu)
        return answer


class DistantMailbox(Post):
    """The person's mailbox."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def code(self) -> str:
        """The newest code in it."""
        code: str = self._wire.ask("code")
        return code


class Slipping(Person):
    """Somebody who enters each thing wrong once; what they are shown outlives the kiosk."""

    wire: Wire
    slips: bool

    async def ask(self, step: Step[Any]) -> Any:
        """Answer, or leave."""
        ending = step.ending if isinstance(step, Finished) else None
        left = [getattr(step, name, None) for name in ("attempts_left", "tries_left")]
        self.wire.ask("shown", Shown(type(step).__name__, ending, *left))
        return await super().ask(step)

    def _reply(self, step: Step[Any]) -> Any:
        first = self.slips and not any(type(seen) is type(step) for seen in self.seen[:-1])
        match step:
            case EnterPasscode() if first:
                return SecretStr(WRONG_PIN)
            case AnswerQuestions() if first:
                return wrong(step)
            case EnterCode() if first:
                return SecretStr(f"{(int(self.world.post.code()) + 1) % 10**8:08d}")
            case EnterPasscode(wrong=True) | AnswerQuestions() | EnterCode() if self.slips:
                return self._replies()[type(step)](step)
        return super()._reply(step)


class Errand(Protocol):
    """What a process is for."""

    async def carry_out(self, wire: Wire, points: Points) -> None:
        """Do it."""
        ...


@dataclass(frozen=True)
class Serving:
    """A kiosk that serves one person, until they are done, and sends what is to be sent."""

    settings: Settings
    hands: Hands
    mail_password: SecretStr
    offer: Offer
    ending: Ending
    pin: str = PIN
    done: bool = False
    slips: bool = False

    async def carry_out(self, wire: Wire, points: Points) -> None:
        """Serve them: once if they slip, until they are done otherwise."""
        async with self._world(wire) as world:
            person = Slipping(world, self.offer, self.ending, pin=self.pin, done=self.done)
            person.wire, person.slips = wire, self.slips
            card = points.card(DistantCard(wire))
            if self.slips:
                await person.visit(card)
                assert person.done
            else:
                await person.until_done(card)
            wire.ask("pin", person.pin)
            await world.service.notices.send_due()

    @asynccontextmanager
    async def _world(self, wire: Wire) -> AsyncIterator[World]:
        keys, reader = key_ring(self.settings), VirtualReader()
        parts = put_together(
            self.settings,
            reader=reader,
            keys=keys,
            mailer=SmtpMailer(self.settings.mail, self.mail_password),
            clock=HandClock(self.hands),
            hasher=Hasher(keys.pepper, 4),
            guarded=sqlite_file(self.settings) is None,
        )
        try:
            yield World(parts, parts, reader, DistantMailbox(wire), self.hands)
        finally:
            await parts.close()


@dataclass(frozen=True)
class Enrolling:
    """`kiosk card enrol --fresh`."""

    settings: Settings
    given: SecretBytes = field(repr=False)

    async def carry_out(self, wire: Wire, points: Points) -> None:
        """Tie the card to the holder, and set a fresh unblock secret."""
        reader = VirtualReader()
        card: VirtualCard = points.card(DistantCard(wire))
        reader.insert(card)
        seen = await enrolling.read_card(self.settings, reader, _silence)
        await equipping.require_tries(self.settings, seen)
        await equipping.equip(
            self.settings, reader, _silence, "H1", seen, self.given, fresh=True, by="officer"
        )


@dataclass(frozen=True)
class Rekeying:
    """`kiosk vault rekey`, in steps of two rows."""

    settings: Settings

    async def carry_out(self, wire: Wire, points: Points) -> None:
        """Take everything to the next key."""
        chunks.CHUNK = 2
        await rekeying.rekey(self.settings, _silence, lambda *_: None, by="officer", alone=True)


def live(errand: Errand, nth: int, connection: Connection) -> None:
    """The whole life of a process: to its end, or to its point number ``nth``."""
    wire, points = Wire(connection), Points(nth)
    points.watch()
    try:
        asyncio.run(errand.carry_out(wire, points))
    except BaseException:  # whatever it was, the test is told
        wire.ask("failed", traceback.format_exc())
    else:
        wire.ask("ended", tuple(points.names))
    connection.close()


def _silence(_: str) -> None:
    """Nobody reads it."""
