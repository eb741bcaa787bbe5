"""Which card it is, and whether it is really that one: SELECT, identity, certificate and proof."""

from __future__ import annotations

import pytest

from cardio.apdu import SW, Command, Response
from cardio.applets.piv import PivFamily
from cardio.card import CardId, KeyUse, identify
from cardio.errors import CardUnsupported, NotGenuine, ProtocolError
from cardio.tlv import Tlv
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm
from cardio.virtual.piv_quirks import Quirks
from cardio.virtual.reader import VirtualReader
from cardio.virtual.unknown import UnknownCard
from tests.cardio.cards import NEW, PUK, ScriptedChannel, application, opened

# -- select and identity ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(),
        Quirks(only_short_aid=True),
        Quirks(select_refuses_le=True),
        Quirks(empty_select_response=True),
        Quirks(only_short_aid=True, select_refuses_le=True, empty_select_response=True),
    ],
)
async def test_every_way_to_select(quirks: Quirks) -> None:
    card = PivCard(guid=bytes(range(16)), quirks=quirks)
    async with opened(card) as found:
        assert found.id == CardId("piv", "guid", "000102030405060708090A0B0C0D0E0F")


async def test_a_card_that_takes_only_the_whole_aid() -> None:
    chuid = Tlv.of(0x53, [Tlv(0x34, b"\x01" * 16)]).encode()
    channel = ScriptedChannel({0xA4: [SW.NOT_FOUND, SW.OK], 0xCB: [Response(chuid, SW.OK)]})
    assert await PivFamily().open(channel) is not None
    assert [len(command.data) for command in channel.sent[:2]] == [5, 11]


@pytest.mark.parametrize("sw", [0x6A82, 0x6D00, 0x6999, 0x6E00, 0x6A86, 0x6F00])
async def test_other_cards_are_left_alone(sw: int) -> None:
    channel = ScriptedChannel({0xA4: [sw] * 3})
    assert await PivFamily().open(channel) is None
    assert {command.ins for command in channel.sent} == {0xA4}


async def test_a_card_that_says_yes_to_every_select_is_not_piv() -> None:
    assert await PivFamily().open(ScriptedChannel({0xA4: [SW.OK]})) is None


async def test_identify_refuses_what_no_family_knows() -> None:
    reader = VirtualReader()
    reader.insert(UnknownCard())
    async with reader.session(1) as channel:
        with pytest.raises(CardUnsupported):
            await identify(channel, [PivFamily()])


async def test_a_card_without_any_identity_is_unsupported() -> None:
    with pytest.raises(CardUnsupported):
        async with opened(PivCard(chuid=False, serial=None)):
            pass


async def test_the_serial_is_the_last_resort() -> None:
    async with opened(PivCard(guid=bytes(16), serial=12345678)) as card:
        assert str(card.id) == "piv:yubikey-serial:12345678"


async def test_a_garbled_chuid_falls_back_to_nothing() -> None:
    channel = ScriptedChannel(
        {0xA4: [SW.OK], 0xCB: [Response(b"\x53\x7f\x00", SW.OK)], 0xF8: [Response(b"\0\0\0\1", SW.OK)]}
    )
    with pytest.raises(ProtocolError):
        await PivFamily().open(channel)


async def test_identification_takes_at_most_four_commands_and_an_unlock_five() -> None:
    reader, card = VirtualReader(), PivCard(guid=bytes(16))
    card.lock()
    async with opened(card, reader) as found:
        assert await found.tries_left() == 0
        assert len(reader.faults.trace) <= 4
        reader.faults.trace.clear()
        await found.reset_passcode(PUK, NEW)
        assert await found.tries_left() == 3
        await found.verify(NEW)
        assert len(reader.faults.trace) <= 5


# -- certificates and proof ---------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_the_pinned_card_proves_itself(algorithm: Algorithm) -> None:
    card = PivCard(card_key=algorithm)
    async with opened(card) as found:
        offered = await found.offered_key(KeyUse.FREE)
        assert offered is not None
        assert offered.public_key == card.card_key_der
        await found.prove(KeyUse.FREE, offered.public_key)


@pytest.mark.parametrize("algorithm", [Algorithm.ECC_P256, Algorithm.RSA_2048])
async def test_another_card_with_a_like_key_is_not_genuine(algorithm: Algorithm) -> None:
    pinned = PivCard(card_key=algorithm).card_key_der
    assert pinned is not None
    async with opened(PivCard(card_key=algorithm)) as found:
        with pytest.raises(NotGenuine):
            await found.prove(KeyUse.FREE, pinned)


async def test_a_card_without_the_key_is_not_genuine() -> None:
    pinned = PivCard().card_key_der
    assert pinned is not None
    async with opened(PivCard(card_key=None)) as found:
        assert await found.offered_key(KeyUse.FREE) is None
        with pytest.raises(NotGenuine):
            await found.prove(KeyUse.FREE, pinned)


async def test_an_old_answer_proves_nothing() -> None:
    genuine, reader = PivCard(), VirtualReader()
    reader.insert(genuine)
    async with reader.session(1) as channel:
        assert await PivFamily().open(channel)
        recorded = await channel.transmit(_authenticate(b"\x07" * 32))
    assert recorded.ok
    assert genuine.card_key_der
    with pytest.raises(NotGenuine):
        await application(ScriptedChannel({0x87: [recorded]})).prove(KeyUse.FREE, genuine.card_key_der)


async def test_a_pinned_key_of_an_unknown_kind_is_no_alarm() -> None:
    with pytest.raises(CardUnsupported):
        await application(ScriptedChannel({})).prove(KeyUse.FREE, b"no key at all")


async def test_no_certificate_no_expiry() -> None:
    async with opened(PivCard(sign_in=None)) as found:
        assert await found.certificate_expiry() is None


def _authenticate(challenge: bytes) -> Command:
    data = Tlv.of(0x7C, [Tlv(0x82, b""), Tlv(0x81, challenge)]).encode()
    return Command(0x00, 0x87, Algorithm.ECC_P256, 0x9E, data, le=256)
