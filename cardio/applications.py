"""Card applications by their AID (ISO 7816-4:2013, 12.2.3), and what their numbers stand for.

For people alone: which one a card holds, and how a trace calls what is sent to it. Nothing here
decides how a card is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_SHORTEST_AID = 5  # a registered provider's identifier: fewer bytes mean nothing


@dataclass(frozen=True)
class Application:
    """One application.

    ``aid`` is the part of its identifier that all its issues share. ``instructions`` are its own,
    ``references`` name P2 of VERIFY and its kin, ``objects`` its data objects by tag. What the
    objects in ``public`` hold and its ``public_instructions`` answer is nobody's secret, and names nobody.
    """

    name: str
    aid: bytes
    instructions: Mapping[int, str] = field(default_factory=dict)
    references: Mapping[int, str] = field(default_factory=dict)
    objects: Mapping[int, str] = field(default_factory=dict)
    public: frozenset[int] = frozenset()
    public_instructions: frozenset[int] = frozenset()


def _aid(text: str) -> bytes:
    return bytes.fromhex(text)


PIV = Application(
    "PIV",
    _aid("A000000308"),
    instructions={
        0xF7: "GET METADATA",
        0xF8: "GET SERIAL",
        0xF9: "ATTEST",
        0xFA: "SET RETRIES",
        0xFB: "RESET",
        0xFD: "GET VERSION",
        0xFE: "IMPORT KEY",
        0xFF: "SET MANAGEMENT KEY",
    },
    references={
        0x00: "global PIN",
        0x80: "PIN",
        0x81: "PUK",
        0x9A: "9A, authentication",
        0x9B: "9B, management",
        0x9C: "9C, signature",
        0x9D: "9D, key management",
        0x9E: "9E, card authentication",
    },
    objects={
        0x7E: "discovery object",
        0x5FC101: "certificate 9E",
        0x5FC102: "CHUID",
        0x5FC103: "fingerprints",
        0x5FC105: "certificate 9A",
        0x5FC106: "security object",
        0x5FC107: "card capability container",
        0x5FC108: "facial image",
        0x5FC109: "printed information",
        0x5FC10A: "certificate 9C",
        0x5FC10B: "certificate 9D",
        0x5FC10C: "key history",
    },
    public=frozenset({0x7E, 0x5FC102, 0x5FC107, 0x5FC10C}),
    public_instructions=frozenset({0xF7, 0xF8, 0xFD}),
)
OPENPGP = Application(
    "OpenPGP",
    _aid("D27600012401"),
    instructions={0xF1: "GET VERSION", 0xF2: "SET RETRIES"},
    references={0x81: "PW1, signing", 0x82: "PW1", 0x83: "PW3, admin PIN"},
    objects={
        0x4F: "application identifier",
        0x5B: "name",
        0x5E: "login data",
        0x65: "cardholder",
        0x6E: "application related data",
        0x7A: "security support",
        0x93: "signature counter",
        0xC0: "extended capabilities",
        0xC4: "PW status",
        0xC5: "fingerprints",
        0xC6: "CA fingerprints",
        0xD3: "resetting code",
        0xD5: "symmetric key",
        0xDE: "key information",
        0xF9: "KDF",
        0x5F50: "URL",
        0x5F52: "historical bytes",
        0x7F21: "certificate",
        0x7F66: "extended length",
        0x7F74: "features",
    },
    public=frozenset({0x4F, 0x6E, 0x93, 0xC0, 0xC4, 0xC5, 0xC6, 0xDE, 0x5F52, 0x7F66, 0x7F74}),
    public_instructions=frozenset({0xF1}),
)
GIDS = Application(
    "GIDS",
    _aid("A00000039742544659"),
    references={0x00: "administrator", 0x80: "PIN", 0x81: "PUK", 0x82: "administrator"},
    objects={
        0x7F71: "PIN status",
        0x7F73: "PUK status",
        0xDF1F: "master file",
        0xDF20: "card identifier",
        0xDF21: "cardapps",
        0xDF22: "cardcf",
        0xDF23: "container map",
    },
    public=frozenset({0x7F71, 0x7F73, 0xDF1F, 0xDF20, 0xDF22}),
)

APPLICATIONS: tuple[Application, ...] = (
    PIV,
    OPENPGP,
    GIDS,
    Application("Microsoft plug and play", _aid("A000000397434944")),
    Application("PKCS#15", _aid("A000000063504B43532D3135")),
    Application("FIDO", _aid("A0000006472F0001")),
    Application("YubiKey OATH", _aid("A0000005272101")),
    Application("YubiKey OTP", _aid("A0000005272001")),
    Application("YubiKey management", _aid("A000000527471117")),
    Application("YubiHSM Auth", _aid("A000000527210701")),
    Application("CAC (card capabilities)", _aid("A000000116DB00")),
    Application("CAC (access control)", _aid("A0000000791000")),
    Application("EMV contactless directory", b"2PAY.SYS.DDF01"),
    Application("EMV contact directory", b"1PAY.SYS.DDF01"),
    Application("passport (eMRTD)", _aid("A0000002471001")),
    Application("NFC NDEF tag", _aid("D2760000850101")),
    Application("GlobalPlatform card manager", _aid("A000000151000000")),
)
"""Well-known ones: what `kiosk card inspect` asks a card for."""


def application(aid: bytes) -> Application | None:
    """The well-known application of an AID, whole or cut short; None for any other."""
    if len(aid) < _SHORTEST_AID:
        return None
    for known in APPLICATIONS:
        if aid.startswith(known.aid) or known.aid.startswith(aid):
            return known
    return None
