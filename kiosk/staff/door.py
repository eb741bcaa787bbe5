"""The door to the maintenance side: a name and password, or one's own staff card.

A staff card signs a fresh challenge with the key that was pinned when it was enrolled, after its passcode;
the passcode alone proves nothing, for any card could take it. The card may be taken out afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from pydantic import SecretStr

from cardio.card import Card, Family, KeyUse, identify
from cardio.errors import (
    CardError,
    CardIOError,
    NotGenuine,
    PasscodeLocked,
    PasscodeRefused,
    WrongPasscode,
)
from cardio.reader import Reader, State
from kiosk.audit import Event, Outcome, Subject
from kiosk.proofs.hashing import Hasher
from kiosk.staff.account import Account, Role, StaffProblem
from kiosk.staff.accounts import Accounts, StaffCard, context, folded
from kiosk.staff.entry import Refused, Why
from kiosk.staff.slowing import Slowing
from kiosk.store import Store

NO_KEY = "this card shows no key that signs after its passcode (PIV: key 9A)"


class Door:
    """Lets staff in. ``at_kiosk``: in a corridor, where officers and administrators need their card.

    ``named``: how the audit trail names an account; it is asked with "" where nobody has the name.
    """

    def __init__(
        self,
        store: Store,
        hasher: Hasher,
        accounts: Accounts,
        reader: Reader,
        families: Sequence[Family],
        *,
        at_kiosk: bool = True,
        named: Callable[[str], str] = str,
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._accounts = accounts
        self._reader = reader
        self._families = families
        self._slowing = Slowing(store)
        self._at_kiosk = at_kiosk
        self._named = named

    @property
    def card(self) -> int | None:
        """The insertion of the card in the reader; None: there is none."""
        present = self._reader.presence
        return present.insertion if present.state is State.CARD else None

    @property
    def reads_cards(self) -> bool:
        """Whether there is a reader that a card could be put into."""
        return self._reader.presence.state.has_reader

    @property
    def insertion(self) -> int:
        """Of the card in the reader, or the last one there."""
        return self._reader.presence.insertion

    async def by_password(self, name: str, password: SecretStr) -> Account | Refused:
        """Check a name and its password. A name that nobody has takes as long, and is told as little."""
        typed = name.strip().casefold()
        if (until := await self._slowing.spend(typed)) is not None:
            return Refused(Why.WAIT, until)
        name = _possible(typed)
        account = await self._accounts.find(name)
        hashed = await self._accounts.password_hash(name)  # of nobody's, too: it takes as long
        right = await self._hasher.matches(context(name), password, hashed)
        if not right or account is None or account.disabled:
            await self._slowing.refused(self._about(account), Why.WRONG.value, method="password")
            return Refused(Why.WRONG)
        if self._needs_card(account.role):  # in a corridor nobody is told that a password is right
            await self._slowing.refused(self._about(account), "card-needed", method="password")
            return Refused(Why.WRONG)
        await self._slowing.forgive(typed)
        await self._store.record(Event.STAFF_SIGNED_IN, self._about(account), method="password")
        return account

    async def by_card(self, passcode: SecretStr, card: int, *, last_try: bool = False) -> Account | Refused:
        """Have the card of that insertion check its passcode and sign. No other card is sent a passcode.

        Nor is this one where it has a single try left, unless ``last_try``: they know, and are sure.
        """
        try:
            async with self._reader.session(card) as channel:
                found = await identify(channel, self._families)
                account = await self._accounts.of_card(found.id)
                if account is None or account.disabled or account.card_key is None:
                    return Refused(Why.NOT_STAFF)
                if not last_try and await found.tries_left() == 1:
                    return Refused(Why.LAST_TRY, tries_left=1)
                if (until := await self._slowing.spend(_by_card(account.name))) is not None:
                    return Refused(Why.WAIT, until)
                return await self._prove(found, account, account.card_key, passcode)
        except (CardError, CardIOError):
            return Refused(Why.CARD_FAILED)

    async def stands(self, account: Account) -> bool:
        """Whether somebody who was let in would still be, by the password and card of then."""
        return account.stands(await self._accounts.find(account.name))

    async def signed_out(self, account: Account, reason: str) -> None:
        """Put on record that they have left, and why."""
        await self._store.record(Event.STAFF_SIGNED_OUT, self._about(account), reason=reason)

    async def _prove(
        self, card: Card, account: Account, key: bytes, passcode: SecretStr
    ) -> Account | Refused:
        refused: Refused
        try:
            await card.verify(passcode)
            await card.prove(KeyUse.PASSCODE, key)
        except (WrongPasscode, PasscodeRefused) as wrong:
            refused = Refused(Why.PASSCODE_WRONG, tries_left=getattr(wrong, "tries_left", None))
        except PasscodeLocked:
            refused = Refused(Why.PASSCODE_LOCKED)
        except NotGenuine:
            refused = Refused(Why.NOT_GENUINE)
            await self._store.record(
                Event.CARD_NOT_GENUINE, self._about(account), Outcome.ALARM, "staff card"
            )
        else:
            await self._slowing.forgive(_by_card(account.name))
            await self._store.record(Event.STAFF_SIGNED_IN, self._about(account), method="card")
            return account
        await self._slowing.refused(self._about(account), refused.why.value, method="card")
        return refused

    def _needs_card(self, role: Role) -> bool:
        allowed = self._store.settings.staff.officer_password_at_kiosk
        return self._at_kiosk and role is not Role.TECHNICIAN and not allowed

    def _about(self, account: Account | None) -> Subject:
        return Subject(actor=self._named(account.name if account else ""))


def _by_card(name: str) -> str:
    """What failures with a card are counted under: whoever types a name at the door slows no card down."""
    return f"{name}|card"


def _possible(typed: str) -> str:
    """What was typed as a name, if it can be one; else a name that nobody has."""
    try:
        return folded(typed)
    except StaffProblem:
        return "-"


async def staff_card(
    reader: Reader, families: Sequence[Family], passcode: SecretStr, insertion: int
) -> StaffCard:
    """Read the card of that insertion to pin it to an account: it has to prove the key it shows.

    Raises StaffProblem for a card that cannot be one, or does not take the passcode; any other CardIOError.
    """
    try:
        async with reader.session(insertion) as channel:
            return await _pinned(await identify(channel, families), passcode)
    except WrongPasscode as wrong:
        left = "" if wrong.tries_left is None else f"; tries left on the card: {wrong.tries_left}"
        raise StaffProblem(f"the card refused this passcode{left}") from None
    except PasscodeLocked:
        raise StaffProblem("the card is locked: unlock it first, as any other") from None
    except PasscodeRefused:
        raise StaffProblem("this card takes no passcode of that length or alphabet") from None


async def _pinned(card: Card, passcode: SecretStr) -> StaffCard:
    offered = await card.offered_key(KeyUse.PASSCODE)
    if offered is None:
        raise StaffProblem(NO_KEY)
    with suppress(CardError):
        await card.prove(KeyUse.PASSCODE, offered.public_key)
        raise StaffProblem("this card's key signs without a passcode: whoever finds it could sign in")
    await card.verify(passcode)
    await card.prove(KeyUse.PASSCODE, offered.public_key)
    free = await card.offered_key(KeyUse.FREE)
    if free is not None and free.public_key == offered.public_key:
        raise StaffProblem("this card signs with one key for whoever asks: it proves no passcode")
    return StaffCard(card.id, offered.public_key)
