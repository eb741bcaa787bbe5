"""The tables of a fleet's members, and what they were given; empty where one kiosk has a file of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel


class MemberRow(SQLModel, table=True):
    """A kiosk and the role it signs in with."""

    __tablename__ = "fleet_member"

    role: str = Field(primary_key=True)
    kiosk: str = Field(unique=True)
    added_at: datetime
    revoked_at: datetime | None = None


class RuleRow(SQLModel, table=True):
    """The one row of rules that the database itself holds the kiosks to."""

    __tablename__ = "fleet_rule"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: int | None = Field(default=None, primary_key=True)
    proofs: str  # as unlock.proofs, parted by commas
    proofs_valid_minutes: int
    secrets_per_hour: int


class ReleaseRow(SQLModel, table=True):
    """One card's secret, asked for by one kiosk in one visit."""

    __tablename__ = "secret_release"
    __table_args__ = (Index("secret_release_of_role", "role", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    card: int = Field(foreign_key="card.id", index=True, ondelete="CASCADE")
    role: str
    kiosk: str
    visit: str
    at: datetime
    xact: str  # the transaction that asked: another one is given the secret
