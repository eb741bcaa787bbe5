"""A kiosk's surroundings in a scratch folder: store, keys and a mail server, gone at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from stat import S_ISDIR

from pydantic import SecretBytes

from kiosk.demo.smtp import DemoMailServer, ReceivedMail
from kiosk.keyring import KeyRing, diversified, ring_in_memory
from kiosk.keys import create_key, create_private, load_key
from kiosk.mail import Mailer, SmtpMailer
from kiosk.settings import Settings
from kiosk.storage.place import place
from kiosk.storage.schema import upgrade

_PREFIX, _LOCK = "kiosk-demo-", "lock"
_LIFE = timedelta(days=30)  # of the mail server's certificate: none is to be renewed while people look


@dataclass(frozen=True)
class Scratch:
    """Settings that lead to the scratch folder, its keys, a mail client, and what arrived so far."""

    settings: Settings
    keys: KeyRing
    mailer: Mailer
    inbox: Sequence[ReceivedMail]


def _sweep(folders: Path) -> None:
    """Remove what demos that were killed have left: each that runs holds a lock in its folder."""
    for folder in folders.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it runs, or is gone already
            there = folder.lstat()
            if S_ISDIR(there.st_mode) and there.st_uid == os.geteuid():
                with (folder / _LOCK).open("rb") as held:
                    flock(held, LOCK_EX | LOCK_NB)
                    shutil.rmtree(folder)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is gone at the end, or when the next one is made."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        making = folder / f"{_LOCK}.new"
        with making.open("wb") as held:
            flock(held, LOCK_EX)
            making.rename(folder / _LOCK)  # nobody sees one that is not held
            yield folder


@asynccontextmanager
async def scratch_kiosk(settings: Settings) -> AsyncIterator[Scratch]:
    """Make the surroundings, and leave nothing behind. Raises OSError."""
    with _folder() as folder:
        server = DemoMailServer(folder, life=_LIFE)
        await server.start()
        try:
            chosen = settings.changed(
                state={"directory": folder},
                mail=server.settings.model_dump() | {"password_file": folder / "smtp-password"},
                database={"url": f"sqlite:///{folder / 'kiosk.db'}"},
                keys={"vault": folder / "vault.key", "pepper": folder / "pepper.key", "token": None},
                hashing={"cost": 10},  # nothing here outlives the process, and nobody likes to wait
            )
            create_private(folder / "smtp-password", server.password.get_secret_value().encode() + b"\n")
            await asyncio.to_thread(upgrade, place(chosen))
            masters = {name: _made_key(folder / f"{name}-master.key") for name in diversified(chosen)}
            keys = ring_in_memory(_made_key(folder / "vault.key"), _made_key(folder / "pepper.key"), masters)
            yield Scratch(chosen, keys, SmtpMailer(chosen.mail, server.password), server.inbox)
        finally:
            await server.stop()


def _made_key(path: Path) -> SecretBytes:
    """A new key, which is in a file too, where the health board looks for it."""
    create_key(path)
    return load_key(path.parent, path, path.stem)
