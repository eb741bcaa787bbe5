"""Cards of an ISO 7816-4 profile: what is sent to them, and what their answers mean."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.apdu import SW, Response
from cardio.applets.iso7816 import ProfileApplication, ProfileFamily
from cardio.applets.iso7816_data import Source
from cardio.applets.iso7816_profile import Answers, Coding, Profile, PukRules
from cardio.applets.piv import PivFamily
from cardio.card import CardId, Family, KeyUse, identify
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
from cardio.virtual.iso7816 import IsoQuirks
from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from cardio.virtual.t0 import T0Card
from tests.cardio.cards import NEW, ScriptedChannel
from tests.cardio.profiles import (
    NEW_ALONE,
    PROFILES,
    PUK_ALONE,
    PUK_AND_NEW,
    SILENT,
    asked_in_vain,
    make,
    opened,
)

PASSCODE, WRONG, PUK, WRONG_PUK = (
    SecretStr("123456"),
    SecretStr("975318"),
    b"12345678",
    SecretBytes(b"87654321"),
)
RIGHT_PUK = SecretBytes(PUK)

every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())


def application(channel: ScriptedChannel, profile: Profile = PUK_AND_NEW) -> ProfileApplication:
    return ProfileApplication(channel, CardId(profile.name, profile.kind, "00"), profile)


def sent(channel: ScriptedChannel) -> list[str]:
    return [command.encode().hex().upper() for command in channel.sent]


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


# -- torn ---------------------------------------------------------------------------------------


@every_profile
@pytest.mark.parametrize("lost", [False, True], ids=["pulled", "reply-lost"])
async def test_an_unlock_torn_at_any_command_leaves_the_old_passcode_or_the_new(
    profile: Profile, lost: bool
) -> None:
    commands = len(next(sent for name, sent in UNLOCKING.items() if PROFILES[name] is profile))
    for nth in range(1, commands + 1):
        card, reader = make(profile, passcode_tries_left=0), VirtualReader()
        tear = reader.faults.lose_reply if lost else reader.faults.pull_before
        async with opened(card, profile, reader) as found:
            tear(nth)
            with pytest.raises(OutcomeUnknown):
                await found.reset_passcode(RIGHT_PUK, NEW)
            with pytest.raises(CardRemoved):
                await found.verify(NEW)
        state = card.state()
        assert state.passcode in ("123456", NEW.get_secret_value())
        if ProfileFamily(profile).traits.counter_settles:
            assert state.locked == (state.passcode == "123456")
        reader.remove()
        async with opened(card, profile, reader) as found:
            await found.reset_passcode(RIGHT_PUK, NEW)
            await found.verify(NEW)
        assert card.state().puk_tries_left == 3


async def test_the_puk_alone_unlocks_before_the_new_passcode_is_there() -> None:
    """Which is why the counter of such a card settles nothing."""
    card, reader = make(PUK_ALONE, passcode_tries_left=0), VirtualReader()
    async with opened(card, PUK_ALONE, reader) as found:
        reader.faults.pull_before(ins=0x24)
        with pytest.raises(OutcomeUnknown):
            await found.reset_passcode(RIGHT_PUK, NEW)
    assert (card.state().locked, card.state().passcode) == (False, "123456")
    assert not ProfileFamily(PUK_ALONE).traits.counter_settles
    assert ProfileFamily(PUK_AND_NEW).traits.counter_settles


# -- the PUK ------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [PUK_AND_NEW, PUK_ALONE], ids=["P1-00", "P1-01"])
async def test_replacing_the_puk(profile: Profile) -> None:
    card, fresh = make(profile), SecretBytes(b"11223344")
    async with opened(card, profile) as found:
        with pytest.raises(WrongUnblockSecret):
            await found.replace_secret(WRONG_PUK, fresh)
        with pytest.raises(WrongUnblockSecret):
            await found.check_secret(WRONG_PUK)
        assert await found.unblock_tries_left() == 1
        await found.check_secret(RIGHT_PUK)
        assert card.state().puk_tries_left == 3
        await found.replace_secret(RIGHT_PUK, fresh)
        await found.reset_passcode(fresh, NEW)
    assert card.state().puk == "11223344"


async def test_a_profile_that_does_not_say_how_replaces_nothing() -> None:
    channel = ScriptedChannel({})
    card = application(channel, NEW_ALONE)
    assert not ProfileFamily(NEW_ALONE).traits.replaceable
    for attempt in (card.check_secret(RIGHT_PUK), card.replace_secret(RIGHT_PUK, WRONG_PUK)):
        with pytest.raises(CardUnsupported):
            await attempt
    assert channel.sent == []


# -- identity -----------------------------------------------------------------------------------


async def test_a_path_is_selected_step_by_step_or_at_once() -> None:
    fids = (bytes.fromhex("3F00"), bytes.fromhex("DF01"), bytes.fromhex("2F02"))
    answers = [Response(bytes.fromhex("5A0480276001"), 0x9000)]
    cases = [
        (Source(file=fids, tlv=(0x5A,)), ["00A4000C023F00", "00A4000C02DF01", "00A4000C022F02"]),
        (Source(file=fids, by_path=True, tlv=(0x5A,)), ["00A4080C04DF012F02"]),
        (Source(file=fids, by_path=True, select_p2=0x04, tlv=(0x5A,)), ["00A4080404DF012F0200"]),
    ]
    for source, expected in cases:
        channel = ScriptedChannel({0xA4: [SW.OK] * 4, 0xB0: list(answers)})
        found = await ProfileFamily(replace(SILENT, serial=source)).open(channel)
        assert found is not None
        assert found.id == CardId("badge", "serial", "80276001")
        assert sent(channel) == [*expected, "00B0000000", "00A4040007F04B494F534B0100"]


async def test_a_file_of_the_application_is_read_within_it() -> None:
    source = Source(file=(bytes.fromhex("5032"),), length=4)
    channel = ScriptedChannel({0xA4: [SW.OK] * 2, 0xB0: [Response(b"\x01\x02\x03\x04", SW.OK)]})
    assert await ProfileFamily(replace(SILENT, serial=source)).open(channel)
    assert sent(channel) == ["00A4040007F04B494F534B0100", "00A4000C025032", "00B0000004"]


@every_profile
async def test_identification_takes_four_commands_at_most(profile: Profile) -> None:
    if profile.serial.file:
        profile = replace(profile, serial=replace(profile.serial, by_path=True))
    reader = VirtualReader()
    async with opened(make(profile), profile, reader) as found:
        await found.tries_left()
    assert reader.faults.count() <= 4


@every_profile
async def test_unlocking_takes_five_commands_at_most(profile: Profile) -> None:
    reader = VirtualReader()
    async with opened(make(profile, passcode_tries_left=0), profile, reader) as found:
        before = reader.faults.count()
        await found.reset_passcode(RIGHT_PUK, NEW)
        await found.tries_left()
        await found.verify(NEW)
    assert reader.faults.count() - before <= 4


@every_profile
async def test_a_card_that_names_itself_in_no_way_is_not_taken(profile: Profile) -> None:
    for nothing in (bytes(10), b"\xff" * 10):
        with pytest.raises(CardUnsupported):
            async with opened(make(profile, serial=nothing), profile):
                pass


async def test_other_cards_are_of_no_profile() -> None:
    for profile, card in product(PROFILES.values(), [PivCard()]):
        with pytest.raises(CardUnsupported, match="no configured"):
            async with opened(card, profile):
                pass


async def test_a_card_that_takes_every_select_is_no_card_of_the_profile() -> None:
    channel = ScriptedChannel({0xA4: [SW.OK] * 4})
    for profile in PROFILES.values():
        assert await ProfileFamily(profile).open(channel) is None


@pytest.mark.parametrize(
    "answer",
    [
        Response(b"", SW.OK),
        Response(b"", SW.NOT_FOUND),
        Response(b"", SW.SECURITY_STATUS_NOT_SATISFIED),
        Response(b"\x00" * 20, SW.OK),
    ],
    ids=str,
)
async def test_an_application_without_its_number_leaves_the_other_families_their_turn(
    answer: Response,
) -> None:
    channel = ScriptedChannel({0xA4: [SW.OK] * 4, 0xCA: [answer], 0xB0: [answer]})
    with pytest.raises(CardUnsupported):
        await ProfileFamily(PUK_AND_NEW).open(channel)


async def test_the_order_of_the_families_decides() -> None:
    card, reader = make(PUK_AND_NEW), VirtualReader()
    namesake = replace(PUK_AND_NEW, name="other")
    reader.insert(card)
    async with reader.session(reader.presence.insertion) as channel:
        families: list[Family] = [
            PivFamily(),
            ProfileFamily(SILENT),
            ProfileFamily(namesake),
            ProfileFamily(PUK_AND_NEW),
        ]
        assert (await identify(channel, families)).id.family == "other"


async def test_a_file_that_never_ends_is_left_alone() -> None:
    endless = [Response(b"\x5a\x82\xff\xff" + b"\x01" * 252, SW.OK)] * 500
    channel = ScriptedChannel({0xA4: [SW.OK] * 4, 0xB0: list(endless)})
    family = ProfileFamily(PUK_ALONE)
    assert await family.open(channel) is None
    assert channel.count(0xB0) <= 17


@pytest.mark.parametrize(
    ("profile", "good", "bad"),
    [
        (PUK_AND_NEW, ["serial:00AB", "00ab", " serial : 00AB "], ["0AB", "xx", "iccsn:00AB", "0000", ""]),
        (PUK_ALONE, ["iccsn:12345", "12345"], ["12A4", "serial:12345", "1" * 65]),
        (NEW_ALONE, ["document:KI1234567", "ki1234567"], ["KI 12", "KI-1", "É1"]),
    ],
    ids=["hex", "bcd", "ascii"],
)
def test_numbers_as_people_write_them(profile: Profile, good: list[str], bad: list[str]) -> None:
    family = ProfileFamily(profile)
    numbers = {family.parse_id(text) for text in good}
    assert len(numbers) == 1
    assert {number.family for number in numbers} == {profile.name}
    for text in bad:
        with pytest.raises(ValueError, match="is not the number"):
            family.parse_id(text)


def test_a_profile_knows_no_keys() -> None:
    family = ProfileFamily(PUK_AND_NEW)
    assert family.traits.key_uses == ()
    with pytest.raises(ValueError, match="no key"):
        family.check_key(KeyUse.FREE, b"")


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
