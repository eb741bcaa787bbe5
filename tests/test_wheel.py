"""The wheel has all the kiosk needs: installed elsewhere, it runs a complete registration and unlock."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.xdist_group("wheel")  # the fixtures are built once


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this tree, with the pinned tools of this environment."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), at=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment: our packages from the wheel, the libraries from here."""
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", str(place), at=ROOT)
    python = str(place / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel), at=place)
    # A plain path line: it adds the libraries, while the .pth of an editable install among them, which
    # would lead back into this tree, is not read.
    libraries = place / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def run(*command: str, at: Path) -> str:
    """What a program printed; the test fails with all it said if it did not end well."""
    done = subprocess.run(
        command, cwd=at, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_it_holds_everything_that_is_not_python(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    folders = [ROOT / package for package in ("cardio", "kiosk", "screens")]
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".py", ".tcss", ".mako"}
    }
    translations = {
        path.relative_to(ROOT).with_suffix(".mo").as_posix() for path in ROOT.glob("kiosk/locale/**/*.po")
    }
    assert translations
    assert wanted | translations | {"kiosk/kiosk.toml"} <= inside
    assert {path.split("/")[0].split("-")[0] for path in inside} == {
        "cardio",
        "kiosk",
        "screens",
        "unlock_kiosk",
    }


def test_the_shipped_settings_are_the_ones_of_the_repository(wheel: Path) -> None:
    assert zipfile.ZipFile(wheel).read("kiosk/kiosk.toml") == (ROOT / "kiosk.toml").read_bytes()


def test_our_packages_come_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    show = (
        "import cardio, kiosk, screens; print(cardio.__file__, kiosk.__file__, screens.__file__, sep='\\n')"
    )
    places = run(str(environment / "python"), "-c", show, at=tmp_path).splitlines()
    assert len(places) == 3
    assert all(Path(place).is_relative_to(environment.parent) for place in places)


def test_it_registers_and_unlocks_in_an_empty_directory(environment: Path, tmp_path: Path) -> None:
    report = json.loads(run(str(environment / "kiosk"), "selftest", "--demo", "--json", at=tmp_path))
    assert report["ok"] is True
    assert [step["name"] for step in report["steps"] if not step["ok"]] == []
    assert len(report["steps"]) > 10
    assert list(tmp_path.iterdir()) == []  # it cleaned up after itself
