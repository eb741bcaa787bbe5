"""What an officer does with a card in the reader beyond reading it: prove its secret, set a fresh one.

Safe to be cut off anywhere: the same command again finds out what the card holds, and finishes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import Enum

from pydantic import SecretBytes, SecretStr

from cardio.card import Card, CardId, Family, KeyUse, identify
from cardio.errors import (
    CardError,
    NoProof,
    NotGenuine,
    OutcomeUnknown,
    UnblockSecretLocked,
    WrongUnblockSecret,
)
from cardio.reader import Reader
from cardio.secret import SecretFormat
from cardio.virtual.reader import VirtualReader
from kiosk.audit import Subject
from kiosk.enrolment import Change, EnrolmentError
from kiosk.office import fields
from kiosk.office.enrolling import SeenCard, new_card, require_same_keys
from kiosk.office.office import office
from kiosk.office.waiting import Say, wait_for_card
from kiosk.rotation import FEWEST, NotReplaceable
from kiosk.settings import Settings
from kiosk.vault import VaultError
from kiosk.visit import Known
from kiosk.wiring import Parts


class Fresh(Enum):
    """What became of the fresh unblock secret."""

    SET = "set"
    FINISHED = "finished"  # it was written earlier, and the command cut off
    KEPT = "kept"  # the card has accepted another secret than the one given: nothing was sent


@dataclass(frozen=True)
class Equipped:
    """What became of the card, and of its fresh unblock secret where one was asked for."""

    change: Change
    fresh: Fresh | None = None


@dataclass(frozen=True)
class Order:
    """What an officer wants done with the card; ``replace_key``: though another key was pinned for it.

    ``instead_of``: another card of the holder, which is revoked with it.
    """

    holder_id: str = field(repr=False)
    by: str
    fresh: bool = False
    replace_key: bool = False
    reason: str = ""
    instead_of: CardId | None = field(default=None, repr=False)


class TakenOut(EnrolmentError):
    """The card was out before it had answered: what it holds is found out when the same is done again."""


def asked_for(family: Family, *, fresh: bool) -> SecretFormat:
    """What the officer is asked for: the unblock secret, or what sets a fresh one on such a card.

    Raises EnrolmentError where such a card takes no fresh one.
    """
    traits = family.traits
    if not fresh or traits.replaceable:
        return family.secret
    if traits.authority is None:
        raise EnrolmentError(f"no fresh {family.secret.name} can be set on cards of family {family.name!r}")
    return traits.authority


def checked(given: SecretStr, wanted: SecretFormat) -> SecretBytes:
    """What was given, in the form the card wants it. Raises EnrolmentError, which does not repeat it."""
    return fields.checked(f"the {wanted.name}", wanted.parse, given.get_secret_value())


async def require_tries(settings: Settings, seen: SeenCard) -> None:
    """Raise EnrolmentError unless the card tells that there are tries enough to set a fresh secret.

    Where an earlier one was cut off, that is seen once it is known what it came to: tries may come back.
    """
    async with office(settings) as parts:
        await require_tries_in(parts, seen)


async def require_tries_in(parts: Parts, seen: SeenCard) -> None:
    """The same, where the store is open."""
    known = await parts.service.holders.find(seen.id)
    if known is None or not known.secret_unsettled:
        _require_tries(seen)


def tries_for_fresh(seen: SeenCard) -> int | None:
    """Tries left of what a fresh secret is set with; None where the card does not tell."""
    return seen.unblock_tries if seen.family.traits.replaceable else seen.authority_tries


def _require_tries(seen: SeenCard) -> None:
    tries = tries_for_fresh(seen)
    name = asked_for(seen.family, fresh=True).name
    if tries is None:
        raise EnrolmentError(
            f"this card does not tell how many tries of the {name} are left, so no fresh "
            f"{seen.family.secret.name} is set on it: set it elsewhere, and enrol the card with that"
        )
    if tries < FEWEST:
        raise EnrolmentError(
            f"the card has {tries} tries of the {name} left, and {FEWEST} are needed to set a fresh "
            f"{seen.family.secret.name}: finding out what a torn one came to may cost one"
        )


async def carry_out(
    settings: Settings,
    reader: Callable[[Settings], Reader],
    say: Say,
    seen: SeenCard,
    given: SecretBytes | None,
    order: Order,
) -> Equipped:
    """Tie a card that was read to a holder, with the card in the reader where it has to do something.

    Raises as `at_desk`.
    """
    opened = reader(settings) if _at_the_card(seen, given, order) else VirtualReader()
    try:
        async with office(settings) as parts:
            return await at_desk(parts, opened, say, seen, given, order)
    finally:
        await opened.aclose()


async def equip(
    settings: Settings,
    reader: Reader,
    say: Say,
    holder_id: str,
    seen: SeenCard,
    given: SecretBytes,
    *,
    fresh: bool,
    by: str,
    replace_key: bool = False,
) -> Equipped:
    """The same with a reader that is open, and closed by this."""
    order = Order(holder_id, by, fresh=fresh, replace_key=replace_key)
    return await carry_out(settings, lambda _: reader, say, seen, given, order)


async def at_desk(
    parts: Parts, reader: Reader, say: Say, seen: SeenCard, given: SecretBytes | None, order: Order
) -> Equipped:
    """Tie a card that was read to a holder, and with it what it has accepted, or a fresh secret.

    The card has to be in the reader where a fresh secret is set, or it proves itself by the given one.
    ``given`` None: the one that is kept for it stays. Raises EnrolmentError, TakenOut where it was taken out
    too early, and any other CardIOError.
    """
    if not order.replace_key:
        await require_same_keys(parts, seen, by=order.by)
    if given is None or not _at_the_card(seen, given, order):
        return Equipped(await _enrol(parts, seen, given, order))
    try:
        async with _the_same_card(parts, reader, say, seen) as card:
            work = _AtTheCard(parts, card, seen, order)
            if order.fresh:
                return await work.set_fresh(given)
            return Equipped(await work.enrol_proven(given))
    except OutcomeUnknown:
        raise TakenOut(
            "the card was taken out too early: give the same command again, it finds out what the card holds"
        ) from None


def _at_the_card(seen: SeenCard, given: SecretBytes | None, order: Order) -> bool:
    """Whether the card itself has to do something."""
    return given is not None and (order.fresh or seen.family.traits.mutual)


async def _enrol(
    parts: Parts, seen: SeenCard, secret: SecretBytes | None, order: Order, *, proven: bool = False
) -> Change:
    new = new_card(seen, secret, proven=proven, replace_key=order.replace_key)
    return await parts.enrolment.enrol(
        order.holder_id, new, by=order.by, reason=order.reason, instead_of=order.instead_of
    )


@asynccontextmanager
async def _the_same_card(parts: Parts, reader: Reader, say: Say, seen: SeenCard) -> AsyncIterator[Card]:
    """A session with the card that was read before, which proves again the key that is pinned, or will be."""
    present = await wait_for_card(reader, say)
    async with reader.session(present.insertion) as channel:
        card = await identify(channel, parts.families)
        if card.id != seen.id:
            raise EnrolmentError(f"this is another card than the one that was read, {seen.id}")
        if seen.key is not None:
            await card.prove(KeyUse.FREE, seen.key)
        yield card


@dataclass(frozen=True)
class _AtTheCard:
    parts: Parts
    card: Card
    seen: SeenCard
    order: Order

    async def enrol_proven(self, given: SecretBytes) -> Change:
        """Have a card of mutual authentication accept the secret, then keep it.

        A card that knows no such thing shows only when it is unlocked whether the secret is right. That
        it is tried is on record before: such a card may count in silence.
        """
        self._require_holder(await self._known())
        trials, name = self.parts.trials, self.seen.family.secret.name
        await trials.begin(self.seen.id, given, name)
        try:
            await self.card.prove_by_secret(given)
        except NoProof:
            await trials.not_sent(self.seen.id, given)
            self._require_none_required()
            return await self._enrol(given)
        except (WrongUnblockSecret, UnblockSecretLocked, NotGenuine) as refusal:
            if isinstance(refusal, WrongUnblockSecret) and refusal.sw == 0:
                await trials.not_sent(self.seen.id, given)
                raise EnrolmentError(f"this card takes another kind of {name}: nothing was sent") from None
            await trials.refused(self.seen.id, given, by=self.order.by)
            raise EnrolmentError(
                f"card and {name} do not know each other ({type(refusal).__name__}): nothing was kept. "
                f"No {name} is tried on it again before 'kiosk card clear-secret': find out why first, "
                "such a card may count in silence"
            ) from None
        return await self._enrol(given, proven=True)

    def _require_none_required(self) -> None:
        family = self.seen.family.name
        if self.parts.service.settings.cards.table(family).card_authentication == "required":
            raise EnrolmentError(
                f"this card knows no mutual authentication, and cards.{family}.card_authentication "
                "demands a proof"
            )

    def _require_holder(self, known: Known | None) -> None:
        if known is not None and known.holder_id != self.order.holder_id:
            raise EnrolmentError("this card belongs to another holder: 'kiosk card list' says to whom")

    async def set_fresh(self, given: SecretBytes) -> Equipped:
        """Finish what was begun earlier, or set a fresh secret by the given one."""
        known = await self._known()
        self._require_holder(known)
        if known is not None and await self._finished(known):
            return Equipped(await self._enrol(None), Fresh.FINISHED)
        _require_tries(await self._seen_now())
        if not self.seen.family.traits.replaceable:
            change = await self._enrol(None)
            await self._replace(given)
            return Equipped(change, Fresh.SET)
        if await self.parts.enrolment.keeps_another(self.seen.id, given):
            return Equipped(await self._enrol(given), Fresh.KEPT)
        await self._have_accepted(given)
        change = await self._enrol(given, proven=True)
        await self._replace(None)
        return Equipped(change, Fresh.SET)

    async def _have_accepted(self, given: SecretBytes) -> None:
        """Before the card has accepted what was given, nothing is kept, and nothing kept gives way."""
        trials, name = self.parts.trials, self.seen.family.secret.name
        await trials.require_unrefused(self.seen.id, given, name)
        try:
            await self.card.check_secret(given)
        except (WrongUnblockSecret, UnblockSecretLocked) as refusal:
            await trials.refused(self.seen.id, given, by=self.order.by)
            raise self._refused(name, refusal) from None

    def _refused(self, name: str, refusal: CardError) -> EnrolmentError:
        left = getattr(refusal, "tries_left", 0)
        told = "" if left is None else f", which has {left} tries left"
        return EnrolmentError(f"the card refused the {name} you gave{told}: nothing was set")

    async def _finished(self, known: Known) -> bool:
        """Whether a fresh secret that was begun earlier is on the card."""
        return known.secret_unsettled and await self.parts.rotation.settle(
            self.card, known, self._about(known)
        )

    async def _seen_now(self) -> SeenCard:
        """The card with the tries that it has now, after what was found out."""
        unblock, authority = await self.card.unblock_tries_left(), await self.card.authority_tries_left()
        return replace(self.seen, unblock_tries=unblock, authority_tries=authority)

    async def _replace(self, authority: SecretBytes | None) -> None:
        known = await self._known()
        if known is None:
            raise EnrolmentError("the card was removed from the store meanwhile")
        name = asked_for(self.seen.family, fresh=True).name
        try:
            await self.parts.rotation.replace(self.card, known, self._about(known), authority)
        except NotReplaceable as reason:
            raise EnrolmentError(f"no fresh {self.seen.family.secret.name} was set: {reason}") from None
        except VaultError as lost:
            raise EnrolmentError(
                f"the vault may not have the {self.seen.family.secret.name} that the card has now: {lost}"
            ) from None
        except (WrongUnblockSecret, UnblockSecretLocked) as refusal:
            raise self._refused(name, refusal) from None

    async def _enrol(self, secret: SecretBytes | None, *, proven: bool = False) -> Change:
        return await _enrol(self.parts, self.seen, secret, self.order, proven=proven)

    async def _known(self) -> Known | None:
        return await self.parts.service.holders.find(self.seen.id)

    def _about(self, known: Known) -> Subject:
        return Subject(known.holder_key, known.card_key, actor=self.order.by)
