"""What every table of kiosk.toml is made from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

OptionalPath = Annotated[Path | None, BeforeValidator(lambda given: given or None)]  # "" in the file: none


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
