"""What an import may not drag in: a driver where there is no reader, a database for `kiosk --help`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_LIST_MODULES = "import json, sys; __import__(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"


def loaded_by(module: str) -> set[str]:
    """The top-level packages in memory after a fresh Python has imported ``module``."""
    done = subprocess.run(
        [sys.executable, "-c", _LIST_MODULES, module], check=True, capture_output=True, text=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize("module", ["cardio", "cardio.card", "cardio.applets.piv", "cardio.virtual.reader"])
def test_cards_need_no_driver(module: str) -> None:
    assert loaded_by(module).isdisjoint({"smartcard", "kiosk", "screens"})


def test_the_driver_is_loaded_where_it_is_asked_for() -> None:
    assert "smartcard" in loaded_by("cardio.pcsc")


def test_the_commands_start_without_screens_store_or_driver() -> None:
    assert loaded_by("kiosk.cli").isdisjoint({"textual", "screens", "sqlalchemy", "sqlmodel", "smartcard"})


def test_journeys_need_no_screen() -> None:
    assert loaded_by("kiosk.steps").isdisjoint({"textual", "sqlalchemy", "smartcard"})
