"""Private keys of a virtual PIV card: raw card operations, their public part, their certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import IntEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from cardio.tlv import Tlv


class Algorithm(IntEnum):
    """Algorithm identifiers (SP 800-78-4, table 6-2)."""

    RSA_2048 = 0x07
    ECC_P256 = 0x11
    ECC_P384 = 0x14


_CURVES: dict[Algorithm, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    Algorithm.ECC_P256: (ec.SECP256R1(), hashes.SHA256()),
    Algorithm.ECC_P384: (ec.SECP384R1(), hashes.SHA384()),
}


class CardKey:
    """A key generated on the card."""

    def __init__(self, algorithm: Algorithm) -> None:
        self.algorithm = algorithm
        self._private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if algorithm is Algorithm.RSA_2048:
            self._private = rsa.generate_private_key(65537, 2048)
        else:
            self._private = ec.generate_private_key(_CURVES[algorithm][0])

    def sign(self, challenge: bytes) -> bytes | None:
        """Do what GENERAL AUTHENTICATE does: raw RSA, or ECDSA over a digest; None if the size is wrong."""
        if isinstance(self._private, rsa.RSAPrivateKey):
            numbers = self._private.private_numbers()
            modulus = numbers.public_numbers.n
            value = int.from_bytes(challenge, "big")
            if len(challenge) != 256 or value >= modulus:
                return None
            return pow(value, numbers.d, modulus).to_bytes(256, "big")
        digest = _CURVES[self.algorithm][1]
        if len(challenge) != digest.digest_size:
            return None
        return self._private.sign(challenge, ec.ECDSA(Prehashed(digest)))

    @property
    def public_der(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def public_objects(self) -> bytes:
        """The public key's data objects, as GENERATE and GET METADATA give them (SP 800-73-4, table 11)."""
        public = self._private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return Tlv(0x81, numbers.n.to_bytes(256, "big")).encode() + Tlv(0x82, b"\x01\x00\x01").encode()
        point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return Tlv(0x86, point).encode()

    def certificate(self, name: str, expires: datetime) -> bytes:
        """Return a self-signed certificate (DER) that ends at ``expires``."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        begins = min(datetime.now(UTC), expires) - timedelta(days=365)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        builder = builder.public_key(self._private.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(begins).not_valid_after(expires)
        return builder.sign(self._private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
