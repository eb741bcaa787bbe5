"""Unblock secrets: sealed into the store, opened for one card at a time."""

from __future__ import annotations

from pydantic import SecretBytes
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.storage.models import UnblockSecretRow
from kiosk.store import Store
from kiosk.vault import Sealed, Vault
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

    async def keep(self, session: AsyncSession, card: int, card_key: str, secret: SecretBytes) -> None:
        """Seal a card's secret with the transaction, in place of an earlier one."""
        sealed = self._vault.seal(card_key, FIELD, secret)
        await session.merge(
            UnblockSecretRow(
                card=card, key_id=sealed.key_id, nonce=sealed.nonce, ciphertext=sealed.ciphertext
            )
        )
