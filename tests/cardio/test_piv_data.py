"""Data objects of PIV cards: who a card is, until when its certificate holds, which key it has."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardio.applets import piv_data
from cardio.applets.piv_proof import challenge_for
from cardio.errors import ProtocolError
from cardio.tlv import Tlv
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.piv_quirks import Quirks
from tests.cardio.cards import opened

GUID = bytes(range(16))
FEDERAL = bytes.fromhex("D0439458210C2C19A0846D83685A1082108CE73984108CA3FC")  # the example of PACS v2.2
NON_FEDERAL = bytes.fromhex("D4E739DA739CED39CE739D836858210842108421C84210C3EB")  # as on every YubiKey
ENDS = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def chuid(fasc_n: bytes, guid: bytes) -> bytes:
    return b"".join(Tlv(tag, value).encode() for tag, value in ((0x30, fasc_n), (0x34, guid), (0xFE, b"")))


@pytest.mark.parametrize(
    ("fasc_n", "guid", "expected"),
    [
        (FEDERAL, GUID, ("guid", GUID.hex().upper())),
        (FEDERAL, bytes(16), ("fasc-n", FEDERAL.hex().upper())),
        (FEDERAL, GUID[:15], ("fasc-n", FEDERAL.hex().upper())),
        (NON_FEDERAL, GUID, ("guid", GUID.hex().upper())),
        (NON_FEDERAL, bytes(16), None),
        (bytes(25), bytes(16), None),
        (FEDERAL[:24], b"", None),
        (b"", b"", None),
    ],
)
def test_the_order_of_identities(fasc_n: bytes, guid: bytes, expected: tuple[str, str] | None) -> None:
    assert piv_data.identity(chuid(fasc_n, guid)) == expected


@given(st.binary(max_size=200))
def test_a_hostile_chuid_raises_only_protocol_errors(content: bytes) -> None:
    with suppress(ProtocolError):
        piv_data.identity(content)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_expiry_of_plain_and_zipped_certificates(zipped: bool, algorithm: Algorithm) -> None:
    card = PivCard(sign_in=algorithm, expires=ENDS, quirks=Quirks(gzip_certificates=zipped))
    async with opened(card) as found:
        assert await found.certificate_expiry() == ENDS


async def test_an_expired_certificate_is_told_too() -> None:
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    async with opened(PivCard(expires=past)) as found:
        assert await found.certificate_expiry() == past


def test_an_empty_certificate_object_is_no_certificate() -> None:
    assert piv_data.expiry(b"") is None
    assert piv_data.certified_key(Tlv(0x70, b"").encode()) is None


CERTIFICATE = CardKey(Algorithm.ECC_P256).certificate("test", ENDS)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x30\x03\x02\x01\x05", "cannot be read"),
        (b"\x1f\x8b\x09\x00" + bytes(20), "cannot be unpacked"),
        (gzip.compress(CERTIFICATE)[:-9], "cut short or too long"),
        (gzip.compress(bytes(50_000_000)), "cut short or too long"),
    ],
    ids=["no certificate", "no gzip", "cut short", "bomb"],
)
def test_broken_certificates_and_bombs_are_protocol_errors(content: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        piv_data.expiry(Tlv(0x70, content).encode())


@given(st.binary(max_size=60), st.integers(0, len(CERTIFICATE) - 1))
@example(b"\xff\xff", 100)
def test_damaged_certificates_raise_only_protocol_errors(damage: bytes, at: int) -> None:
    content = Tlv(0x70, CERTIFICATE[:at] + damage + CERTIFICATE[at + len(damage) :]).encode()
    for read in (piv_data.expiry, piv_data.certified_key):
        with suppress(ProtocolError):
            read(content)


VERSION = CERTIFICATE.index(bytes.fromhex("a003020102")) + 4  # version [0] EXPLICIT INTEGER, v3


@given(st.lists(st.tuples(st.integers(0, len(CERTIFICATE) - 1), st.integers(0, 255)), min_size=1, max_size=3))
@example([(VERSION, 29)])  # a version that there is none of
@example([(VERSION + 3, 0x80)])  # a serial number that is not positive
def test_certificates_with_single_bytes_changed_raise_only_protocol_errors(
    changes: list[tuple[int, int]],
) -> None:
    changed = bytearray(CERTIFICATE)
    for at, byte in changes:
        changed[at] = byte
    content = Tlv(0x70, bytes(changed)).encode()
    for read in (piv_data.expiry, piv_data.certified_key):
        with suppress(ProtocolError):
            read(content)


def test_a_certificate_of_no_known_version_is_a_protocol_error() -> None:
    changed = CERTIFICATE[:VERSION] + bytes([29]) + CERTIFICATE[VERSION + 1 :]
    for read in (piv_data.expiry, piv_data.certified_key):
        with pytest.raises(ProtocolError, match="cannot be read"):
            read(Tlv(0x70, changed).encode())


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_the_key_from_metadata(algorithm: Algorithm) -> None:
    key = CardKey(algorithm)
    objects = [Tlv(0x01, bytes([algorithm])), Tlv(0x02, b"\x01\x01"), Tlv(0x04, key.public_objects)]
    assert piv_data.metadata_key(b"".join(item.encode() for item in objects)) == key.public_der


@given(st.binary(max_size=120))
@example(bytes.fromhex("010111 0402 8600"))
@example(bytes.fromhex("010107 0406 8101 01 8201 01"))
@example(bytes.fromhex("010111 0404 8602 0401"))
def test_hostile_metadata_raise_only_protocol_errors(metadata: bytes) -> None:
    with suppress(ProtocolError):
        piv_data.metadata_key(metadata)
    piv_data.metadata_tries(metadata)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_challenge_is_fresh_and_only_its_own_answer_fits(algorithm: Algorithm) -> None:
    key = CardKey(algorithm)
    first, second = challenge_for(key.public_der), challenge_for(key.public_der)
    assert first.data != second.data
    signature = key.sign(first.data)
    assert signature is not None
    answer = Tlv.of(0x7C, [Tlv(0x82, signature)]).encode()
    assert first.answered_by(answer)
    assert not second.answered_by(answer)


@given(st.binary(max_size=80))
def test_hostile_answers_to_a_challenge_are_just_wrong(answer: bytes) -> None:
    challenge = challenge_for(PUBLIC)
    assert not challenge.answered_by(answer)
    assert not challenge.answered_by(Tlv.of(0x7C, [Tlv(0x82, answer)]).encode())


PUBLIC = CardKey(Algorithm.ECC_P384).public_der


@pytest.mark.parametrize("der", [b"", b"\x30\x00", PUBLIC[:-1]], ids=["nothing", "empty", "cut short"])
def test_what_is_no_card_key_is_refused(der: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        challenge_for(der)
