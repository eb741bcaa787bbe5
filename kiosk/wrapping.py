"""Key-encrypting keys: what wraps the data keys of the vault, and where they are kept.

A data key is wrapped with AES key wrap (RFC 3394), by a key in a file or inside a token: what
stands in the store is the same. Only the newest key wraps; older ones go on opening what they wrapped.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from pydantic import SecretBytes

from kiosk.keys import KEY_LENGTH, KeyProblem, create_key, key_id, key_source, load_key, sync_folder


class VaultError(Exception):
    """Something sealed cannot be opened. Says which key it needs or that it was altered, no more."""


class KeyEncryptingKey(Protocol):
    """Wraps data keys of 32 bytes. Safe to use from several threads."""

    @property
    def key_id(self) -> str:
        """The name that stands beside what it wrapped: hexadecimal digits."""
        ...

    @property
    def slow(self) -> bool:
        """Whether a call may take longer than the event loop can wait, so that it belongs in a thread."""
        ...

    def wrap(self, data_key: bytes) -> bytes:
        """The data key as it may be stored: 40 bytes. Raises VaultError where the key is out of reach."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key. Raises VaultError if it was altered, or the key is out of reach."""
        ...


@dataclass(frozen=True)
class Keys:
    """The key-encrypting keys there are: the newest, which wraps, and older ones, which only open."""

    newest: KeyEncryptingKey
    older: tuple[KeyEncryptingKey, ...] = ()

    def named(self, name: str) -> KeyEncryptingKey | None:
        """The key of that id, None where it is not here."""
        return next((key for key in (self.newest, *self.older) if key.key_id == name), None)


class KeyCabinet(Protocol):
    """Where the key-encrypting keys are kept."""

    def load(self) -> Keys:
        """The keys there are now. Raises KeyProblem."""
        ...

    def waiting(self) -> bool:
        """Whether a newer key is here that has yet to be put in place."""
        ...

    def make_next(self) -> str:
        """Make a newer key, unless one is waiting; says what was done. Raises KeyProblem."""
        ...

    def put_in_place(self) -> str:
        """Nothing needs the older keys any more: says what was done, and what is left to do."""
        ...


class SoftwareKey:
    """A key in this process's memory. A call takes a microsecond."""

    slow = False

    def __init__(self, key: SecretBytes) -> None:
        """Raises ValueError if the key is not 32 bytes long."""
        if len(key.get_secret_value()) != KEY_LENGTH:
            raise ValueError(f"the vault key must be {KEY_LENGTH} bytes long")
        self.key = key
        self._id = key_id(key)

    @property
    def key_id(self) -> str:
        """Derived from the key, and tells nothing of it."""
        return self._id

    def wrap(self, data_key: bytes) -> bytes:
        """AES-256 key wrap, RFC 3394 2.2.1."""
        return aes_key_wrap(self.key.get_secret_value(), data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """RFC 3394 2.2.2, with the integrity check of 2.2.3. Raises VaultError."""
        try:
            return aes_key_unwrap(self.key.get_secret_value(), wrapped)
        except (InvalidUnwrap, ValueError):
            raise VaultError("its data key was altered, or is wrapped with another key") from None


class MemoryCabinet:
    """Keys that end with the process: for the demo, and for tests."""

    def __init__(self, key: SecretBytes) -> None:
        self._keys = Keys(SoftwareKey(key))

    def load(self) -> Keys:
        """The keys there are now."""
        return self._keys

    def waiting(self) -> bool:
        """Never: they have no places."""
        return False

    def make_next(self) -> str:
        """Make a newer key."""
        fresh = SoftwareKey(SecretBytes(os.urandom(KEY_LENGTH)))
        self._keys = Keys(fresh, (self._keys.newest, *self._keys.older))
        return "a key was made"

    def put_in_place(self) -> str:
        """Nothing is left to do."""
        return "older keys end with this process"


class FileCabinet:
    """Keys in files of mode 0600, or handed over by systemd as credentials, which win.

    ``vault.key`` is the present one. ``vault.key.next`` is newer, while `kiosk vault rekey` is under
    way; ``vault.key.old-ID`` are older. The credentials have the same names with "-next" and "-old".
    """

    def __init__(self, directory: Path, configured: Path, credential: str) -> None:
        self._directory = directory
        self._configured = configured
        self._credential = credential

    def load(self) -> Keys:
        """The keys there are now. Raises KeyProblem."""
        present = [self._present()]
        if self._source("next").exists():
            present.insert(0, self._load(self._beside("next"), f"{self._credential}-next"))
        older = [
            self._load(path, path.name) for path in sorted(self._path.parent.glob(f"{self._path.name}.old-*"))
        ]
        if self._source("old").exists():
            older.append(self._load(self._beside("old"), f"{self._credential}-old"))
        newest, *others = present
        return Keys(newest, (*others, *older))

    def there(self) -> bool:
        """Whether there is a present key, in a file or handed over."""
        return key_source(self._directory, self._configured, self._credential).exists()

    def waiting(self) -> bool:
        """Whether the next key is here, in a file or handed over."""
        return self._source("next").exists()

    def make_next(self) -> str:
        """Make a newer key beside the present one, unless it is there. Raises KeyProblem."""
        path = self._source("next")
        if path.exists():
            return f"{path}: is there already, and is gone on with"
        if self._handed_over:
            raise KeyProblem(
                f"the key is handed over by systemd, which alone can hand over the next one: make it and add "
                f"LoadCredentialEncrypted={self._credential}-next:... beside the present one "
                "(docs/security.md), restart, then run this again"
            )
        create_key(path)
        return f"{path}: made, for its owner alone"

    def put_in_place(self) -> str:
        """Make the newer key the present one, and keep that under another name. Raises KeyProblem."""
        following = self._source("next")
        if not following.exists():
            return f"{self._path}: is the newest key already"
        if self._handed_over:
            return (
                f"now hand over the next key as {self._credential} and the present one as "
                f"{self._credential}-old, and restart every kiosk"
            )
        old = self._path.with_name(f"{self._path.name}.old-{self._present().key_id}")
        try:
            with suppress(FileExistsError):  # cut off between the two before
                os.link(self._path, old)
            following.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise KeyProblem(
                f"{self._path}: cannot be put in place: {error.strerror}; run this again"
            ) from None
        return f"{self._path}: is the new key; remove {old} once every kiosk and backup does without it"

    @property
    def _path(self) -> Path:
        return self._directory / self._configured

    @property
    def _handed_over(self) -> bool:
        return key_source(self._directory, self._configured, self._credential) != self._path

    def _present(self) -> SoftwareKey:
        return self._load(self._configured, self._credential)

    def _beside(self, suffix: str) -> Path:
        return self._configured.with_name(f"{self._configured.name}.{suffix}")

    def _source(self, suffix: str) -> Path:
        return key_source(self._directory, self._beside(suffix), f"{self._credential}-{suffix}")

    def _load(self, configured: Path, credential: str) -> SoftwareKey:
        return SoftwareKey(load_key(self._directory, configured, credential))
