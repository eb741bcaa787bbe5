"""The card families that are held to the contract: one `Specimen` for each way a family can be used.

A new family joins with an entry in `SPECIMENS`. What its cards can do is said by ``family.traits``;
a specimen adds what the tests have to know of the virtual card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from pydantic import SecretBytes, SecretStr

from cardio.applets.gids import GidsFamily
from cardio.applets.iso7816 import ProfileFamily
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.piv import PivFamily
from cardio.card import Family, KeyUse
from cardio.profile import Profile
from cardio.virtual.card import VirtualCard
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.openpgp_keys import Algorithm
from cardio.virtual.piv import PivCard
from tests.cardio.profiles import PROFILES, make

_WRONG, _NEW = SecretStr("975318"), SecretStr("80642975")

Make = Callable[[], VirtualCard]
"""Makes a card fresh from the box; each has an identity, and keys, of its own."""


@dataclass(frozen=True)
class Authority:
    """What sets a fresh unblock secret where the secret itself cannot (``traits.authority``)."""

    value: SecretBytes
    wrong: SecretBytes


@dataclass(frozen=True)
class Specimen:
    """One family to hold to the contract. Its cards have 3 tries for the passcode.

    ``write_ins`` sets a new passcode, ``replace_ins`` a new unblock secret (where ``traits`` know one).
    ``tells_tries``: an empty question tells the passcode's tries. ``tells_secret_tries``: likewise for
    the unblock secret. ``secret_tries``: wrong unblock secrets until it is locked, None = no counter.
    ``keyless`` makes a card whose slot for that use is empty; every use in the traits wants one.
    ``other_secret`` makes a card with another unblock secret than ``secret``: wanted for ``mutual``.
    """

    family: Family
    make: Make
    passcode: SecretStr
    secret: SecretBytes
    wrong_secret: SecretBytes
    write_ins: int
    wrong_passcode: SecretStr = _WRONG
    new_passcode: SecretStr = _NEW
    tells_tries: bool = True
    tells_secret_tries: bool = True
    secret_tries: int | None = 3
    keyless: Mapping[KeyUse, Make] = field(default_factory=dict)
    other_secret: Make | None = None
    replace_ins: int | None = None
    authority: Authority | None = None


def _of_profile(profile: Profile) -> Specimen:
    """Cards that a site describes itself; they tell what their profile says they tell."""
    passcode, puk = profile.passcode, profile.puk
    return Specimen(
        family=ProfileFamily(profile),
        make=partial(make, profile),
        passcode=SecretStr("123456"),
        secret=SecretBytes(b"12345678"),
        wrong_secret=SecretBytes(b"87654321"),
        write_ins=0x24 if puk.reset_p1 == 1 else 0x2C,
        tells_tries=passcode.status_query or passcode.tries is not None,
        tells_secret_tries=puk.status_query or puk.tries is not None,
        replace_ins=0x24,
    )


SPECIMENS: dict[str, Specimen] = {
    "piv": Specimen(
        family=PivFamily(),
        make=PivCard,
        passcode=SecretStr("123456"),
        secret=SecretBytes(b"12345678"),
        wrong_secret=SecretBytes(b"87654321"),
        write_ins=0x2C,
        keyless={
            KeyUse.FREE: lambda: PivCard(card_key=None),
            KeyUse.PASSCODE: lambda: PivCard(sign_in=None),
        },
        replace_ins=0x24,
    ),
    "piv-of-another-vendor": Specimen(
        family=PivFamily(),
        make=lambda: PivCard(serial=None),
        passcode=SecretStr("123456"),
        secret=SecretBytes(b"12345678"),
        wrong_secret=SecretBytes(b"87654321"),
        write_ins=0x2C,
        tells_secret_tries=False,
        keyless={
            KeyUse.FREE: lambda: PivCard(serial=None, card_key=None),
            KeyUse.PASSCODE: lambda: PivCard(serial=None, sign_in=None),
        },
        replace_ins=0x24,
    ),
    **{f"profile-{name}": _of_profile(profile) for name, profile in PROFILES.items()},
}

_KDF = bytes.fromhex("81010382010883040000040084081021324354657687")  # 1024 bytes of SHA-256, one salt

SPECIMENS |= {
    "openpgp": Specimen(
        family=OpenPgpFamily("resetting-code"),
        make=lambda: OpenPgpCard(resetting_code="31415926"),
        passcode=SecretStr("123456"),
        secret=SecretBytes(b"31415926"),
        wrong_secret=SecretBytes(b"27182818"),
        write_ins=0x2C,
        keyless={KeyUse.PASSCODE: lambda: OpenPgpCard(resetting_code="31415926", algorithm=None)},
        replace_ins=0xDA,
        authority=Authority(SecretBytes(b"12345678"), SecretBytes(b"87654321")),
    ),
    "openpgp-by-admin-pin": Specimen(
        family=OpenPgpFamily("admin-pin"),
        make=lambda: OpenPgpCard(version=(2, 1), algorithm=Algorithm.RSA_2048),
        passcode=SecretStr("123456"),
        secret=SecretBytes(b"12345678"),
        wrong_secret=SecretBytes(b"87654321"),
        write_ins=0x2C,
        keyless={KeyUse.PASSCODE: lambda: OpenPgpCard(version=(2, 1), algorithm=None)},
        replace_ins=0x24,
    ),
    "openpgp-with-kdf": Specimen(
        family=OpenPgpFamily("resetting-code"),
        make=lambda: OpenPgpCard(resetting_code="31415926", kdf=_KDF, algorithm=Algorithm.ED25519),
        passcode=SecretStr("123456"),
        secret=SecretBytes(b"31415926"),
        wrong_secret=SecretBytes(b"27182818"),
        write_ins=0x2C,
        keyless={KeyUse.PASSCODE: lambda: OpenPgpCard(kdf=_KDF, algorithm=None)},
        replace_ins=0xDA,
        authority=Authority(SecretBytes(b"12345678"), SecretBytes(b"87654321")),
    ),
}

_AES_KEY = bytes(range(0x20, 0x40))

SPECIMENS |= {
    "gids": Specimen(
        family=GidsFamily(),
        make=GidsCard,
        passcode=SecretStr("123456"),
        secret=SecretBytes(ADMIN_KEY),
        wrong_secret=SecretBytes(_AES_KEY[:24]),
        write_ins=0x2C,
        new_passcode=SecretStr("n3w Passcode"),
        tells_secret_tries=False,
        secret_tries=None,
        other_secret=lambda: GidsCard(admin_key=_AES_KEY[:24]),
    ),
    "gids-with-aes": Specimen(
        family=GidsFamily(),
        make=lambda: GidsCard(cipher="aes", admin_key=_AES_KEY, sign_in=None),
        passcode=SecretStr("123456"),
        secret=SecretBytes(_AES_KEY),
        wrong_secret=SecretBytes(ADMIN_KEY),  # also of a length for AES
        write_ins=0x2C,
        tells_secret_tries=False,
        secret_tries=None,
        other_secret=lambda: GidsCard(cipher="aes", admin_key=_AES_KEY[::-1]),
    ),
}


def specimens(wanted: Callable[[Specimen], bool]) -> dict[str, Specimen]:
    """Those of them that a test is about, by their names."""
    return {name: specimen for name, specimen in SPECIMENS.items() if wanted(specimen)}
