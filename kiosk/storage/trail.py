"""The tables of the audit trail. Triggers refuse whatever is not an append (see the migration 0003)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class AuditRow(SQLModel, table=True):
    """One event. Holder and card appear by their random audit keys only.

    ``mac`` is over all the rest and the store's id, ``previous`` the MAC of the event before; the first
    one's is the store's id (see `kiosk.chain`).
    """

    __tablename__ = "audit_event"

    seq: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)  # the newest is looked up all the time: see `kiosk.clock`
    kiosk: str
    visit: str = Field(default="", index=True)  # people tell the RA the reference
    event: str = Field(index=True)
    outcome: str
    reason: str = ""
    holder_key: str = Field(default="", index=True)
    card_key: str = Field(default="", index=True)
    actor: str = ""
    detail: str = ""
    selftest: bool = False
    previous: str = Field(unique=True)
    mac: str


class AuditStoreRow(SQLModel, table=True):
    """The only row: which store this is, and when its daily tasks were last done."""

    __tablename__ = "audit_store"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: int = Field(default=1, primary_key=True)
    store: str  # random, from the first migration on: no event of another store fits in here
    daily_at: datetime | None = None


class CheckpointRow(SQLModel, table=True):
    """A segment of the chain that was exported and dropped; the signature is over all the rest."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = (CheckConstraint("first_seq <= last_seq", name="in_order"),)

    last_seq: int = Field(primary_key=True)
    first_seq: int
    previous: str  # of the segment's first event
    last_mac: str
    count: int
    sha256: str  # of the export
    at: datetime
    by: str
    signature: str  # Ed25519, hexadecimal
