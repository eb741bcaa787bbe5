"""Inspecting: what is seen on every kind of card, and that looking spends nothing and gives nothing away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cardio.apdu import Command, Send
from cardio.applets.gids import GidsFamily
from cardio.applets.iso7816 import ProfileFamily
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.piv import PivFamily
from cardio.card import Family, KeyUse
from cardio.errors import CardRemoved
from cardio.virtual.card import CardApplication, VirtualCard
from cardio.virtual.gids import GidsCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.reader import VirtualReader
from cardio.virtual.unknown import UnknownCard
from kiosk.office.inspecting import Answer, Inspection, ask, inspect, read_applications
from kiosk.settings import Settings
from tests.cardio.composite import CompositeCard
from tests.cardio.profiles import PROFILES, asked_in_vain, make
from tests.contracts.specimens import SPECIMENS

READS = {0xA4, 0xA5, 0xB0, 0xB2, 0xC0, 0xCA, 0xCB, 0xF7, 0xF8, 0xFD}
"""Instructions that read, and cost nothing whatever their data."""

CARDS: dict[str, tuple[Callable[[], Any], Family]] = {
    **{name: (one.make, one.family) for name, one in SPECIMENS.items()},
    "gids": (GidsCard, GidsFamily()),
    "gids with a counter": (lambda: GidsCard(admin_tries=3, mutual=False), GidsFamily()),
    "gids from the factory": (lambda: GidsCard(initialised=False), GidsFamily()),
    "piv without keys": (lambda: PivCard(card_key=None, sign_in=None, serial=None), PivFamily()),
    "piv locked": (lambda: PivCard(pin_tries_left=0, puk_tries_left=1), PivFamily()),
    "openpgp locked": (lambda: OpenPgpCard(pin_tries_left=0, admin_tries_left=1), OpenPgpFamily()),
}


class Wire:
    """A reader with that card, and everything that is sent to it."""

    def __init__(self, card: VirtualCard) -> None:
        self.reader = VirtualReader()
        self.reader.tap = self._tap
        self.sent: list[bytes] = []
        self.reader.insert(card)

    def _tap(self, send: Send) -> Send:
        async def heard(apdu: bytes) -> bytes:
            self.sent.append(apdu)
            return await send(apdu)

        return heard

    async def look(self, *families: str) -> Inspection:
        """Inspect it as a kiosk with those families."""
        return await inspect(configured(*families), self.reader, 1)


def configured(*families: str) -> Settings:
    return Settings().changed(cards={"families": families or ("piv",)})


def spends_nothing(apdu: bytes) -> bool:
    """Whether no card could take a command for a guess at a secret, or for a change."""
    command = Command.parse(apdu)
    if command.ins == 0x20:
        return not command.data and command.p1 == 0
    if command.ins == 0x87:
        return command.p2 == 0x9E  # the key that needs no passcode signs a challenge
    if command.ins == 0x47:
        return command.p1 == 0x81  # reads the public key
    return command.ins in READS and command.cla & 0x7F == 0


@pytest.mark.parametrize("name", CARDS)
async def test_it_spends_no_try_and_changes_nothing(name: str) -> None:
    make_card, family = CARDS[name]
    card = make_card()
    before = card.state()
    wire = Wire(card)
    await inspect(configured("piv", "openpgp", "gids"), wire.reader, 1)
    await ask(Settings(), wire.reader, 1, family)
    await read_applications(wire.reader, 1)
    assert card.state() == before
    assert [apdu.hex() for apdu in wire.sent if not spends_nothing(apdu)] == []


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
async def test_where_a_question_costs_a_try_it_is_not_asked(profile: Any) -> None:
    silent = asked_in_vain(profile)
    wire = Wire(make(silent))
    seen = await ask(Settings(), wire.reader, 1, ProfileFamily(silent))
    await wire.look("piv", "openpgp", "gids")
    assert (seen.answer, seen.passcode_tries, seen.unblock_tries) == (Answer.CARD, None, None)
    assert [apdu.hex() for apdu in wire.sent if apdu[1] == 0x20] == []


async def test_a_piv_card() -> None:
    card = PivCard(pin_tries_left=2, card_key=Algorithm.RSA_2048)
    seen = (await Wire(card).look()).chosen
    assert seen is not None
    assert (seen.name, seen.passcode_tries, seen.secret, seen.unblock_tries) == ("piv", 2, "PUK", 3)
    assert seen.id is not None
    assert seen.id.serial == card.guid.hex().upper()
    free, passcode = seen.keys
    assert (free.use, free.algorithm, free.certified, free.signs) == (KeyUse.FREE, "RSA 2048", True, True)
    assert (passcode.use, passcode.algorithm, passcode.signs) == (KeyUse.PASSCODE, "ECC P-256", None)
    assert (free.vouched, passcode.vouched) == (None, None)  # no CA is configured


async def test_the_order_of_the_configuration_decides() -> None:
    def both() -> CompositeCard:
        return CompositeCard(PivCard(), OpenPgpCard())

    for families, chosen in (
        (("piv", "openpgp"), "piv"),
        (("openpgp", "piv"), "openpgp"),
        (("gids", "openpgp"), "openpgp"),
        (("gids",), None),
    ):
        seen = await Wire(both()).look(*families)
        assert (seen.chosen.name if seen.chosen else None) == chosen
        assert {one.name for one in seen.families if one.answer is Answer.CARD} == {"piv", "openpgp"}
        assert [one.name for one in seen.families if one.configured] == list(families)
        assert seen.applications is not None
        assert [one.name for one in seen.applications] == ["PIV", "OpenPGP"]


async def test_every_family_has_a_session_of_its_own() -> None:
    wire = Wire(CompositeCard(PivCard(), OpenPgpCard()))
    sessions: list[int] = []
    tap = wire.reader.tap
    assert tap is not None

    def counted(send: Send) -> Send:
        sessions.append(len(wire.sent))
        return tap(send)

    wire.reader.tap = counted
    seen = await wire.look("piv", "openpgp", "gids")
    assert len(sessions) == len(seen.families) + 2  # and two for applications and EF.DIR


async def test_a_card_without_a_number_is_named_as_what_it_is() -> None:
    seen = await Wire(PivCard(chuid=False, serial=None)).look("piv", "openpgp")
    assert seen.chosen is None
    assert seen.families[0].answer is Answer.NAMELESS
    assert "without card UUID" in seen.families[0].detail


async def test_a_card_of_no_family() -> None:
    seen = await Wire(UnknownCard()).look("piv", "openpgp", "gids")
    assert [one.answer for one in seen.families] == [Answer.NO] * 3
    assert (seen.chosen, seen.told, seen.applications, seen.listed) == (None, None, (), None)


class Nonsense(PivCard):
    """Answers GET DATA with what is no TLV."""

    def process(self, command: Command) -> Any:
        response = super().process(command)
        return replace(response, data=b"\x53\x85\x01") if command.ins == 0xCB else response


async def test_a_family_that_stumbles_ends_the_choice_as_it_would_at_a_kiosk() -> None:
    card = CompositeCard(Nonsense(), OpenPgpCard())
    seen = await Wire(card).look("piv", "openpgp")
    assert [one.answer for one in seen.families[:2]] == [Answer.ERROR, Answer.CARD]
    assert seen.chosen is None
    assert (await Wire(card).look("openpgp")).chosen is not None


class Copy(PivCard):
    """Shows the certificate of a key it does not hold."""

    def __init__(self) -> None:
        super().__init__()
        assert self._certificates
        self._keys[0x9E] = CardKey(Algorithm.ECC_P256)


async def test_a_copy_is_seen_for_what_it_is() -> None:
    seen = (await Wire(Copy()).look()).chosen
    assert seen is not None
    assert seen.keys[0].signs is False


async def test_a_card_that_leaves_ends_the_inspection() -> None:
    for nth in (1, 4, 12, 20):
        wire = Wire(PivCard())
        wire.reader.faults.pull_before(nth)
        with pytest.raises(CardRemoved):
            await wire.look()


class Yes(CardApplication):
    """Answers every command with 9000 and nothing."""

    aid = b""

    def accepts_aid(self, aid: bytes) -> bool:
        return True

    def process(self, command: Command) -> Any:
        from cardio.apdu import Response

        return Response(b"", 0x9000)

    def reset(self) -> None: ...

    def select_response(self) -> bytes:
        return b""


async def test_a_card_that_says_yes_to_everything() -> None:
    seen = await Wire(Yes(bytes.fromhex("3B00"))).look("piv", "openpgp", "gids")
    assert seen.applications is None
    assert seen.chosen is None
