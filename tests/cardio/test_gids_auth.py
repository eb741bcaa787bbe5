"""What is made with an admin key, against values worked out by others.

The answers to a challenge are the examples of SP 800-67 (appendix B, first block) and of FIPS 197
(appendix C). The cryptograms of mutual authentication come from the openssl command, with the key, an IV
of zeros and no padding, for example `openssl enc -des-ede3-cbc -K KEY -iv 0000000000000000 -nopad` over
R2, R1, Z1 and 80.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from cardio.applets import gids_auth
from cardio.applets.gids_auth import AdminKey, MutualAuthentication
from cardio.errors import ProtocolError

TDES_KEY = bytes.fromhex("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123")
AES_KEY = bytes(range(32))
AES_CHALLENGE = "00112233445566778899AABBCCDDEEFF"
R1, R2 = bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30))
Z1 = bytes(range(0x30, 0x3F))
OURS = {
    24: "1707E4C496CCF3308D161269CC5D5D041807F82A87D78074FBADC4552C4A8043AE6BA13C577F1569",
    16: "5BE87E2E5B447C944B21C9AF7756C0D82C478A8D99F89ADF02DC03609FFB4E28D4E1A9FA1B2E8E04E9B43DCB6C9C9D89",
}
THEIRS = {  # R1, R2, 40 41 .. and 80
    24: "398C0E06C0096AE836A466CB607C02509EC28B5209128C272C69DF0E080D6161FD8863017A7CECEE",
    16: "07FEEF74E1D5036E900EEE118E949293138BB0FE942520A0013F42531DD5022CFD4B3BD47C1D12FB4B37F312C3C6005B",
}
SHORT_Z = "07FEEF74E1D5036E900EEE118E949293138BB0FE942520A0013F42531DD5022CCB3FA92DDA21E9DBA092B7B93623F47A"
KEYS = {24: TDES_KEY, 16: AES_KEY[:16]}


def fitting(key: bytes, block: int) -> AdminKey:
    found = AdminKey.fitting(SecretBytes(key), bytes(block))
    assert found is not None
    return found


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take R1 and Z1 for what would be random."""
    monkeypatch.setattr("cardio.applets.gids_auth.secrets.token_bytes", lambda n: R1 if n == 16 else Z1[:n])


def run(length: int) -> MutualAuthentication:
    """Mutual authentication with the key of that length, to which the card has given R2."""
    mutual = MutualAuthentication(fitting(KEYS[length], 8 if length == 24 else 16))
    assert mutual.opening() == bytes.fromhex("7C128110") + R1
    assert mutual.answer(R2) == template(bytes.fromhex(OURS[length]))
    return mutual


def template(cryptogram: bytes) -> bytes:
    return bytes([0x7C, len(cryptogram) + 2, 0x82, len(cryptogram)]) + cryptogram


@pytest.mark.parametrize(
    ("key", "challenge", "answer"),
    [
        (TDES_KEY, b"The qufc".hex(), "A826FD8CE53B855F"),
        (AES_KEY[:16], AES_CHALLENGE, "69C4E0D86A7B0430D8CDB78070B4C55A"),
        (AES_KEY[:24], AES_CHALLENGE, "DDA97CA4864CDFE06EAF70A0EC0D7191"),
        (AES_KEY, AES_CHALLENGE, "8EA2B7CA516745BFEAFC49904B496089"),
    ],
)
def test_the_answer_to_a_challenge(key: bytes, challenge: str, answer: str) -> None:
    received = bytes.fromhex(challenge)
    assert fitting(key, len(received)).answer(received) == template(bytes.fromhex(answer))


@pytest.mark.parametrize(
    ("length", "block"), [(16, 8), (32, 8), (0, 8), (8, 16), (0, 16), (15, 16), (33, 16), (24, 7), (24, 0)]
)
def test_a_key_is_used_for_no_other_cipher(length: int, block: int) -> None:
    if block in (8, 16):
        assert AdminKey.fitting(SecretBytes(bytes(length)), bytes(block)) is None
    else:
        with pytest.raises(ProtocolError):
            AdminKey.fitting(SecretBytes(bytes(length)), bytes(block))


def test_a_key_is_not_in_its_repr() -> None:
    assert TDES_KEY.hex() not in repr(fitting(TDES_KEY, 8)).lower()
    assert "0x23" not in repr(fitting(TDES_KEY, 8))
    assert repr(TDES_KEY)[2:10] not in repr(fitting(TDES_KEY, 8))


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("length", [24, 16])
def test_mutual_authentication(length: int) -> None:
    assert run(length).proven_by(template(bytes.fromhex(THEIRS[length])))


@pytest.mark.usefixtures("fixed")
def test_an_aes_card_may_pad_a_shorter_z_with_zeros() -> None:
    assert run(16).proven_by(template(bytes.fromhex(SHORT_Z)))


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("length", [24, 16])
def test_one_bit_elsewhere_proves_nothing(length: int) -> None:
    mutual, theirs = run(length), bytes.fromhex(THEIRS[length])
    for bit in range(8 * 32):  # of R1 and R2
        changed = (int.from_bytes(theirs, "big") ^ (1 << (8 * len(theirs) - 1 - bit))).to_bytes(
            len(theirs), "big"
        )
        assert not mutual.proven_by(template(changed))


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("length", [24, 16])
def test_what_else_proves_nothing(length: int) -> None:
    mutual, theirs = run(length), bytes.fromhex(THEIRS[length])
    for answer in (
        b"",
        theirs,  # without its template, as the first applets gave it
        template(bytes.fromhex(OURS[length])),  # our own, given back
        template(theirs[:-1]),
        template(theirs[: -mutual._key.block]),
        template(theirs + theirs[: mutual._key.block]),
        template(b""),
        template(theirs)[:-1],
        b"\x7c\x82\xff\xff" + theirs,
        b"\x7d" + template(theirs)[1:],
    ):
        assert not mutual.proven_by(answer)


@pytest.mark.usefixtures("fixed")
def test_a_card_that_gives_our_challenge_back_gets_no_cryptogram() -> None:
    mutual = MutualAuthentication(fitting(TDES_KEY, 8))
    with pytest.raises(ProtocolError):
        mutual.answer(R1)
    echo = fitting(TDES_KEY, 8).encrypt(R1 + R1 + Z1[:7] + b"\x80")
    assert not mutual.proven_by(template(echo))


def test_nothing_is_proven_before_a_challenge_came() -> None:
    key = fitting(TDES_KEY, 8)
    mutual = MutualAuthentication(key)
    early = key.encrypt(mutual.opening()[4:] + bytes(16) + Z1[:7] + b"\x80")
    assert not mutual.proven_by(template(early))
    with pytest.raises(ProtocolError):
        mutual.answer(bytes(15))


def test_every_run_is_fresh() -> None:
    key = fitting(TDES_KEY, 8)
    runs = [MutualAuthentication(key) for _ in range(3)]
    assert len({one.opening() for one in runs}) == 3
    assert len({one.answer(R2)[4 + 32 :] for one in runs}) == 3


@given(st.binary(max_size=80), st.sampled_from([24, 16]))
def test_no_answer_of_a_stranger_proves_anything(answer: bytes, length: int) -> None:
    mutual = MutualAuthentication(fitting(KEYS[length], 8 if length == 24 else 16))
    mutual.answer(R2)
    assert not mutual.proven_by(answer)
    assert not mutual.proven_by(template(answer))


@given(st.binary(max_size=80))
def test_a_challenge_is_bytes_or_a_protocol_error(answer: bytes) -> None:
    try:
        assert gids_auth.challenge(answer)
    except ProtocolError:
        return
