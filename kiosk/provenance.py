"""Which settings are in force, and where each comes from: for the eyes of whoever looks after the machine.

There are no secrets in kiosk.toml. But a table of another package may hold anything, and a URL a password.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kiosk.card_settings import OtherTable
from kiosk.settings import Settings, line_of

DEFAULT, MASKED = "default", "[not shown]"
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")

Origins = Mapping[str, str]
"""Where a setting was written: by its name with dots, file and line."""


def origins(path: Path) -> Origins:
    """Where each setting in a configuration file stands. Empty for a file that cannot be read any more."""
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    return {".".join(keys): f"{path}, line {line_of(text, keys)}" for keys in _written(tables, [])}


def in_force(settings: Settings, written: Origins) -> Iterator[tuple[str, str, str]]:
    """Name, value and origin of each setting, in the order of the file.

    What is in no file and yet not the default was given when the kiosk was started.
    """
    for name, value, default in _flat(settings, ""):
        if name == "state.directory" and settings.state_directory != settings.state.directory:
            yield name, _text(settings.state_directory), "$STATE_DIRECTORY"
        else:
            yield name, value, written.get(name) or (DEFAULT if default else "given at the start")


def _written(table: dict[str, Any], above: list[str]) -> Iterator[list[str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _written(value, [*above, key])
        else:
            yield [*above, key]


def _flat(table: BaseModel, above: str) -> Iterator[tuple[str, str, bool]]:
    """Every setting of a table and the tables in it, as text, and whether that is the default."""
    fields = type(table).model_fields
    for name, value in table:
        field = fields.get(name)
        full = f"{above}{(field and field.alias) or name}"
        if field is None and isinstance(table, OtherTable):
            yield full, MASKED, False
        elif isinstance(value, BaseModel):
            yield from _flat(value, f"{full}.")
        elif isinstance(value, dict):
            for inner, each in value.items():
                yield from _flat(each, f"{full}.{inner}.")
        else:
            yield full, _text(value), field is not None and value == field.get_default()


def _text(value: object) -> str:
    """As it would be written in the file; a path in quotes, no path as the empty one that it is there."""
    if value is None or isinstance(value, Path):
        return json.dumps(str(value or ""))
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return _PASSWORD.sub(rf"\1:{MASKED}@", json.dumps(value, ensure_ascii=False))
