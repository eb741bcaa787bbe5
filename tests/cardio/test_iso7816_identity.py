"""Which card of an ISO 7816-4 profile it is: where its serial number is, and what is none."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from cardio.apdu import SW, Response
from cardio.applets.iso7816 import ProfileFamily
from cardio.applets.piv import PivFamily
from cardio.card import CardId, Family, KeyUse, identify
from cardio.errors import (
    CardUnsupported,
)
from cardio.profile import Profile
from cardio.source import Source
from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import NEW, ScriptedChannel
from tests.cardio.profiles import (
    NEW_ALONE,
    PROFILES,
    PUK_ALONE,
    PUK_AND_NEW,
    RIGHT_PUK,
    SILENT,
    make,
    opened,
    sent,
)

every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())


async def test_a_path_is_selected_step_by_step_or_at_once() -> None:
    fids = (bytes.fromhex("3F00"), bytes.fromhex("DF01"), bytes.fromhex("2F02"))
    answers = [Response(bytes.fromhex("5A0480276001"), 0x9000)]
    cases = [
        (Source(file=fids, tlv=(0x5A,)), ["00A4000C023F00", "00A4000C02DF01", "00A4000C022F02"]),
        (
            Source(file=fids, select_p1=2, tlv=(0x5A,)),
            ["00A4000C023F00", "00A4000C02DF01", "00A4020C022F02"],
        ),
        (Source(file=fids, select_p1=8, tlv=(0x5A,)), ["00A4080C04DF012F02"]),
        (Source(file=fids, select_p1=8, select_p2=0x04, tlv=(0x5A,)), ["00A4080404DF012F0200"]),
    ]
    for source, expected in cases:
        channel = ScriptedChannel({0xA4: [SW.OK] * 4, 0xB0: list(answers)})
        found = await ProfileFamily(replace(SILENT, serial=source)).open(channel)
        assert found is not None
        assert found.id == CardId("badge", "serial", "80276001")
        assert sent(channel) == [*expected, "00B0000000", "00A4040007F04B494F534B0100"]


async def test_a_file_of_the_application_is_read_within_it() -> None:
    fids = (bytes.fromhex("DF01"), bytes.fromhex("5032"))
    steps = {0: ["00A4000C02DF01", "00A4000C025032"], 8: ["00A4090C04DF015032"]}
    for p1, expected in steps.items():
        source = Source(file=fids, select_p1=0 if p1 == 0 else 8, length=4)
        channel = ScriptedChannel({0xA4: [SW.OK] * 3, 0xB0: [Response(b"\x01\x02\x03\x04", SW.OK)]})
        assert await ProfileFamily(replace(SILENT, serial=source)).open(channel)
        assert sent(channel) == ["00A4040007F04B494F534B0100", *expected, "00B0000004"]


@every_profile
async def test_identification_takes_four_commands_at_most(profile: Profile) -> None:
    if profile.serial.file:
        profile = replace(profile, serial=replace(profile.serial, select_p1=8))
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
