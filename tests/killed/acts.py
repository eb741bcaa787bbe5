"""What is under way when a process is killed, what is there before, and what must hold afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretBytes

from cardio.card import CardId
from kiosk.steps import Ending, Offer
from kiosk.storage.models import CardRow, CardWriteRow, HolderRow, RegistrationRow, UnblockSecretRow
from kiosk.wrapping import FileCabinet
from tests.killed.child import Enrolling, Errand, Rekeying, Serving
from tests.killed.outside import Life, Outside
from tests.stories.cast import CAST, AnyCard, Role, opens, passcode_tries
from tests.stories.plots import NEW_PIN
from tests.stories.test_leaving import Plot
from tests.stories.world import PIN, World

REGISTER = Plot(Offer.REGISTER, Ending.REGISTERED, 7)
UNLOCK = Plot(Offer.UNLOCK, Ending.UNLOCKED, 4, locked=True)
CHANGE = Plot(Offer.CHANGE_PASSCODE, Ending.PASSCODE_CHANGED, 4)
_EVENTS = {Ending.UNLOCKED: "card.unlocked", Ending.PASSCODE_CHANGED: "card.passcode-changed"}
_PASSCODES = {"pin", "passcode"}  # as virtual cards name them


class Act(Protocol):
    """Something that is done, in a process that may be killed."""

    @property
    def role(self) -> Role:
        """The kind of card that it is done with."""
        ...

    async def prepare(self, world: World) -> AnyCard:
        """What is there before."""
        ...

    async def errand(self, world: World, outside: Outside, before: Life | None) -> Errand:
        """What the process is for; the next one's, after one that was killed."""
        ...

    async def holds(self, world: World, life: Life) -> None:
        """What must hold after the kill, before anything else is done."""
        ...

    async def done(self, world: World, card: AnyCard, lives: list[Life]) -> None:
        """What must hold when the next process has come to its end."""
        ...


@dataclass(frozen=True)
class Visit:
    """A person does something at a kiosk."""

    role: Role
    plot: Plot

    def __str__(self) -> str:
        return f"{self.plot}-{self.role}"

    async def prepare(self, world: World) -> AnyCard:
        """An enrolled card, registered where the plot needs that."""
        await world.holder()
        card = await self.role.enrolled(world)
        await self.plot.prepare(world, card)
        world.hands.forward(hours=2)
        return card

    async def errand(self, world: World, outside: Outside, before: Life | None) -> Errand:
        """At first they make each mistake once. Afterwards they know what they were told."""
        kiosk = world.service.store.settings  # with the kiosk's own role in a fleet
        settings = kiosk.model_copy(update={"mail": outside.server.settings})
        registered = self.plot is REGISTER and bool(await world.rows(RegistrationRow))
        world.hands.forward(minutes=2)
        return Serving(
            settings,
            world.hands,
            outside.server.password,
            self.plot.offer,
            self.plot.ending,
            pin=before.pin if before else PIN,
            done=before is not None and (registered or _told(self.plot, before)),
            slips=before is None,
        )

    async def holds(self, world: World, life: Life) -> None:
        """Nothing that the person was told has gone back, and nothing was done without a record."""
        (holder,) = await world.rows(HolderRow)
        told_wrong = any(one.step == "AnswerQuestions" and one.attempts_left == 2 for one in life.shown)
        if told_wrong and not await world.events("card.unlocked"):
            assert holder.attempts >= 1, "an attempt came back"
        await _has_its_events(world, life)
        if life.pin == NEW_PIN:
            assert not _PASSCODES.isdisjoint(life.writes)

    async def done(self, world: World, card: AnyCard, lives: list[Life]) -> None:
        """It is done once, the card is what the store says it is, and nothing is left open."""
        assert opens(card, lives[-1].pin), "the person was told what is true"
        assert passcode_tries(card) == 3
        assert self.role.tries(card) in (3, None), "no try of the unblock secret is spent"
        assert await self.role.agrees(world, card), "the vault holds the secret that the card holds"
        (row,) = await world.rows(CardRow)
        assert (row.unblock_state, row.unproven_sends) == ("usable", 0)
        (holder,) = await world.rows(HolderRow)
        assert holder.blocked_at is None
        await _has_its_events(world, *lives)
        states = [write.state for write in await world.rows(CardWriteRow)]
        assert states.count("done") == self.plot.writes
        assert set(states) <= {"done", "not-done", "open-ended"}
        if self.plot.writes:
            assert lives[-1].pin == NEW_PIN
            assert len(await world.events(_EVENTS[self.plot.ending])) == 1
        assert len(await world.events("registration.completed")) == 1


@dataclass(frozen=True)
class Enrol:
    """An officer sets a fresh unblock secret on a new card."""

    role: Role
    given: str

    def __str__(self) -> str:
        return f"enrol-{self.role}"

    async def prepare(self, world: World) -> AnyCard:
        """A card that nobody has enrolled."""
        await world.holder()
        return self.role.make()

    async def errand(self, world: World, outside: Outside, before: Life | None) -> Errand:
        """The same command again finds out what is true, and finishes."""
        return Enrolling(world.settings, SecretBytes(self.given.encode()))

    async def holds(self, world: World, life: Life) -> None:
        """What the card holds is kept, and that the card was enrolled is on record."""
        if life.writes:
            assert await world.events("card.enrolled"), "written before it was on record"
            assert len(await world.secrets()) >= 1

    async def done(self, world: World, card: AnyCard, lives: list[Life]) -> None:
        """The one secret that is kept is the card's, and a fresh one."""
        (secret,) = await world.secrets()
        assert self.role.unblocks(card, secret.get_secret_value())
        assert secret.get_secret_value() != self.role.secret
        assert self.role.tries(card) in (3, None)
        replaced = [event for event in await world.events("unblock-secret.replaced") if event.outcome == "ok"]
        assert len(replaced) == sum(len(life.writes) for life in lives) == 1


@dataclass(frozen=True)
class Rekey:
    """An officer takes a vault of several secrets to a new key."""

    role: Role
    cards: int = 5

    def __str__(self) -> str:
        return "rekey"

    async def prepare(self, world: World) -> AnyCard:
        """Several cards in the vault."""
        await world.holder()
        return [await world.card() for _ in range(self.cards)][-1]

    async def errand(self, world: World, outside: Outside, before: Life | None) -> Errand:
        """The same command again goes on where it was."""
        return Rekeying(world.settings)

    async def holds(self, world: World, life: Life) -> None:
        """Every secret opens, with the keys that are there: a kiosk works on."""
        await _all_open(world)

    async def done(self, world: World, card: AnyCard, lives: list[Life]) -> None:
        """Everything is under the one present key, which no other one is beside."""
        await _all_open(world)
        cabinet = FileCabinet(world.settings.state_directory, world.settings.keys.vault, "vault-key")
        newest = cabinet.load().newest.key_id
        assert {row.key_id for row in await world.rows(UnblockSecretRow)} == {newest}
        assert not (world.settings.state_directory / "vault.key.next").exists()
        assert [e.reason for e in await world.events("vault.rekeyed")][-1] == "done"


async def _all_open(world: World) -> None:
    for row in await world.rows(CardRow):
        known = await world.found(CardId(row.family, row.kind, row.serial))
        assert known.has_unblock_secret, "a secret does not open"
        assert known.shut == ()


async def _has_its_events(world: World, *lives: Life) -> None:
    """Every write to a card was on record before it went out."""
    written = [name for life in lives for name in life.writes]
    passcodes = sum(name in _PASSCODES for name in written)
    begun = len(await world.events("card.write-begun"))
    assert begun >= passcodes, "a write that nobody has written down"
    if len(written) > passcodes:
        assert begun, "a secret was replaced outside of an unlock"


def _told(plot: Plot, life: Life) -> bool:
    """Whether the person was told that it is done."""
    return any(
        ending is plot.ending or (plot.writes and ending is Ending.CARD_WORKS) for ending in life.endings
    )


VISITS = [
    Visit(CAST["piv"], REGISTER),
    Visit(CAST["piv"], UNLOCK),
    Visit(CAST["piv-rotating"], UNLOCK),
    Visit(CAST["piv"], CHANGE),
]
MORE_VISITS = [
    Visit(CAST["openpgp"], UNLOCK),
    Visit(CAST["openpgp-by-admin-pin"], UNLOCK),
    Visit(CAST["gids"], UNLOCK),
]
OTHERS: list[Act] = [Enrol(CAST["piv"], CAST["piv"].secret.decode()), Rekey(CAST["piv"])]
