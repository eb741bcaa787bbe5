"""BER-TLV: what is encoded parses back, and nothing a card sends does worse than ProtocolError."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardio.errors import ProtocolError
from cardio.tlv import Tlv, find, parse

TAGS = st.sampled_from([0x30, 0x53, 0x5C, 0x61, 0x7C, 0x81, 0xEE, 0xFE, 0x5F2F, 0x7F49, 0x5FC102])
OBJECTS = st.builds(Tlv, TAGS, st.binary(max_size=400))


@given(st.lists(OBJECTS, max_size=6))
def test_a_sequence_parses_back(objects: list[Tlv]) -> None:
    assert parse(b"".join(item.encode() for item in objects)) == objects


@given(st.lists(TAGS, min_size=1, max_size=30), st.binary(max_size=50))
def test_a_nested_value_is_found(path: list[int], value: bytes) -> None:
    encoded = value
    for tag in reversed(path):
        encoded = Tlv(tag, encoded).encode()
    assert find(encoded, *path) == value


@given(st.binary(max_size=300), st.lists(TAGS, max_size=4))
@example(bytes.fromhex("5384FFFFFFFF00"), [0x53])
@example(bytes.fromhex("5F" + "FF" * 200), [0x53])
@example(bytes.fromhex("3080" * 100), [0x30])
def test_hostile_bytes_raise_only_protocol_errors(data: bytes, path: list[int]) -> None:
    try:
        parsed = parse(data)
    except ProtocolError:
        return
    assert sum(len(item.value) for item in parsed) <= len(data)
    with suppress(ProtocolError):
        find(data, *path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("53", "ends before its length"),
        ("5305AABB", "claims 5 bytes, 2 remain"),
        ("5380AA0000", "form 80"),
        ("538500000000AA", "form 85"),
        ("538201", "ends within a length"),
        ("5F", "ends within a tag"),
        ("5FC1C2C301AA", "too long"),
    ],
)
def test_lies_are_named(data: str, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        parse(bytes.fromhex(data))


def test_a_thousand_levels_cost_no_recursion() -> None:
    bomb = b""
    for _ in range(1000):
        bomb = Tlv(0x30, bomb).encode()
    assert find(bomb, *[0x30] * 1000) == b""


def test_fillers_between_objects_are_skipped() -> None:
    assert parse(bytes.fromhex("0000 8101AA 00FF 8201BB FFFF")) == [Tlv(0x81, b"\xaa"), Tlv(0x82, b"\xbb")]


def test_lengths_need_not_be_the_shortest() -> None:
    assert parse(bytes.fromhex("5383000001AA")) == [Tlv(0x53, b"\xaa")]


def test_an_absent_tag_is_none() -> None:
    assert find(bytes.fromhex("530481020102"), 0x53, 0x82) is None


def test_values_stay_out_of_repr() -> None:
    assert "123456" not in repr(Tlv(0x80, b"123456"))
