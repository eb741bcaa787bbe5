"""[cards] of kiosk.toml: which card families, in which order, and how each is used."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from cardio.profile import Profile
from kiosk.profile_settings import PasscodeTable, PukTable, SerialTable, checked, hexadecimal
from kiosk.section import NAME, OptionalPath, Section, fault

BUILT_IN = ("piv", "openpgp", "gids")
"""The families that the kiosk brings with it; each has a table of its own."""

FamilyName = Annotated[str, Field(pattern=NAME)]


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


class ProfileTable(FamilyTable):
    """Cards that the site itself describes (ISO 7816-4)."""

    aid: Annotated[str, hexadecimal(5, 16)]
    select_p2: Literal["00", "04", "0C"] = "00"
    select_le: bool = True
    serial: SerialTable
    passcode: PasscodeTable
    puk: PukTable

    @model_validator(mode="after")
    def _whole(self) -> Self:
        checked(self, lambda: self.profile("profile"))
        if self.card_authentication == "required":
            raise fault("ProfileTable", "card_authentication", "no card of a profile can prove itself")
        if self.rotate and (missing := self._missing_for_rotation()):
            raise fault("ProfileTable", "rotate", missing)
        return self

    def _missing_for_rotation(self) -> str:
        if not self.puk.replaceable:
            return "needs puk.replaceable: that the card takes a new PUK"
        if not self.puk.tells_tries:
            return "needs puk.status_query or puk.tries: how many are left"
        if self.puk.reset_p1 == "02" and self.puk.tries is None:
            return "needs puk.tries: once the PUK was verified, an empty VERIFY does not tell them"
        return ""

    def profile(self, name: str) -> Profile:
        """As cardio has it. Raises ProfileError."""
        return Profile(
            name=name,
            aid=bytes.fromhex(self.aid),
            serial=self.serial.source(),
            passcode=self.passcode.rules(),
            puk=self.puk.rules(),
            written=self.serial.written,
            kind=self.serial.kind,
            select_p2=int(self.select_p2, 16),
            select_le=self.select_le,
        )


class OtherTable(FamilyTable):
    """Cards of a family that another package provides: the keys of every family, and its own."""

    model_config = ConfigDict(extra="allow")

    @property
    def options(self) -> dict[str, object]:
        """The family's own keys."""
        return dict(self.model_extra or {})


class Cards(Section):
    """Which card families, in which order."""

    model_config = ConfigDict(extra="allow")  # the tables of families from other packages
    __pydantic_extra__: dict[str, OtherTable]

    families: tuple[FamilyName, ...] = Field(("piv",), min_length=1)
    piv: PivTable = PivTable()
    openpgp: OpenPgpTable = OpenPgpTable()
    gids: GidsTable = GidsTable()
    profiles: dict[FamilyName, ProfileTable] = Field(default={}, repr=False)

    @model_validator(mode="after")
    def _one_name_one_family(self) -> Self:
        if len(set(self.families)) < len(self.families):
            raise fault("Cards", "families", "names a family twice")
        for name in self.profiles:
            if name in (*BUILT_IN, "families", "profiles"):
                raise fault("Cards", f"profiles.{name}", "a name that the kiosk needs itself: take another")
        for name in self.__pydantic_extra__:
            if name in self.profiles:
                raise fault("Cards", name, f"unknown key; that profile's table is cards.profiles.{name}")
            if name not in self.families:
                raise fault("Cards", name, "unknown key; a family's table has its name in cards.families")
        return self

    def table(self, family: str) -> FamilyTable:
        """The table of a family. Raises KeyError for one that is not configured."""
        if family in BUILT_IN:
            found: FamilyTable = getattr(self, family)
            return found
        if family in self.profiles:
            return self.profiles[family]
        if family in self.families:
            return self.other(family)
        raise KeyError(family)

    def other(self, family: str) -> OtherTable:
        """The table of a family from another package; without any keys where there is none."""
        return self.__pydantic_extra__.get(family) or OtherTable()
