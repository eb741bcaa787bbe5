"""What a PIV card's data objects say (SP 800-73-4 part 1, appendix A). Pure functions over bytes."""

from __future__ import annotations

import re
import zlib
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cardio.certificates import UNREADABLE, load
from cardio.errors import ProtocolError
from cardio.tlv import find, parse

_FASC_N_LENGTH = 25
_GUID_LENGTH = 16
_NUMBERS = {
    "guid": re.compile(r"[0-9A-F]{32}"),
    "fasc-n": re.compile(r"[0-9A-F]{50}"),
    "yubikey-serial": re.compile(r"[0-9]{1,10}"),
}
_NON_FEDERAL = "9999"
_MAX_CERTIFICATE = 0x8000  # bytes, unpacked
_CURVES: dict[int, ec.EllipticCurve] = {0x11: ec.SECP256R1(), 0x14: ec.SECP384R1()}
_ED25519 = 0xE0  # YubiKey's own number


def parse_number(text: str) -> tuple[str, str]:
    """Read kind and serial as people write them: "KIND:NUMBER", or a plain card UUID. Raises ValueError."""
    kind, colon, number = text.partition(":")
    if not colon:
        kind, number = "guid", text
    kind, number = kind.strip().lower(), number.strip().upper()
    if kind == "guid":
        number = number.replace("-", "")  # as a UUID is written
    if kind not in _NUMBERS or not _NUMBERS[kind].fullmatch(number) or not number.strip("0"):
        raise ValueError(
            "is not the number of a PIV card: guid:32 hexadecimal digits, fasc-n:50 hexadecimal digits "
            "or yubikey-serial:decimal digits"
        )
    return kind, str(int(number)) if kind == "yubikey-serial" else number


def identity(chuid: bytes) -> tuple[str, str] | None:
    """Return kind and serial from a CHUID (the content of its 53), None if it names no single card.

    The card UUID (tag 34) comes first, then the FASC-N (tag 30); all zeros are no number. Nor is a
    FASC-N of agency 9999: it is the same on every card issued outside the US government
    (FIPS 201 guidance; SP 800-73-4 part 1, 3.1.2), and YubiKeys carry one such constant.
    Raises ProtocolError.
    """
    objects = {item.tag: item.value for item in parse(chuid)}
    guid, fasc_n = objects.get(0x34, b""), objects.get(0x30, b"")
    if len(guid) == _GUID_LENGTH and any(guid):
        return "guid", guid.hex().upper()
    if len(fasc_n) == _FASC_N_LENGTH and any(fasc_n) and _agency_code(fasc_n) != _NON_FEDERAL:
        return "fasc-n", fasc_n.hex().upper()
    return None


def _agency_code(fasc_n: bytes) -> str:
    """The first four digits after the start sentinel: groups of 5 bits, least significant bit first."""
    bits = f"{int.from_bytes(fasc_n, 'big'):0{8 * _FASC_N_LENGTH}b}"
    groups = (bits[start : start + 4] for start in range(5, 25, 5))
    return "".join(f"{int(group[::-1], 2):X}" for group in groups)


def certificate(content: bytes) -> x509.Certificate | None:
    """Return the certificate from a certificate object (the content of its 53), None if it is empty.

    Reads plain and gzip'd ones by what they are: CertInfo (tag 71) is wrong on too many cards.
    Raises ProtocolError.
    """
    encoded = find(content, 0x70)
    if not encoded:
        return None
    if encoded.startswith(b"\x1f\x8b"):
        encoded = _gunzip(encoded)
    return load(encoded)


def _gunzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(packed, _MAX_CERTIFICATE)
    except zlib.error as error:
        raise ProtocolError("the packed certificate cannot be unpacked") from error
    if not unpacker.eof:
        raise ProtocolError("the packed certificate is cut short or too long")
    return plain


def expiry(content: bytes) -> datetime | None:
    """Return when the certificate in a certificate object ends (UTC), None if there is none.

    Raises ProtocolError.
    """
    found = certificate(content)
    if found is None:
        return None
    try:
        return found.not_valid_after_utc
    except UNREADABLE as error:  # dates are parsed on access
        raise ProtocolError("the certificate's end cannot be read") from error


def certified_key(content: bytes) -> tuple[bytes, bytes] | None:
    """Return public key and certificate (DER both) from a certificate object, None if there is none.

    Raises ProtocolError.
    """
    found = certificate(content)
    if found is None:
        return None
    try:
        return _der(found.public_key()), found.public_bytes(serialization.Encoding.DER)
    except UNREADABLE as error:
        raise ProtocolError("the certificate's key cannot be read") from error


def metadata_key(metadata: bytes) -> bytes | None:
    """Return the public key (DER) from the answer to GET METADATA, None if it holds none we know.

    Raises ProtocolError.
    """
    algorithm, encoded = find(metadata, 0x01), find(metadata, 0x04)
    if not algorithm or encoded is None:
        return None
    parts = {item.tag: item.value for item in parse(encoded)}
    try:
        if algorithm[0] in _CURVES:
            curve = _CURVES[algorithm[0]]
            return _der(ec.EllipticCurvePublicKey.from_encoded_point(curve, parts.get(0x86, b"")))
        if algorithm[0] == _ED25519:
            return _der(ed25519.Ed25519PublicKey.from_public_bytes(parts.get(0x86, b"")))
        if 0x81 in parts and 0x82 in parts:
            modulus, exponent = (int.from_bytes(parts[tag], "big") for tag in (0x81, 0x82))
            return _der(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    except ValueError as error:
        raise ProtocolError("the key in the metadata cannot be read") from error
    return None


def metadata_tries(metadata: bytes) -> int | None:
    """Return the tries left from the answer to GET METADATA (06 02 total remaining), None without them."""
    try:
        tries = find(metadata, 0x06)
    except ProtocolError:
        return None  # another vendor's command under the same INS
    return tries[1] if tries is not None and len(tries) == 2 else None


def _der(key: object) -> bytes:
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)):
        raise ValueError("neither RSA, elliptic curve nor Ed25519")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
