"""The data objects of a virtual PIV card, as bytes (SP 800-73-4 part 1, appendix A)."""

from __future__ import annotations

import gzip
from datetime import datetime

from cardio.tlv import Tlv

CHUID, DISCOVERY = 0x5FC102, 0x7E
CERTIFICATES = {0x9A: 0x5FC105, 0x9E: 0x5FC101}
"""Where the certificates are, by slot."""

AFTER_PIN = frozenset({0x5FC103, 0x5FC108, 0x5FC109, 0x5FC121})
"""Fingerprints, face, printed information and irises: not to be read before the PIN."""


def chuid(fasc_n: bytes, guid: bytes, expires: datetime, signature: bytes) -> bytes:
    """The cardholder unique identifier; the issuer's signature makes it long."""
    fields = (
        (0x30, fasc_n), (0x34, guid), (0x35, expires.strftime("%Y%m%d").encode()),
        (0x3E, signature), (0xFE, b""),
    )  # fmt: skip
    return b"".join(Tlv(tag, value).encode() for tag, value in fields)


def certificate(der: bytes, *, zipped: bool) -> bytes:
    """A certificate object, packed as CertInfo (71) says."""
    content = gzip.compress(der) if zipped else der
    return Tlv(0x70, content).encode() + Tlv(0x71, bytes([zipped])).encode() + Tlv(0xFE, b"").encode()


def discovery(aid: bytes) -> bytes:
    """The discovery object: the application, and that its own PIN is the one it wants."""
    return Tlv(0x4F, aid).encode() + Tlv(0x5F2F, b"\x40\x00").encode()
