"""A card family from another package: installed, configured, held to the contract, and used to unlock."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.card import CardId
from cardio.virtual.card import VirtualCard
from kiosk.enrolment import NewCard
from kiosk.families import families
from kiosk.settings import Settings, SettingsError
from tests.contracts import test_families, test_family_secrets
from tests.contracts.benches import InProcessBench
from tests.contracts.specimens import Specimen
from tests.contracts.steps import opened
from tests.stories.plots import NEW_PIN, registration, unlocking
from tests.stories.world import PIN, new_world

PASSWORD = "violet tractor umbrella"
SAMPLE = Path(__file__).parent.parent / "sample_family"
pytestmark = pytest.mark.xdist_group("sample-family")  # it is installed once


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip has put the sample package, as it would anywhere."""
    source, target = tmp_path_factory.mktemp("source") / "sample", tmp_path_factory.mktemp("installed")
    shutil.copytree(SAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-index"]
    command = [*pip, "--no-deps", "--no-build-isolation", "--target", str(target), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return target


@pytest.fixture
def virtual(installed: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The package in this process: its virtual card."""
    monkeypatch.syspath_prepend(str(installed))
    for name in ("library_card", "library_card.virtual"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return import_module("library_card.virtual")


def configured(**options: object) -> Settings:
    """The settings of a site that uses the package, with keys of its own."""
    return Settings().changed(cards={"families": ["library", "piv"], "library": options})


# -- the command, as a site runs it -------------------------------------------------------------


def kiosk(
    folder: Path, *arguments: str, path: Path | None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Call the command in a folder, with the installed package (``path``) or without."""
    environment = {**os.environ, "PYTHONPATH": str(path or ""), "STATE_DIRECTORY": str(folder)}
    command = [sys.executable, "-m", "kiosk", "--config", str(folder / "kiosk.toml"), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, input=text, capture_output=True, text=True, timeout=60
    )


def write(folder: Path, options: str) -> None:
    text = f'[cards]\nfamilies = ["library"]\n\n[cards.library]\n{options}\n'
    (folder / "kiosk.toml").write_text(text, encoding="utf-8")


def test_a_site_brings_its_cards_in(installed: Path, tmp_path: Path) -> None:
    write(tmp_path, 'card_authentication = "off"\nbranch = "04"')
    roll = (
        "holder_id,name,email,family,serial,unblock_secret\n"
        "H1,Ann Jones,ann.jones@nhs.net,library,04170001,SERVICEONE\n"
    )
    first = kiosk(tmp_path, "init", "--administrator", "adam", path=installed, text=f"{PASSWORD}\n")
    assert first.returncode == 0, first.stderr
    officer = ("olga", "--role", "officer", "--password", "--as", "adam")
    assert kiosk(tmp_path, "staff", "add", *officer, path=installed, text=f"{PASSWORD}\n" * 2).returncode == 0
    bring_in = ("card", "import", "-", "--as", "olga")
    brought = kiosk(tmp_path, *bring_in, path=installed, text=f"{PASSWORD}\n{roll}")
    assert brought.returncode == 0, brought.stderr
    listed = kiosk(tmp_path, "card", "list", "--json", path=installed)
    assert "library:number:04170001" in json.dumps(json.loads(listed.stdout))
    bad = roll.replace("SERVICEONE", "12345678")
    refused = kiosk(tmp_path, *bring_in, path=installed, text=f"{PASSWORD}\n{bad}")
    assert refused.returncode == 1
    assert "unblock_secret" in refused.stderr


@pytest.mark.parametrize(
    ("options", "there", "said"),
    [
        ('shelf = "A"', True, "cards.library: unknown key shelf; there is branch"),
        ('branch = "north"', True, "cards.library: branch must be the digits"),
        ("rotate = 3", True, "kiosk.toml:5: cards.library.rotate: "),
        ("", False, "cards.families: there is no card family 'library'; there are gids, openpgp, piv"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(
    installed: Path, tmp_path: Path, options: str, there: bool, said: str
) -> None:
    write(tmp_path, options)
    path = installed if there else None
    run = kiosk(tmp_path, "card", "import", "-", path=path, text="holder_id,name,email,family,serial\n")
    assert run.returncode == 2, run.stdout + run.stderr
    assert said in run.stderr
    assert "Traceback" not in run.stderr


# -- the family ---------------------------------------------------------------------------------


def bodies_of(*modules: ModuleType) -> list[Callable[..., Any]]:
    """The contract's tests that want nothing but a bench, a card and a specimen."""
    return [
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if name.startswith("test_")
        and set(inspect.signature(function).parameters) <= {"bench", "card", "specimen"}
    ]


CONTRACT = [
    *bodies_of(test_families),
    test_family_secrets.test_families_that_cannot_say_so_and_send_nothing,
]


@pytest.mark.parametrize("test", CONTRACT, ids=lambda test: test.__name__)
async def test_it_is_held_to_the_contract(virtual: ModuleType, test: Callable[..., Any]) -> None:
    make: Callable[[], VirtualCard] = virtual.VirtualLibraryCard
    specimen = Specimen(
        family=families(configured())[0],
        make=make,
        passcode=SecretStr("123456"),
        secret=SecretBytes(b"SERVICEONE"),
        wrong_secret=SecretBytes(b"SERVICETWO"),
        write_ins=0x2C,
    )
    bench = InProcessBench()
    wanted = set(inspect.signature(test).parameters)
    if "card" not in wanted:
        await test(**{name: {"bench": bench, "specimen": specimen}[name] for name in wanted})
        return
    async with opened(bench, await bench.insert(make()), specimen) as card:
        given = {"bench": bench, "card": card, "specimen": specimen}
        await test(**{name: given[name] for name in wanted})


async def test_its_holder_registers_and_unlocks(virtual: ModuleType, tmp_path: Path) -> None:
    card = virtual.VirtualLibraryCard("04170001", passcode=PIN, code="ABCDEFGHIJ")
    async with new_world(tmp_path, configured(branch="0417")) as world:
        await world.holder()
        new = NewCard(CardId("library", "number", "04170001"), SecretBytes(b"ABCDEFGHIJ"))
        await world.parts.enrolment.enrol("H1", new, by="test")
        await world.visit(card, registration(world))
        card.passcode.left = 0
        world.hands.forward(minutes=2)
        await world.visit(card, unlocking(world))
    assert (card.passcode.text, card.passcode.left, card.code.left) == (NEW_PIN, 3, 3)


async def test_its_options_reach_it(virtual: ModuleType) -> None:
    bench = InProcessBench()
    insertion = await bench.insert(virtual.VirtualLibraryCard("04170001"))
    async with bench.reader.session(insertion) as channel:
        assert await families(configured(branch="0417"))[0].open(channel)
        assert await families(configured(branch="0418"))[0].open(channel) is None


# -- packages that do not keep to it ------------------------------------------------------------


def provide(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: str, *names: str, package: str = "odd"
) -> None:
    """Install a package of one file, without pip."""
    (folder / f"{package}_family.py").write_text(code, encoding="utf-8")
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    points = "".join(f"{name} = {package}_family:family\n" for name in names)
    (info / "entry_points.txt").write_text(f"[kiosk.card_families]\n{points}", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, f"{package}_family", raising=False)


def refusal(settings: Settings) -> str:
    with pytest.raises(SettingsError) as refused:
        families(settings)
    return str(refused.value)


ODD = Settings().changed(cards={"families": ["odd"], "odd": {"password": "hunter2"}})
STRICT = """
from pydantic import BaseModel, ConfigDict

class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    places: int

def family(options):
    return Options.model_validate(options)
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def family(options):\n    raise ValueError('no colour')", ["cards.odd: no colour"]),
        (STRICT, ["cards.odd.places: Field required", "cards.odd.password: Extra inputs are not permitted"]),
        ("import nothing_at_all", ["cards.families: 'odd' cannot be loaded", "ModuleNotFoundError"]),
        ("", ["cannot be loaded", "AttributeError"]),
        ("family = 3", ["cannot be loaded", "TypeError"]),
        ("def family(options):\n    raise RuntimeError('broken')", ["cannot be loaded", "broken"]),
        ("class family:\n    name = 'even'\n    def __init__(self, _): pass", ["provide 'odd'", "'even'"]),
        ("def family(options):\n    return None", ["provide 'odd'", "None"]),
    ],
)
def test_a_package_that_fails_is_a_fault_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: list[str]
) -> None:
    provide(tmp_path, monkeypatch, code, "odd")
    message = refusal(ODD)
    assert all(part in message for part in said)
    assert "hunter2" not in message


def test_nobody_takes_the_place_of_a_built_in_family_or_a_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(tmp_path, monkeypatch, "raise SystemExit", "piv", "openpgp", "gids", "badge")
    profile = {
        "aid": "F04B494F534B01",
        "serial": {"data_object": "5A"},
        "passcode": {"reference": "01"},
        "puk": {"reset_p1": "00"},
    }
    names = ["piv", "openpgp", "gids", "badge"]
    chosen = families(Settings().changed(cards={"families": names, "profiles": {"badge": profile}}))
    assert [family.name for family in chosen] == names
    assert all(type(family).__module__.startswith("cardio.") for family in chosen)


def test_two_packages_of_one_name_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("odd", "strange"):
        folder = tmp_path / package
        folder.mkdir()
        provide(folder, monkeypatch, "family = None", "odd", package=package)
    assert "several installed packages provide 'odd': " in refusal(ODD)
