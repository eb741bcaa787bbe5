"""Unblock secrets: kept in the store under the vault's keys, or derived; opened for one card at a time.

A secret kept for a card always wins over a derived one, so that a replaced one does.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import SecretBytes
from sqlmodel.ext.asyncio.session import AsyncSession

from cardio.card import CardId
from cardio.secret import SecretFormat
from kiosk.audit import Subject
from kiosk.diversify import Derivation
from kiosk.fingerprints import is_shared
from kiosk.pendings import ProofMissing
from kiosk.safe import Facts, Safe, SecretWithheld, as_sealed
from kiosk.storage.models import CardRow, NextSecretRow, UnblockSecretRow, UnblockState, row_id
from kiosk.store import Store
from kiosk.vault import Vault, VaultError
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
    SHUT = "does not open"  # kept, but altered, another card's, or under a key that is not here


@dataclass(frozen=True)
class Candidates:
    """What a card may hold: the present secret, and the one begun to replace it, where there is one."""

    present: SecretBytes | None = field(default=None, repr=False)
    next: SecretBytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Standing:
    """Whether a card's unblock secret may be sent, and whether one that is kept does not open."""

    usable: bool
    shut: bool
    shared: bool  # another card is kept with the same one
    unsettled: bool  # one was begun to replace it


class UnblockSecrets:
    """Keeps, derives and opens the secrets that unlock cards."""

    def __init__(
        self,
        store: Store,
        safe: Safe,
        vault: Vault,
        formats: Mapping[str, SecretFormat],
        derivations: Mapping[str, Derivation] | None = None,
    ) -> None:
        """``formats``: of every configured family; ``derivations``: of those whose secrets are derived."""
        self._store = store
        self._safe = safe
        self._vault = vault
        self._formats = formats
        self._derivations = derivations or {}

    async def open(self, known: Known, about: Subject) -> SecretBytes | None:
        """The card's present secret; None where there is none or it must not be sent.

        Raises as `candidates`.
        """
        return (await self.candidates(known, about)).present

    async def candidates(self, known: Known, about: Subject) -> Candidates:
        """All that the card may hold; nothing where it must not be sent, which the database may say.

        Raises VaultError, StoreUnavailable, ProofMissing where they count no longer.
        """
        if not known.has_unblock_secret:
            return Candidates()
        try:
            contents = await self._safe.contents(known.card, about)
        except SecretWithheld as withheld:
            if withheld.proofs_missing:
                raise ProofMissing from None
            return Candidates()
        present, begun = self.derived(known.id), None
        if contents.present is not None:
            opened = await self._vault.open(known.card_key, FIELD, contents.present)
            present = self._fitting(known.id, opened)
        if contents.next is not None:
            begun = self._fitting(known.id, await self._vault.open(known.card_key, NEXT_FIELD, contents.next))
        return Candidates(present, begun)

    async def begun(self, known: Known, about: Subject) -> SecretBytes:
        """The secret that is to take the present one's place, whatever is held against the card.

        Raises VaultError, also where there is none.
        """
        contents = await self._safe.contents(known.card, about)
        if contents.next is None:
            raise VaultError("what the card holds now is no longer kept: somebody removed it meanwhile")
        return await self._vault.open(known.card_key, NEXT_FIELD, contents.next)

    async def source(self, card: CardRow, kept: UnblockSecretRow | None) -> Source:
        """Where the secret comes from, and whether it can be used."""
        facts = None if kept is None else Facts(kept.key_id, as_sealed(kept))
        return await self._source(card, facts)

    async def _source(self, card: CardRow, kept: Facts | None) -> Source:
        """Where the safe is guarded, what is kept shows only when it is opened."""
        if kept is None:
            return Source.DERIVED if card.family in self._derivations else Source.NONE
        if kept.sealed is None:
            return Source.KEPT if await self._vault.has(kept.key_id) else Source.SHUT
        try:
            secret = await self._vault.open(card.audit_key, FIELD, kept.sealed)
        except VaultError:
            return Source.SHUT
        return Source.KEPT if self._accepts(card.family, secret) else Source.UNFIT

    async def opens(self, card: CardRow, kept: UnblockSecretRow) -> bool:
        """Whether a kept secret can still be opened, and is one that the card could take."""
        return await self.source(card, kept) is Source.KEPT

    def fingerprint(self, secret: SecretBytes) -> bytes:
        """What tells whether two secrets are the same, and nothing else."""
        return self._vault.fingerprint(secret)

    async def is_present(self, card: CardRow, kept: UnblockSecretRow | None, secret: SecretBytes) -> bool:
        """Whether this very secret is the card's already: the one that is kept, or derived where none is."""
        if kept is not None:
            return await self.holds(kept, card.audit_key, secret)
        derived = self.derived(CardId(card.family, card.kind, card.serial))
        return derived is not None and _same(derived, secret)

    async def standing(self, session: AsyncSession, card: CardRow) -> Standing:
        """What is kept for a card: whether it may be sent, and opens, as far as can be told before."""
        kept, following = await self._safe.facts(session, row_id(card))
        source = await self._source(card, kept)
        shut = source is Source.SHUT
        if following is not None:
            try:
                if following.sealed is not None:
                    await self._vault.open(card.audit_key, NEXT_FIELD, following.sealed)
                else:
                    shut |= not await self._vault.has(following.key_id)
            except VaultError:
                shut = True
        there = following is not None or source in (Source.KEPT, Source.DERIVED)
        return Standing(
            usable=there and not shut and card.unblock_state == UnblockState.USABLE.value,
            shut=shut,
            shared=kept is not None and await is_shared(session, row_id(card)),
            unsettled=following is not None,
        )

    async def sealed(self, card: int, card_key: str, secret: SecretBytes) -> UnblockSecretRow:
        """A card's secret as the row that is to be kept."""
        (columns,) = await self.sealed_all([(card, card_key, secret)])
        return UnblockSecretRow(**columns)

    async def sealed_all(self, secrets: Sequence[tuple[int, str, SecretBytes]]) -> list[dict[str, Any]]:
        """Secrets of cards, each with the card's number and audit key, as the rows that are to be kept."""
        sealed = await self._vault.seal_all([(card_key, FIELD, secret) for _, card_key, secret in secrets])
        return [
            {"card": card, **vars(one), "fingerprint": self._vault.fingerprint(secret)}
            for (card, _, secret), one in zip(secrets, sealed, strict=True)
        ]

    async def sealed_next(
        self, card: int, card_key: str, secret: SecretBytes, tries_before: int | None
    ) -> NextSecretRow:
        """A secret that is to take the present one's place, as the row that is kept before it is sent."""
        sealed = await self._vault.seal(card_key, NEXT_FIELD, secret)
        return NextSecretRow(
            card=card,
            key_id=sealed.key_id,
            wrapped_key=sealed.wrapped_key,
            nonce=sealed.nonce,
            ciphertext=sealed.ciphertext,
            fingerprint=self._vault.fingerprint(secret),
            tries_before=tries_before,
            kiosk=self._store.kiosk,
            at=self._store.clock.now(),
        )

    async def holds(self, row: UnblockSecretRow, card_key: str, secret: SecretBytes) -> bool:
        """Whether this very secret is kept already; False also for what no longer opens."""
        try:
            kept = await self._vault.open(card_key, FIELD, as_sealed(row))
        except VaultError:
            return False
        return _same(kept, secret)

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
