"""What every test gets: hypothesis profiles, a seed, and an environment that says nothing."""

from __future__ import annotations

import functools
import gc
import os
import random

import pytest
import typer.testing
from hypothesis import settings

from tests.pcscd import SOCKET
from tests.prompting import consoles
from tests.sampling import LONG, SEED, sample

__all__ = ["consoles"]

# The PC/SC library reads this at its first call: from here on no test can reach a reader of this machine.
os.environ["PCSCLITE_CSOCK_NAME"] = str(SOCKET)

# A run makes very many objects that stay: to look through them as often as Python does takes a tenth of it.
gc.set_threshold(100_000, 50, 1_000)
# What the commands are does not change, and finding out takes a third of the time of a test that calls one.
vars(typer.testing).update(_get_command=functools.cache(typer.main.get_command))

# No deadline: the machine is shared with a browser, a card service and the other worker.
settings.register_profile("fast", max_examples=10, deadline=None, derandomize=True, database=None)
settings.register_profile("long", max_examples=3_000, deadline=None, print_blob=True)
settings.load_profile("long" if LONG else "fast")

FEW = 1  # so many cases of a test run on both databases in any run
MOST = 2  # cases of a story, of a screen, or of another test that uses a store, in a short run
LOOKS = 20  # of them pictures of screens

_MANY = {"stories", "screens"}
_FROM_OUTSIDE = ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "SUDO_USER", "LANGUAGE")
_OF_THE_TESTS = ("TEXTUAL_SNAPSHOT_TEMPDIR",)  # set by pytest-textual-snapshot for itself


def pytest_report_header() -> str:
    """Say in the first lines how this run can be had again."""
    return f"sample: {'everything' if LONG else 'seeded'}, CHECK_SEED={SEED}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every test that uses a store runs on both databases.

    Of one with many cases, a case runs on one of the two in a short run, turn and turn about; in a long run
    on both. Of a story or screen with very many cases a short run takes some.
    """
    cases: dict[str, dict[str, int]] = {}
    keep: list[pytest.Item] = []
    drop: list[pytest.Item] = []
    for item in items:
        turn = 0
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "database" in parameters:
            test = f"{item.nodeid.partition('[')[0]}"
            case = item.nodeid.replace(parameters["database"], "")
            seen = cases.setdefault(test, {})
            turn = seen.setdefault(case, len(seen))
        on_one = not LONG and turn >= FEW and (turn + SEED) % 2 != (parameters["database"] == "sqlite")
        (drop if on_one else keep).append(item)
    stories: dict[str, list[pytest.Item]] = {}
    for item in keep:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if _MANY.intersection(item.path.parts) or "database" in parameters:
            stories.setdefault(item.nodeid.partition("[")[0], []).append(item)
    chosen = {id(item) for test, cases_ in stories.items() for item in sample(cases_, _most(test), test)}
    drop += [item for each in stories.values() for item in each if id(item) not in chosen]
    if drop:
        config.hook.pytest_deselected(items=drop)
        gone = set(map(id, drop))
        items[:] = [item for item in items if id(item) not in gone]


def _most(test: str) -> int:
    return LOOKS if test.endswith("test_looks_as_it_did") else MOST


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that happens to be set on this machine changes what a test sees."""
    for name in list(os.environ):
        if name in _FROM_OUTSIDE or (name.startswith("TEXTUAL") and name not in _OF_THE_TESTS):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Every test begins with the same random numbers, whatever ran before it."""
    random.seed(SEED)
