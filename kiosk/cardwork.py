"""What is asked of the card in the reader, and the few commands that change it.

Every operation opens its own exclusive session: select, identity and card proof come first each
time, so nothing secret can reach a card that was swapped or reset, and the card is reset after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

from pydantic import SecretStr

from cardio.card import Card, Family, identify
from cardio.errors import (
    CardError,
    CardIOError,
    NotGenuine,
    OutcomeUnknown,
    PasscodeLocked,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.reader import Reader, State
from kiosk.audit import Event, Outcome, Subject
from kiosk.families import by_name
from kiosk.genuine import Genuineness, ProvenKeys
from kiosk.holders import Holders
from kiosk.journal import Journal
from kiosk.rotation import Rotation
from kiosk.steps import Purpose
from kiosk.storage.models import CardState
from kiosk.store import Store
from kiosk.unblock import UnblockNotPossible
from kiosk.visit import Belief, Known, Sight, Visit


@dataclass(frozen=True)
class _Kind:
    """What a card write is: whether an unblock secret goes with it, and whether a proof is owed for that."""

    sends_secret: bool = False
    owes: bool = False


class CardWork:
    """Talks to the card of a visit. Methods raise any CardIOError of `cardio.errors`."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        families: Sequence[Family],
        holders: Holders,
        genuine: Genuineness,
        rotation: Rotation,
        journal: Journal,
    ) -> None:
        self._store = store
        self._reader = reader
        self._families = families
        self._holders = holders
        self._genuine = genuine
        self._rotation = rotation
        self._journal = journal

    async def look(self, reference: str, insertion: int) -> tuple[Sight, Known | None]:
        """Identify the card, have it prove itself, and read its counters. Spends no try.

        Raises CardUnsupported for what cannot be read, NotGenuine for a card that should prove
        itself and cannot.
        """
        async with self._reader.session(insertion) as channel:
            card = await identify(channel, self._families)
            known = await self._holders.find(card.id)
            belief = Belief.DOUBTED
            if known is not None and known.state is CardState.ACTIVE:
                belief = await self._genuine.before_passcode(card, known, about(known, reference))
            sight = await _sight(card, known, belief)
            if known is not None and belief is Belief.LATER and sight.locked:
                await self._genuine.refuse(about(known, reference), "no key that a CA vouches for")
            return sight, known

    async def look_again(self, visit: Visit) -> tuple[Sight, Known | None]:
        """The same, later in a visit: it must be the same card, and prove itself again."""
        async with self._session(visit) as (card, now, belief):
            return await _sight(card, now.known, belief), await self._holders.find(card.id)

    async def check_passcode(self, visit: Visit, passcode: SecretStr, purpose: Purpose) -> ProvenKeys:
        """Have the card check the passcode, and prove what it can only now.

        For a registration, returns the keys to be pinned by it. Raises WrongPasscode, PasscodeLocked,
        PasscodeRefused, NotGenuine.
        """
        async with self._session(visit) as (card, visit, belief):
            await self._told(visit, purpose, card.verify(passcode))
            await self._genuine.after_passcode(card, visit.known, belief, visit.about)
            if purpose is not Purpose.REGISTER:
                return ProvenKeys()
            return await self._genuine.before_registration(card, visit.known, visit.about)

    async def prove_to_register(self, visit: Visit) -> None:
        """What a card can only be asked for when every proof of a registration was given.

        Raises NotGenuine, WrongUnblockSecret, UnblockSecretLocked, UnblockNotPossible.
        """
        if not by_name(self._families, visit.known.id.family).traits.mutual:
            return
        async with self._session(visit) as (card, visit, belief):
            if belief is Belief.MUTUAL:
                await self._genuine.register_by_secret(card, visit.known, visit.about)

    async def change_passcode(
        self, visit: Visit, present: SecretStr, new: SecretStr, language: str
    ) -> int | None:
        """Replace a known passcode and verify the new one. Raises as `check_passcode`, OutcomeUnknown.

        Returns the write that the holder is to be told of; None if the card is out: the next visit tells it.
        """
        async with self._session(visit) as (card, visit, _):
            write = await self._journal.begin(visit, Purpose.CHANGE_PASSCODE, language)
            there = await self._write(
                visit, write, card, new, lambda: card.change_passcode(present, new), _Kind()
            )
        await self._journal.done(visit, write, Purpose.CHANGE_PASSCODE, language)
        return write if there and self._is_there(visit) else None

    async def reset_passcode(self, visit: Visit, new: SecretStr, language: str) -> int | None:
        """Set a new passcode with the unblock secret, and verify it on the card: the unlock itself.

        Returns as `change_passcode`.

        The proofs on record are checked in the transaction that writes the intent. Raises
        UnblockNotPossible or ProofMissing (nothing was sent), WrongUnblockSecret (marked as failed
        for the whole fleet), PasscodeRefused, OutcomeUnknown, NotGenuine.
        """
        async with self._session(visit) as (card, visit, belief):
            known = visit.known
            if not (known.has_unblock_secret and belief.may_have_secret):
                raise UnblockNotPossible
            tries = await card.unblock_tries_left()
            if tries is not None and tries < self._store.settings.unlock.min_unblock_tries:
                raise UnblockNotPossible
            plan = await self._rotation.plan(known, visit.about, tries)
            owes = belief is Belief.BELIEVED and known.passcode_key is not None
            # Where unlocking and the new passcode are two commands, the counter does not tell what was
            # done; and where a proof is owed, only what can give it is believed.
            settles = by_name(self._families, card.id.family).traits.counter_settles and not owes
            locked = settles and await card.tries_left() == 0
            write = await self._journal.begin(
                visit, Purpose.UNLOCK, language, was_locked=locked, unblock_tries=tries
            )
            mutual, used = False, plan.secrets[0]

            async def send() -> None:
                nonlocal mutual, used
                if belief is Belief.MUTUAL:
                    mutual = await self._genuine.by_secret(card, known, plan.secrets[0], visit.about)
                used = await self._rotation.reset(card, known, visit.about, write, plan, new)

            kind = _Kind(sends_secret=True, owes=owes)
            there = await self._write(visit, write, card, new, send, kind)
            proven = belief is Belief.PROVEN or mutual or owes
            await self._journal.done(visit, write, Purpose.UNLOCK, language, proven=proven, mutual=mutual)
            await self._rotation.after_use(card, known, visit.about, used, proven=belief is Belief.PROVEN)
        return write if there and self._is_there(visit) else None

    async def _write(
        self,
        visit: Visit,
        write: int,
        card: Card,
        new: SecretStr,
        send: Callable[[], Awaitable[None]],
        kind: _Kind,
    ) -> bool:
        """Send the one command that changes the card, then prove what it did; False if it left before."""
        try:
            await send()
        except CardError as refusal:
            await self._refused(visit, write, card, refusal, kind)
            raise
        except Exception:
            await self._journal.unknown(visit, write)
            raise
        # The answer was "done": the card did change, unless it lies, so it is asked.
        try:
            if await card.tries_left() == 0:
                raise PasscodeLocked
            await card.verify(new)
            await self._genuine.after_passcode(card, visit.known, Belief.PROVEN, visit.about)
        except (NotGenuine, WrongPasscode, PasscodeLocked) as lie:
            await self._lied(visit, write, lie, kind)
        except CardIOError as error:
            if kind.owes:
                await self._journal.answered(visit, write)
                raise OutcomeUnknown from None
            if isinstance(error, CardError):
                await self._journal.unknown(visit, write)
                raise OutcomeUnknown from None
            return False  # pulled a moment too early: the holder has the card, and it has the new passcode
        return True

    async def _refused(self, visit: Visit, write: int, card: Card, refusal: CardError, kind: _Kind) -> None:
        """The card refused the write. Raises UnblockNotPossible where its secret is marked for it."""
        blamed = isinstance(refusal, WrongUnblockSecret | UnblockSecretLocked)
        sent = kind.sends_secret and refusal.sw != 0 and not isinstance(refusal, NotGenuine)
        marked = await self._journal.refused(
            visit,
            write,
            type(refusal).__name__,
            sent=sent and not refusal.secret_accepted,
            blames_secret=blamed,
            tries_now=await _unblock_tries(card),
        )
        if marked and not blamed:  # nobody can tell whether it cost a try of the secret
            raise UnblockNotPossible from None

    async def _lied(self, visit: Visit, write: int, lie: CardError, kind: _Kind) -> NoReturn:
        """It said that it had changed, and has not, or is not the enrolled card.

        Where it was sent an unblock secret before it had proven anything, something else knows it now.
        """
        if kind.sends_secret and (kind.owes or isinstance(lie, NotGenuine)):
            await self._journal.refused(visit, write, "NotGenuine", blames_secret=True)
            if not isinstance(lie, NotGenuine):
                await self._genuine.refuse(visit.about, "said done, and was not")
            raise lie
        await self._journal.unknown(visit, write)
        if isinstance(lie, NotGenuine):
            raise lie
        raise OutcomeUnknown from None

    def _is_there(self, visit: Visit) -> bool:
        presence = self._reader.presence
        return (presence.state, presence.insertion) == (State.CARD, visit.insertion)

    async def settle_by_asking(self, visit: Visit, passcode: SecretStr) -> None:
        """One VERIFY of the passcode somebody chose when a write's answer was lost.

        Raises WrongPasscode (the write did not happen), PasscodeRefused (nothing was sent).
        """
        async with self._session(visit) as (card, visit, belief):
            await self._told(visit, Purpose.SETTLE, card.verify(passcode))
            await self._genuine.after_passcode(card, visit.known, belief, visit.about)

    async def _told(self, visit: Visit, purpose: Purpose, check: Awaitable[None]) -> None:
        try:
            await check
        except WrongPasscode as wrong:
            await self._store.record(
                Event.PASSCODE_CHECKED,
                visit.about,
                Outcome.REFUSED,
                purpose=purpose.value,
                tries_left=wrong.tries_left,
            )
            raise
        except PasscodeLocked:
            await self._store.record(
                Event.PASSCODE_CHECKED, visit.about, Outcome.REFUSED, "locked", purpose=purpose.value
            )
            raise
        await self._store.record(Event.PASSCODE_CHECKED, visit.about, purpose=purpose.value)

    @asynccontextmanager
    async def _session(self, visit: Visit) -> AsyncIterator[tuple[Card, Visit, Belief]]:
        """The card of the visit, with what the store says of it now: a key may have been pinned since."""
        async with self._reader.session(visit.insertion) as channel:
            card = await identify(channel, self._families)
            if card.id != visit.known.id:
                await self._genuine.refuse(visit.about, "identity changed")
            now = visit.with_known(await self._holders.find(card.id) or visit.known)
            yield card, now, await self._genuine.before_passcode(card, now.known, now.about)


def about(known: Known, reference: str) -> Subject:
    """The subject of a visit's audit events, from the moment its card is known."""
    return Subject(known.holder_key, known.card_key, reference, selftest=known.selftest)


async def _sight(card: Card, known: Known | None, belief: Belief) -> Sight:
    return Sight(
        id=card.id,
        tries_left=await card.tries_left(),
        unblock_tries=await card.unblock_tries_left() if known else None,
        passcode_format=card.passcode_format,
        certificate_ends=await card.certificate_expiry() if known else None,
        belief=belief,
    )


async def _unblock_tries(card: Card) -> int | None:
    """Tries left of the unblock secret after a refusal; None where that cannot be found out any more."""
    try:
        return await card.unblock_tries_left()
    except CardIOError:
        return None
