"""Cells of CSV files that no spreadsheet takes for a formula (OWASP, CSV injection)."""

from __future__ import annotations

import re

# Where one would begin. Quotes do not hold a cell together for a spreadsheet that goes by its country's ";".
_FORMULA = re.compile(r"""(?:^|(?<=[;\t]))(?=[\s"]*[=+@-])|^(?=[\t\r\n])""")


def harmless_cell(value: object) -> object:
    """The value; a text with a "'" before what would begin a formula."""
    return _FORMULA.sub("'", value) if isinstance(value, str) else value
