"""The admin key of a GIDS card, as the family uses it: one answer to one challenge, and none for nothing."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes

from cardio.apdu import SW, Response
from cardio.errors import (
    CardError,
    NotGenuine,
    OutcomeUnknown,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongUnblockSecret,
)
from cardio.virtual.gids import GidsCard
from cardio.virtual.gids_state import Quirks
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import ScriptedChannel
from tests.cardio.gids import KEY, NEW, WRONG_KEY, application, opened

MSE, RESET, AUTHENTICATE = 0x22, 0x2C, 0x87
CHALLENGE = Response(bytes.fromhex("7C0A8108") + bytes(8), SW.OK)


async def test_the_commands_of_an_unlock() -> None:
    channel = ScriptedChannel({MSE: [SW.OK], AUTHENTICATE: [CHALLENGE, SW.OK], RESET: [SW.OK]})
    await application(channel).reset_passcode(SecretBytes(bytes(24)), NEW)
    sent = [command.encode().hex().upper() for command in channel.sent]
    assert sent == [
        "0022C1A403830180",
        "00870000047C02810000",
        "008700000C7C0A82088CA64DE9C1B123A7",  # DES of eight zeros with a key of zeros
        "002C02800C6E33772050617373636F6465",
    ]  # fmt: skip


async def test_a_wrong_admin_key_sets_nothing_and_says_what_it_is() -> None:
    reader, card = VirtualReader(), GidsCard(pin_tries_left=0, admin_tries=3)
    async with opened(card, reader) as found:
        with pytest.raises(WrongUnblockSecret) as caught:
            await found.reset_passcode(WRONG_KEY, NEW)
    assert (caught.value.sw, caught.value.tries_left) == (0x6982, None)
    assert reader.faults.count([RESET]) == 0
    assert reader.faults.count([AUTHENTICATE]) == 2  # one answer, to one challenge
    assert (card.state().admin_tries_left, card.state().locked) == (2, True)


@pytest.mark.parametrize(("refusal", "left"), [(0x6982, None), (0x63C2, 2), (0x6300, None), (0x6985, None)])
async def test_every_refusal_of_an_answer_is_one_of_the_key(refusal: int, left: int | None) -> None:
    async with opened(GidsCard(quirks=Quirks(admin_refusal=refusal))) as card:
        for attempt in (card.reset_passcode(WRONG_KEY, NEW), card.prove_by_secret(WRONG_KEY)):
            with pytest.raises(WrongUnblockSecret) as caught:
                await attempt
            assert (caught.value.sw, caught.value.tries_left) == (refusal, left)


@pytest.mark.parametrize("refusal", [0x6983, 0x63C0])
async def test_a_refusal_for_good(refusal: int) -> None:
    async with opened(GidsCard(quirks=Quirks(admin_refusal=refusal))) as card:
        with pytest.raises(UnblockSecretLocked):
            await card.reset_passcode(WRONG_KEY, NEW)


async def test_a_locked_admin_key_is_not_used_again() -> None:
    reader, card = VirtualReader(), GidsCard(admin_tries=3, admin_tries_left=0)
    async with opened(card, reader) as found:
        for attempt in (found.reset_passcode(KEY, NEW), found.prove_by_secret(KEY)):
            with pytest.raises(UnblockSecretLocked):
                await attempt
    assert reader.faults.count([AUTHENTICATE]) == 2  # each asked for a challenge, and got none


@pytest.mark.parametrize("length", [0, 8, 15, 23, 25, 33])
async def test_what_cannot_be_a_key_is_not_sent(length: int) -> None:
    channel = ScriptedChannel({})
    for attempt in (
        application(channel).reset_passcode(SecretBytes(bytes(length)), NEW),
        application(channel).prove_by_secret(SecretBytes(bytes(length))),
    ):
        with pytest.raises(WrongUnblockSecret) as caught:
            await attempt
        assert caught.value.sw == 0
    assert channel.sent == []


@pytest.mark.parametrize("length", [16, 32])
async def test_an_aes_key_costs_a_3des_card_no_try(length: int) -> None:
    card = GidsCard(admin_tries=3)
    async with opened(card) as found:
        with pytest.raises(WrongUnblockSecret) as caught:
            await found.reset_passcode(SecretBytes(bytes(length)), NEW)
    assert (caught.value.sw, card.state().admin_tries_left) == (0, 3)


@pytest.mark.parametrize("length", [16, 24, 32])
async def test_an_aes_card_takes_keys_of_every_length(length: int) -> None:
    key, card = bytes(range(length)), GidsCard(cipher="aes", admin_key=bytes(range(length)), pin_tries_left=0)
    async with opened(card) as found:
        await found.reset_passcode(SecretBytes(key), NEW)
        await found.prove_by_secret(SecretBytes(key))
    assert card.state().pin == NEW.get_secret_value()


async def test_after_mutual_authentication_a_new_passcode_needs_no_other_once() -> None:
    reader = VirtualReader()
    async with opened(GidsCard(), reader) as found:
        await found.prove_by_secret(KEY)
        for sent in (3, 5):  # the second time the card wants the key again
            await found.reset_passcode(KEY, NEW)
            assert reader.faults.count([AUTHENTICATE]) == sent
        with pytest.raises(WrongUnblockSecret):
            await found.reset_passcode(WRONG_KEY, NEW)


async def test_a_card_without_mutual_authentication_is_not_proven() -> None:
    async with opened(GidsCard(mutual=False)) as found:
        with pytest.raises(NotGenuine):
            await found.prove_by_secret(KEY)
        await found.reset_passcode(KEY, NEW)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {MSE: [SW.REFERENCE_DATA_NOT_USABLE]},
        {MSE: [SW.OK], AUTHENTICATE: [SW.INS_NOT_SUPPORTED]},
        {MSE: [SW.OK], AUTHENTICATE: [Response(bytes.fromhex("7C028100"), SW.OK)]},
        {MSE: [SW.OK], AUTHENTICATE: [Response(bytes.fromhex("7C09810700000000000000"), SW.OK)]},
    ],
)
async def test_a_card_without_the_authentication_gets_no_answer(
    answers: dict[int, list[int | Response]],
) -> None:
    channel = ScriptedChannel(answers)
    with pytest.raises(CardError) as caught:
        await application(channel).reset_passcode(KEY, NEW)
    assert not isinstance(caught.value, WrongUnblockSecret)
    assert not any(command.ins == AUTHENTICATE and len(command.data) > 4 for command in channel.sent)


@pytest.mark.parametrize("sw", [SW.INCORRECT_DATA, SW.WRONG_LENGTH])
async def test_a_right_key_with_a_passcode_the_card_refuses(sw: int) -> None:
    channel = ScriptedChannel({MSE: [SW.OK], AUTHENTICATE: [CHALLENGE, SW.OK], RESET: [sw]})
    with pytest.raises(PasscodeRefused):
        await application(channel).reset_passcode(KEY, NEW)


async def test_a_card_that_does_not_let_the_administrator_set_it() -> None:
    channel = ScriptedChannel({MSE: [SW.OK], AUTHENTICATE: [CHALLENGE, SW.OK], RESET: [SW.INCORRECT_P1_P2]})
    with pytest.raises(CardError) as caught:
        await application(channel).reset_passcode(KEY, NEW)
    assert caught.value.sw == 0x6A86


@pytest.mark.parametrize(("ins", "nth"), [(AUTHENTICATE, 2), (RESET, 1)])
async def test_a_lost_answer_is_unknown(ins: int, nth: int) -> None:
    reader, card = VirtualReader(), GidsCard(pin_tries_left=0)
    reader.faults.lose_reply(nth, ins=ins)
    with pytest.raises(OutcomeUnknown):
        async with opened(card, reader) as found:
            await found.reset_passcode(KEY, NEW)
    assert card.state().locked == (ins == AUTHENTICATE)
