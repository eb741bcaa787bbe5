"""Unblock secrets worked out from a master key and the card's own number (NIST SP 800-108r1).

The key derivation function in counter mode (4.1), with HMAC-SHA-256 or CMAC-AES as its PRF:

    K(i) = PRF(master key, [i] || Label || 00 || Context || [L])

``[i]`` counts from 1 in 32 bits and ``[L]`` is the length wanted, in bits, in 32 bits; both big-endian.
``docs/secrets.md`` has the same layout for whoever writes these secrets onto the cards.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, KBKDFHMAC, CounterLocation, Mode
from pydantic import SecretBytes

from cardio.card import CardId
from cardio.secret import SecretFormat
from kiosk.card_settings import Diversify

_WIDTH = 4  # bytes of [i] and of [L]
_HEXADECIMAL = {("piv", "guid"), ("piv", "fasc-n"), ("openpgp", "serial"), ("gids", "card-id")}

MASTER_LENGTHS: dict[str, tuple[int, ...]] = {
    "cmac-aes": (16, 24, 32),
    "hmac-sha256": tuple(range(16, 65)),
}
"""The lengths in bytes a master key may have, by ``kdf``."""


class Derivation:
    """Derives the unblock secrets of a family's cards."""

    def __init__(self, rules: Diversify, master: SecretBytes, secret: SecretFormat) -> None:
        """Raises ValueError for a master key of a length that ``rules.kdf`` does not take."""
        if len(master.get_secret_value()) not in MASTER_LENGTHS[rules.kdf]:
            raise ValueError(f"this is no master key for {rules.kdf}")
        self._rules = rules
        self._master = master
        self._format = secret

    def secret(self, card: CardId) -> SecretBytes:
        """The unblock secret of that card."""
        length = self._format.fresh_length
        fixed = fixed_data(self._rules.label.encode(), self._context(card), length)
        return self._format.shaped(derive(self._rules.kdf, self._master, fixed, length))

    def _context(self, card: CardId) -> bytes:
        match self._rules.context:
            case "serial-bytes":
                written_in_hex = (card.family, card.kind) in _HEXADECIMAL
                return bytes.fromhex(card.serial) if written_in_hex else card.serial.encode()
            case "serial-text":
                return card.serial.encode()
            case "card-id":
                return str(card).encode()


def fixed_data(label: bytes, context: bytes, length: int) -> bytes:
    """What the PRF is given beside the counter, for ``length`` bytes of output: Label, 00, Context, [L]."""
    return label + b"\x00" + context + (8 * length).to_bytes(_WIDTH, "big")


def derive(kdf: str, master: SecretBytes, fixed: bytes, length: int) -> bytes:
    """Derive ``length`` bytes by SP 800-108r1, 4.1, with the PRF "hmac-sha256" or "cmac-aes".

    ``fixed`` follows the counter. Raises ValueError for a master key that the PRF does not take.
    """
    key, where = master.get_secret_value(), CounterLocation.BeforeFixed
    if kdf == "cmac-aes":
        aes = algorithms.AES
        return KBKDFCMAC(aes, Mode.CounterMode, length, _WIDTH, None, where, None, None, fixed).derive(key)
    sha = hashes.SHA256()
    return KBKDFHMAC(sha, Mode.CounterMode, length, _WIDTH, None, where, None, None, fixed).derive(key)
