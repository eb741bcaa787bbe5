"""Names and addresses at rest: sealed, and found again by blind indexes.

One data key serves all of them, so that a million can be brought in quickly; the vault's key wraps
it. What is sealed is bound to its holder and field (AES-256-GCM). A blind index is a keyed hash: it
finds what is looked for, and tells nobody without the key what it stands for.
"""

from __future__ import annotations

import hmac
import os
import re
from enum import Enum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretBytes
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.keys import KEY_LENGTH, key_id
from kiosk.proofs.answers import normalise
from kiosk.storage.models import DataKeyRow
from kiosk.vault import NONCE_LENGTH, Vault, VaultError, associated

DATA_KEY = "persons"
_INDEX_LENGTH = 16  # bytes
_MADE_HERE = "persons key made here"


def fresh_data_key() -> SecretBytes:
    """A new data key for a store."""
    return SecretBytes(os.urandom(KEY_LENGTH))


class Personal(Enum):
    """What is sealed of a person; the value is bound to what is sealed."""

    NAME = "name"
    RA_EMAIL = "ra-email"
    OWN_EMAIL = "own-email"
    PENDING_EMAIL = "pending-email"
    PENDING_DRAFT = "pending-draft"
    NOTICE_RECIPIENT = "notice-recipient"
    NOTICE_NAME = "notice-name"


class PersonsKey:
    """Seals and opens what belongs to a holder, whom their audit key names. Microseconds a call."""

    def __init__(self, key: SecretBytes) -> None:
        self._cipher = AESGCM(key.get_secret_value())
        self._id = key_id(key)

    def seal(self, holder_key: str, field: Personal, text: str) -> bytes:
        """Nonce, ciphertext and tag, bound to that field of that holder."""
        nonce = os.urandom(NONCE_LENGTH)
        bound_to = associated(self._id, holder_key, field.value)
        return nonce + self._cipher.encrypt(nonce, text.encode(), bound_to)

    def open(self, holder_key: str, field: Personal, sealed: bytes | None) -> str:
        """What was sealed for that field of that holder; empty for None. Raises VaultError."""
        if sealed is None:
            return ""
        nonce, ciphertext = sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:]
        try:
            text = self._cipher.decrypt(nonce, ciphertext, associated(self._id, holder_key, field.value))
        except (InvalidTag, ValueError, TypeError):  # TypeError: SQLite keeps text in any column
            raise VaultError(f"{field.value}: altered, or of another person or key") from None
        return text.decode()


class Opening:
    """Opens what is sealed of one holder, and keeps in mind what does not open; that is empty then."""

    def __init__(self, key: PersonsKey | None, holder_key: str) -> None:
        """``key`` None: it cannot be had, so nothing opens."""
        self._key = key
        self._holder_key = holder_key
        self._shut: list[str] = []

    @property
    def shut(self) -> tuple[str, ...]:
        """The fields that did not open."""
        return tuple(self._shut)

    def open(self, field: Personal, sealed: bytes | None) -> str:
        """What was sealed for that field; empty where nothing was, or it does not open."""
        if sealed is None:
            return ""
        try:
            if self._key is not None:
                return self._key.open(self._holder_key, field, sealed)
        except VaultError:
            pass
        self._shut.append(field.value)
        return ""


class Persons:
    """Has the key of names and addresses, and makes their blind indexes."""

    def __init__(self, vault: Vault, index_key: SecretBytes) -> None:
        self._vault = vault
        self._index_key = index_key.get_secret_value()
        self._key: PersonsKey | None = None

    async def key(self, session: AsyncSession) -> PersonsKey:
        """The store's data key, made where there is none yet. Raises VaultError."""
        if self._key is not None:
            return self._key
        row = await session.get(DataKeyRow, DATA_KEY)
        if row is None:
            row = await self._made(session)
        key = PersonsKey(SecretBytes(await self._vault.unwrap(row.key_id, row.wrapped_key)))
        if not session.info.get(_MADE_HERE):  # it may yet be rolled back, and must then seal nothing more
            self._key = key
        return key

    async def opening(self, session: AsyncSession, holder_key: str) -> Opening:
        """Open what is sealed of a holder. Raises nothing: see `Opening.shut`."""
        try:
            return Opening(await self.key(session), holder_key)
        except VaultError:
            return Opening(None, holder_key)

    async def _made(self, session: AsyncSession) -> DataKeyRow:
        name, wrapped = await self._vault.wrap(fresh_data_key().get_secret_value())
        row = DataKeyRow(name=DATA_KEY, key_id=name, wrapped_key=wrapped)
        try:
            async with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another kiosk was quicker
            return await session.get_one(DataKeyRow, DATA_KEY)
        session.info[_MADE_HERE] = True
        return row

    def address_index(self, address: str) -> bytes | None:
        """The blind index of an address in its canonical form; None for an empty one."""
        return self._index("address", address) if address else None

    def word_indexes(self, name: str) -> set[bytes]:
        """The blind indexes of the words of a name; case, accents and signs make no difference."""
        return {self._index("word", word) for word in words_of(name)}

    def staff_index(self, name: str) -> bytes:
        """The blind index of what was typed as a staff name."""
        return self._index("staff", name)

    def _index(self, kind: str, text: str) -> bytes:
        content = f"{kind}|{text}".encode(errors="surrogatepass")
        return hmac.digest(self._index_key, content, "sha256")[:_INDEX_LENGTH]


def words_of(name: str) -> list[str]:
    """The words by which a name is found: parted by spaces and hyphens, without case and accents."""
    return [word for part in re.split(r"[\s\-\u2010-\u2013]+", name) if (word := normalise(part))]
