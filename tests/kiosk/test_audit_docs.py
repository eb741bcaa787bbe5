"""docs/audit.md explains every event, outcome and column there is, and none that there is not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kiosk.audit import Event, Outcome
from kiosk.retention import Counts
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


# -- no event can hold a secret: what goes into one is named here ------------------------------------

NOT_DETAILS = {"about", "actor", "at", "by", "known", "outcome", "reason", "reference", "selftest"}
DETAILS = set(re.findall(r"`([a-z_]+)`", TEXT.partition("The names in `detail`: ")[2].partition(".")[0]))


def recorded() -> set[str]:
    """The names of all details that any call in the program records."""
    names: set[str] = set()
    for file in (Path(__file__).parents[2] / "kiosk").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in {"record", "_record"}:
                names |= {keyword.arg for keyword in call.keywords if keyword.arg}
    return names - NOT_DETAILS


def test_every_detail_is_named() -> None:
    assert recorded() | {"change", "pinned", "key_replaced", "role", "staff", *Counts._fields} == DETAILS


def test_no_detail_is_called_like_a_secret() -> None:
    assert not DETAILS & {
        "passcode",
        "pin",
        "puk",
        "secret",
        "code",
        "answer",
        "answers",
        "email",
        "name",
        "serial",
    }
