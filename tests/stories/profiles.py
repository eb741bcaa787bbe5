"""Cards that a site describes itself, as its kiosk.toml does."""

from __future__ import annotations

from typing import Any

SILENT: dict[str, Any] = {
    "aid": "F04B494F534B01",
    "serial": {"data_object": "5A"},
    "passcode": {"reference": "01", "encoding": "pin-block"},
    "puk": {"reset_p1": "00", "encoding": "pin-block"},
}
TELLING: dict[str, Any] = {
    **SILENT,
    "passcode": {**SILENT["passcode"], "status_query": True},
    "puk": {**SILENT["puk"], "reference": "02", "status_query": True},
}
IN_TWO_COMMANDS: dict[str, Any] = {
    **TELLING,
    "passcode": {**TELLING["passcode"], "change_p1": "01"},
    "puk": {**TELLING["puk"], "reset_p1": "01"},
}
REPLACEABLE: dict[str, Any] = {**TELLING, "puk": {**TELLING["puk"], "replaceable": True}}


def described(table: dict[str, Any]) -> dict[str, Any]:
    """The settings of a site that describes these cards."""
    return {"cards": {"families": ["badge"], "profiles": {"badge": table}}}
