"""Private keys of a virtual OpenPGP card, by their algorithm attributes (OpenPGP card 3.4, 4.4.3.9)."""

from __future__ import annotations

from enum import Enum

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from cardio.tlv import Tlv


class Algorithm(Enum):
    """Algorithm attributes of keys that sign."""

    RSA_2048 = bytes.fromhex("010800002000")
    RSA_3072 = bytes.fromhex("010C00002000")
    RSA_4096 = bytes.fromhex("011000002000")
    ECC_P256 = bytes.fromhex("132A8648CE3D030107")
    ECC_P384 = bytes.fromhex("132B81040022")
    ECC_P521 = bytes.fromhex("132B81040023")
    BRAINPOOL_P256 = bytes.fromhex("132B2403030208010107")
    BRAINPOOL_P384 = bytes.fromhex("132B240303020801010B")
    BRAINPOOL_P512 = bytes.fromhex("132B240303020801010D")
    ED25519 = bytes.fromhex("162B06010401DA470F01")

    @property
    def decrypting(self) -> bytes:
        """The attributes of the key that decrypts: the same RSA, ECDH on the curve, or Curve25519."""
        if self is Algorithm.ED25519:
            return _CURVE25519
        attributes: bytes = self.value
        return attributes if self.name.startswith("RSA") else b"\x12" + attributes[1:]


_CURVE25519 = bytes.fromhex("122B060104019755010501")
_ECDSA: dict[bytes, ec.EllipticCurve] = {
    Algorithm.ECC_P256.value[1:]: ec.SECP256R1(),
    Algorithm.ECC_P384.value[1:]: ec.SECP384R1(),
    Algorithm.ECC_P521.value[1:]: ec.SECP521R1(),
    Algorithm.BRAINPOOL_P256.value[1:]: ec.BrainpoolP256R1(),
    Algorithm.BRAINPOOL_P384.value[1:]: ec.BrainpoolP384R1(),
    Algorithm.BRAINPOOL_P512.value[1:]: ec.BrainpoolP512R1(),
}
_DIGESTS: dict[int, hashes.HashAlgorithm] = {
    algorithm.digest_size: algorithm
    for algorithm in (hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
}

_Private = (
    rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey
)


def known(attributes: bytes) -> bool:
    """Whether this card can make keys with these attributes."""
    if attributes[:1] == b"\x01":
        return len(attributes) == 6 and attributes[1:3] in (b"\x08\x00", b"\x0c\x00", b"\x10\x00")
    return attributes in (Algorithm.ED25519.value, _CURVE25519) or (
        attributes[:1] in (b"\x12", b"\x13") and attributes[1:] in _ECDSA
    )


class CardKey:
    """A key generated on the card; ``attributes`` must be `known`."""

    def __init__(self, attributes: bytes) -> None:
        self._private: _Private
        if attributes[0] == 0x01:
            self._private = rsa.generate_private_key(65537, int.from_bytes(attributes[1:3], "big"))
        elif attributes == Algorithm.ED25519.value:
            self._private = ed25519.Ed25519PrivateKey.generate()
        elif attributes == _CURVE25519:
            self._private = x25519.X25519PrivateKey.generate()
        else:
            self._private = ec.generate_private_key(_ECDSA[attributes[1:]])

    def sign(self, data: bytes) -> bytes | None:
        """Sign as the card does (7.2.10): a DigestInfo, a bare digest, or for EdDSA anything.

        RSA pads with PKCS #1 v1.5; ECDSA answers r and s in full length. None if the data do not fit.
        """
        if isinstance(self._private, rsa.RSAPrivateKey):
            return _rsa(self._private, data)
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(data)
        if isinstance(self._private, ec.EllipticCurvePrivateKey) and len(data) in _DIGESTS:
            size = (self._private.key_size + 7) // 8
            pair = decode_dss_signature(self._private.sign(data, ec.ECDSA(Prehashed(_DIGESTS[len(data)]))))
            return b"".join(number.to_bytes(size, "big") for number in pair)
        return None

    @property
    def public_der(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def public_objects(self) -> bytes:
        """The public key, 7F49, as GENERATE ASYMMETRIC KEY PAIR gives it (7.2.14)."""
        public = self._private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            modulus = public.public_numbers().n.to_bytes(public.key_size // 8, "big")
            return Tlv.of(0x7F49, [Tlv(0x81, modulus), Tlv(0x82, b"\x01\x00\x01")]).encode()
        if isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
        else:
            point = public.public_bytes_raw()
        return Tlv.of(0x7F49, [Tlv(0x86, point)]).encode()


def _rsa(private: rsa.RSAPrivateKey, data: bytes) -> bytes | None:
    size = private.key_size // 8
    if not 0 < len(data) <= size * 2 // 5:  # 7.2.10: at most 40 % of the modulus
        return None
    block = b"\x00\x01" + b"\xff" * (size - 3 - len(data)) + b"\x00" + data
    numbers = private.private_numbers()
    return pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size, "big")
