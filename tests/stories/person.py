"""A person with something to get done, who may be interrupted and comes back until it is done.

A story in `script` says which screens come; here the person answers whatever comes, as one who knows
their passcode, answers and mailbox. So one body can tell the stories of every place where a visit ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from cardio.virtual.card import VirtualCard
from kiosk.dialogue import Abandoned, Gone
from kiosk.journeys.reception import receive
from kiosk.refusals import CodeRefusal, PasscodeRule
from kiosk.steps import (
    AnswerQuestions,
    Busy,
    ChooseDetail,
    ChooseProof,
    ConfirmEmail,
    ConfirmWithdraw,
    Detail,
    Ending,
    EnterCode,
    EnterPasscode,
    Finished,
    NewPasscode,
    Offer,
    Privacy,
    Proof,
    Purpose,
    SeeRA,
    SetQuestions,
    Step,
    Welcome,
)
from kiosk.visit import new_reference
from tests.stories.plots import NEW_PIN
from tests.stories.world import ANSWERS, PIN, World, answered, in_order, twice

NEVER = 10**6
WRITES = (Ending.UNLOCKED, Ending.PASSCODE_CHANGED)  # what a settled card write may have been


@dataclass
class Person:
    """A Dialogue that answers every step on the way to ``ending``.

    Leaves at the step number ``leave_at`` (from 1) for the ``reason``, and as soon as the card is out.
    """

    world: World
    offer: Offer
    ending: Ending
    new_answers: dict[str, str] = field(default_factory=lambda: ANSWERS)
    new_email: str | None = None
    detail: Detail = Detail.QUESTIONS
    language: str = "en"
    pin: str = PIN
    leave_at: int = NEVER
    reason: Gone = Gone.CARD_OUT
    done: bool = False
    seen: list[Step[Any]] = field(default_factory=list)
    visits: int = 0
    baffled: bool = False  # takes the card and goes at whatever they did not expect

    async def visit(
        self, card: VirtualCard, *, leave_at: int = NEVER, reason: Gone = Gone.CARD_OUT
    ) -> list[Step[Any]]:
        """Put the card in and do what can be done; the steps of this visit."""
        self.seen, self.leave_at, self.reason = [], leave_at, reason
        self.visits += 1
        self.world.reader.remove()
        self.world.reader.insert(card)
        self._insertion = self.world.reader.presence.insertion
        with suppress(Abandoned):
            await receive(new_reference(), self._insertion, self, self.world.service)
        self.world.reader.remove()
        return self.seen

    async def until_done(self, card: VirtualCard) -> None:
        """Come back every two minutes until it is done."""
        while not self.done:
            assert self.visits < 6, "does not get anywhere"
            self.world.hands.forward(minutes=2)
            await self.visit(card)

    async def ask(self, step: Step[Any]) -> Any:
        """Answer, or leave."""
        reader = self.world.reader
        if reader.presence.insertion != self._insertion or reader.card is None:
            raise Abandoned(Gone.CARD_OUT, unseen=True)
        self.seen.append(step)
        if isinstance(step, Finished):
            self._told(step)
        if self.done and isinstance(step, Welcome):
            raise Abandoned(Gone.STOPPED)
        if len(self.seen) >= self.leave_at:
            if self.reason is Gone.CARD_OUT:
                reader.remove()
            raise Abandoned(self.reason)
        try:
            return self._reply(step)
        except (AssertionError, KeyError):
            if not self.baffled:
                raise
            reader.remove()
            raise Abandoned(Gone.CARD_OUT) from None

    @asynccontextmanager
    async def busy(self, work: Busy) -> AsyncIterator[None]:
        """Wait with the kiosk."""
        yield

    def _reply(self, step: Step[Any]) -> Any:
        match step:
            case Welcome(offers=offers) if self.offer in offers:
                return self.offer
            case Welcome(offers=offers) if self.offer is Offer.UNLOCK and Offer.FORGOTTEN in offers:
                return Offer.FORGOTTEN  # unlocked, and told that the new passcode is not the card's
            case EnterPasscode(purpose=Purpose.SETTLE):
                return SecretStr(NEW_PIN)
            case (
                Welcome()
                | EnterPasscode(wrong=True)
                | AnswerQuestions(wrong=True)
                | EnterCode(refusal=CodeRefusal())
                | NewPasscode(refusal=PasscodeRule())
            ):
                raise AssertionError(f"nobody expected {step}")
        return self._replies()[type(step)](step)

    def _replies(self) -> dict[type[Step[Any]], Callable[[Any], Any]]:
        return {
            EnterPasscode: lambda _: SecretStr(self.pin),
            AnswerQuestions: in_order,
            EnterCode: lambda _: SecretStr(self.world.post.code()),
            NewPasscode: lambda _: twice(NEW_PIN),
            Privacy: lambda _: None,
            SetQuestions: lambda _: answered(self.new_answers),
            ConfirmEmail: lambda _: self.new_email,
            ChooseProof: lambda _: Proof.QUESTIONS,
            ChooseDetail: lambda _: self.detail,
            ConfirmWithdraw: lambda _: True,
            Finished: lambda _: None,
            SeeRA: lambda _: None,
        }

    def _told(self, step: Finished) -> None:
        """What the screen says is now true; a person who is told so believes it."""
        if step.ending in (Ending.CARD_WORKS, Ending.UNLOCKED, Ending.PASSCODE_CHANGED):
            self.pin = NEW_PIN
        if step.ending is self.ending or (step.ending is Ending.CARD_WORKS and self.ending in WRITES):
            self.done = True
