"""The tables of the maintenance side: who may sign in, who is slowed down, what a kiosk was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from kiosk.staff.account import Role
from kiosk.storage.models import one_of


class StaffRow(SQLModel, table=True):
    """An account of the maintenance side: a password, a staff card with a pinned key, or both."""

    __tablename__ = "staff"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("(card IS NULL) = (card_key IS NULL)", name="card_with_key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)  # as `kiosk.staff.accounts.folded` writes it; stands in the audit trail
    role: str
    password_hash: str = Field(default="", repr=False)  # "": none
    card: str | None = Field(default=None, unique=True, repr=False)  # "family:kind:serial"
    card_key: bytes | None = Field(default=None, repr=False)  # DER: signs after the passcode
    disabled: bool = False
    created_at: datetime


class StaffDelayRow(SQLModel, table=True):
    """Failures to sign in by that name at that kiosk. The name is a keyed hash: anything may be typed."""

    __tablename__ = "staff_delay"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures_not_negative"),)

    name: bytes = Field(primary_key=True, repr=False)
    kiosk: str = Field(primary_key=True)
    failures: int = 0
    until: datetime  # before which no try is looked at


class StaffRefusalRow(SQLModel, table=True):
    """A failure to sign in, for as long as it counts against the fleet's ten an hour."""

    __tablename__ = "staff_refusal"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    kiosk: str


class ServiceStopRow(SQLModel, table=True):
    """A kiosk that a technician has taken out of service, until somebody puts it back."""

    __tablename__ = "service_stop"

    kiosk: str = Field(primary_key=True)
    reason: str  # shown to holders
    by: str
    at: datetime


class SelftestRow(SQLModel, table=True):
    """How the last self-test of a kiosk went."""

    __tablename__ = "selftest_result"

    kiosk: str = Field(primary_key=True)
    at: datetime
    by: str
    ok: bool
    report: str  # JSON: the steps, each with its time
