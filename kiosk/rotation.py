"""A new unblock secret on a card, never to be lost: kept first, then written, then made the present one.

```
keep the new one beside the present one      committed
have the card replace the present one        one command
the new one becomes the present one          committed
```

Cut off anywhere in between, both stay until the card has said which one it holds. Finding that out
spends at most one try, because what was asked, and how many tries there were, is committed before:
fewer tries later mean that the answer was no. A replacement begins with three tries or more.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydantic import SecretBytes, SecretStr
from sqlalchemy import delete, update
from sqlmodel import col, select

from cardio.card import Card, Family, Traits
from cardio.errors import CardError, CardIOError, UnblockSecretLocked, WrongUnblockSecret
from kiosk.audit import Event, Outcome, Subject
from kiosk.families import by_name
from kiosk.journal import Journal
from kiosk.marks import secret_accepted, secret_failed
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import NextSecretRow, UnblockSecretRow
from kiosk.store import Store
from kiosk.unblock import UnblockNotPossible, UnblockSecrets
from kiosk.vault import VaultError
from kiosk.visit import Known

FEWEST = 3  # tries that a replacement begins with: finding out may cost one, and the last is never used
_NEVER_LAST = 2  # tries that anything is sent with

log = logging.getLogger(__name__)


class NotReplaceable(Exception):
    """The card's unblock secret cannot be replaced now. The message says why; nothing was sent."""


@dataclass(frozen=True)
class Plan:
    """What an unlock sends, in order. ``next_first``: one of two is tried that the card may hold."""

    secrets: tuple[SecretBytes, ...] = field(repr=False)
    tries: int | None
    next_first: bool
    unsettled: bool


class Rotation:
    """Replaces unblock secrets, and finds out what became of replacements that were cut off."""

    def __init__(
        self, store: Store, secrets: UnblockSecrets, families: Sequence[Family], journal: Journal
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._families = families
        self._journal = journal

    async def replace(
        self,
        card: Card,
        known: Known,
        about: Subject,
        authority: SecretBytes | None = None,
        *,
        present: SecretBytes | None = None,
    ) -> None:
        """Give the card a fresh unblock secret, by the present one or by the family's ``authority``.

        ``present``: where it was used just now, so that the vault need not be asked again.

        Raises NotReplaceable (nothing was sent), WrongUnblockSecret or UnblockSecretLocked (of what it
        was done with), any other CardIOError (an interrupted one is found out about later), VaultError.
        """
        sent_with = authority or present or await self._secrets.open(known, about)
        if sent_with is None:
            raise NotReplaceable("no unblock secret is kept for this card that could be replaced")
        tries = await (card.unblock_tries_left() if authority is None else card.authority_tries_left())
        if tries is None:
            raise NotReplaceable("this card does not tell how many tries are left")
        if tries < FEWEST:
            raise NotReplaceable(f"the card has {tries} tries left for this, and {FEWEST} are needed")
        fresh = await self._begin(known, await card.unblock_tries_left(), may_resume=authority is not None)
        if resumed := fresh is None:
            fresh = await self._secrets.begun(known, about)
        try:
            await card.replace_secret(sent_with, fresh)
        except CardError as refusal:
            if not resumed:  # of an earlier one nobody knows whether the card carried it out
                await self._drop(known, about)
            if authority is None and isinstance(refusal, WrongUnblockSecret | UnblockSecretLocked):
                await self._fail(known, about, type(refusal).__name__)
            raise
        await self._promote(known, about, fresh)

    async def after_use(
        self, card: Card, known: Known, about: Subject, used: SecretBytes, *, proven: bool
    ) -> None:
        """Replace the secret that was just ``used``, where the site wants it or the card proved nothing.

        The card works already, so nothing that goes wrong here is raised: it is logged and settled later.
        """
        if not self._wanted(known, proven=proven):
            return
        try:
            await self.replace(card, known, about, present=used)
        except NotReplaceable as reason:
            log.info("visit %s: the unblock secret is not replaced: %s", about.visit, reason)
        except (CardIOError, VaultError, StoreUnavailable) as error:
            log.warning("visit %s: replacing the unblock secret: %s", about.visit, type(error).__name__)

    def _wanted(self, known: Known, *, proven: bool) -> bool:
        rules = self._store.settings.cards.table(known.id.family)
        believed = rules.card_authentication == "if-possible" and not proven
        return self._traits(known).replaceable and (rules.rotate or believed)

    async def settle(self, card: Card, known: Known, about: Subject) -> bool:
        """Find out which secret the card holds, where that is not known; whether it is the new one.

        Only for a card in an officer's hands: it is sent a secret. Elsewhere the next unlock finds out.
        Raises any CardIOError that ends the session; what is not known then stays to be found out.
        """
        row = await self._next(known)
        tries = await card.unblock_tries_left()
        if row is None or tries is None or not known.has_unblock_secret:
            return False
        try:
            if not self._traits(known).replaceable:
                return await self._compare(known, about, row, tries)
            if tries >= self._store.settings.unlock.min_unblock_tries:
                return await self._ask(card, known, about, row, tries)
        except (CardError, VaultError) as error:
            log.warning("visit %s: which unblock secret is right: %s", about.visit, type(error).__name__)
        return False

    async def plan(self, known: Known, about: Subject, tries: int | None) -> Plan:
        """What an unlock sends; ``tries`` are those left of the unblock secret.

        Raises UnblockNotPossible where there is nothing that may be sent, VaultError.
        """
        secrets = await self._secrets.candidates(known, about)
        row = await self._next(known)
        order: tuple[SecretBytes | None, ...] = (secrets.next, secrets.present)
        if row is None or _refused_before(row, tries):
            order = (secrets.present,)
        found = tuple(secret for secret in order if secret is not None)
        if not found:
            raise UnblockNotPossible
        return Plan(found, tries, next_first=found[0] is secrets.next, unsettled=row is not None)

    async def reset(
        self, card: Card, known: Known, about: Subject, write: int, plan: Plan, new: SecretStr
    ) -> SecretBytes:
        """Set a new passcode with the secret that the card holds, which is returned.

        ``write`` is the journal's number. Raises as `Card.reset_passcode`.
        """
        first, *others = plan.secrets
        if plan.next_first:
            await self._note(known, asked=plan.tries, before=plan.tries)
        try:
            await card.reset_passcode(first, new)
        except WrongUnblockSecret:
            if not plan.next_first:
                raise
            tries = await card.unblock_tries_left()
            if not others or tries is None or tries < _NEVER_LAST:
                await self._drop(known, about)
                raise
            await self._journal.sends_again(write, tries)
            await card.reset_passcode(others[0], new)
            await self._drop(known, about)
            return others[0]
        if plan.next_first:
            await self._promote(known, about, first)
        elif plan.unsettled:
            await self._drop(known, about)
        return first

    async def _compare(self, known: Known, about: Subject, row: _Begun, tries: int) -> bool:
        """A secret that cannot be checked: tries where there were none tell that it was set."""
        if row.tries_before != 0:
            return False
        if not tries:
            await self._drop(known, about)
            return False
        await self._promote(known, about, await self._secrets.begun(known, about))
        return True

    async def _ask(self, card: Card, known: Known, about: Subject, row: _Begun, tries: int) -> bool:
        """Ask the card about the next one, then about the present one; never twice about the same."""
        match _question(row, tries):
            case _Question.NEXT:
                following = await self._secrets.begun(known, about)
                await self._note(known, asked=tries, before=tries)
                try:
                    await card.check_secret(following)
                except WrongUnblockSecret:
                    left = await card.unblock_tries_left()
                    if left is None or left < _NEVER_LAST:
                        await self._drop(known, about)
                    else:  # it stays until the present one is proven, and the try has come back
                        await self._ask_about_present(card, known, about, left)
                else:
                    await self._promote(known, about, following)
                    return True
            case _Question.PRESENT:
                await self._ask_about_present(card, known, about, tries)
            case _Question.NONE:
                await self._fail(known, about, "unproven")
        return False

    async def _ask_about_present(self, card: Card, known: Known, about: Subject, tries: int) -> None:
        present = await self._secrets.open(known, about)
        await self._note(known, asked=tries, before=None)
        try:
            if present is None:
                raise WrongUnblockSecret
            await card.check_secret(present)
        except (WrongUnblockSecret, UnblockSecretLocked) as refusal:
            await self._fail(known, about, type(refusal).__name__)
            return
        await self._drop(known, about)
        async with self._store.work(known.holder) as session:
            await secret_accepted(session, known.card)

    # -- units of work --------------------------------------------------------------------------

    async def _begin(self, known: Known, tries: int | None, *, may_resume: bool) -> SecretBytes | None:
        """Keep a fresh secret beside the present one; None to go on with the one that was begun before."""
        async with self._store.work(known.holder) as session:
            there = select(NextSecretRow.card).where(col(NextSecretRow.card) == known.card)
            if (await session.exec(there)).first() is not None:
                if may_resume:
                    return None
                raise NotReplaceable("it is not known yet what became of an earlier replacement")
            fresh = by_name(self._families, known.id.family).secret.fresh()
            session.add(await self._secrets.sealed_next(known.card, known.card_key, fresh, tries))
            return fresh

    async def _next(self, known: Known) -> _Begun | None:
        tries = select(NextSecretRow.tries_before, NextSecretRow.probed_tries)
        async with self._store.work() as session:
            row = (await session.exec(tries.where(col(NextSecretRow.card) == known.card))).first()
        return None if row is None else _Begun(*row)

    async def _note(self, known: Known, *, asked: int | None, before: int | None) -> None:
        """Commit what is about to be asked: of the next one, or (``before`` None) of the present one."""
        async with self._store.work(known.holder) as session:
            await session.exec(
                update(NextSecretRow)
                .where(col(NextSecretRow.card) == known.card)
                .values(probed_tries=asked, tries_before=before)
            )

    async def _promote(self, known: Known, about: Subject, secret: SecretBytes) -> None:
        """The card holds the next one: it is the present one from now on."""
        row = await self._secrets.sealed(known.card, known.card_key, secret)
        this = col(UnblockSecretRow.card) == known.card
        async with self._store.work(known.holder) as session:
            gone = delete(NextSecretRow).where(col(NextSecretRow.card) == known.card)
            if (await session.exec(gone.returning(col(NextSecretRow.card)))).first() is None:
                raise VaultError("what the card holds now is no longer kept: somebody removed it meanwhile")
            values = row.model_dump(exclude={"card", "made_by"})
            kept = update(UnblockSecretRow).where(this).values(values).returning(col(UnblockSecretRow.card))
            if (await session.exec(kept)).first() is None:
                session.add(row)
                await session.flush()
            await secret_accepted(session, known.card)
            self._store.audit.record(session, Event.UNBLOCK_SECRET_REPLACED, about)

    async def _drop(self, known: Known, about: Subject) -> None:
        """The card does not hold the next one."""
        async with self._store.work(known.holder) as session:
            await session.exec(delete(NextSecretRow).where(col(NextSecretRow.card) == known.card))
            self._store.audit.record(
                session, Event.UNBLOCK_SECRET_REPLACED, about, Outcome.FAILED, "not written"
            )

    async def _fail(self, known: Known, about: Subject, reason: str) -> None:
        async with self._store.work(known.holder) as session:
            await secret_failed(session, self._store, known.card, about, reason)

    def _traits(self, known: Known) -> Traits:
        return by_name(self._families, known.id.family).traits


@dataclass(frozen=True)
class _Begun:
    """What is known of a replacement that was begun: see `NextSecretRow`."""

    tries_before: int | None
    probed_tries: int | None


class _Question(Enum):
    """What to ask the card next."""

    NEXT = "next"
    PRESENT = "present"
    NONE = "none"  # it has refused the present one


def _question(row: _Begun, tries: int) -> _Question:
    """What is to be asked with so many tries left; see `Rotation._note`."""
    if row.probed_tries is None:
        refused = row.tries_before is not None and tries < row.tries_before
        return _Question.NONE if refused else _Question.NEXT
    answered_no = tries < row.probed_tries
    if row.tries_before is None:
        return _Question.NONE if answered_no else _Question.PRESENT
    return _Question.PRESENT if answered_no else _Question.NEXT


def _refused_before(row: _Begun, tries: int | None) -> bool:
    """Whether the next one was sent before, and there are fewer tries since: its lost answer was a no."""
    if row.probed_tries is None:
        return False
    return row.tries_before is None or (tries is not None and tries < row.probed_tries)
