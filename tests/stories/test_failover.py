"""The primary dies in the middle of journeys, its synchronous standby takes over, and the kiosks go on."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretBytes, SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.virtual.piv import PivCard
from kiosk.enrolment import EnrolmentError, NewCard
from kiosk.refusals import OutOfService
from kiosk.settings import Settings
from kiosk.steps import Ending, EnterCode, Offer, Step
from kiosk.storage.database import Database, StoreUnavailable
from kiosk.storage.models import CardRow, HolderRow
from kiosk.storage.trail import AuditRow
from tests.postgres import Pair
from tests.sampling import sample
from tests.stories.person import Person
from tests.stories.plots import NEW_PIN
from tests.stories.world import PIN, PUK, World, identity, new_world

T = TypeVar("T")

KIOSKS, PEOPLE = 3, 3  # people at each kiosk, one after another
UNITS = range(5, 260, 3)  # of work, of all kiosks together, before the primary dies
WITHIN = 10.0  # seconds until the kiosks go on: what is promised


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary, and a standby that confirms every commit."""
    made = Pair()
    yield made
    made.remove()


@pytest.fixture
async def kiosks(pair: Pair, tmp_path: Path) -> AsyncIterator[list[World]]:
    """Kiosks on both servers, as libpq's URI names them."""
    settings = Settings().changed(database={"url": pair.url})
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(new_world(tmp_path, settings))
        others = [
            await stack.enter_async_context(new_world(tmp_path, beside=first)) for _ in range(KIOSKS - 1)
        ]
        yield [first, *others]


class Outage:
    """Lets the primary die at a unit of work, and knows when the store was away for whom."""

    def __init__(self, pair: Pair, nth: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.kept: list[AuditRow] = []
        self.died_at = 0.0
        self.task: asyncio.Task[None] | None = None
        transaction = Database.transaction

        @asynccontextmanager
        async def counted(database: Database) -> AsyncIterator[AsyncSession]:
            self.count += 1
            if self.count == nth:
                self.died_at = time.monotonic()
                self.task = asyncio.create_task(asyncio.to_thread(pair.fail_over))
            async with transaction(database) as session:
                yield session
                written = [row for row in session.new if isinstance(row, AuditRow)]
            self.kept += written

        monkeypatch.setattr(Database, "transaction", counted)


class Patient(Person):
    """A person with a mailbox of their own, who takes their card and goes at what they did not expect."""

    email = ""

    def _replies(self) -> dict[type[Step[Any]], Callable[[Any], Any]]:
        return {**super()._replies(), EnterCode: lambda _: self._code()}

    def _code(self) -> SecretStr:
        mine = [mail for to, mail in self.world.post.mails if to == self.email]
        for mail in reversed(mine):
            if found := re.search(r"\b(\d{4}) (\d{4})\b", str(mail.get_body(("plain",)))):
                return SecretStr(found[1] + found[2])
        raise AssertionError("no mail with a code")


async def works_again(world: World) -> None:
    """Until this kiosk is in service."""
    async with asyncio.timeout(30):
        while await world.parts.watch.look("waiting") is OutOfService.STORE:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def served(world: World, number: int, restored: list[float]) -> None:
    """Somebody registers, and later unlocks; interrupted, they come again as soon as the kiosk works."""
    card = PivCard(pin=PIN, puk=PUK)
    new = NewCard(identity(card), SecretBytes(PUK.encode()), card.card_key_der)
    email = f"ann.jones{number}@nhs.net"
    for step in (
        lambda: world.holder(f"H{number}", "Ann Jones", email),
        lambda: world.parts.enrolment.enrol(f"H{number}", new, by="test"),
    ):
        await insisted(world, step, restored)
    for offer, ending in ((Offer.REGISTER, Ending.REGISTERED), (Offer.UNLOCK, Ending.UNLOCKED)):
        if offer is Offer.UNLOCK:
            card.lock()
        person = Patient(world, offer, ending, baffled=True)
        person.email = email
        while not person.done:
            assert person.visits < 8, "does not get anywhere"
            world.hands.forward(minutes=1.1)
            await insisted(world, lambda: person.visit(card), restored, once=True)  # noqa: B023
            known = await insisted(world, lambda: world.known(card), restored)
            if offer is Offer.REGISTER and known.registered:
                person.done = True  # it may have been kept, though nobody could tell them
        assert card.state().pin == person.pin
    assert card.state().pin == NEW_PIN


async def insisted(
    world: World, step: Callable[[], Awaitable[T]], restored: list[float], *, once: bool = False
) -> Any:
    """Do it; where the store goes away meanwhile, again when it is back, unless once is enough."""
    while True:
        try:
            return await step()
        except (StoreUnavailable, EnrolmentError) as error:
            if isinstance(error, EnrolmentError):
                return None  # it was kept, and its answer was lost
            await works_again(world)
            restored.append(time.monotonic())
            if once:
                return None


@pytest.mark.parametrize("nth", sample(UNITS, 1))
async def test_the_standby_takes_over(
    pair: Pair, kiosks: list[World], nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage, restored = Outage(pair, nth, monkeypatch), list[float]()

    async def day(world: World, first: int) -> None:
        for number in range(first, first + PEOPLE):
            await served(world, number, restored)

    await asyncio.gather(*(day(world, index * PEOPLE) for index, world in enumerate(kiosks)))
    assert outage.task is not None, f"there were only {outage.count} units of work"
    await outage.task
    assert restored, "nobody has noticed"
    assert min(restored) - outage.died_at < WITHIN + 5, "a busy machine is given five seconds"
    world = kiosks[0]
    holders = await world.rows(HolderRow)
    assert len(holders) == KIOSKS * PEOPLE
    assert [(row.attempts, row.blocked_at) for row in holders] == [(0, None)] * len(holders)
    unlocked = Counter(event.card_key for event in await world.events("card.unlocked"))
    assert unlocked == {row.audit_key: 1 for row in await world.rows(CardRow)}
    assert await world.events("unblock-secret.failed", "holder.blocked") == []
    there = {row.seq: (row.event, row.visit) for row in await world.rows(AuditRow)}
    kept = {row.seq: (row.event, row.visit) for row in outage.kept}
    assert {seq: (event, there.get(seq)) for seq, event in kept.items() if there.get(seq) != event} == {}
