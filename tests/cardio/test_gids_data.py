"""Data objects of GIDS cards: who a card is, what its master file lists, until when a certificate holds."""

from __future__ import annotations

import zlib
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.applets import gids_data
from cardio.applets.gids import GidsFamily
from cardio.applets.gids_data import FileRecord
from cardio.card import CardId, KeyUse
from cardio.errors import ProtocolError
from cardio.virtual import gids_files
from cardio.virtual.piv_keys import Algorithm, CardKey

NUMBER = "000102030405060708090A0B0C0D0E0F"
ENDS = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
# As Windows and OpenSC write it on a new card.
MASTER_FILE = bytes.fromhex(
    "01"
    "6D73637000000000000000000000000000000000000000000" + "0A00000"
    "000000000000000000636172646964000000000020DF000012A00000"
    "000000000000000000636172646170707300000021DF000010A00000"
    "000000000000000000636172646366000000000022DF000010A00000"
    "6D7363700000000000636D617066696C6500000023DF000010A00000"
)


def certificate(algorithm: Algorithm = Algorithm.ECC_P256) -> bytes:
    return CardKey(algorithm).certificate("Somebody", ENDS)


ONE = certificate()  # the next one may be longer or shorter: an ECDSA signature is


# -- the number ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        NUMBER.lower(),
        f"card-id:{NUMBER}",
        f" Card-ID : {NUMBER} ",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "card-id:00010203-0405-0607-0809-0A0B0C0D0E0F",
    ],
)
def test_how_people_write_a_number(text: str) -> None:
    assert GidsFamily().parse_id(text) == CardId("gids", "card-id", NUMBER)


@pytest.mark.parametrize(
    "text",
    ["", NUMBER[:-1], NUMBER + "0", "0" * 32, "F" * 32, f"guid:{NUMBER}", "g" * 32, f"card-id:{NUMBER}:"],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="the number of a GIDS card") as caught:
        GidsFamily().parse_id(text)
    assert not text or text not in str(caught.value)


def test_no_public_key_is_known_of_a_card() -> None:
    for use in KeyUse:
        with pytest.raises(ValueError, match="admin key"):
            GidsFamily().check_key(use, b"")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (bytes.fromhex(NUMBER), NUMBER),
        (bytes(16), None),
        (b"\xff" * 16, None),
        (bytes(range(15)), None),
        (bytes(range(17)), None),
        (b"", None),
        (None, None),
    ],
)
def test_a_number_names_one_card(content: bytes | None, expected: str | None) -> None:
    assert gids_data.number(content) == expected


# -- tries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("7F7106970102930103", 2),
        ("7F7106930103970100", 0),
        ("7F71079F170101930103", 1),
        ("7F7103930103", None),
        ("7F71049702000F", None),
        ("7F7100", None),
        ("", None),
        ("970102", None),
    ],
)
def test_tries_from_the_status_object(status: str, left: int | None) -> None:
    assert gids_data.tries(bytes.fromhex(status)) == left


# -- the master file ----------------------------------------------------------------------------


def test_the_master_file_of_a_new_card() -> None:
    records = gids_data.master_file(MASTER_FILE)
    assert records[0] == FileRecord("mscp", "", 0xA000, 0)
    assert gids_data.find_file(records, "", "cardid") == FileRecord("", "cardid", 0xA012, 0xDF20)
    assert gids_data.find_file(records, "mscp", "cmapfile") == FileRecord("mscp", "cmapfile", 0xA010, 0xDF23)
    assert gids_data.find_file(records, "mscp", "cardid") is None
    assert gids_data.certificates(records) == ()


def test_the_virtual_card_writes_the_same() -> None:
    assert gids_files.formatted(bytes(16), None, 0)[0xA000].objects[0xDF1F] == MASTER_FILE


def test_a_directory_is_not_asked_for() -> None:
    assert gids_data.find_file(gids_data.master_file(MASTER_FILE), "mscp", "") is None


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x02" + MASTER_FILE[1:]])
def test_a_master_file_of_another_version(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        gids_data.master_file(content)


def test_a_piece_of_a_record_is_left_out() -> None:
    assert len(gids_data.master_file(MASTER_FILE[:-1])) == 4


def test_places_that_no_command_can_name_are_no_files() -> None:
    record = bytes(9) + b"cardid".ljust(11, b"\0") + bytes.fromhex("20DF010012A00000")
    assert gids_data.find_file(gids_data.master_file(b"\x01" + record), "", "cardid") is None


def test_certificates_come_in_the_order_of_their_containers() -> None:
    names = ("ksc02", "KXC0A", "kxc02", "ksc01", "kxc1", "kxcGG", "cmapfile", "kxc000")
    named = {("mscp", name): (0xA010, 0xDF30 + index) for index, name in enumerate(names)}
    found = gids_data.certificates(gids_data.master_file(gids_files.master_file(named)))
    assert [record.name for record in found] == ["ksc01", "kxc02", "ksc02", "kxc0a"]
    assert gids_data.chosen(found, None).name == "ksc01"
    assert gids_data.chosen(found, 2).name == "kxc02"
    assert gids_data.chosen(found, 10).name == "kxc0a"
    assert gids_data.chosen(found, 7).name == "ksc01"


def test_the_default_container() -> None:
    other, default = (gids_files.container(2048, default=which) for which in (False, True))
    assert gids_data.default_container(other + default) == 1
    assert gids_data.default_container(other + default[:-1]) is None
    assert gids_data.default_container(b"") is None
    invalid = default[:80] + b"\x02" + default[81:]  # default, and not valid
    assert gids_data.default_container(invalid) is None


# -- certificates -------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_when_a_certificate_ends(algorithm: Algorithm) -> None:
    der = certificate(algorithm)
    assert gids_data.expiry(gids_files.packed(der)) == ENDS
    assert gids_data.expiry(der) == ENDS


def packed(plain: bytes, length: int) -> bytes:
    return b"\x01\x00" + length.to_bytes(2, "little") + zlib.compress(plain, 9)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01",
        b"\x01\x00",
        b"\x01\x00\x10",
        packed(b"no certificate", 14),
        packed(ONE, len(ONE) - 1),
        packed(certificate(), 0xFFFF),
        packed(bytes(10_000_000), 0x7FFF),  # 10 MB in 10 KB
        gids_files.packed(certificate())[:-1],
        b"\x01\x00\x04\x00not packed",
        b"\x30\x82\xff\xff",
    ],
    ids=[
        "empty", "half a header", "no length", "half a length", "no certificate", "too short",
        "too long", "bomb", "torn", "not packed", "no end",
    ],
)  # fmt: skip
def test_certificates_that_are_none(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        gids_data.expiry(content)


# -- hostile data -------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_hostile_data_raise_only_protocol_errors(content: bytes) -> None:
    for read in (gids_data.number, gids_data.tries, gids_data.default_container, gids_data.expiry):
        with suppress(ProtocolError):
            read(content)
    with suppress(ProtocolError):
        records = gids_data.master_file(b"\x01" + content)
        gids_data.find_file(records, "", "cardid")
        if found := gids_data.certificates(records):
            gids_data.chosen(found, 0)


@given(st.binary(max_size=300))
def test_hostile_packed_data_raise_only_protocol_errors(content: bytes) -> None:
    with suppress(ProtocolError):
        gids_data.expiry(b"\x01\x00" + content)
    with suppress(ProtocolError):
        gids_data.expiry(packed(content, len(content)))
