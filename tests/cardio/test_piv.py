"""The PIV family: every status word cards answer becomes the right error, and no try is wasted."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Response
from cardio.errors import (
    CardError,
    CardRemoved,
    CardUnsupported,
    OutcomeUnknown,
    PasscodeLocked,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_quirks import Quirks
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import NEW, PIN, PUK, ScriptedChannel, application, opened

VERIFY, CHANGE, RESET, METADATA = 0x20, 0x24, 0x2C, 0xF7
WRONG = SecretStr("999999")
WRONG_PUK = SecretBytes(b"00000000")


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
