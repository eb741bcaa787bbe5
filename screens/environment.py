"""What must be taken out of the environment before Textual is imported. Imports no Textual itself.

Textual and Rich read switches from the environment when they are imported: some log every key,
one presses keys, one imports a driver from anywhere. None is wanted on a shared terminal.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

_PREFIXES = ("TEXTUAL", "JUPYTER_")
_NAMES = frozenset(
    {"BROWSER", "COLUMNS", "ESCDELAY", "FORCE_COLOR", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
)


def scrub(environ: MutableMapping[str, str] = os.environ) -> None:
    """Remove every variable that changes what Textual does. Call it before anything imports textual."""
    for name in list(environ):
        if name in _NAMES or name.startswith(_PREFIXES):
            del environ[name]
