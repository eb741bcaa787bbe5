"""How a PIV card proves that it holds a private key (SP 800-73-4 part 2, 3.2.4 and appendix A.1)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cardio.errors import ProtocolError
from cardio.tlv import Tlv, find

_ECC_P256, _ECC_P384 = 0x11, 0x14  # SP 800-78-5, table 9; those of more than 3072 bits are YubiKey's
_RSA = {2048: 0x07, 3072: 0x05, 4096: 0x16}
_ED25519 = 0xE0  # likewise
_SHA256_INFO = bytes.fromhex("3031300D060960864801650304020105000420")  # RFC 8017, 9.2, note 1
_ECDSA: dict[str, tuple[int, hashes.HashAlgorithm]] = {
    "secp256r1": (_ECC_P256, hashes.SHA256()),
    "secp384r1": (_ECC_P384, hashes.SHA384()),
}


@dataclass(frozen=True)
class Challenge:
    """A fresh challenge for one pinned key, to be answered once."""

    algorithm: int
    data: bytes
    _key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey = field(repr=False)
    _digest: bytes = field(repr=False)

    def template(self) -> bytes:
        """The dynamic authentication template that asks for a signature: 7C { 82 empty, 81 challenge }."""
        return Tlv.of(0x7C, [Tlv(0x82, b""), Tlv(0x81, self.data)]).encode()

    def answered_by(self, answer: bytes) -> bool:
        """Whether the card's answer, 7C { 82 signature }, is the pinned key's signature."""
        try:
            signature = find(answer, 0x7C, 0x82)
        except ProtocolError:
            return False
        if not signature:
            return False
        try:
            if isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, self._digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
            elif isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, self._digest)
            else:
                algorithm = _ECDSA[self._key.curve.name][1]
                self._key.verify(signature, self._digest, ec.ECDSA(Prehashed(algorithm)))
        except InvalidSignature:
            return False
        return True


def challenge_for(public_key: bytes) -> Challenge:
    """Make a challenge from fresh random bytes for a pinned key (DER SubjectPublicKeyInfo).

    Raises ValueError if the key is none of RSA 2048 to 4096, ECC P-256, ECC P-384 and Ed25519.
    """
    try:
        key = load_der_public_key(public_key)
    except UnsupportedAlgorithm as error:
        raise ValueError("a public key of an unknown kind") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA:
        digest = secrets.token_bytes(32)
        return Challenge(_RSA[key.key_size], _pkcs1_block(digest, key.key_size // 8), key, digest)
    if isinstance(key, ed25519.Ed25519PublicKey):
        message = secrets.token_bytes(32)  # which the card hashes itself
        return Challenge(_ED25519, message, key, message)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _ECDSA:
        algorithm, hash_algorithm = _ECDSA[key.curve.name]
        digest = secrets.token_bytes(hash_algorithm.digest_size)
        return Challenge(algorithm, digest, key, digest)
    raise ValueError("PIV card keys are RSA 2048 to 4096, ECC P-256, ECC P-384 or Ed25519")


def _pkcs1_block(digest: bytes, size: int) -> bytes:
    """EMSA-PKCS1-v1_5 (RFC 8017, 9.2): the card signs raw, so the padding is made here."""
    info = _SHA256_INFO + digest
    return b"\x00\x01" + b"\xff" * (size - 3 - len(info)) + b"\x00" + info
