"""A small CA for virtual PIV cards: what it issues names the card, as FIPS 201-3, 4.2.2 wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cardio.tlv import Tlv

CARD_AUTHENTICATION = x509.ObjectIdentifier("2.16.840.1.101.3.6.8")
"""id-PIV-cardAuth, the extended key usage of 9E."""

FASC_N = x509.ObjectIdentifier("2.16.840.1.101.3.6.6")
"""pivFASC-N, the kind of other name in a subject's alternative names."""

_YEAR = timedelta(days=365)

Extensions = Sequence[tuple[x509.ExtensionType, bool]]
"""Extensions, and whether each is critical."""

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True)
class CardNumbers:
    """The numbers of a card; zeros and None stand for those it does not have."""

    guid: bytes = bytes(16)
    fasc_n: bytes = bytes(25)
    serial: int | None = None

    def alternative_names(self) -> list[x509.GeneralName]:
        """The card UUID as urn:uuid, and the FASC-N."""
        names: list[x509.GeneralName] = []
        if any(self.guid):
            digits = self.guid.hex()
            parts = digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]
            names.append(x509.UniformResourceIdentifier("urn:uuid:" + "-".join(parts)))
        if any(self.fasc_n):
            names.append(x509.OtherName(FASC_N, Tlv(0x04, self.fasc_n).encode()))
        return names

    def subject(self, name: str = "") -> x509.Name:
        """A subject with that common name, and with the serial number of a card that has no other."""
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
        if self.serial is not None and not self.alternative_names():
            attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, str(self.serial)))
        return x509.Name(attributes)


class CardCa:
    """A CA with a key of its own: a root, or below ``issuer``."""

    def __init__(
        self,
        name: str = "Virtual card CA",
        *,
        issuer: CardCa | None = None,
        begins: datetime | None = None,
        ends: datetime | None = None,
        path_length: int | None = None,
    ) -> None:
        self._issuer = issuer
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (issuer or self)._sign(
            self._key.public_key(),
            self._name,
            begins or datetime.now(UTC) - _YEAR,
            ends or datetime.now(UTC) + 10 * _YEAR,
            [(x509.BasicConstraints(True, path_length), True), (_usage(certificates=True), True)],
        )

    @property
    def pem(self) -> bytes:
        """Its own certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def chain_pem(self) -> bytes:
        """Its own certificate, and those up to the root."""
        return self.pem + (self._issuer.chain_pem if self._issuer else b"")

    def card_authentication(self, key: PublicKey, card: CardNumbers, ends: datetime) -> bytes:
        """Issue the certificate of 9E (DER): about the card, and no person."""
        usage = (x509.ExtendedKeyUsage([CARD_AUTHENTICATION]), True)
        return self.issue(key, card.subject(), ends, [usage, *_names(card)])

    def piv_authentication(self, key: PublicKey, card: CardNumbers, name: str, ends: datetime) -> bytes:
        """Issue the certificate of 9A (DER): about the card and its holder."""
        usage = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        return self.issue(key, card.subject(name), ends, [usage, *_names(card)])

    def issue(
        self,
        key: PublicKey,
        subject: x509.Name,
        ends: datetime,
        extensions: Extensions = (),
        *,
        usage: x509.KeyUsage | None = None,
    ) -> bytes:
        """Issue a certificate (DER) with these extensions and, by default, the key usage digitalSignature."""
        begins = min(datetime.now(UTC), ends) - _YEAR
        issued = self._sign(key, subject, begins, ends, [(usage or _usage(), True), *extensions])
        return issued.public_bytes(serialization.Encoding.DER)

    def _sign(
        self, key: PublicKey, subject: x509.Name, begins: datetime, ends: datetime, extensions: Extensions
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(begins).not_valid_after(ends)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


def _names(card: CardNumbers) -> Extensions:
    names = card.alternative_names()
    return [(x509.SubjectAlternativeName(names), False)] if names else []


def _usage(*, certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=certificates, crl_sign=certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
