"""Checkpoints: what stands in the chain for a segment that was exported and dropped.

A checkpoint is signed with Ed25519 (RFC 8032), so that an outsider who has the public key, the
checkpoint and the exported file can tell that nobody exchanged the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretBytes
from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.chain import Head, canonical, plain
from kiosk.storage.trail import AuditRow, CheckpointRow
from kiosk.verification import Fault, Flaw

LABEL = "audit checkpoint"  # of the key that is derived for it


class Notary:
    """Signs checkpoints, and tells which are signed. ``key`` is derived from the pepper under `LABEL`."""

    def __init__(self, key: SecretBytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key.get_secret_value())

    def public_key(self) -> str:
        """The public half, PEM (RFC 8410)."""
        form = PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(Encoding.PEM, form).decode("ascii")

    def checkpoint(
        self, store: str, before: Head, last: Head, *, sha256: str, at: datetime, by: str
    ) -> CheckpointRow:
        """The signed checkpoint of a segment that begins after ``before`` and ends with ``last``."""
        row = CheckpointRow(
            first_seq=before.seq + 1,
            last_seq=last.seq,
            previous=before.mac,
            last_mac=last.mac,
            count=last.seq - before.seq,
            sha256=sha256,
            at=at,
            by=by,
            signature="",
        )
        row.signature = self._key.sign(statement(store, row)).hex()
        return row

    def signed(self, store: str, row: CheckpointRow) -> bool:
        """Whether the signature is right."""
        try:
            self._key.public_key().verify(bytes.fromhex(row.signature), statement(store, row))
        except (InvalidSignature, ValueError):
            return False
        return True

    def fault(self, store: str, rows: Sequence[CheckpointRow]) -> Fault | None:
        """The first of a store's checkpoints that is not signed, or does not follow the one before."""
        head = Head(0, store)
        for row in rows:
            follows = (row.first_seq, row.previous) == (head.seq + 1, head.mac)
            if not follows or not self.signed(store, row):
                return Fault(row.last_seq, Flaw.CHECKPOINT)
            head = end_of(row)
        return None


def end_of(row: CheckpointRow) -> Head:
    """The last event of the closed segment."""
    return Head(row.last_seq, row.last_mac)


def statement(store: str, row: CheckpointRow) -> bytes:
    """What is signed: the checkpoint and the store's id, as canonical JSON (see `kiosk.chain`)."""
    return canonical(plain(store, row.model_dump(exclude={"signature"})))


async def checkpoints(session: AsyncSession) -> Sequence[CheckpointRow]:
    """All of them, oldest first."""
    return (await session.exec(select(CheckpointRow).order_by(col(CheckpointRow.last_seq)))).all()


async def drop_segment(session: AsyncSession, checkpoint: CheckpointRow) -> None:
    """Put the checkpoint in the place of its segment. Needs the right to delete audit events."""
    session.add(checkpoint)
    await session.flush()  # the trigger lets go of what a checkpoint covers
    await session.exec(delete(AuditRow).where(col(AuditRow.seq) <= checkpoint.last_seq))
