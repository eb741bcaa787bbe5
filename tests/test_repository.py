"""Rules about the repository itself: sizes, pins, and what no file may mention."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 350
LONGEST_FUNCTION = 40

# Written in pieces, so that this file does not mention them either.
REGISTRIES = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("python" + "hosted", "org"),
        ("deb." + "debian", "org"),
        ("archive.ubuntu", "com"),
        ("npmjs", "org"),
        ("crates", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
    ]
]
MACHINE_PATHS = [
    "/".join(parts) for parts in [("", "work", ""), ("", "root", ""), ("", "home", ""), ("", "opt", "pypi")]
]
UNSPEAKABLE = re.compile("|".join(map(re.escape, [*REGISTRIES, *MACHINE_PATHS])).encode())


def files() -> list[Path]:
    """Every file that is in git, or would be after `git add`."""
    ours = ["-c", f"safe.directory={ROOT}"]  # whoever the checkout belongs to
    listed = subprocess.run(
        ["git", *ours, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def name(path: Path) -> str:
    """The path as a reader of the repository knows it."""
    return path.relative_to(ROOT).as_posix()


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    found = {name(path): sorted(set(UNSPEAKABLE.findall(path.read_bytes()))) for path in files()}
    assert {path: words for path, words in found.items() if words} == {}


def test_the_search_for_what_no_file_may_mention_finds_it() -> None:
    assert UNSPEAKABLE.search(f"see https://{REGISTRIES[0]}/simple".encode())
    assert UNSPEAKABLE.search(f"cd {MACHINE_PATHS[0]}main".encode())
    assert not UNSPEAKABLE.search(b"networking/framework/ ProtectHome=yes")


def test_files_are_short() -> None:
    sizes = {
        name(path): len(path.read_text("utf-8").splitlines())
        for path in files()
        if path.suffix in {".py", ".sh", ".tcss"}
    }
    assert {path: lines for path, lines in sizes.items() if lines > LONGEST_FILE} == {}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file with the number of lines that it does something in.

    Signature and docstring are not counted: the options of a command are a table, not code.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said = ast.get_docstring(node) is not None
            body = node.body[1:] if said else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    sources = [path for path in files() if path.suffix == ".py" and "versions" not in path.parts]
    long = {
        f"{name(path)}: {function}": lines
        for path in sources
        for function, lines in functions(path)
        if lines > LONGEST_FUNCTION
    }
    assert long == {}


def test_scripts_can_be_run() -> None:
    scripts = [ROOT / ".ci" / "run", *sorted((ROOT / "tools").glob("*.sh"))]
    assert [name(path) for path in scripts if not path.stat().st_mode & 0o100] == []


def pins(which: str) -> dict[str, Requirement]:
    """The requirements of one file in constraints/; fails where one is not exact or has no hash."""
    text = (ROOT / "constraints" / f"{which}.txt").read_text("utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    for line in lines:
        assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), f"not pinned: {line[:60]}"
    parsed = [Requirement(line.partition(" --hash")[0]) for line in lines]
    return {canonicalize_name(one.name): one for one in parsed}


@pytest.mark.parametrize("which", ["build", "run"])
def test_the_pins_agree(which: str) -> None:
    everything = pins("test")
    assert {key: str(one.specifier) for key, one in pins(which).items()} == {
        key: str(everything[key].specifier) for key in pins(which)
    }


def test_the_cards_that_others_wrote_bring_no_second_version_of_anything() -> None:
    everything, cards = pins("test"), pins("cards")
    assert "smartcard" not in everything  # pyscard calls itself that
    assert {key: str(cards[key].specifier) for key in cards.keys() & everything.keys()} == {
        key: str(everything[key].specifier) for key in cards.keys() & everything.keys()
    }


def test_everything_asked_for_is_pinned_as_asked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    for which, wanted in {
        "run": project["project"]["dependencies"],
        "build": chain(groups["build"], project["build-system"]["requires"]),
        "test": [one for one in groups["test"] if isinstance(one, str)],
        "cards": groups["cards"],
    }.items():
        pinned = pins(which)
        for requirement in map(Requirement, wanted):
            pin = str(pinned[canonicalize_name(requirement.name)].specifier).removeprefix("==")
            assert requirement.specifier.contains(pin), f"{requirement} is pinned to {pin}"


def test_these_tests_run_on_the_pinned_versions() -> None:
    here = {key: one for key, one in pins("test").items() if not one.marker or one.marker.evaluate()}
    assert {key: version(key) for key in here} == {
        key: str(one.specifier).removeprefix("==") for key, one in here.items()
    }
