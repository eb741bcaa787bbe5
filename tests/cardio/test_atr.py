"""Answers to reset: of cards that exist, of none that does, and any bytes at all."""

from __future__ import annotations

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio import historical
from cardio.atr import Atr, parse
from cardio.virtual.piv import PIV_ATR

ESTONIAN = "3BFE1800008031FE45803180664090A4162A00830F9000EF"
OPENPGP = "3BDA18FF81B1FE751F030031C573C001400090000C"


def of(digits: str) -> Atr:
    return parse(bytes.fromhex(digits))


def test_a_yubikey() -> None:
    atr = parse(PIV_ATR)
    assert (atr.convention, atr.protocols, atr.tck, atr.faults) == ("direct", (0, 1), 0xF9, ())
    assert [(each.name, each.value) for each in atr.interface] == [("TD1", 0x80), ("TD2", 0x01)]
    assert [(item.name, item.meaning) for item in atr.items] == [
        ("capabilities", "select by full name or partial name, command chaining, extended length"),
        ("issuer's data", "YubiKey"),
    ]


def test_every_interface_byte_is_named_and_explained() -> None:
    assert {each.name: each.meaning for each in of(ESTONIAN).interface} == {
        "TA1": "Fi=372, Di=12: 31 clock cycles per bit",
        "TB1": "programming voltage, of old cards",
        "TC1": "extra guard time 0",
        "TD1": "T=0",
        "TD2": "T=1",
        "TA3": "T=1: blocks of up to 254 bytes",
        "TB3": "T=1: block waiting 4, character waiting 5",
    }
    openpgp = {each.name: each.meaning for each in of(OPENPGP).interface}
    assert openpgp["TC1"] == "guard time: the shortest"
    assert openpgp["TD3"] == "global bytes follow"
    assert openpgp["TA4"] == "clock stop: not supported; 5 V, 3 V"


def test_a_card_that_speaks_one_protocol_at_once() -> None:
    atr = of("3BF711" "00" "FF" "91" "81" "71" "FE42010000000000000000")  # fmt: skip
    assert {each.name: each.meaning for each in atr.interface}["TA2"] == (
        "speaks T=1 at once, as TA1 says, and nothing else"
    )


@pytest.mark.parametrize(
    ("digits", "protocols", "tck"),
    [("3B00", (0,), None), ("3B020000", (0,), None), ("3B800181", (1,), 0x81), ("3B800080", (0,), None)],
)
def test_a_check_byte_is_there_unless_t0_stands_alone(
    digits: str, protocols: tuple[int, ...], tck: int | None
) -> None:
    atr = of(digits)
    assert (atr.protocols, atr.tck) == (protocols, tck)


def test_items_by_category() -> None:
    assert [(item.name, item.meaning) for item in of(ESTONIAN).items] == [
        ("card service", "select by full name, has an MF"),
        ("pre-issuing data", ""),
        ("status", "life cycle: terminated, status word 9000"),
    ]
    assert [(item.name, item.meaning) for item in of(OPENPGP).items] == [
        ("card service", "select by full name or partial name, no MF"),
        ("capabilities", "select by full name or partial name, extended length"),
        ("status", "life cycle: not told, status word 9000"),
    ]


@pytest.mark.parametrize(
    ("historical_bytes", "told"),
    [
        ("", []),
        ("80", []),
        ("8012826F", [("country", "ISO 3166 code 826")]),
        ("802AA0", [("issuer number", "cut short")]),
        ("8081" "07", [("status", "life cycle: activated")]),
        ("8082" "6283", [("status", "status word 6283")]),
        ("80F5A000000003", [("application", "A000000003")]),
        ("8091" "41", [("object 9", "A")]),
        ("0005", [("status", "cut short")]),
        ("1042", [("directory reference", "B")]),
        ("4D4F43", [("proprietary", "MOC")]),
        ("4D1B43", [("proprietary", "")]),
    ],
)  # fmt: skip
def test_historical_bytes(historical_bytes: str, told: list[tuple[str, str]]) -> None:
    assert [(item.name, item.meaning) for item in historical.read(bytes.fromhex(historical_bytes))] == told


@pytest.mark.parametrize(
    ("digits", "fault"),
    [
        ("", "there is none"),
        ("3B", "cut short"),
        ("3BFF", "cut short"),
        ("3B0548656C6C", "cut short"),
        ("3B8001", "cut short"),  # the check byte is missing
        ("3B800180", "the check byte TCK is wrong"),
        ("3B0000", "bytes after its end: 1"),
        ("FF00", "begins with FF, which is neither 3B nor 3F"),
        ("3B" + "10" * 33, "longer than 33 bytes"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_read(digits: str, fault: str) -> None:
    assert fault in of(digits).faults


@given(st.binary(max_size=64))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    atr = parse(data)
    read = 2 + len(atr.interface) + len(atr.historical) + (atr.tck is not None)
    assert atr.raw == data
    assert data or atr.faults
    assert (read == len(data)) or atr.faults
    assert all(item.meaning.isprintable() for item in atr.items)


@given(st.binary(max_size=15), st.lists(st.binary(max_size=15), max_size=3))
def test_what_was_put_together_is_found_again(said: bytes, more: list[bytes]) -> None:
    body = bytes([0x80 | len(said)]) + b"\x01" + said
    atr = parse(b"\x3b" + body + bytes([reduce(xor, body)]))
    assert (atr.historical, atr.protocols, atr.faults) == (said, (1,), ())
    objects = b"".join(bytes([0x50 | len(value)]) + value for value in more)
    assert [item.value for item in historical.read(b"\x80" + objects)] == more
