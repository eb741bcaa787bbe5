"""docs/audit.md explains every event, outcome and column there is, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.audit import Event, Outcome
from kiosk.storage.trail import AuditRow
from kiosk.verification import Flaw

TEXT = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ((?:`[a-z.-]+`(?:, )?)+) \| (.+) \|$", TEXT, re.MULTILINE)
EXPLAINED = {name: meaning for names, meaning in ROWS for name in re.findall(r"`([a-z.-]+)`", names)}


@pytest.mark.parametrize("event", Event)
def test_every_event_is_explained(event: Event) -> None:
    assert len(EXPLAINED.get(event.value, "")) > 10, event.value


def test_nothing_else_is_explained() -> None:
    assert set(EXPLAINED) == {event.value for event in Event} | {flaw.value for flaw in Flaw}


@pytest.mark.parametrize("flaw", Flaw)
def test_every_flaw_is_explained(flaw: Flaw) -> None:
    assert len(EXPLAINED.get(flaw.value, "")) > 10, flaw.value


@pytest.mark.parametrize("word", [*(outcome.value for outcome in Outcome), *AuditRow.model_fields])
def test_every_outcome_and_column_is_named(word: str) -> None:
    assert f"`{word}`" in TEXT
