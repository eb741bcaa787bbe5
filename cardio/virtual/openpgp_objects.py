"""The data objects of a virtual OpenPGP card: what it keeps, and what it says (OpenPGP card 3.4, 4.4)."""

from __future__ import annotations

from collections.abc import Mapping

from cardio.tlv import Tlv

SIGN, DECRYPT, AUTHENTICATE = 0xB6, 0xB8, 0xA4  # the keys, by their control reference templates
KEYS = (SIGN, DECRYPT, AUTHENTICATE)
ALGORITHMS = dict(zip(KEYS, (0xC1, 0xC2, 0xC3), strict=True))
HISTORICAL = bytes.fromhex("0031F573C00160059000")  # extended length; operational

_FINGERPRINTS, _CA_FINGERPRINTS, _TIMES = (0xC7, 0xC8, 0xC9), (0xCA, 0xCB, 0xCC), (0xCE, 0xCF, 0xD0)
_LENGTHS = {**dict.fromkeys(_FINGERPRINTS + _CA_FINGERPRINTS, 20), **dict.fromkeys(_TIMES, 4)}
_CERTIFICATE = 0x7F21
_FREE = (0x5B, 0x5F2D, 0x5F35, 0x5F50, 0x5E, 0x0101, 0x0102, 0x0103, 0x0104)
_LONGEST = 0x0800
_GET_CHALLENGE, _PW_STATUS, _PRIVATE, _ALGORITHMS, _KDF = 0x40, 0x10, 0x08, 0x04, 0x01


class Objects:
    """Everything but keys and passwords. ``present`` are the keys the card was given."""

    def __init__(self, aid: bytes, algorithms: Mapping[int, bytes], present: tuple[int, ...]) -> None:
        self.aid = aid
        self.algorithms = dict(algorithms)
        self.present = set(present)
        self.signatures = 0
        self.occurrence = 0  # which of the certificates SELECT DATA chose
        self.certificates = [b"", b"", b""]  # of authentication, decryption, signature
        self._stored = {0x5F35: b"9"} | {tag: bytes(length) for tag, length in _LENGTHS.items()}
        for key in present:
            self.stamp(key)

    @property
    def version(self) -> tuple[int, int]:
        """Of the specification, from the AID."""
        return self.aid[6], self.aid[7]

    def stamp(self, key: int) -> None:
        """Give a key a fingerprint and a time, which clients take for a sign that it is there.

        They are none that OpenPGP would compute: the client that makes a key from it writes its own.
        """
        place = KEYS.index(key)
        self._stored[_FINGERPRINTS[place]] = bytes([key]) * 20
        self._stored[_TIMES[place]] = bytes.fromhex("65000000")

    def store(self, tag: int, value: bytes) -> bool:
        """Take what a client writes; False if the card keeps no such object, or not of that length."""
        if tag == _CERTIFICATE and len(value) <= _LONGEST:
            self.certificates[self.occurrence] = value
            return True
        if tag in _LENGTHS and len(value) != _LENGTHS[tag]:
            return False
        if tag not in _LENGTHS and (tag not in _FREE or len(value) > _LONGEST):
            return False
        self._stored[tag] = value
        return True

    def get(self, tag: int, pw_status: bytes | None) -> bytes | None:
        """Answer GET DATA: the bare value, but with its tag where the object is constructed.

        None if there is no such object; ``pw_status`` None leaves C4 out.
        """
        if tag in (0x6E, 0x65, 0x7A, 0x73):
            return Tlv.of(tag, self._members(tag, pw_status)).encode()
        if tag == _CERTIFICATE:
            return self.certificates[self.occurrence]
        if tag in _FREE:
            return self._stored.get(tag, b"")
        everything = (
            self._members(0x6E, pw_status) + self._members(0x73, pw_status) + self._members(0x7A, None)
        )
        return next((item.value for item in everything if item.tag == tag), None)

    def flat(self, pw_status: bytes | None) -> bytes:
        """6E without any nesting, as some cards answer it."""
        members = [item for item in self._members(0x6E, pw_status) if item.tag != 0x73]
        return b"".join(item.encode() for item in members + self._members(0x73, pw_status))

    @property
    def has_kdf(self) -> bool:
        """Whether the card can keep a KDF-DO."""
        return self.version >= (3, 3)

    def _members(self, tag: int, pw_status: bytes | None) -> list[Tlv]:
        if tag == 0x65:
            return [Tlv(inner, self._stored.get(inner, b"")) for inner in (0x5B, 0x5F2D, 0x5F35)]
        if tag == 0x7A:
            return [Tlv(0x93, self.signatures.to_bytes(3, "big"))]
        if tag == 0x73:
            return self._discretionary(pw_status)
        members = [Tlv(0x4F, self.aid), Tlv(0x5F52, HISTORICAL)]
        if self.version >= (3, 0):
            members.append(Tlv(0x7F66, bytes.fromhex("0202080002020800")))
        return [*members, Tlv.of(0x73, self._discretionary(pw_status))]

    def _discretionary(self, pw_status: bytes | None) -> list[Tlv]:
        members = [Tlv(0xC0, self._capabilities())]
        members += [Tlv(ALGORITHMS[key], self.algorithms[key]) for key in KEYS]
        if pw_status is not None:
            members.append(Tlv(0xC4, pw_status))
        for tag, parts in ((0xC5, _FINGERPRINTS), (0xC6, _CA_FINGERPRINTS), (0xCD, _TIMES)):
            members.append(Tlv(tag, b"".join(self._stored[part] for part in parts)))
        if self.version >= (3, 4):
            states = [bytes([place + 1, key in self.present]) for place, key in enumerate(KEYS)]
            members.append(Tlv(0xDE, b"".join(states)))
        return members

    def _capabilities(self) -> bytes:
        """C0 (4.4.3.7): abilities, no secure messaging, longest challenge, certificate, and the rest."""
        abilities = _GET_CHALLENGE | _PW_STATUS | _PRIVATE | _ALGORITHMS | (_KDF if self.has_kdf else 0)
        rest = "00FF0001" if self.version >= (3, 0) else "08000800"
        return bytes([abilities, 0x00]) + bytes.fromhex("00FF0800" + rest)
