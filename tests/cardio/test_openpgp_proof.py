"""The authentication key of an OpenPGP card: how it is read, and what counts as its signature."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from cardio.apdu import SW, Response
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.openpgp_proof import challenge_for, public_key
from cardio.card import KeyUse
from cardio.errors import CardUnsupported, NotGenuine, ProtocolError
from cardio.tlv import Tlv
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.openpgp_keys import Algorithm
from tests.cardio.openpgp import GET, PIN, VERIFY, opened, scripted
from tests.sampling import LONG

ED25519_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ED25519_POINT = ED25519_KEY.public_key().public_bytes_raw()
RFC_8410 = bytes.fromhex("162B6570")
P256 = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
QUICK = [one for one in Algorithm if LONG or not one.name.startswith("RSA") or one is Algorithm.RSA_2048]
GENERATE, AUTHENTICATE = 0x47, 0x88


def der(key: object) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded


def offered(*parts: Tlv, wrapped: bool = True) -> bytes:
    content = b"".join(part.encode() for part in parts)
    return Tlv(0x7F49, content).encode() if wrapped else content


# -- reading it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", QUICK)
async def test_keys_of_every_kind_are_read_and_prove_themselves(algorithm: Algorithm) -> None:
    card = OpenPgpCard(algorithm=algorithm)
    async with opened(card) as found:
        key = await found.offered_key(KeyUse.PASSCODE)
        assert key is not None
        assert key.public_key == card.authentication_key_der
        assert key.certificate is None
        await found.verify(PIN)
        await found.prove(KeyUse.PASSCODE, key.public_key)
        assert await found.offered_key(KeyUse.FREE) is None
        with pytest.raises(NotGenuine):
            await found.prove(KeyUse.FREE, key.public_key)


async def test_the_commands_of_a_proof() -> None:
    answers: dict[int, list[int | Response]] = {
        GENERATE: [Response(offered(Tlv(0x86, ED25519_POINT)), SW.OK)],
        GET: [Response(Algorithm.ED25519.value, SW.OK)],
    }
    channel, card = await scripted(answers)
    assert await card.offered_key(KeyUse.PASSCODE) is not None
    with pytest.raises(NotGenuine):
        await card.prove(KeyUse.PASSCODE, der(ED25519_KEY.public_key()))
    sent = [command.encode().hex().upper() for command in channel.sent]
    assert sent[:2] == ["0047810002A40000", "00CA00C300"]
    assert sent[2].startswith("0088000020")
    assert sent[2].endswith("00")
    assert len(sent[2]) == 2 * (5 + 32 + 1)


@pytest.mark.parametrize("attributes", [Algorithm.ED25519.value, Algorithm.ED25519.value + b"\xff", RFC_8410])
@pytest.mark.parametrize("point", [ED25519_POINT, b"\x40" + ED25519_POINT])
@pytest.mark.parametrize("wrapped", [True, False])
def test_edwards_points_in_every_form(attributes: bytes, point: bytes, wrapped: bool) -> None:
    answer = offered(Tlv(0x86, point), wrapped=wrapped)
    assert public_key(answer, attributes) == der(ED25519_KEY.public_key())


@pytest.mark.parametrize("form", [PublicFormat.UncompressedPoint, PublicFormat.CompressedPoint])
def test_points_on_a_curve(form: PublicFormat) -> None:
    point = P256.public_key().public_bytes(Encoding.X962, form)
    for suffix in (b"", b"\xff"):
        found = public_key(offered(Tlv(0x86, point)), Algorithm.ECC_P256.value + suffix)
        assert found == der(P256.public_key())


@pytest.mark.parametrize(
    ("answer", "attributes"),
    [
        (offered(), Algorithm.ECC_P256.value),
        (offered(Tlv(0x86, b"")), Algorithm.ECC_P256.value),
        (offered(Tlv(0x81, bytes(256))), Algorithm.RSA_2048.value),
        (offered(Tlv(0x86, ED25519_POINT)), bytes.fromhex("132B8104000A")),  # secp256k1
        (offered(Tlv(0x86, ED25519_POINT)), b""),
    ],
)
def test_no_key_and_keys_that_cannot_be_asked(answer: bytes, attributes: bytes) -> None:
    assert public_key(answer, attributes) is None


@pytest.mark.parametrize(
    ("answer", "attributes"),
    [
        (offered(Tlv(0x86, bytes(65))), Algorithm.ECC_P256.value),  # not on the curve
        (offered(Tlv(0x86, ED25519_POINT[:-1])), Algorithm.ED25519.value),
        (
            offered(Tlv(0x81, b"\xff" * 128), Tlv(0x82, b"\x01\x00\x01")),
            Algorithm.RSA_2048.value,
        ),  # 1024 bits
        (offered(Tlv(0x81, b"\xff" * 256), Tlv(0x82, b"\x02")), Algorithm.RSA_2048.value),
        (b"\x7f\x49\x05\x86\x41", Algorithm.ECC_P256.value),
        (b"\x86\x41\x04", Algorithm.ECC_P256.value),
    ],
)
def test_keys_that_are_none_are_a_protocol_error(answer: bytes, attributes: bytes) -> None:
    with pytest.raises(ProtocolError):
        public_key(answer, attributes)


@given(st.binary(max_size=80), st.sampled_from([*Algorithm]), st.booleans())
def test_hostile_answers_raise_only_protocol_errors(
    content: bytes, algorithm: Algorithm, point: bool
) -> None:
    answer = offered(Tlv(0x86, content)) if point else content
    try:
        public_key(answer, algorithm.value)
    except ProtocolError:
        return


@pytest.mark.parametrize("sw", [0x6A88, 0x6982, 0x6A80, 0x6F00])
async def test_a_card_without_a_key(sw: int) -> None:
    _, card = await scripted({GENERATE: [sw]})
    assert await card.offered_key(KeyUse.PASSCODE) is None


# -- what counts as its signature ---------------------------------------------------------------


def test_ecdsa_signatures_come_bare_or_in_der() -> None:
    key = P256.public_key()
    challenge = challenge_for(der(key))
    assert len(challenge.data) == 32
    signature = P256.sign(challenge.data, ec.ECDSA(Prehashed(hashes.SHA256())))
    assert challenge.answered_by(signature)
    card = OpenPgpCard(algorithm=Algorithm.ECC_P256)
    own = card._key(0xA4)
    assert own is not None
    of_card = challenge_for(own.public_der)
    bare = own.sign(of_card.data)
    assert bare is not None
    assert len(bare) == 64
    assert of_card.answered_by(bare)
    assert not challenge.answered_by(bare)


def test_only_the_signature_of_this_challenge_counts() -> None:
    key = der(ED25519_KEY.public_key())
    first, second = challenge_for(key), challenge_for(key)
    assert first.data != second.data
    signature = ED25519_KEY.sign(first.data)
    assert first.answered_by(signature)
    for other in (ED25519_KEY.sign(second.data), signature[:-1], signature + b"\0", b"", bytes(64)):
        assert not first.answered_by(other)


@given(st.binary(max_size=140))
def test_no_answer_of_a_stranger_proves_anything(answer: bytes) -> None:
    for key in (ED25519_KEY.public_key(), P256.public_key()):
        assert not challenge_for(der(key)).answered_by(answer)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"no key",
        der(ec.derive_private_key(7, ec.SECP256K1()).public_key()),
        der(ec.derive_private_key(7, ec.SECP224R1()).public_key()),
        der(x25519.X25519PrivateKey.from_private_bytes(bytes(32)).public_key()),
        der(rsa.RSAPublicNumbers(65537, (1 << 1023) + 1).public_key()),
        der(
            dsa.DSAPublicNumbers(4, dsa.DSAParameterNumbers((1 << 1023) + 1, (1 << 159) + 1, 2)).public_key()
        ),
    ],
    ids=["nothing", "text", "secp256k1", "P-224", "X25519", "RSA 1024", "DSA"],
)
async def test_keys_that_no_card_has_are_not_pinned_and_not_proven(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        OpenPgpFamily().check_key(KeyUse.PASSCODE, key)
    channel, card = await scripted({VERIFY: [SW.OK]})
    with pytest.raises(CardUnsupported):
        await card.prove(KeyUse.PASSCODE, key)
    assert channel.sent == []


def test_no_key_signs_without_the_passcode() -> None:
    OpenPgpFamily().check_key(KeyUse.PASSCODE, der(P256.public_key()))
    with pytest.raises(ValueError, match="without the passcode"):
        OpenPgpFamily().check_key(KeyUse.FREE, der(P256.public_key()))


@pytest.mark.parametrize("sw", [0x6982, 0x6A88, 0x6985, 0x6D00])
async def test_a_card_that_does_not_sign_is_not_genuine(sw: int) -> None:
    _, card = await scripted({AUTHENTICATE: [sw]})
    with pytest.raises(NotGenuine) as caught:
        await card.prove(KeyUse.PASSCODE, der(P256.public_key()))
    assert caught.value.sw == sw
