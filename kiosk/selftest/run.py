"""A complete registration and a complete unlock, through the journeys that people use.

The store and the mail server are the configuration's own; card and holder belong to this run, are
found by no other kiosk process, and leave with it. The codes are read from the messages, by a
wrapper around the mailer, after the server has accepted them.
"""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pydantic import SecretBytes, SecretStr

from cardio.card import CardId
from cardio.virtual.piv import PivCard
from kiosk.enrolment import NewCard, NewHolder
from kiosk.erasure import remove_selftest_holders
from kiosk.journeys.reception import receive
from kiosk.keyring import key_ring
from kiosk.origin import StrangePepper, require_own_pepper
from kiosk.proofs.questions import CATALOGUE
from kiosk.selftest.report import Report, StepReport
from kiosk.selftest.visitor import Unexpected, Visitor, since
from kiosk.settings import Settings
from kiosk.steps import (
    Answered,
    AnswerQuestions,
    ConfirmEmail,
    Ending,
    EnterCode,
    EnterPasscode,
    Finished,
    NewPasscode,
    Offer,
    Privacy,
    SetQuestions,
    Welcome,
)
from kiosk.storage.database import StoreUnavailable
from kiosk.visit import new_reference
from kiosk.wiring import SelftestParts, selftest_parts, smtp_mailer

BY = "selftest"
PASSCODE, NEW_PASSCODE = "502917", "739164"

Told = Callable[[StepReport], None]


async def run_selftest(settings: Settings, *, demo: bool = False, told: Told = lambda _: None) -> Report:
    """Test the configuration, or with ``demo`` a scratch kiosk of this process's own.

    ``told`` hears of each step as it ends. Raises KeyProblem before anything is begun.
    """
    if demo:
        from kiosk.demo.scratch import scratch_kiosk

        async with scratch_kiosk(settings) as scratch:
            parts = selftest_parts(scratch.settings, scratch.keys, scratch.mailer)
            return await Selftest(parts, told).run()
    parts = selftest_parts(settings, key_ring(settings), smtp_mailer(settings))
    with suppress(StoreUnavailable):  # its first step tells
        await _require_own_pepper(parts)
    return await Selftest(parts, told).run()


async def _require_own_pepper(parts: SelftestParts) -> None:
    try:
        await require_own_pepper(parts.parts.service.store)
    except StrangePepper:
        await parts.parts.close()
        raise


class Selftest:
    """One run; closes its parts at the end."""

    def __init__(self, parts: SelftestParts, told: Told) -> None:
        self._parts = parts.parts
        self._reader = parts.reader
        self._mailer = parts.mailer
        self._tell = told
        self._steps: list[StepReport] = []
        self._answers = {question: secrets.token_hex(8) for question in list(CATALOGUE)[:4]}
        self._puk = "".join(secrets.choice("0123456789") for _ in range(8))
        self._card = PivCard(pin=PASSCODE, puk=self._puk, name="Self-test")

    async def run(self) -> Report:
        """Register and unlock, then remove every trace but the marked audit events."""
        ok = False
        store = self._parts.service.store
        try:
            await self._timed("prepare", self._prepare)
            await self._visit(Offer.REGISTER, Ending.REGISTERED)
            self._card.lock()
            await self._visit(Offer.UNLOCK, Ending.UNLOCKED)
            await self._timed("card: holds the new passcode", self._check_card)
            await self._timed("notices: sent", self._send_notices)
            await self._timed("clean up", lambda: remove_selftest_holders(store))
            ok = True
        except Exception as error:
            if not self._steps or self._steps[-1].ok:
                self._told(StepReport("unexpected", ok=False, ms=0.0, detail=type(error).__name__))
        finally:
            await self._parts.close()
        return Report(ok, tuple(self._steps))

    def _told(self, step: StepReport) -> None:
        self._steps.append(step)
        self._tell(step)

    async def _timed(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        began = time.perf_counter()
        try:
            await work()
        except Exception as error:
            self._told(StepReport(name, ok=False, ms=since(began), detail=f"{type(error).__name__}: {error}"))
            raise
        self._told(StepReport(name, ok=True, ms=since(began)))

    async def _prepare(self) -> None:
        store = self._parts.service.store
        await remove_selftest_holders(store)  # of a run that was killed
        holder = f"selftest-{uuid.uuid4().hex[:12]}"
        address = store.settings.selftest.address or store.settings.mail.sender
        new = NewHolder(holder, "Self Test", address)
        await self._parts.enrolment.add_holder(new, by=BY, selftest=True)
        card = CardId("piv", "guid", self._card.guid.hex().upper())
        secret = SecretBytes(self._puk.encode())
        await self._parts.enrolment.enrol(holder, NewCard(card, secret, self._card.card_key_der), by=BY)

    async def _visit(self, journey: Offer, expected: Ending) -> None:
        self._reader.remove()
        self._reader.insert(self._card)
        visitor = Visitor(journey, self._told, self._replies(journey))
        await receive(new_reference(), self._reader.presence.insertion, visitor, self._parts.service)
        if visitor.ending is not expected:
            self._told(StepReport(f"{journey.value}: ending", ok=False, ms=0.0, detail=str(visitor.ending)))
            raise Unexpected(journey.value)

    def _replies(self, journey: Offer) -> dict[type, Any]:
        answers = {question: SecretStr(text) for question, text in self._answers.items()}
        return {
            Welcome: lambda _: journey,
            Privacy: lambda _: None,
            EnterPasscode: lambda _: SecretStr(PASSCODE),
            SetQuestions: lambda _: tuple(Answered(question=q, answer=a) for q, a in answers.items()),
            ConfirmEmail: lambda _: None,
            EnterCode: lambda _: self._code(),
            AnswerQuestions: lambda step: tuple(answers[question] for question in step.questions),
            NewPasscode: lambda _: (SecretStr(NEW_PASSCODE), SecretStr(NEW_PASSCODE)),
            Finished: lambda _: None,
        }

    def _code(self) -> SecretStr:
        """The code of the newest mail the server accepted."""
        body = self._mailer.accepted[-1].message.get_body(("plain",))
        found = re.search(r"\b(\d{4}) (\d{4})\b", body.get_content() if body else "")
        if found is None:
            raise Unexpected("no code in the mail")
        return SecretStr(found[1] + found[2])

    async def _check_card(self) -> None:
        state = self._card.state()
        if state.locked or state.pin != NEW_PASSCODE:
            raise Unexpected("the card does not hold the new passcode")

    async def _send_notices(self) -> None:
        await self._parts.service.notices.send_due()
        if await self._parts.service.notices.waiting():
            raise Unexpected("the mail server did not take every notice")
