"""Every step, every reason, every ending and every refusal has a story."""

from __future__ import annotations

import ast
from enum import Enum
from pathlib import Path

import pytest

from kiosk import steps
from kiosk.refusals import AnswerRule, CodeRefusal, EmailRule, OutOfService, PasscodeRule, Why
from kiosk.steps import CodeChoice, Detail, Ending, Offer, Proof, Step

HERE = Path(__file__)
KIOSK = HERE.parent.parent / "kiosk"
TOLD_BY = [*HERE.parent.glob("*.py"), *KIOSK.glob("test_attendant*.py"), KIOSK / "test_watch.py"]


def told() -> set[str]:
    """Every name and every Enum.MEMBER in the code of the stories."""
    found: set[str] = set()
    for path in TOLD_BY:
        if path == HERE:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.add(node.id)
    return found


TOLD = told()
STEPS = [
    each
    for each in vars(steps).values()
    if isinstance(each, type) and issubclass(each, Step) and each is not Step
]
REFUSALS: list[type[Enum]] = [PasscodeRule, AnswerRule, EmailRule, CodeRefusal, Why, OutOfService]
CHOICES: list[type[Enum]] = [Ending, Offer, Proof, Detail, CodeChoice]
NOT_IN_A_STORY = {
    "OutOfService.STARTING",  # shown before there is an attendant
    "OutOfService.TECHNICIAN",  # the switch comes with the maintenance side
}


def test_every_step_has_a_story() -> None:
    assert [step.__name__ for step in STEPS if step.__name__ not in TOLD] == []


@pytest.mark.parametrize("kind", REFUSALS + CHOICES, ids=lambda kind: kind.__name__)
def test_every_member_has_a_story(kind: type[Enum]) -> None:
    members = [f"{kind.__name__}.{member.name}" for member in kind]
    assert [name for name in members if name not in TOLD | NOT_IN_A_STORY] == []
