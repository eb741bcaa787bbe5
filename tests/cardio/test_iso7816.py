"""Cards of an ISO 7816-4 profile: what is sent to them, and what their answers mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Response
from cardio.applets.iso7816 import ProfileFamily
from cardio.errors import (
    CardError,
    OutcomeUnknown,
    PasscodeLocked,
    PasscodeRefused,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.profile import Answers, Coding, Profile, PukRules
from cardio.virtual.iso7816 import IsoQuirks
from cardio.virtual.t0 import T0Card
from tests.cardio.cards import NEW, ScriptedChannel
from tests.cardio.profiles import (
    NEW_ALONE,
    PASSCODE,
    PROFILES,
    PUK_ALONE,
    PUK_AND_NEW,
    RIGHT_PUK,
    SILENT,
    WRONG,
    application,
    asked_in_vain,
    make,
    opened,
    sent,
)

every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())


@every_profile
@pytest.mark.parametrize("behind_t0", [False, True], ids=["T=1", "T=0"])
async def test_a_locked_card_is_unlocked(profile: Profile, behind_t0: bool) -> None:
    card = make(profile)
    card.lock()
    async with opened(T0Card(card) if behind_t0 else card, profile) as found:
        await found.reset_passcode(RIGHT_PUK, NEW)
        await found.verify(NEW)
    assert card.state().passcode == NEW.get_secret_value()
    assert (card.state().passcode_tries_left, card.state().puk_tries_left) == (3, 3)


# -- what is sent, byte for byte ----------------------------------------------------------------


BLOCK_PUK, BLOCK_NEW = "2812345678FFFFFF", "2880642975FFFFFF"
UNLOCKING = {
    "P1-00": ["002C0081103132333435363738" + "3830363432393735"],
    "P1-01": ["002C0101083132333435363738", "00240101083830363432393735"],
    "P1-02": ["002000020812345678FFFFFFFF", "002C02010880642975FFFFFFFF"],
    "silent": ["002C000110" + BLOCK_PUK + BLOCK_NEW],
}


@pytest.mark.parametrize("name", UNLOCKING)
async def test_unlocking_on_the_wire(name: str) -> None:
    channel = ScriptedChannel({0x20: [SW.OK], 0x2C: [SW.OK], 0x24: [SW.OK]})
    await application(channel, PROFILES[name]).reset_passcode(RIGHT_PUK, NEW)
    assert sent(channel) == UNLOCKING[name]


CODINGS = [
    (Coding(), "1234567", "31323334353637"),
    (Coding(pad=0x00, size=12), "123456", "313233343536000000000000"),
    (Coding("bcd"), "123456", "123456"),
    (Coding("bcd", 0xFF, 4), "1234567", "1234567F"),
    (Coding("bcd", 0xFF, 8), "12345678", "12345678FFFFFFFF"),
    (Coding("pin-block"), "1234", "241234FFFFFFFFFF"),
    (Coding("pin-block"), "123456789012", "2C123456789012FF"),
]


@pytest.mark.parametrize(("coding", "value", "expected"), CODINGS, ids=lambda value: str(value)[:40])
def test_how_a_passcode_is_put_into_bytes(coding: Coding, value: str, expected: str) -> None:
    assert coding.encode(value.encode()).hex().upper() == expected


async def test_a_binary_secret_is_sent_as_it_is() -> None:
    puk = PukRules(name="SO-PIN", alphabet="", lengths=(8,), coding=Coding("binary"))
    profile = replace(PUK_AND_NEW, puk=puk)
    secret = ProfileFamily(profile).secret
    assert (secret.name, secret.written) == ("SO-PIN", "hex")
    channel = ScriptedChannel({0x2C: [SW.OK]})
    await application(channel, profile).reset_passcode(secret.parse("35 37 36 32 31 38 38 30"), NEW)
    assert sent(channel) == ["002C008110" + "3537363231383830" + "3830363432393735"]
    card = make(profile, puk="3537363231383830", passcode_tries_left=0)
    async with opened(card, profile) as found:
        await found.reset_passcode(secret.parse("3537363231383830"), NEW)
    assert card.state().puk == "3537363231383830"


async def test_the_command_may_want_another_reference_than_verify() -> None:
    profile = replace(PUK_AND_NEW, puk=replace(PUK_AND_NEW.puk, reset_reference=0x10))
    channel = ScriptedChannel({0x2C: [SW.OK]})
    await application(channel, profile).reset_passcode(RIGHT_PUK, NEW)
    assert channel.sent[0].header.hex().upper() == "002C0010"


async def test_changing_on_the_wire() -> None:
    channel = ScriptedChannel({0x20: [SW.OK], 0x24: [SW.OK, SW.OK]})
    await application(channel, PUK_AND_NEW).change_passcode(PASSCODE, NEW)
    await application(channel, PUK_ALONE).change_passcode(PASSCODE, NEW)
    assert sent(channel) == [
        "0024008110313233343536FFFF3830363432393735",
        "0020000106313233343536",
        "00240101083830363432393735",
    ]


@every_profile
async def test_no_format_that_the_profile_does_not_know_is_ever_sent(profile: Profile) -> None:
    channel = ScriptedChannel({})
    card = application(channel, profile)
    for bad in ("12345", "123456789", "12345x", "12345\uff16", ""):
        for attempt in (card.verify(SecretStr(bad)), card.change_passcode(PASSCODE, SecretStr(bad))):
            with pytest.raises(PasscodeRefused):
                await attempt
        with pytest.raises(PasscodeRefused):
            await card.reset_passcode(RIGHT_PUK, SecretStr(bad))
    for puk in (b"1234567", b"123456789", b"1234567x", b""):
        with pytest.raises(WrongUnblockSecret) as caught:
            await card.reset_passcode(SecretBytes(puk), NEW)
        assert caught.value.sw == 0
    assert channel.sent == []


# -- what status words mean ---------------------------------------------------------------------

VERIFY = [
    (0x63C2, WrongPasscode, 2),
    (0x63CF, WrongPasscode, 15),
    (0x63C0, PasscodeLocked, None),
    (0x6983, PasscodeLocked, None),
    (0x6984, PasscodeLocked, None),
    (0x6700, PasscodeRefused, None),
    (0x6A80, PasscodeRefused, None),
    (0x6F00, CardError, None),
]


@pytest.mark.parametrize(("sw", "error", "left"), VERIFY)
async def test_answers_to_a_passcode(sw: int, error: type[CardError], left: int | None) -> None:
    channel = ScriptedChannel({0x20: [sw]})
    with pytest.raises(error) as caught:
        await application(channel).verify(PASSCODE)
    assert type(caught.value) is error
    assert caught.value.sw == sw
    assert getattr(caught.value, "tries_left", None) == left
    assert channel.count(0x20) == 1


@pytest.mark.parametrize(
    ("query", "error", "left"), [(0x63C1, WrongPasscode, 1), (0x6983, PasscodeLocked, None)]
)
async def test_a_wrong_one_without_a_count_is_asked_for_where_that_is_safe(
    query: int, error: type[CardError], left: int | None
) -> None:
    for word in (0x6300, 0x6982):
        with pytest.raises(error) as caught:
            await application(ScriptedChannel({0x20: [word, query]})).verify(PASSCODE)
        assert getattr(caught.value, "tries_left", None) == left


async def test_where_no_question_is_safe_none_is_asked() -> None:
    channel = ScriptedChannel({0x20: [0x6982]})
    card = application(channel, SILENT)
    assert (await card.tries_left(), await card.unblock_tries_left()) == (None, None)
    with pytest.raises(WrongPasscode) as caught:
        await card.verify(PASSCODE)
    assert caught.value.tries_left is None
    assert len(channel.sent) == 1


async def test_a_site_can_say_that_words_mean_something_else() -> None:
    answers = Answers(wrong=frozenset({0x6300}), locked=frozenset({0x6982}), bad_format=frozenset({0x6985}))
    profile = replace(PUK_AND_NEW, passcode=replace(PUK_AND_NEW.passcode, answers=answers))
    for word, error in ((0x6982, PasscodeLocked), (0x6985, PasscodeRefused), (0x6983, CardError)):
        with pytest.raises(error):
            await application(ScriptedChannel({0x20: [word]}), profile).verify(PASSCODE)


@pytest.mark.parametrize(
    ("sw", "left"), [(0x63C3, 3), (0x63C0, 0), (0x6983, 0), (0x9000, None), (0x6A80, None), (0x6D00, None)]
)
async def test_the_status_query(sw: int, left: int | None) -> None:
    channel = ScriptedChannel({0x20: [sw, sw]})
    card = application(channel)
    assert (await card.tries_left(), await card.unblock_tries_left()) == (left, left)
    assert sent(channel) == ["00200081", "00200082"]


async def test_the_status_query_may_have_a_class_of_its_own() -> None:
    profile = replace(PUK_AND_NEW, passcode=replace(PUK_AND_NEW.passcode, status_cla=0x80))
    async with opened(make(profile, passcode_tries_left=2), profile) as found:
        assert await found.tries_left() == 2


@pytest.mark.parametrize(
    ("data", "left"),
    [
        ("7007BF810103A0019B", None),  # an object that lies
        ("7009BF810105A0039B0102", 2),
        ("7009BF810105A0039B0110", None),  # no number of tries
        ("7009BF810105A0039A0102", None),
        ("", None),
    ],
)
async def test_tries_in_a_data_object(data: str, left: int | None) -> None:
    channel = ScriptedChannel({0xCB: [Response(bytes.fromhex(data), SW.OK)]})
    assert await application(channel, NEW_ALONE).tries_left() == left
    assert sent(channel) == ["00CB3FFF0A4D087006BF810102A08000"]


PUK_ANSWERS = [
    (0x63C2, WrongUnblockSecret),
    (0x6300, WrongUnblockSecret),
    (0x6982, WrongUnblockSecret),
    (0x6985, WrongUnblockSecret),
    (0x63C0, UnblockSecretLocked),
    (0x6983, UnblockSecretLocked),
    (0x6984, UnblockSecretLocked),
    (0x6F01, OutcomeUnknown),
    (0x6581, OutcomeUnknown),
    (0x6A86, CardError),
]


@pytest.mark.parametrize(("sw", "error"), PUK_ANSWERS)
@pytest.mark.parametrize("profile", [PUK_AND_NEW, PUK_ALONE], ids=["P1-00", "P1-01"])
async def test_answers_to_a_puk(profile: Profile, sw: int, error: type[Exception]) -> None:
    channel = ScriptedChannel({0x2C: [sw]})
    with pytest.raises(error) as caught:
        await application(channel, profile).reset_passcode(RIGHT_PUK, NEW)
    assert type(caught.value) is error
    assert len(channel.sent) == 1


async def test_a_refused_format_is_the_passcodes_where_both_went_together() -> None:
    for profile, ins, error in ((PUK_AND_NEW, 0x2C, PasscodeRefused), (PUK_ALONE, 0x2C, WrongUnblockSecret)):
        for word in (0x6700, 0x6A80):
            with pytest.raises(error) as caught:
                await application(ScriptedChannel({ins: [word]}), profile).reset_passcode(RIGHT_PUK, NEW)
            assert caught.value.sw == word


async def test_after_a_wrong_puk_no_new_passcode_is_sent() -> None:
    channel = ScriptedChannel({0x20: [0x63C1]})
    with pytest.raises(WrongUnblockSecret):
        await application(channel, NEW_ALONE).reset_passcode(RIGHT_PUK, NEW)
    assert len(channel.sent) == 1


async def test_a_new_passcode_refused_after_the_puk_is_no_wrong_passcode() -> None:
    for word, error in ((0x6A80, PasscodeRefused), (0x6982, CardError), (0x63C2, CardError)):
        channel = ScriptedChannel({0x20: [SW.OK], 0x2C: [word]})
        with pytest.raises(error) as caught:
            await application(channel, NEW_ALONE).reset_passcode(RIGHT_PUK, NEW)
        assert type(caught.value) is error


async def test_a_format_that_costs_a_try_costs_none_here() -> None:
    card = make(PUK_AND_NEW, quirks=IsoQuirks(bad_format_costs_a_try=True, bad_format=0x6700))
    async with opened(card, PUK_AND_NEW) as found:
        for bad in ("12345", "12345a", "123456789"):
            with pytest.raises(PasscodeRefused):
                await found.verify(SecretStr(bad))
    assert card.state().passcode_tries_left == 3


async def test_a_question_that_costs_a_try_is_not_asked() -> None:
    profile = asked_in_vain(PUK_AND_NEW)
    card = make(profile, quirks=IsoQuirks(status_query_costs_a_try=True))
    async with opened(card, profile) as found:
        for _ in range(5):
            assert await found.tries_left() is None
            assert await found.unblock_tries_left() is None
    assert (card.state().passcode_tries_left, card.state().puk_tries_left) == (3, 3)
    async with opened(card, PUK_AND_NEW) as found:  # what a profile that is wrong about it would cost
        assert await found.tries_left() == 2


async def test_a_card_that_answers_63c0_for_ever_is_locked() -> None:
    card = make(PUK_AND_NEW, passcode_tries_left=1, quirks=IsoQuirks(locked=None))
    async with opened(card, PUK_AND_NEW) as found:
        for _ in range(3):
            with pytest.raises(PasscodeLocked):
                await found.verify(WRONG)
        assert await found.tries_left() == 0
        await found.reset_passcode(RIGHT_PUK, NEW)
        assert await found.tries_left() == 3
