"""Is it really that card? What a card has to prove, and when.

What is possible is decided by the store and the site's settings, never by the card: a key that is pinned,
a CA that is configured, and a secret that the card has shown to know have to be proven every time. A card
that fails costs its holder nothing, and is on record as an alarm.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from pydantic import SecretBytes

from cardio.card import Card, Family, KeyUse, OfferedKey, Traits
from cardio.certificates import Trust
from cardio.errors import CardError, NoProof, NotGenuine, UnblockSecretLocked, WrongUnblockSecret
from kiosk.audit import Event, Outcome, Subject
from kiosk.families import by_name
from kiosk.marks import (
    give_back_unproven_send,
    secret_accepted,
    secret_failed,
    spend_unproven_send,
)
from kiosk.store import Store
from kiosk.unblock import UnblockNotPossible, UnblockSecrets
from kiosk.visit import Belief, Known

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProvenKeys:
    """Public keys (DER) that a card has just proven to hold, to be pinned where none is yet."""

    free: bytes | None = field(default=None, repr=False)
    passcode: bytes | None = field(default=None, repr=False)


class Genuineness:
    """Has cards prove themselves. Methods raise NotGenuine (audited) and any CardIOError that ends a session.

    ``trusts`` are the CAs of the families that have any.
    """

    def __init__(
        self,
        store: Store,
        families: Sequence[Family],
        secrets: UnblockSecrets,
        trusts: Mapping[str, Trust] | None = None,
    ) -> None:
        self._store = store
        self._families = families
        self._secrets = secrets
        self._trusts = trusts or {}

    async def before_passcode(self, card: Card, known: Known, about: Subject) -> Belief:
        """Have the card prove itself as far as it can without a passcode, and without its unblock secret.

        Mutual authentication is no way to begin: whoever sits between kiosk and card could have the card
        take a new passcode right after it. See docs/decisions/0008.
        """
        if self._rule(known) == "off":
            return Belief.PROVEN
        if known.public_key is not None:
            await self._sign(card, KeyUse.FREE, known.public_key, about)
            return Belief.PROVEN
        if (vouched := await self._vouched(card, known, KeyUse.FREE)) is not None:
            await self._sign(card, KeyUse.FREE, vouched.public_key, about)
            return Belief.PROVEN
        if self._traits(known).mutual and known.has_unblock_secret:
            return Belief.MUTUAL
        belief = unproven(known, self._rule(known), has_cas=self._has_cas(known))
        return belief or await self.refuse(about, "no key pinned")

    async def after_passcode(self, card: Card, known: Known, belief: Belief, about: Subject) -> None:
        """Have the card prove the key that signs after the right passcode, in the same session."""
        if self._rule(known) == "off":
            return
        if known.passcode_key is not None:
            await self._sign(card, KeyUse.PASSCODE, known.passcode_key, about)
        elif belief is Belief.LATER:
            await self._sign_vouched(card, known, about)

    async def before_registration(self, card: Card, known: Known, about: Subject) -> ProvenKeys:
        """What a card that registers can prove and the store does not know yet; after the right passcode.

        Where a family has CAs they have to vouch for the key that signs after the passcode, for nothing
        else shows that the card has accepted one.
        """
        if self._rule(known) == "off":
            return ProvenKeys()
        free = known.public_key or await self._shown(card, known, KeyUse.FREE)
        passcode = known.passcode_key
        if passcode is None and self._has_cas(known):
            passcode = await self._sign_vouched(card, known, about)
        passcode = passcode or await self._shown(card, known, KeyUse.PASSCODE)
        if passcode is not None and passcode == free:  # it signs for whoever asks
            if self._has_cas(known):
                await self.refuse(about, "one key for both uses")
            passcode = None
        return ProvenKeys(free, passcode)

    async def by_secret(self, card: Card, known: Known, secret: SecretBytes, about: Subject) -> bool:
        """Mutual authentication, right before the secret is used; False for a card that knows none.

        Raises WrongUnblockSecret and UnblockSecretLocked as `Card.prove_by_secret`.
        """
        try:
            await card.prove_by_secret(secret)
        except NoProof:
            if known.mutual_proven or self._rule(known) == "required":
                await self.refuse(about, "no mutual authentication")
            return False
        except NotGenuine:
            await self.refuse(about, "proof failed")
        return True

    async def register_by_secret(self, card: Card, known: Known, about: Subject) -> None:
        """Mutual authentication as the last thing before a registration is kept.

        Every proof of the registration has been given by then: so whoever rides on it could as well
        unlock the card by what they have registered. Raises UnblockNotPossible where the secret is not
        to be sent, WrongUnblockSecret and UnblockSecretLocked: it is marked as failed, unless the card
        had accepted it before. Then it is another card.
        """
        secret = await self._secrets.open(known, about)
        if secret is None or not await self._spend(known, about):
            raise UnblockNotPossible
        try:
            mutual = await self.by_secret(card, known, secret, about)
        except (WrongUnblockSecret, UnblockSecretLocked) as refusal:
            if refusal.sw and known.secret_proven:
                await self.refuse(about, "proof failed")
            async with self._store.work(known.holder) as session:
                await give_back_unproven_send(session, known.card)
                if refusal.sw:
                    await secret_failed(session, self._store, known.card, about, type(refusal).__name__)
            raise
        except NotGenuine:  # it took our proof, and had none of its own: nothing was counted
            await self._give_back(known)
            raise
        if not mutual:
            await self._give_back(known)
            return
        async with self._store.work(known.holder) as session:
            await secret_accepted(session, known.card, mutual=True)

    async def refuse(self, about: Subject, reason: str) -> NoReturn:
        """A copy, or a card tampered with: an alarm, and nothing else. Raises NotGenuine."""
        await self._store.record(Event.CARD_NOT_GENUINE, about, Outcome.ALARM, reason)
        raise NotGenuine(reason)

    # -- the ways to prove ----------------------------------------------------------------------

    async def _sign(self, card: Card, use: KeyUse, public_key: bytes, about: Subject) -> None:
        try:
            await card.prove(use, public_key)
        except NotGenuine:
            await self.refuse(about, "proof failed")

    async def _sign_vouched(self, card: Card, known: Known, about: Subject) -> bytes:
        """The key that signs after the passcode, which a CA vouches for and the card has just proven."""
        vouched = await self._vouched(card, known, KeyUse.PASSCODE)
        if vouched is None:
            await self.refuse(about, "no key that a CA vouches for")
        await self._sign(card, KeyUse.PASSCODE, vouched.public_key, about)
        return vouched.public_key

    async def _vouched(self, card: Card, known: Known, use: KeyUse) -> OfferedKey | None:
        """The key for that use if the family's CAs vouch that it is this card's; it has still to sign."""
        trust = self._trusts.get(known.id.family)
        if trust is None or use not in self._traits(known).key_uses:
            return None
        try:
            offered = await card.offered_key(use)
            if offered is None or offered.certificate is None:
                return None
            trust.verify(offered.certificate, known.id, use, self._store.clock.now())
        except CardError as doubt:
            log.info("the %s key of a card: %s", use.value, doubt)
            return None
        return offered

    async def _shown(self, card: Card, known: Known, use: KeyUse) -> bytes | None:
        """A key that the card shows and signs with, and that its family can hold."""
        if use not in self._traits(known).key_uses:
            return None
        try:
            if self._has_cas(known):
                offered = await self._vouched(card, known, use)
            else:
                offered = await card.offered_key(use)
            if offered is None:
                return None
            by_name(self._families, known.id.family).check_key(use, offered.public_key)
            await card.prove(use, offered.public_key)
        except (CardError, ValueError) as error:
            log.info("the %s key of a card is not pinned: %s", use.value, error)
            return None
        return offered.public_key

    # -- what is kept ---------------------------------------------------------------------------

    async def _spend(self, known: Known, about: Subject) -> bool:
        """Count a send before it goes out; False, and an alarm, where the answers were lost too often."""
        async with self._store.work(known.holder) as session:
            if await spend_unproven_send(session, known.card):
                return True
            await secret_failed(session, self._store, known.card, about, "unproven")
            return False

    async def _give_back(self, known: Known) -> None:
        async with self._store.work(known.holder) as session:
            await give_back_unproven_send(session, known.card)

    def _has_cas(self, known: Known) -> bool:
        return known.id.family in self._trusts

    def _rule(self, known: Known) -> str:
        return self._store.settings.cards.table(known.id.family).card_authentication

    def _traits(self, known: Known) -> Traits:
        return by_name(self._families, known.id.family).traits


def unproven(known: Known, rule: str, *, has_cas: bool) -> Belief | None:
    """What to think of a card that has not proven itself before the passcode; None: it is refused.

    ``rule`` is the family's ``card_authentication``, ``has_cas`` whether the site has named CAs for it.
    """
    if known.passcode_key is None and has_cas:
        return Belief.LATER
    if rule == "required":
        return None if known.passcode_key is None else Belief.DOUBTED
    return Belief.DOUBTED if known.secret_shared else Belief.BELIEVED
