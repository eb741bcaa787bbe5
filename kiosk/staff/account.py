"""Who may sign in at the maintenance side, and what for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Role(Enum):
    """What a staff account is for. Nobody has two: whoever does both works has two accounts."""

    TECHNICIAN = "technician"  # the machine
    OFFICER = "officer"  # the people
    ADMINISTRATOR = "administrator"  # accounts and settings, and what technicians do


@dataclass(frozen=True)
class Account:
    """A staff account. ``card``: it has a staff card; ``card_key`` is pinned for it (DER).

    ``opened_by`` stands for its password and card: it changes with either, and tells nothing of them.
    ``acts_as``: how the audit trail names whoever has signed in; empty: by the account's name.
    """

    name: str
    role: Role
    disabled: bool
    password: bool
    card: bool
    created_at: datetime
    card_key: bytes | None = field(default=None, repr=False)
    opened_by: str = field(default="", repr=False)
    acts_as: str = field(default="", compare=False)

    @property
    def actor(self) -> str:
        """Who is on record for what they do."""
        return self.acts_as or self.name

    def stands(self, now: Account | None) -> bool:
        """Whether whoever was let in as this account would still be, as it is ``now`` (None: it is gone)."""
        if now is None or now.disabled:
            return False
        return (now.role, now.opened_by) == (self.role, self.opened_by)


class StaffProblem(Exception):
    """That cannot be done. The message says why, and what to do."""


class NotAllowed(Exception):
    """Whoever is signed in may not do that. Nothing was done."""
