"""The files that hold the kiosk's own secrets: vault key, pepper, mail password, and master keys.

The kiosk's keys are 32 random bytes, written as one line of base64. Where systemd hands over a
credential (``LoadCredentialEncrypted=``), that wins over the configured file.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import secrets
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pydantic import SecretBytes, SecretStr

KEY_LENGTH = 32  # bytes
MISSING = (
    "`kiosk init` makes it for a new store; for one in use put it back from your backup, or copy it from the "
    "RA's machine"
)
_LARGEST = 4096  # bytes: nothing here is longer; a wrong path may lead to a huge or endless file


class KeyProblem(Exception):
    """A key file cannot be used. The message names the file and says what to do about it."""


def load_key(directory: Path, configured: Path, credential: str) -> SecretBytes:
    """The key from systemd's credential of that name, or else from the file (under ``directory``).

    Raises KeyProblem if it is missing, readable by others than its owner, another
    account's (root's may be), or not 32 bytes.
    """
    path, content = _load(directory, configured, credential)
    try:
        key = base64.b64decode(content.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_LENGTH:
        raise KeyProblem(
            f"{path}: is not a key ({KEY_LENGTH} bytes in base64); put back the right file from your backup"
        )
    return SecretBytes(key)


def load_master_key(
    directory: Path, configured: Path, credential: str, lengths: Collection[int]
) -> SecretBytes:
    """A master key from systemd's credential of that name, or else the file's only line.

    Its issuer may have written it in hexadecimal or in base64. Raises KeyProblem if it is missing,
    readable by others than its owner, another account's (root's may be), or of no allowed length.
    """
    path, content = _load(directory, configured, credential, missing="put the issuer's master key there")
    line = content.strip()
    key = b""
    with suppress(binascii.Error):
        written_in_hex = len(line) % 2 == 0 and re.fullmatch(rb"[0-9A-Fa-f]+", line)
        key = binascii.unhexlify(line) if written_in_hex else base64.b64decode(line, validate=True)
    if len(key) not in lengths:
        wanted = sorted(lengths)
        dense = wanted == list(range(wanted[0], wanted[-1] + 1)) and len(wanted) > 1
        told = f"{wanted[0]} to {wanted[-1]}" if dense else " or ".join(map(str, wanted))
        raise KeyProblem(f"{path}: is not a master key ({told} bytes, one line of hexadecimal or base64)")
    return SecretBytes(key)


def load_password(
    directory: Path, configured: Path, credential: str, missing: str = "put the password there"
) -> SecretStr:
    """A password from systemd's credential of that name, or else the file's only line.

    Raises KeyProblem if it is missing, readable by others than its owner, another
    account's (root's may be), or not one line of text.
    """
    path, content = _load(directory, configured, credential, missing)
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    if len(lines) != 1 or not lines[0]:
        raise KeyProblem(f"{path}: must hold the password as one line of text")
    return SecretStr(lines[0])


def create_key(path: Path) -> None:
    """Write a new random key to a file of mode 0600, and onto the disk. Never replaces a file.

    Raises KeyProblem if the file is there already or cannot be written.
    """
    try:
        create_private(path, base64.b64encode(secrets.token_bytes(KEY_LENGTH)) + b"\n")
    except FileExistsError:
        raise KeyProblem(
            f"{path}: exists already; it is kept, because what it has encrypted opens with no other key"
        ) from None
    except OSError as error:
        raise KeyProblem(f"{path}: cannot be written: {error.strerror}") from None


def create_private(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600, and onto the disk; nothing of it stays where that fails.

    Raises FileExistsError, OSError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError:
        path.unlink(missing_ok=True)  # half a key would be taken for a damaged one
        raise


def key_source(directory: Path, configured: Path, credential: str) -> Path:
    """Where `load_key` and `load_password` look: systemd's credential of that name, or else the file."""
    given = os.environ.get("CREDENTIALS_DIRECTORY", "")
    handed_over = Path(given) / credential
    return handed_over if given and handed_over.exists() else directory / configured


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def key_id(key: SecretBytes) -> str:
    """A short name of a key, which tells two keys apart and nothing else: 8 hexadecimal digits."""
    return hmac.digest(key.get_secret_value(), b"unlock-kiosk key id", "sha256").hex()[:8]


def _load(directory: Path, configured: Path, credential: str, missing: str = MISSING) -> tuple[Path, bytes]:
    path = key_source(directory, configured, credential)
    # systemd guards what it hands over; an access list for the service's user makes its mode look too open.
    return path, _read(path, missing, guarded=path != directory / configured)


def _read(path: Path, missing: str, *, guarded: bool) -> bytes:
    """The content, checked on the open file so that it cannot be exchanged in between."""
    try:
        # Without O_NONBLOCK a pipe at that path would hold the kiosk up for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise KeyProblem(f"{path}: is not a file")
            if not guarded:
                _require_private(path, status)
            return file.read(_LARGEST)
    except FileNotFoundError:
        raise KeyProblem(f"{path}: is missing; {missing}") from None
    except OSError as error:
        raise KeyProblem(f"{path}: cannot be read: {error.strerror}") from None


def _require_private(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in {0, os.geteuid()}:  # whoever owns it can put another key in its place
        raise KeyProblem(
            f"{path}: belongs to another account (uid {status.st_uid}); run this as that one, or chown it"
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyProblem(f"{path}: others can read it (mode {mode:04o}); chmod 600 {path}")
