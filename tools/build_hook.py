"""Hatchling's hook: compiles the translations, and puts the default kiosk.toml into the wheel.

It runs for an editable install too, so that a checkout speaks every language after `make setup`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(locales: Path) -> list[Path]:
    """Write a .mo beside each .po below ``locales`` that is newer than its .mo; returns those written."""
    written = []
    for source in sorted(locales.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parts[-3], abort_invalid=True)
        with target.open("wb") as compiled:
            write_mo(compiled, catalogue)
        written.append(target)
    return written


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling is untyped here
    """What hatchling looks for in this file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a build; ``version`` is "editable" or "standard"."""
        root = Path(self.root)
        compile_catalogues(root / "kiosk" / "locale")
        if version != "editable":  # an editable install reads the file at the root
            build_data["force_include"][str(root / "kiosk.toml")] = "kiosk/kiosk.toml"


if __name__ == "__main__":
    for path in compile_catalogues(Path("kiosk/locale")):
        print(f"compiled {path}")
