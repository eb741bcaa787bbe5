"""The authentication key of an OpenPGP card, and how it proves that it is there.

OpenPGP card 3.4: algorithm attributes 4.4.3.9, public keys 7.2.14, INTERNAL AUTHENTICATE 7.2.13.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from cardio.applets.openpgp_data import unwrapped
from cardio.errors import ProtocolError
from cardio.tlv import parse

_RSA_BITS = (2048, 3072, 4096)
_SHA256_INFO = bytes.fromhex("3031300D060960864801650304020105000420")  # RFC 8017, 9.2, note 1
_POINT_FORMATS = b"\x40"  # an EdDSA point may have this in front (RFC 9580, 11.2)


@dataclass(frozen=True)
class _Curve:
    oid: bytes
    curve: ec.EllipticCurve
    digest: hashes.HashAlgorithm  # the longest of SHA-2 that fits the curve


_CURVES = (
    _Curve(bytes.fromhex("2A8648CE3D030107"), ec.SECP256R1(), hashes.SHA256()),
    _Curve(bytes.fromhex("2B81040022"), ec.SECP384R1(), hashes.SHA384()),
    _Curve(bytes.fromhex("2B81040023"), ec.SECP521R1(), hashes.SHA512()),
    _Curve(bytes.fromhex("2B2403030208010107"), ec.BrainpoolP256R1(), hashes.SHA256()),
    _Curve(bytes.fromhex("2B240303020801010B"), ec.BrainpoolP384R1(), hashes.SHA384()),
    _Curve(bytes.fromhex("2B240303020801010D"), ec.BrainpoolP512R1(), hashes.SHA512()),
)
_ED25519 = (bytes.fromhex("2B06010401DA470F01"), bytes.fromhex("2B6570"))  # GnuPG's, and RFC 8410's

_CardKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def public_key(answer: bytes, attributes: bytes) -> bytes | None:
    """Return the key (DER SubjectPublicKeyInfo) from the answer to GENERATE ASYMMETRIC KEY PAIR.

    ``attributes`` are the key's algorithm attributes (C3). None if it holds no key, or one of a kind
    that no challenge here fits. Raises ProtocolError.
    """
    parts = {item.tag: item.value for item in parse(unwrapped(0x7F49, answer))}
    try:
        key = _key(parts, attributes)
        der = None if key is None else key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if der is not None:
            challenge_for(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProtocolError("the card's public key cannot be read") from error
    return der


def _key(parts: dict[int, bytes], attributes: bytes) -> _CardKey | None:
    if parts.get(0x81) and parts.get(0x82):
        modulus, exponent = (int.from_bytes(parts[tag], "big") for tag in (0x81, 0x82))
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    point, oid = parts.get(0x86, b""), attributes[1:].rstrip(b"\xff")  # FF: imported with its public key
    if not point:
        return None
    if oid in _ED25519:
        return ed25519.Ed25519PublicKey.from_public_bytes(
            point.removeprefix(_POINT_FORMATS) if len(point) == 33 else point
        )
    for known in _CURVES:
        if known.oid == oid:
            return ec.EllipticCurvePublicKey.from_encoded_point(known.curve, point)
    return None


@dataclass(frozen=True)
class Challenge:
    """A fresh challenge for one pinned key, to be answered once. ``data`` goes into the command."""

    data: bytes
    _answered_by: Callable[[bytes], None] = field(repr=False)

    def answered_by(self, signature: bytes) -> bool:
        """Whether the card's answer is the pinned key's signature."""
        try:
            self._answered_by(signature)
        except (InvalidSignature, ValueError):
            return False
        return True


def challenge_for(public_key: bytes) -> Challenge:
    """Make a challenge from fresh random bytes for a pinned key (DER SubjectPublicKeyInfo).

    Raises ValueError if no OpenPGP card here has a key of that kind.
    """
    try:
        key = load_der_public_key(public_key)
    except UnsupportedAlgorithm as error:
        raise ValueError("a public key of an unknown kind") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
        return _rsa_challenge(key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        message = secrets.token_bytes(32)  # signed as it is
        return Challenge(message, lambda signature: key.verify(signature, message))
    if isinstance(key, ec.EllipticCurvePublicKey):
        for known in _CURVES:
            if known.curve.name == key.curve.name:
                return _ecdsa_challenge(key, known.digest)
    raise ValueError(
        "OpenPGP card keys are RSA 2048, 3072 or 4096, ECC on the NIST or Brainpool curves of 256 bits "
        "and more, or Ed25519"
    )


def _rsa_challenge(key: rsa.RSAPublicKey) -> Challenge:
    """A DigestInfo, which the card pads (PKCS #1 v1.5)."""
    digest = secrets.token_bytes(32)

    def verify(signature: bytes) -> None:
        key.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))

    return Challenge(_SHA256_INFO + digest, verify)


def _ecdsa_challenge(key: ec.EllipticCurvePublicKey, algorithm: hashes.HashAlgorithm) -> Challenge:
    """A bare digest; the card answers r and s in full length, some in DER."""
    digest = secrets.token_bytes(algorithm.digest_size)
    size = (key.key_size + 7) // 8

    def verify(signature: bytes) -> None:
        if len(signature) == 2 * size:
            r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
            signature = encode_dss_signature(r, s)
        key.verify(signature, digest, ec.ECDSA(Prehashed(algorithm)))

    return Challenge(digest, verify)
