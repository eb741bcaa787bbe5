"""What unblock secrets look like: PUKs, resetting codes, admin PINs and admin keys."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretBytes

_PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))


@dataclass(frozen=True)
class SecretFormat:
    """How an unblock secret is called and written, and which values may be sent to a card.

    ``lengths`` are the allowed numbers of bytes; ``fresh_length`` is that of one made here. Written
    as "ascii" it is typed as it is, its characters from ``alphabet``; as "hex" two digits a byte.
    """

    name: str
    lengths: tuple[int, ...]
    fresh_length: int
    written: Literal["ascii", "hex"] = "ascii"
    alphabet: str = _PRINTABLE
    fresh_alphabet: str = string.digits

    def parse(self, text: str) -> SecretBytes:
        """Read it as people write it. Raises ValueError, whose message never repeats the text."""
        if self.written == "hex":
            return self._parse_hex(text)
        if not text or set(text) - set(self.alphabet):
            raise ValueError(f"must be {self._signs()}")
        if len(text) not in self.lengths:
            raise ValueError(f"must have {self._allowed(1)} characters")
        return SecretBytes(text.encode("ascii"))

    def _parse_hex(self, text: str) -> SecretBytes:
        try:
            value = bytes.fromhex(text)
        except ValueError:
            raise ValueError("must be hexadecimal digits") from None
        if len(value) not in self.lengths:
            raise ValueError(f"must have {self._allowed(2)} hexadecimal digits")
        return SecretBytes(value)

    def accepts(self, secret: SecretBytes) -> bool:
        """Whether a value may be sent: a wrong format costs a try on some cards."""
        value = secret.get_secret_value()
        if len(value) not in self.lengths:
            return False
        return self.written == "hex" or not set(value.decode("latin-1")) - set(self.alphabet)

    def fresh(self) -> SecretBytes:
        """Make a random one."""
        return self.shaped(secrets.token_bytes(64))

    def shaped(self, material: bytes) -> SecretBytes:
        """Turn random or derived bytes, at least ``fresh_length`` of them, into a secret.

        One byte becomes one character, the remainder by the alphabet's length: of ten digits the
        first six are more likely by 1 in 25, which costs less than a hundredth of a bit each.
        """
        if len(material) < self.fresh_length:
            raise ValueError(f"at least {self.fresh_length} bytes are needed")
        material = material[: self.fresh_length]
        if self.written == "hex":
            return SecretBytes(material)
        signs = self.fresh_alphabet
        return SecretBytes("".join(signs[byte % len(signs)] for byte in material).encode("ascii"))

    def _signs(self) -> str:
        if not set(self.alphabet) - set(string.digits):
            return "digits"
        return "plain ASCII characters"

    def _allowed(self, per_byte: int) -> str:
        counts = [length * per_byte for length in self.lengths]
        if len(counts) == 1:
            return f"exactly {counts[0]}"
        if counts == list(range(counts[0], counts[-1] + 1)):
            return f"{counts[0]} to {counts[-1]}"
        return " or ".join(map(str, counts))
