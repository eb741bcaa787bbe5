"""Whole stories of cards that others wrote, at a kiosk with a real PC/SC reader."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.card import identify
from cardio.errors import PasscodeLocked, WrongPasscode
from cardio.pcsc import PcscReader
from cardio.reader import State
from kiosk.clock import Clock
from kiosk.enrolment import NewHolder
from kiosk.families import families
from kiosk.journeys.reception import receive
from kiosk.keyring import ring_in_memory
from kiosk.office.enrolling import new_card, read_card
from kiosk.office.inspecting import Answer, inspect
from kiosk.proofs.hashing import Hasher
from kiosk.refusals import Why
from kiosk.settings import Settings
from kiosk.steps import (
    AnswerQuestions,
    ConfirmEmail,
    Ending,
    EnterCode,
    EnterPasscode,
    Finished,
    NewPasscode,
    Offer,
    Privacy,
    SeeRA,
    SetQuestions,
    Welcome,
)
from kiosk.visit import new_reference
from kiosk.wiring import Parts, put_together
from tests.cardio.cards import until
from tests.foreign.cards import foreign_card
from tests.pcscd import READER, PcscService, pcsc_service, pcsc_session
from tests.stories.plots import NEW_PIN
from tests.stories.script import Script, See, see
from tests.stories.world import (
    PEPPER,
    RA_EMAIL,
    VAULT_KEY,
    Hands,
    Post,
    answered,
    empty_database,
    in_order,
    twice,
)

__all__ = ["pcsc_service", "pcsc_session"]

pytestmark = pytest.mark.xdist_group("pcscd")

FACTORY_PIN = "123456"
GUID = "00112233-4455-6677-8899-aabbccddeeff"


@dataclass(frozen=True)
class RealKiosk:
    """A kiosk whose reader is real; its store, its services too. Only mails and time are the test's."""

    settings: Settings
    parts: Parts
    reader: PcscReader
    post: Post
    hands: Hands

    async def enrol(self, secret: str) -> None:
        """Tie the card in the reader to Ann, as `kiosk card enrol` does."""
        await self.parts.enrolment.add_holder(NewHolder("H1", "Ann Jones", RA_EMAIL), by="test")
        seen = await read_card(self.settings, PcscReader(READER), lambda _: None)
        new = new_card(seen, SecretBytes(secret.encode()))
        await self.parts.enrolment.enrol("H1", new, by="test")

    async def visit(self, *lines: See) -> None:
        """One visit with the card that is in the reader."""
        script = Script()
        script.lines = list(lines)
        await receive(new_reference(), await self.insertion(), script, self.parts.service)
        script.finish()

    async def insertion(self) -> int:
        """Wait for the card, and return the number of its presence."""
        return await until(self.reader, State.CARD)

    async def lock(self) -> None:
        """Enter wrong passcodes until the card is locked, as somebody did elsewhere."""
        async with self.reader.session(await self.insertion()) as channel:
            card = await identify(channel, families(self.settings))
            for _ in range(3):
                with pytest.raises((WrongPasscode, PasscodeLocked)):
                    await card.verify(SecretStr("999999"))
            assert await card.tries_left() == 0

    async def opens(self, passcode: str) -> bool:
        """Whether that is the card's passcode."""
        async with self.reader.session(await self.insertion()) as channel:
            card = await identify(channel, families(self.settings))
            try:
                await card.verify(SecretStr(passcode))
            except WrongPasscode:
                return False
            return True

    def registration(self) -> list[See]:
        """The lines of a registration of a card from the factory."""
        return [
            see(Welcome, Offer.REGISTER),
            see(Privacy),
            see(EnterPasscode, FACTORY_PIN),
            see(SetQuestions, answered()),
            see(ConfirmEmail),
            see(EnterCode, lambda _: self.post.code()),
            see(Finished, ending=Ending.REGISTERED),
        ]

    def unlocking(self) -> list[See]:
        """The lines of an unlock of a locked card."""
        return [
            see(AnswerQuestions, in_order),
            see(EnterCode, lambda _: self.post.code()),
            see(NewPasscode, twice(NEW_PIN)),
            see(Finished, ending=Ending.UNLOCKED),
        ]


@asynccontextmanager
async def real_kiosk(directory: Path, family: str, **table: str) -> AsyncIterator[RealKiosk]:
    """A kiosk on an empty store, for cards of that family."""
    cards = {"families": [family], family: table}
    settings = Settings().changed(state={"directory": directory}, cards=cards)
    (directory / "kiosk.db").write_bytes(empty_database())
    reader, post, hands, keys = PcscReader(READER), Post(), Hands(), ring_in_memory(VAULT_KEY, PEPPER)
    parts = put_together(
        settings,
        reader=reader,
        keys=keys,
        mailer=post,
        clock=Clock(lambda: hands.wall, lambda: hands.monotonic),
        hasher=Hasher(keys.pepper, 4),
    )
    try:
        yield RealKiosk(settings, parts, reader, post, hands)
    finally:
        await parts.close()
        await reader.aclose()


@pytest.mark.parametrize(
    ("name", "options", "family", "table", "secret"),
    [
        ("jcecard_card", {"guid": GUID}, "piv", {"card_authentication": "required"}, "12345678"),
        ("jcecard_card", {"key": "ed25519", "resetting_code": "31415926"}, "openpgp", {}, "31415926"),
        ("jcecard_card", {"key": "rsa2048"}, "openpgp", {"unlock_with": "admin-pin"}, "12345678"),
        ("smartcard_openpgp", {"key": "p256", "resetting_code": "31415926"}, "openpgp", {}, "31415926"),
        ("smartcard_openpgp", {"key": "rsa2048"}, "openpgp", {"unlock_with": "admin-pin"}, "12345678"),
    ],
    ids=["jcecard-piv", "jcecard", "jcecard-admin-pin", "smartcard", "smartcard-admin-pin"],
)
async def test_a_card_is_registered_locked_and_unlocked(
    pcsc_service: PcscService,
    tmp_path: Path,
    name: str,
    options: dict[str, str],
    family: str,
    table: dict[str, str],
    secret: str,
) -> None:
    plugged = foreign_card(pcsc_service, name, **options)
    async with plugged as card, real_kiosk(tmp_path, family, **table) as kiosk:
        await kiosk.enrol(secret)
        await kiosk.visit(*kiosk.registration())
        await kiosk.lock()
        await card.pull()
        await card.insert()
        kiosk.hands.forward(minutes=2)
        await kiosk.visit(*kiosk.unlocking())
        assert await kiosk.opens(NEW_PIN)
        assert not await kiosk.opens(FACTORY_PIN)


async def test_another_card_with_the_same_number_is_refused(
    pcsc_service: PcscService, tmp_path: Path
) -> None:
    async with real_kiosk(tmp_path, "piv") as kiosk:
        async with foreign_card(pcsc_service, "jcecard_card", guid=GUID):
            await kiosk.enrol("12345678")
            await kiosk.visit(*kiosk.registration())
        await until(kiosk.reader, State.EMPTY)
        async with foreign_card(pcsc_service, "jcecard_card", guid=GUID, locked=True):
            await kiosk.visit(see(SeeRA, why=Why.NOT_GENUINE))


@pytest.mark.parametrize(
    ("name", "options", "known"),
    [
        ("jcecard_card", {"guid": GUID, "key": "ed25519"}, {"piv": "P-256", "openpgp": "Ed25519"}),
        ("smartcard_openpgp", {"key": "rsa2048"}, {"openpgp": "RSA 2048"}),
    ],
)
async def test_inspecting_finds_every_application_and_spends_no_try(
    pcsc_service: PcscService, tmp_path: Path, name: str, options: dict[str, str], known: dict[str, str]
) -> None:
    async with foreign_card(pcsc_service, name, **options), real_kiosk(tmp_path, "openpgp") as kiosk:
        for _ in range(2):
            seen = await inspect(kiosk.settings, kiosk.reader, await kiosk.insertion())
            assert seen.chosen is not None
            assert seen.chosen.name == "openpgp"
            cards = {one.name: one for one in seen.families if one.answer is Answer.CARD}
            assert {name: one.passcode_tries for name, one in cards.items()} == dict.fromkeys(known, 3)
            for family, algorithm in known.items():
                assert all(algorithm in key.algorithm for key in cards[family].keys)
                assert cards[family].keys
