"""The keys of a kiosk, as its configuration says: files, systemd's credentials, or a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretBytes

from kiosk.diversify import MASTER_LENGTHS
from kiosk.keys import load_key, load_master_key, load_password
from kiosk.pepper import Pepper, PlainPepper, derived
from kiosk.settings import Settings
from kiosk.wrapping import FileCabinet, KeyCabinet, MemoryCabinet

if TYPE_CHECKING:
    from kiosk.token import Token, TokenCabinet, TokenPepper


@dataclass(frozen=True)
class KeyRing:
    """The vault's keys, the pepper, and the master keys of families whose unblock secrets are derived."""

    vault: KeyCabinet
    pepper: Pepper
    masters: Mapping[str, SecretBytes] = field(default_factory=dict)
    _derived: dict[str, SecretBytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def derived(self, label: str) -> SecretBytes:
        """A key for one use: HMAC-SHA-256 with the pepper over the label. Raises KeyProblem.

        The pepper never changes, so neither do these, whatever becomes of the vault's keys.
        """
        if label not in self._derived:
            self._derived[label] = derived(self.pepper, label)
        return self._derived[label]


def ring_in_memory(
    vault: SecretBytes, pepper: SecretBytes, masters: Mapping[str, SecretBytes] | None = None
) -> KeyRing:
    """Keys that are in no file: for the demo, and for tests."""
    return KeyRing(MemoryCabinet(vault), PlainPepper(pepper), masters or {})


def key_ring(settings: Settings) -> KeyRing:
    """The keys of the configuration. Raises KeyProblem."""
    cabinet: KeyCabinet
    pepper: Pepper
    if settings.keys.token is None:
        cabinet, pepper = file_cabinet(settings), pepper_of(settings)
    else:
        cabinet, pepper = token_keys(settings)
        pepper.digest(b"")  # a token that cannot be used is told of now, not when the first card goes in
    cabinet.load()
    return KeyRing(cabinet, pepper, {name: master_key(settings, name) for name in diversified(settings)})


def pepper_of(settings: Settings) -> Pepper:
    """The pepper alone. Raises KeyProblem."""
    if settings.keys.token is not None:
        return token_keys(settings)[1]
    return PlainPepper(load_key(settings.state_directory, settings.keys.pepper, "pepper-key"))


def file_cabinet(settings: Settings) -> FileCabinet:
    """Where the vault's keys are, in files or handed over by systemd."""
    return FileCabinet(settings.state_directory, settings.keys.vault, "vault-key")


def token(settings: Settings) -> Token:
    """The token that keys.token leads to. Raises KeyProblem if there is no PIN for it."""
    from kiosk.token import Token

    keys = settings.keys
    pin = load_password(
        settings.state_directory, keys.token_pin_file, "token-pin", missing="put the token's PIN there"
    )
    return Token(keys.token or Path(), keys.token_label, pin)


def token_keys(settings: Settings) -> tuple[TokenCabinet, TokenPepper]:
    """The vault's keys and the pepper in a token, which need not be there yet. Raises KeyProblem."""
    from kiosk.token import TokenCabinet, TokenPepper

    opened = token(settings)
    cabinet = TokenCabinet(opened, settings.keys.token_vault_label, file_cabinet(settings))
    return cabinet, TokenPepper(opened, settings.keys.token_pepper_label)


def diversified(settings: Settings) -> tuple[str, ...]:
    """The families whose unblock secrets are derived from a master key."""
    cards = settings.cards
    derived = "diversified"
    return tuple(name for name in cards.families if cards.table(name).unblock_secret == derived)


def master_key(settings: Settings, family: str) -> SecretBytes:
    """A family's master key from credential or file. Raises KeyProblem."""
    rules = settings.cards.table(family).diversify
    return load_master_key(
        settings.state_directory,
        rules.key or Path(f"{family}-master.key"),
        f"{family}-master-key",
        MASTER_LENGTHS[rules.kdf],
    )
