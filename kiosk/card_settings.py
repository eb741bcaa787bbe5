"""[cards] of kiosk.toml: which card families, in which order, and how each is used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

OptionalPath = Annotated[Path | None, BeforeValidator(lambda given: given or None)]  # "" in the file: none


class Section(BaseModel):
    """A table of kiosk.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Diversify(Section):
    """How an unblock secret is derived from a master key and the card's serial (SP 800-108r1, 4.1).

    ``key`` empty: "FAMILY-master.key" in the state directory, or the credential "FAMILY-master-key".
    """

    kdf: Literal["hmac-sha256", "cmac-aes"] = "hmac-sha256"
    key: OptionalPath = None
    label: str = Field("unlock-kiosk", max_length=64)
    context: Literal["serial-bytes", "serial-text", "card-id"] = "serial-bytes"


class FamilyTable(Section):
    """What every card family can be told."""

    card_authentication: Literal["required", "if-possible", "off"] = "if-possible"
    unblock_secret: Literal["stored", "diversified"] = "stored"  # noqa: S105 - where from, not what
    rotate: bool = False
    diversify: Diversify = Diversify()


class PivTable(FamilyTable):
    """PIV cards."""

    ca_file: OptionalPath = None


class OpenPgpTable(FamilyTable):
    """OpenPGP cards."""

    unlock_with: Literal["resetting-code", "admin-pin"] = "resetting-code"


class GidsTable(FamilyTable):
    """GIDS cards (Microsoft minidriver)."""


class Cards(Section):
    """Which card families, in which order."""

    families: tuple[str, ...] = Field(("piv",), min_length=1)
    piv: PivTable = PivTable()
    openpgp: OpenPgpTable = OpenPgpTable()
    gids: GidsTable = GidsTable()

    def table(self, family: str) -> FamilyTable:
        """The table of a family. Raises KeyError for one that has none."""
        found = getattr(self, family, None)
        if not isinstance(found, FamilyTable):
            raise KeyError(family)
        return found
