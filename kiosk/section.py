"""What every table of kiosk.toml is made from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

OptionalPath = Annotated[Path | None, BeforeValidator(lambda given: given or None)]  # "" in the file: none
NAME = r"^[a-z0-9][a-z0-9-]{0,31}$"
COLOUR = r"^#[0-9a-fA-F]{6}$"
URL = r"^(sqlite:///.+|postgres(ql)?://.+)"
ADDRESS = r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+$"

PATTERNS = {
    NAME: "must be a name of lower-case letters, digits and hyphens, of 32 at most",
    COLOUR: 'must be "#" and six hexadecimal digits, as "#004cb8"',
    ADDRESS: "must be an email address, as ra.desk@nhs.net",
    URL: 'must be "sqlite:///FILE", or a server\'s: "postgresql://ROLE@HOST/DATABASE"',
}
"""What a value has to be like, in words."""


class Section(BaseModel):
    """A table of kiosk.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def fault(table: str, key: str, reason: str) -> ValidationError:
    """What a validator of a whole table raises, so that the message and its line name the key at fault.

    ``key`` with dots where the key is in a table of that table.
    """
    error = PydanticCustomError("setting", "{reason}", {"reason": reason})
    return ValidationError.from_exception_data(
        table, [InitErrorDetails(type=error, loc=tuple(key.split(".")), input=None)], hide_input=True
    )
