"""Unblock secrets: sealed into the store, opened for one card at a time."""

from __future__ import annotations

import hmac

from pydantic import SecretBytes

from kiosk.storage.models import UnblockSecretRow
from kiosk.store import Store
from kiosk.vault import Sealed, Vault, VaultError
from kiosk.visit import Known

FIELD = "unblock-secret"


class UnblockSecrets:
    """Keeps and opens the secrets that unlock cards."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def open(self, known: Known) -> SecretBytes | None:
        """The card's secret; None where there is none or it must not be sent. Raises VaultError."""
        if not known.has_unblock_secret:
            return None
        async with self._store.work() as session:
            row = await session.get(UnblockSecretRow, known.card)
        if row is None:
            return None
        return self._vault.open(known.card_key, FIELD, Sealed(row.key_id, row.nonce, row.ciphertext))

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

    def holds(self, row: UnblockSecretRow, card_key: str, secret: SecretBytes) -> bool:
        """Whether this very secret is kept already; False also for what no longer opens."""
        try:
            kept = self._vault.open(card_key, FIELD, Sealed(row.key_id, row.nonce, row.ciphertext))
        except VaultError:
            return False
        return hmac.compare_digest(kept.get_secret_value(), secret.get_secret_value())
