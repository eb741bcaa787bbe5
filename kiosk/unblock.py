"""Unblock secrets: kept in the store under the vault's key, or derived; opened for one card at a time.

A secret kept for a card always wins over a derived one, so that a replaced one does.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pydantic import SecretBytes

from cardio.card import CardId
from cardio.secret import SecretFormat
from kiosk.diversify import Derivation
from kiosk.storage.models import CardRow, NextSecretRow, UnblockSecretRow, UnblockState
from kiosk.store import Store
from kiosk.vault import Sealed, Vault, VaultError
from kiosk.visit import Known

FIELD = "unblock-secret"
NEXT_FIELD = "next-unblock-secret"


class UnblockNotPossible(Exception):
    """The unblock secret is missing, nearly spent, or was refused before: nothing was sent."""


class Source(Enum):
    """Where a card's unblock secret comes from."""

    KEPT = "kept"
    DERIVED = "derived"
    NONE = "none"
    UNFIT = "unfit"  # kept, but in a form that no such card takes: it is never sent


@dataclass(frozen=True)
class Candidates:
    """What a card may hold: the present secret, and the one begun to replace it, where there is one."""

    present: SecretBytes | None = field(default=None, repr=False)
    next: SecretBytes | None = field(default=None, repr=False)


class UnblockSecrets:
    """Keeps, derives and opens the secrets that unlock cards."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        formats: Mapping[str, SecretFormat],
        derivations: Mapping[str, Derivation] | None = None,
    ) -> None:
        """``formats``: of every configured family; ``derivations``: of those whose secrets are derived."""
        self._store = store
        self._vault = vault
        self._formats = formats
        self._derivations = derivations or {}

    async def open(self, known: Known) -> SecretBytes | None:
        """The card's present secret; None where there is none or it must not be sent. Raises VaultError."""
        return (await self.candidates(known)).present

    async def candidates(self, known: Known) -> Candidates:
        """All that the card may hold; nothing where it must not be sent. Raises VaultError."""
        if not known.has_unblock_secret:
            return Candidates()
        async with self._store.work() as session:
            kept = await session.get(UnblockSecretRow, known.card)
            following = await session.get(NextSecretRow, known.card)
        return Candidates(
            self._fitting(known.id, self._opened(kept, known.card_key, FIELD))
            if kept
            else self.derived(known.id),
            self._fitting(known.id, self._opened(following, known.card_key, NEXT_FIELD))
            if following
            else None,
        )

    def source(self, card: CardRow, kept: UnblockSecretRow | None) -> Source:
        """Where the secret comes from. One that no longer opens counts as kept: its use is an alarm."""
        if kept is None:
            return Source.DERIVED if card.family in self._derivations else Source.NONE
        try:
            secret = self._opened(kept, card.audit_key, FIELD)
        except VaultError:
            return Source.KEPT
        return Source.KEPT if self._accepts(card.family, secret) else Source.UNFIT

    def opens(self, card: CardRow, kept: UnblockSecretRow) -> bool:
        """Whether a kept secret can still be opened, and is one that the card could take."""
        try:
            return self._accepts(card.family, self._opened(kept, card.audit_key, FIELD))
        except VaultError:
            return False

    def fingerprint(self, secret: SecretBytes) -> bytes:
        """What tells whether two secrets are the same, and nothing else."""
        return self._vault.fingerprint(secret)

    def is_present(self, card: CardRow, kept: UnblockSecretRow | None, secret: SecretBytes) -> bool:
        """Whether this very secret is the card's already: the one that is kept, or derived where none is."""
        if kept is not None:
            return self.holds(kept, card.audit_key, secret)
        derived = self.derived(CardId(card.family, card.kind, card.serial))
        return derived is not None and _same(derived, secret)

    def usable(self, card: CardRow, kept: UnblockSecretRow | None, following: NextSecretRow | None) -> bool:
        """Whether there is a secret that may be sent to the card, and that it has not refused before."""
        there = following is not None or self.source(card, kept) in (Source.KEPT, Source.DERIVED)
        return there and card.unblock_state == UnblockState.USABLE.value

    def sealed(self, card: int, card_key: str, secret: SecretBytes) -> UnblockSecretRow:
        """A card's secret as the row that is to be kept."""
        sealed = self._vault.seal(card_key, FIELD, secret)
        return UnblockSecretRow(
            card=card,
            key_id=sealed.key_id,
            nonce=sealed.nonce,
            ciphertext=sealed.ciphertext,
            fingerprint=self._vault.fingerprint(secret),
        )

    def sealed_next(
        self, card: int, card_key: str, secret: SecretBytes, tries_before: int | None
    ) -> NextSecretRow:
        """A secret that is to take the present one's place, as the row that is kept before it is sent."""
        sealed = self._vault.seal(card_key, NEXT_FIELD, secret)
        return NextSecretRow(
            card=card,
            key_id=sealed.key_id,
            nonce=sealed.nonce,
            ciphertext=sealed.ciphertext,
            fingerprint=self._vault.fingerprint(secret),
            tries_before=tries_before,
            kiosk=self._store.kiosk,
            at=self._store.clock.now(),
        )

    def opened_next(self, row: NextSecretRow, card_key: str) -> SecretBytes:
        """The secret that is to take the present one's place. Raises VaultError."""
        return self._opened(row, card_key, NEXT_FIELD)

    def holds(self, row: UnblockSecretRow, card_key: str, secret: SecretBytes) -> bool:
        """Whether this very secret is kept already; False also for what no longer opens."""
        try:
            kept = self._opened(row, card_key, FIELD)
        except VaultError:
            return False
        return _same(kept, secret)

    def _opened(self, row: UnblockSecretRow | NextSecretRow, card_key: str, name: str) -> SecretBytes:
        return self._vault.open(card_key, name, Sealed(row.key_id, row.nonce, row.ciphertext))

    def derived(self, card: CardId) -> SecretBytes | None:
        """The secret that the master key gives; None for a family that has none."""
        derivation = self._derivations.get(card.family)
        return derivation.secret(card) if derivation else None

    def _fitting(self, card: CardId, secret: SecretBytes) -> SecretBytes | None:
        return secret if self._accepts(card.family, secret) else None

    def _accepts(self, family: str, secret: SecretBytes) -> bool:
        known = self._formats.get(family)
        return known is None or known.accepts(secret)


def _same(one: SecretBytes, other: SecretBytes) -> bool:
    return hmac.compare_digest(one.get_secret_value(), other.get_secret_value())
