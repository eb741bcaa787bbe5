"""Private keys of a virtual PIV card: raw card operations, their public part, their certificate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from cardio.tlv import Tlv


class Algorithm(IntEnum):
    """Algorithm identifiers (SP 800-78-5, table 9); Ed25519 is YubiKey's own (firmware 5.7)."""

    RSA_2048 = 0x07
    ECC_P256 = 0x11
    ECC_P384 = 0x14
    RSA_3072 = 0x05
    RSA_4096 = 0x16
    ED25519 = 0xE0


PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_CURVES: dict[Algorithm, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    Algorithm.ECC_P256: (ec.SECP256R1(), hashes.SHA256()),
    Algorithm.ECC_P384: (ec.SECP384R1(), hashes.SHA384()),
}
_MODULUS_BITS = {Algorithm.RSA_2048: 2048, Algorithm.RSA_3072: 3072, Algorithm.RSA_4096: 4096}
_RSA_EXPONENT = 65537


class CardKey:
    """A key on the card: generated there, unless a private one is given."""

    def __init__(self, algorithm: Algorithm, private: PrivateKey | None = None) -> None:
        self.algorithm = algorithm
        self.generated = private is None
        self._private = private or _generate(algorithm)

    @classmethod
    def imported(cls, algorithm: Algorithm, parts: Mapping[int, bytes]) -> Self:
        """Make one from what IMPORT KEY brings: 01 and 02 RSA primes, 06 EC scalar, 07 Ed25519 seed.

        Raises ValueError or KeyError for what makes no key.
        """
        if algorithm is Algorithm.ED25519:
            return cls(algorithm, ed25519.Ed25519PrivateKey.from_private_bytes(parts[0x07]))
        if algorithm in _CURVES:
            scalar = int.from_bytes(parts[0x06], "big")
            return cls(algorithm, ec.derive_private_key(scalar, _CURVES[algorithm][0]))
        private = _rsa_from_primes(int.from_bytes(parts[0x01], "big"), int.from_bytes(parts[0x02], "big"))
        if private.key_size != _MODULUS_BITS[algorithm]:
            raise ValueError("another size than its algorithm's")
        return cls(algorithm, private)

    def sign(self, challenge: bytes) -> bytes | None:
        """Do what GENERAL AUTHENTICATE does: raw RSA, ECDSA over a digest, or EdDSA over a message.

        None if the challenge has not the right size.
        """
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(challenge)
        if isinstance(self._private, rsa.RSAPrivateKey):
            return _raw_rsa(self._private, challenge)
        digest = _CURVES[self.algorithm][1]
        if len(challenge) != digest.digest_size:
            return None
        return self._private.sign(challenge, ec.ECDSA(Prehashed(digest)))

    @property
    def public(self) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey:
        """The public key."""
        return self._private.public_key()

    @property
    def public_der(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        return self.public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def public_objects(self) -> bytes:
        """The public key's data objects, as GENERATE and GET METADATA give them (SP 800-73-4, table 11)."""
        public = self.public
        if isinstance(public, rsa.RSAPublicKey):
            modulus = public.public_numbers().n.to_bytes(public.key_size // 8, "big")
            return Tlv(0x81, modulus).encode() + Tlv(0x82, b"\x01\x00\x01").encode()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return Tlv(0x86, public.public_bytes_raw()).encode()
        point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return Tlv(0x86, point).encode()

    def certificate(self, name: str, expires: datetime) -> bytes:
        """Return a self-signed certificate (DER) that ends at ``expires``."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        begins = min(datetime.now(UTC), expires) - timedelta(days=365)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        builder = builder.public_key(self.public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(begins).not_valid_after(expires)
        digest = None if self.algorithm is Algorithm.ED25519 else hashes.SHA256()
        return builder.sign(self._private, digest).public_bytes(serialization.Encoding.DER)


def _generate(algorithm: Algorithm) -> PrivateKey:
    if algorithm in _MODULUS_BITS:
        return rsa.generate_private_key(_RSA_EXPONENT, _MODULUS_BITS[algorithm])
    if algorithm is Algorithm.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(_CURVES[algorithm][0])


def _rsa_from_primes(p: int, q: int) -> rsa.RSAPrivateKey:
    private_exponent = pow(_RSA_EXPONENT, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p, q, private_exponent,
        rsa.rsa_crt_dmp1(private_exponent, p), rsa.rsa_crt_dmq1(private_exponent, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_RSA_EXPONENT, p * q),
    ).private_key()  # fmt: skip


def _raw_rsa(private: rsa.RSAPrivateKey, challenge: bytes) -> bytes | None:
    numbers, size = private.private_numbers(), private.key_size // 8
    modulus = numbers.public_numbers.n
    value = int.from_bytes(challenge, "big")
    if len(challenge) != size or value >= modulus:
        return None
    return pow(value, numbers.d, modulus).to_bytes(size, "big")
