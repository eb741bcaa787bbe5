"""Profiles are checked when they are made, and what cards answer cannot make them say more than it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.apdu import SW, Response
from cardio.applets.iso7816 import ProfileFamily
from cardio.applets.iso7816_data import is_serial, read, serial
from cardio.errors import CardError, CardUnsupported
from cardio.profile import PASSCODE_ANSWERS, Answers, Coding, PasscodeRules, PukRules
from cardio.secret import SecretFormat
from cardio.source import ProfileError, Source, Written
from tests.cardio.cards import ScriptedChannel
from tests.cardio.profiles import PROFILES, PUK_AND_NEW

FID = bytes.fromhex("2F02")
PADDED = Coding(pad=0xFF, size=8)

REFUSED: list[tuple[str, Callable[[], Any]]] = [
    ("file", lambda: Source()),
    ("file", lambda: Source(file=(FID,), short_ef=2)),
    ("file", lambda: Source(data_object=b"\x5a", header_list=b"\x5a")),
    ("file", lambda: Source(file=(b"\x2f",))),
    ("file", lambda: Source(file=(bytes.fromhex("3F00"),))),
    ("short_ef", lambda: Source(short_ef=31)),
    ("data_object", lambda: Source(data_object=bytes.fromhex("5FC102"))),
    ("max_length", lambda: PasscodeRules(1, min_length=8, max_length=6)),
    ("max_length", lambda: PasscodeRules(1, min_length=0)),
    ("max_length", lambda: PasscodeRules(1, max_length=33)),
    ("alphabet", lambda: PasscodeRules(1, alphabet="")),
    ("alphabet", lambda: PasscodeRules(1, alphabet="01é")),
    ("alphabet", lambda: PasscodeRules(1, alphabet="0123456789AB", coding=Coding("pin-block"))),
    ("alphabet", lambda: PasscodeRules(1, alphabet="0123456789AB", coding=Coding("bcd"))),
    ("encoding", lambda: PasscodeRules(1, coding=Coding("binary"))),
    ("encoding", lambda: PasscodeRules(1, max_length=13, coding=Coding("pin-block"))),
    ("encoding", lambda: PasscodeRules(1, min_length=3, coding=Coding("pin-block"))),
    ("pad", lambda: PasscodeRules(1, coding=Coding("pin-block", 0xFF, 8))),
    ("pad", lambda: PasscodeRules(1, coding=Coding("bcd"))),
    ("pad", lambda: PasscodeRules(1, coding=Coding("bcd", 0x00, 8))),
    ("pad", lambda: PasscodeRules(1, coding=Coding("bcd", 0xF0, 8))),
    ("pad", lambda: PasscodeRules(1, coding=Coding(pad=0x30, size=8))),
    ("pad_to", lambda: PasscodeRules(1, coding=Coding(pad=0xFF, size=7))),
    ("pad_to", lambda: PasscodeRules(1, coding=Coding("bcd", 0xFF, 3))),
    ("pad_to", lambda: PasscodeRules(1, coding=Coding(pad=0xFF))),
    ("pad_to", lambda: PasscodeRules(1, coding=Coding(size=8))),
    ("tries.file", lambda: PasscodeRules(1, tries=Source(file=(FID,)))),
    ("tries.file", lambda: PukRules(tries=Source(short_ef=2))),
    ("status_query", lambda: PasscodeRules(1, status_query=True, tries=Source(data_object=b"\x5a"))),
    ("lengths", lambda: PukRules(lengths=())),
    ("lengths", lambda: PukRules(lengths=(0, 8))),
    ("lengths", lambda: PukRules(lengths=(8, 33))),
    ("pad", lambda: PukRules(coding=Coding("binary", 0xFF, 8))),
    ("pad", lambda: PukRules(lengths=(7,), coding=Coding("bcd"))),
    ("reset_p1", lambda: PukRules(reset_p1=2)),
    ("status_query", lambda: PukRules(status_query=True)),
    ("replaceable", lambda: PukRules(replaceable=True)),
    ("aid", lambda: replace(PUK_AND_NEW, aid=b"\xa0\x00\x00\x03")),
    ("aid", lambda: replace(PUK_AND_NEW, aid=bytes(17))),
    ("puk.reset_p1", lambda: replace(PUK_AND_NEW, puk=PukRules(reset_p1=1))),
    ("puk.reference", lambda: replace(PUK_AND_NEW, puk=PukRules(reference=0x81))),
    ("locked", lambda: Answers(frozenset({0x6982}), frozenset({0x6982}))),
    ("locked", lambda: Answers(frozenset(), frozenset({0x63C0}))),
    ("wrong", lambda: Answers(frozenset({0x63C1}), frozenset())),
    ("wrong", lambda: Answers(frozenset({0x9000}), frozenset())),
    ("bad_format", lambda: Answers(frozenset(), frozenset(), frozenset({0x9000}))),
    ("bad_format", lambda: replace(PASSCODE_ANSWERS, wrong=frozenset({0x6700}))),
]


@pytest.mark.parametrize(("key", "made"), REFUSED, ids=[f"{at}-{key}" for at, (key, _) in enumerate(REFUSED)])
def test_what_no_card_could_be_is_refused_by_its_key(key: str, made: Callable[[], Any]) -> None:
    with pytest.raises(ProfileError) as refused:
        made()
    assert refused.value.key == key
    assert len(refused.value.reason) > 10


codings = st.one_of(
    st.just(Coding()),
    st.just(Coding("pin-block")),
    st.builds(lambda pad: Coding("ascii", pad, 12), st.sampled_from([0x00, 0xFF, 0x2F])),
    st.builds(lambda size: Coding("bcd", 0xFF, size), st.integers(6, 12)),
)
digits = st.text("0123456789", min_size=4, max_size=12)


@given(codings, digits, digits)
def test_two_passcodes_are_never_the_same_bytes(coding: Coding, one: str, other: str) -> None:
    encoded = coding.encode(one.encode()), coding.encode(other.encode())
    assert (encoded[0] == encoded[1]) == (one == other)
    if coding.size:
        assert len(encoded[0]) == coding.size


@pytest.mark.parametrize(
    ("value", "written", "expected"),
    [
        ("0102AB", "hex", "0102AB"),
        ("000000", "hex", None),
        ("FFFF", "hex", None),
        ("", "hex", None),
        ("80276001040000123456", "bcd", "80276001040000123456"),
        ("12345F", "bcd", "12345"),
        ("12345FFF", "bcd", "12345"),
        ("12A4", "bcd", None),
        ("0000", "bcd", None),
        ("1F2F", "bcd", None),
        (b"AB1234567".hex(), "ascii", "AB1234567"),
        (b"AB1234567  \0\0".hex(), "ascii", "AB1234567"),
        (b"ab1234567".hex(), "ascii", None),  # two cards could differ in nothing but that
        (b"AB-123".hex(), "ascii", None),
        (b"0000".hex(), "ascii", None),
        (b"\x1b[31m".hex(), "ascii", None),
        ("C39F", "ascii", None),
    ],
)
def test_serial_numbers_as_they_are_written(value: str, written: Written, expected: str | None) -> None:
    assert serial(bytes.fromhex(value), written) == expected


@given(st.binary(max_size=80), st.sampled_from(["hex", "bcd", "ascii"]))
def test_a_serial_number_is_plain_whatever_the_card_says(value: bytes, written: Written) -> None:
    found = serial(value, written)
    if found is not None:
        assert is_serial(found, written)
        assert found.isascii()
        assert found.isalnum()
        assert found == found.upper()
        assert len(found) <= 64


sources = st.sampled_from(
    [
        Source(file=(bytes.fromhex("3F00"), FID), tlv=(0x7F21, 0x5F20)),
        Source(short_ef=2, offset=3, length=300),
        Source(short_ef=2, offset=3),
        Source(data_object=b"\x5a", tlv=(0x5A,), length=10),
        Source(header_list=b"\x5a", tlv=(0x70, 0xBF8101)),
    ]
)
answers = st.builds(
    Response,
    st.one_of(st.binary(max_size=300), st.just(b"\x7f\x21\x84\xff\xff\xff\xff"), st.just(b"\x5a\x05\x01")),
    st.sampled_from([0x9000, 0x9000, 0x6282, 0x6A82, 0x6B00]),
)


def answering(turns: list[Response]) -> ScriptedChannel:
    """A card that takes every SELECT, and then says this, whatever it is asked to read."""
    every: list[int | Response] = [*turns]
    return ScriptedChannel({0xA4: [SW.OK] * 4, 0xB0: every, 0xCA: every, 0xCB: every})


@given(sources, st.lists(answers, min_size=20, max_size=20))
async def test_reading_ends_whatever_the_card_says(source: Source, turns: list[Response]) -> None:
    channel = answering(turns)
    try:
        value = await read(channel, source)
    except CardError:
        pass
    else:
        assert value
        assert not source.length or len(value) == source.length
    assert len(channel.sent) <= 22


@given(st.sampled_from(list(PROFILES.values())), st.lists(answers, min_size=40, max_size=40))
async def test_identification_ends_whatever_the_card_says(profile: Any, turns: list[Response]) -> None:
    channel = answering(turns)
    try:
        card = await ProfileFamily(profile).open(channel)
    except CardUnsupported:
        return
    if card is not None:
        assert await card.tries_left() in {None, *range(16)}


async def test_a_long_file_is_read_until_the_object_is_whole() -> None:
    value = b"\x01" * 500
    content = b"\x5a\x82\x01\xf4" + value + b"\xe0garbage"
    pieces: list[int | Response] = [Response(content[:256], SW.OK), Response(content[256:], SW.OK)]
    channel = ScriptedChannel({0xB0: pieces})
    assert await read(channel, Source(short_ef=2, tlv=(0x5A,))) == value
    assert [command.encode().hex().upper() for command in channel.sent] == ["00B0820000", "00B0010000"]


async def test_no_more_of_a_file_is_read_than_is_needed() -> None:
    pieces: list[int | Response] = [Response(bytes(256), SW.OK), Response(b"\x07" * 20, SW.OK)]
    channel = ScriptedChannel({0xB0: pieces})
    assert await read(channel, Source(short_ef=2, offset=256, length=20)) == b"\x07" * 20
    assert [command.le for command in channel.sent] == [256, 20]


def test_how_the_puk_is_called_and_written() -> None:
    letters = PukRules(lengths=(12, 8, 12), alphabet="ABCDEFGH", coding=Coding())
    assert letters.format == SecretFormat("PUK", (8, 12), 12, alphabet="ABCDEFGH", fresh_alphabet="ABCDEFGH")
    assert letters.format.accepts(letters.format.fresh())
    mixed = PukRules(alphabet="0123456789ABCDEF", coding=PADDED)
    assert mixed.format.fresh().get_secret_value().isdigit()
    assert PukRules(name="SO-PIN", coding=Coding("binary")).format.written == "hex"
