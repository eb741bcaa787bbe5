"""The table [reports] of kiosk.toml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kiosk.section import ADDRESS, Section, fault

ENOUGH = 62  # days: the longest month, and as much again before its report must have been sent

Address = Annotated[str, Field(pattern=ADDRESS, max_length=254)]


class Reports(Section):
    """What the reports count with, and who gets them by mail."""

    minutes_saved: int = Field(20, ge=0, le=600)
    mail_to: tuple[Address, ...] = ()
    every: Literal["day", "week", "month"] = "week"


def require_events(reports: Reports, audit_days: int) -> None:
    """Raise ValidationError where events would be closed before the report on them was mailed."""
    if reports.mail_to and 0 < audit_days < ENOUGH:
        raise fault("Settings", "retention.audit_days", f"must be {ENOUGH} or more where reports are mailed")
