"""The cards that stories are told with: one `Role` for each kind of card that a site may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretBytes

from cardio.applets.openpgp_kdf import Password
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from cardio.virtual.gids_admin import CipherName
from cardio.virtual.iso7816 import IsoCard, IsoQuirks
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from kiosk.office.enrolling import SeenCard, new_card, read_card
from kiosk.settings import Settings
from tests.stories.profiles import IN_TWO_COMMANDS, REPLACEABLE, SILENT, TELLING, described
from tests.stories.world import PIN, PUK, World

AnyCard = PivCard | OpenPgpCard | GidsCard | IsoCard
SERIAL = bytes.fromhex("0102030405060708")
ADMIN_PIN, CODE = "60218834", "31415926"
_OPENPGP: dict[str, Any] = {"pin": PIN, "admin_pin": ADMIN_PIN, "resetting_code": CODE}
KDF = bytes.fromhex("81010382010883040000040084081021324354657687")  # 1024 bytes of SHA-256, one salt
AES_KEY = bytes(range(16))


@dataclass(frozen=True)
class Role:
    """One kind of card, as a site uses it.

    ``unblocks`` and ``tries`` look into a card: whether that is its unblock secret, and how many tries
    of that are left (None: it counts none). ``tells``: it says that it is locked; ``counter_settles``:
    and a lost unlock is settled by that. ``rotates``: an unlock replaces the unblock secret; ``proves``:
    the card proves itself as it goes in.
    """

    name: str
    make: Callable[[], AnyCard] = field(repr=False)
    secret: bytes = field(repr=False)
    unblocks: Callable[[Any, bytes], bool] = field(repr=False)
    tries: Callable[[Any], int | None] = field(repr=False)
    sections: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tells: bool = True
    counter_settles: bool = True
    rotates: bool = False
    proves: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def settings(self) -> Settings:
        """Those of a site that has such cards."""
        return Settings().changed(**self.sections)

    async def enrolled(self, world: World) -> AnyCard:
        """A card of that kind, which an officer has tied to the holder."""
        card = self.make()
        seen = await see_card(world, card)
        new = new_card(seen, SecretBytes(self.secret), proven=seen.family.traits.mutual)
        await world.parts.enrolment.enrol("H1", new, by="test")
        return card

    async def agrees(self, world: World, card: AnyCard) -> bool:
        """Whether the vault holds the card's secret; one begun to replace it may be beside it."""
        kept = await world.secrets()
        right = [secret for secret in kept if self.unblocks(card, secret.get_secret_value())]
        return len(right) == 1


async def see_card(world: World, card: AnyCard) -> SeenCard:
    """Read a card as `kiosk card enrol` does."""
    world.reader.remove()
    world.reader.insert(card)
    seen = await read_card(world.settings, world.reader, lambda _: None)
    world.reader.remove()
    return seen


def opens(card: AnyCard, passcode: str) -> bool:
    """Whether that is the card's passcode, and the card is not locked."""
    if card.state().locked:
        return False
    match card:
        case OpenPgpCard():
            return card.knows(Password.PW1, passcode)
        case IsoCard():
            return card.state().passcode == passcode
        case _:
            return card.state().pin == passcode


def passcode_tries(card: AnyCard) -> int:
    """Tries left of the passcode."""
    return card.state().passcode_tries_left if isinstance(card, IsoCard) else card.state().pin_tries_left


def _piv(name: str, *, rotates: bool = False, **card: Any) -> Role:
    return Role(
        name,
        make=lambda: PivCard(pin=PIN, puk=PUK, **card),
        secret=PUK.encode(),
        unblocks=lambda made, secret: made.state().puk.encode() == secret,
        tries=lambda made: made.state().puk_tries_left,
        sections={"cards": {"piv": {"rotate": rotates}}},
        rotates=rotates,
        proves=True,
    )


def _openpgp(name: str, *, by_admin_pin: bool = False, rotate: bool = False, **card: Any) -> Role:
    """One that is unlocked by its admin PIN cannot prove itself before, so the PIN is replaced anyway."""
    password = Password.PW3 if by_admin_pin else Password.RESETTING_CODE
    table: dict[str, Any] = {"unlock_with": "admin-pin" if by_admin_pin else "resetting-code"}
    if rotate:
        table |= {"rotate": True, "card_authentication": "off"}
    return Role(
        name,
        make=lambda: OpenPgpCard(**{**_OPENPGP, **card}),
        secret=(ADMIN_PIN if by_admin_pin else CODE).encode(),
        unblocks=lambda made, secret: made.knows(password, secret.decode()),
        tries=lambda made: made.state().admin_tries_left if by_admin_pin else made.state().code_tries_left,
        sections={"cards": {"families": ["openpgp"], "openpgp": table}},
        counter_settles=rotate,  # what has still to prove itself is asked
        rotates=by_admin_pin,
    )


def _gids(name: str, cipher: CipherName, key: bytes, **card: Any) -> Role:
    return Role(
        name,
        make=lambda: GidsCard(pin=PIN, cipher=cipher, admin_key=key, **card),
        secret=key,
        unblocks=lambda made, secret: made.state().admin_key == secret,
        tries=lambda made: made.state().admin_tries_left,
        sections={"cards": {"families": ["gids"]}},
    )


def _profile(name: str, table: dict[str, Any], *, rotates: bool = False, **card: Any) -> Role:
    sections = described({**table, "rotate": True, "card_authentication": "off"} if rotates else table)

    def make() -> IsoCard:
        profile = Settings().changed(**sections).cards.profiles["badge"].profile("badge")
        return IsoCard(profile, serial=SERIAL, passcode=PIN, puk=PUK, **card)

    return Role(
        name,
        make=make,
        secret=PUK.encode(),
        unblocks=lambda made, secret: made.state().puk.encode() == secret,
        tries=lambda made: made.state().puk_tries_left,
        sections=sections,
        tells="status_query" in table["passcode"],
        counter_settles="status_query" in table["passcode"] and table["puk"]["reset_p1"] != "01",
        rotates=rotates,
    )


WITHOUT_CODE = _openpgp("openpgp-without-code", resetting_code=None)
"""As it left the factory: nobody can unlock it yet."""

CAST = {
    role.name: role
    for role in (
        _piv("piv"),
        _piv("piv-of-another-vendor", serial=None),
        _piv("piv-rotating", rotates=True),
        _openpgp("openpgp"),
        _openpgp("openpgp-with-kdf", kdf=KDF),
        _openpgp("openpgp-by-admin-pin", by_admin_pin=True),
        _openpgp("openpgp-rotating", by_admin_pin=True, rotate=True),
        _gids("gids", "3des", ADMIN_KEY),
        _gids("gids-with-aes", "aes", AES_KEY, admin_tries=3),
        _profile("profile", TELLING),
        _profile("profile-silent", SILENT, quirks=IsoQuirks(status_query_costs_a_try=True)),
        _profile("profile-in-two-commands", IN_TWO_COMMANDS),
        _profile("profile-rotating", REPLACEABLE, rotates=True),
    )
}
