"""The PIV family: every status word cards answer becomes the right error, and no try is wasted."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets.piv import PivApplication, PivFamily
from cardio.card import CardId, identify
from cardio.errors import (
    CardError,
    CardRemoved,
    CardUnsupported,
    NotGenuine,
    OutcomeUnknown,
    PasscodeLocked,
    PasscodeRefused,
    ProtocolError,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.tlv import Tlv
from cardio.virtual.piv import PivCard, Quirks
from cardio.virtual.piv_keys import Algorithm
from cardio.virtual.reader import VirtualReader
from cardio.virtual.unknown import UnknownCard
from tests.cardio.cards import NEW, PIN, PUK, ScriptedChannel, opened

VERIFY, CHANGE, RESET, METADATA = 0x20, 0x24, 0x2C, 0xF7
WRONG = SecretStr("999999")
WRONG_PUK = SecretBytes(b"00000000")


def application(channel: ScriptedChannel) -> PivApplication:
    return PivApplication(channel, CardId("piv", "guid", "00"))


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


# -- tries left ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sw", "left"),
    [
        (0x63C3, 3),
        (0x63CF, 15),
        (0x63C0, 0),
        (0x6983, 0),
        (0x6984, 0),
        (0x6300, None),
        (0x6982, None),
        (0x9000, None),
    ],
)
async def test_what_a_status_query_tells(sw: int, left: int | None) -> None:
    channel = ScriptedChannel({VERIFY: [sw]})
    assert await application(channel).tries_left() == left
    assert channel.sent[0].encode().hex() == "00200080"


@pytest.mark.parametrize("sw", [0x6300, 0x6982, 0x9000])
async def test_metadata_tell_what_the_status_word_does_not(sw: int) -> None:
    channel = ScriptedChannel({VERIFY: [sw], METADATA: [Response(bytes.fromhex("0101FF06020500"), SW.OK)]})
    assert await application(channel).tries_left() == 0


async def test_asking_spends_nothing() -> None:
    card = PivCard()
    async with opened(card) as found:
        for _ in range(10):
            assert await found.tries_left() == 3
            assert await found.unblock_tries_left() == 3
    assert (card.state().pin_tries_left, card.state().puk_tries_left) == (3, 3)


async def test_a_card_without_a_passcode_to_ask_for_is_unsupported() -> None:
    with pytest.raises(CardUnsupported):
        await application(ScriptedChannel({VERIFY: [SW.REFERENCED_DATA_NOT_FOUND]})).tries_left()


# -- verify and change --------------------------------------------------------------------------


async def test_wrong_passcodes_count_down_to_locked() -> None:
    card = PivCard()
    async with opened(card) as found:
        for left in (2, 1):
            with pytest.raises(WrongPasscode) as caught:
                await found.verify(WRONG)
            assert caught.value.tries_left == left
        with pytest.raises(PasscodeLocked):
            await found.verify(WRONG)
        with pytest.raises(PasscodeLocked):
            await found.verify(PIN)
        assert await found.tries_left() == 0


@pytest.mark.parametrize("wrong", [0x6300, 0x6982])
async def test_a_wrong_passcode_without_a_count_is_asked_about(wrong: int) -> None:
    card = PivCard(tries=2, quirks=Quirks(wrong=wrong))
    async with opened(card) as found:
        with pytest.raises(WrongPasscode) as caught:
            await found.verify(WRONG)
        assert caught.value.tries_left == 1
        with pytest.raises(PasscodeLocked):
            await found.verify(WRONG)


@pytest.mark.parametrize("locked", [0x6983, 0x63C0, 0x6984])
async def test_every_way_to_say_locked(locked: int) -> None:
    card = PivCard(pin_tries_left=0, quirks=Quirks(locked=locked))
    async with opened(card) as found:
        assert await found.tries_left() == 0
        with pytest.raises(PasscodeLocked):
            await found.verify(PIN)
        with pytest.raises(PasscodeLocked):
            await found.change_passcode(PIN, NEW)


async def test_locked_as_6982_is_told_by_the_metadata() -> None:
    async with opened(PivCard(pin_tries_left=0, quirks=Quirks(locked=0x6982))) as found:
        assert await found.tries_left() == 0
        with pytest.raises(PasscodeLocked):
            await found.verify(PIN)


@pytest.mark.parametrize("passcode", ["", "12345", "123456789", "12345a", "12345\xff", "١٢٣٤٥٦", "123 456"])
async def test_a_wrong_format_is_never_sent(passcode: str) -> None:
    channel = ScriptedChannel({})
    card = application(channel)
    for attempt in (
        card.verify(SecretStr(passcode)),
        card.change_passcode(PIN, SecretStr(passcode)),
        card.change_passcode(SecretStr(passcode), PIN),
        card.reset_passcode(PUK, SecretStr(passcode)),
    ):
        with pytest.raises(PasscodeRefused):
            await attempt
    assert channel.sent == []


@pytest.mark.parametrize("sw", [SW.INCORRECT_DATA, SW.WRONG_LENGTH])
async def test_a_format_the_card_refuses(sw: int) -> None:
    with pytest.raises(PasscodeRefused):
        await application(ScriptedChannel({VERIFY: [sw]})).verify(PIN)


async def test_a_changed_passcode_holds() -> None:
    card = PivCard()
    async with opened(card) as found:
        await found.change_passcode(PIN, NEW)
        await found.verify(NEW)
        with pytest.raises(WrongPasscode):
            await found.verify(PIN)
    assert card.state().pin == NEW.get_secret_value()


async def test_a_change_with_the_wrong_passcode_counts() -> None:
    card = PivCard()
    async with opened(card) as found:
        with pytest.raises(WrongPasscode) as caught:
            await found.change_passcode(WRONG, NEW)
        assert caught.value.tries_left == 2


# -- reset with the PUK -------------------------------------------------------------------------


async def test_the_puk_frees_a_locked_card_and_verifies_nothing() -> None:
    card = PivCard(pin_tries_left=0, puk_tries_left=2)
    async with opened(card) as found:
        await found.reset_passcode(PUK, NEW)
        assert not card.state().verified
        assert await found.tries_left() == 3
        assert await found.unblock_tries_left() == 3
        await found.verify(NEW)


async def test_wrong_puks_count_their_own_counter_down() -> None:
    card = PivCard(pin_tries_left=0)
    async with opened(card) as found:
        for left in (2, 1):
            with pytest.raises(WrongUnblockSecret) as caught:
                await found.reset_passcode(WRONG_PUK, NEW)
            assert caught.value.tries_left == left
            assert await found.unblock_tries_left() == left
        with pytest.raises(UnblockSecretLocked):
            await found.reset_passcode(WRONG_PUK, NEW)
        with pytest.raises(UnblockSecretLocked):
            await found.reset_passcode(PUK, NEW)


@pytest.mark.parametrize("sw", [0x6300, 0x6982, 0x6985])
async def test_a_wrong_puk_without_a_count(sw: int) -> None:
    async with opened(PivCard(quirks=Quirks(wrong_puk=sw))) as found:
        with pytest.raises(WrongUnblockSecret) as caught:
            await found.reset_passcode(WRONG_PUK, NEW)
        assert caught.value.tries_left is None


@pytest.mark.parametrize("secret", [b"", b"123456789"])
async def test_what_cannot_be_a_puk_is_not_sent(secret: bytes) -> None:
    channel = ScriptedChannel({})
    with pytest.raises(WrongUnblockSecret) as caught:
        await application(channel).reset_passcode(SecretBytes(secret), NEW)
    assert caught.value.sw == 0
    assert channel.sent == []


async def test_a_short_puk_is_padded() -> None:
    card = PivCard(puk="765432", pin_tries_left=0)
    async with opened(card) as found:
        await found.reset_passcode(SecretBytes(b"765432"), NEW)


async def test_a_right_puk_with_a_passcode_the_card_refuses_leaves_it_locked() -> None:
    with pytest.raises(PasscodeRefused):
        await application(ScriptedChannel({RESET: [SW.INCORRECT_DATA]})).reset_passcode(PUK, NEW)


@pytest.mark.parametrize("metadata", [None, Response(b"\x06\x7f", SW.OK), Response(b"\x06\x01\x03", SW.OK)])
async def test_cards_that_do_not_tell_the_puk_counter(metadata: Response | None) -> None:
    channel = ScriptedChannel({METADATA: [metadata] if metadata else []})
    assert await application(channel).unblock_tries_left() is None


# -- lost answers -------------------------------------------------------------------------------


async def test_a_lost_answer_to_a_write_is_unknown_and_the_card_did_change() -> None:
    reader, card = VirtualReader(), PivCard(pin_tries_left=0)
    reader.faults.lose_reply(ins=RESET)
    with pytest.raises(OutcomeUnknown):
        async with opened(card, reader) as found:
            await found.reset_passcode(PUK, NEW)
    assert card.state().pin == NEW.get_secret_value()
    async with opened(card, reader) as found:
        assert await found.tries_left() == 3


async def test_a_card_pulled_before_a_change_is_unknown_too_and_did_not_change() -> None:
    reader, card = VirtualReader(), PivCard()
    reader.faults.pull_before(ins=CHANGE)
    with pytest.raises(OutcomeUnknown):
        async with opened(card, reader) as found:
            await found.change_passcode(PIN, NEW)
    assert card.state().pin == PIN.get_secret_value()


async def test_a_lost_answer_to_a_question_is_just_a_removed_card() -> None:
    reader = VirtualReader()
    reader.faults.lose_reply(ins=VERIFY)
    with pytest.raises(CardRemoved):
        async with opened(PivCard(), reader) as found:
            await found.verify(PIN)


@pytest.mark.parametrize("sw", [0x6581, 0x6F00])
async def test_a_write_that_failed_in_the_card_is_unknown(sw: int) -> None:
    with pytest.raises(OutcomeUnknown):
        await application(ScriptedChannel({RESET: [sw]})).reset_passcode(PUK, NEW)


@pytest.mark.parametrize("sw", [0x6D00, 0x6985, 0x6A81])
async def test_refusals_without_a_meaning_keep_their_status_word(sw: int) -> None:
    with pytest.raises(CardError) as caught:
        await application(ScriptedChannel({VERIFY: [sw]})).verify(PIN)
    assert caught.value.sw == sw


# -- certificates and proof ---------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_the_pinned_card_proves_itself(algorithm: Algorithm) -> None:
    card = PivCard(card_key=algorithm)
    async with opened(card) as found:
        key = await found.authentication_key()
        assert key == card.card_key_der
        assert key is not None
        await found.prove(key)


@pytest.mark.parametrize("algorithm", [Algorithm.ECC_P256, Algorithm.RSA_2048])
async def test_another_card_with_a_like_key_is_not_genuine(algorithm: Algorithm) -> None:
    pinned = PivCard(card_key=algorithm).card_key_der
    assert pinned is not None
    async with opened(PivCard(card_key=algorithm)) as found:
        with pytest.raises(NotGenuine):
            await found.prove(pinned)


async def test_a_card_without_the_key_is_not_genuine() -> None:
    pinned = PivCard().card_key_der
    assert pinned is not None
    async with opened(PivCard(card_key=None)) as found:
        assert await found.authentication_key() is None
        with pytest.raises(NotGenuine):
            await found.prove(pinned)


async def test_an_old_answer_proves_nothing() -> None:
    genuine, reader = PivCard(), VirtualReader()
    reader.insert(genuine)
    async with reader.session(1) as channel:
        assert await PivFamily().open(channel)
        recorded = await channel.transmit(_authenticate(b"\x07" * 32))
    assert recorded.ok
    assert genuine.card_key_der
    with pytest.raises(NotGenuine):
        await application(ScriptedChannel({0x87: [recorded]})).prove(genuine.card_key_der)


async def test_a_pinned_key_of_an_unknown_kind_is_no_alarm() -> None:
    with pytest.raises(CardUnsupported):
        await application(ScriptedChannel({})).prove(b"no key at all")


async def test_no_certificate_no_expiry() -> None:
    async with opened(PivCard(sign_in=None)) as found:
        assert await found.certificate_expiry() is None


def _authenticate(challenge: bytes) -> Command:
    data = Tlv.of(0x7C, [Tlv(0x82, b""), Tlv(0x81, challenge)]).encode()
    return Command(0x00, 0x87, Algorithm.ECC_P256, 0x9E, data, le=256)
