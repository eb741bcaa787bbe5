"""Whether a certificate is about this PIV card, and for this use (FIPS 201-3, 4.2.2; SP 800-73-4 part 1)."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from cryptography import x509

from cardio.card import CardId, KeyUse
from cardio.certificates import Trust
from cardio.errors import NotGenuine, ProtocolError
from cardio.tlv import parse

_FASC_N = x509.ObjectIdentifier("2.16.840.1.101.3.6.6")  # pivFASC-N
_CARD_AUTHENTICATION = x509.ObjectIdentifier("2.16.840.1.101.3.6.8")  # id-PIV-cardAuth
_YUBIKEY_SERIAL = x509.ObjectIdentifier("1.3.6.1.4.1.41482.3.7")  # as in Yubico's attestations
_URN = "urn:uuid:"
_OCTET_STRING, _INTEGER = 0x04, 0x02


def piv_trust(pem: bytes, at: datetime) -> Trust:
    """The CAs of PIV cards, from PEM. Raises ValueError as `Trust.from_pem`."""
    return Trust.from_pem(pem, bind, at)


def bind(certificate: x509.Certificate, card: CardId, use: KeyUse) -> None:
    """Hold a certificate to the card's number and the key's use: a `cardio.certificates.Binding`.

    Raises NotGenuine, and what cryptography raises for extensions that cannot be read.
    """
    _check_use(certificate, use)
    if card.serial not in _numbers(certificate, card.kind):
        raise NotGenuine("the card's certificate is that of another card")


def _check_use(certificate: x509.Certificate, use: KeyUse) -> None:
    """The key for card authentication signs for whoever asks: it must not stand in for the one after the PIN.

    FIPS 201-3 demands its extended key usage; certificates without any are believed for either use.
    """
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if (_CARD_AUTHENTICATION in usages) is not (use is KeyUse.FREE):
        raise NotGenuine("the card's certificate is for another use")


def _numbers(certificate: x509.Certificate, kind: str) -> set[str]:
    """The numbers of that kind which the certificate is about, as CardId writes them."""
    if kind == "guid":
        return _uuids(certificate)
    if kind == "fasc-n":
        return _fasc_ns(certificate)
    return _yubikey_serials(certificate) if kind == "yubikey-serial" else set()


def _uuids(certificate: x509.Certificate) -> set[str]:
    """urn:uuid in the subject's other names, or the subject's serialNumber (as PIV-I has it)."""
    texts = [
        name.value[len(_URN) :]
        for name in _alternative_names(certificate)
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.lower().startswith(_URN)
    ]
    found = set()
    for text in (*texts, *_subject_serials(certificate)):
        if re.fullmatch(r"[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}", text):
            found.add(UUID(text).hex.upper())
    return found


def _fasc_ns(certificate: x509.Certificate) -> set[str]:
    """pivFASC-N in the subject's other names, or its digits as the subject's serialNumber."""
    found = {_single(name.value, _OCTET_STRING).hex().upper() for name in _other_names(certificate)}
    return found | {text.replace("-", "").upper() for text in _subject_serials(certificate)}


def _yubikey_serials(certificate: x509.Certificate) -> set[str]:
    """Yubico's extension decides where there is one; else the subject's serialNumber."""
    try:
        extension = certificate.extensions.get_extension_for_oid(_YUBIKEY_SERIAL).value
    except x509.ExtensionNotFound:
        texts = _subject_serials(certificate)
        return {str(int(text)) for text in texts if re.fullmatch(r"[0-9]{1,10}", text)}
    value = extension.value if isinstance(extension, x509.UnrecognizedExtension) else b""
    return {str(int.from_bytes(_single(value, _INTEGER), "big"))}


def _alternative_names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def _other_names(certificate: x509.Certificate) -> list[x509.OtherName]:
    names = _alternative_names(certificate)
    return [name for name in names if isinstance(name, x509.OtherName) and name.type_id == _FASC_N]


def _subject_serials(certificate: x509.Certificate) -> list[str]:
    attributes = certificate.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)
    return [value for attribute in attributes if isinstance(value := attribute.value, str)]


def _single(der: bytes, tag: int) -> bytes:
    """The content of a DER value that is all there is. Raises ProtocolError."""
    items = parse(der)
    if len(items) != 1 or items[0].tag != tag:
        raise ProtocolError("the certificate's number cannot be read")
    return items[0].value
