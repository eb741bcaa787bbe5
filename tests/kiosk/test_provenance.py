"""Where each setting comes from, and what is not shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.provenance import MASKED, in_force, origins
from kiosk.settings import Settings, default_file, load

TEXT = """\
[site]
kiosk_name = "Ward 7"

[register]
hold_hours = 3
[database]
url = "postgresql://kiosk1:zebra@db.example/unlock"
[cards]
families = ["library"]
[cards.library]
pin = "zebra"
[cards.profiles.student]
aid = "F04B494F534B01"
serial = { data_object = "5A" }
passcode = { reference = "81" }
puk = { reset_p1 = "00" }
"""


def shown(settings: Settings, path: Path) -> dict[str, tuple[str, str]]:
    return {name: (value, origin) for name, value, origin in in_force(settings, origins(path))}


def test_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(TEXT, encoding="utf-8")
    found = shown(load(path), path)
    assert found["site.kiosk_name"] == ('"Ward 7"', f"{path}, line 2")
    assert found["register.hold_hours"] == ("3", f"{path}, line 5")
    assert found["codes.minutes"] == ("15", "default")
    assert found["cards.profiles.student.serial.data_object"][1] == f"{path}, line 14"
    assert found["cards.profiles.student.puk.name"] == ('"PUK"', "default")


def test_what_might_be_a_secret_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(TEXT, encoding="utf-8")
    found = shown(load(path), path)
    assert "zebra" not in repr(found)
    assert found["database.url"][0] == f'"postgresql://kiosk1:{MASKED}@db.example/unlock"'
    assert found["cards.library.pin"][0] == MASKED


def test_everything_of_the_defaults_is_said_to_be_one() -> None:
    found = shown(Settings(), default_file())
    assert {origin for _, origin in found.values()} == {"default"}
    assert len(found) > 90


def test_what_was_given_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    found = shown(Settings().changed(reader={"name": "Gemalto"}), tmp_path / "missing.toml")
    assert found["reader.name"] == ('"Gemalto"', "given at the start")
    assert found["state.directory"] == (f'"{tmp_path}"', "$STATE_DIRECTORY")
