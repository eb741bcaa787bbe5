"""The officer's desk: people, their cards, and what is done for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from kiosk.enrolled import EnrolledHolder
from kiosk.enrolment import EnrolmentError
from kiosk.office import deeds, fields, pages
from kiosk.office.cards import UNREADABLE
from kiosk.office.equipping import TakenOut
from kiosk.office.operator import signed_in
from kiosk.proofs.emails import mask
from kiosk.staff.account import Account, NotAllowed, StaffProblem
from kiosk.staff.accounts import SHUT_OUT
from kiosk.staff.desk import Act, AtReader, Deed, Done, Foreseen, Found, Grounds, Page
from kiosk.staff.foreseeing import added, foreseen
from kiosk.staff.rooms.desk_reader import DeskReader
from kiosk.staff.rooms.rights import OFFICERS, for_roles
from kiosk.staff.rooms.writing import WritingRoom
from kiosk.storage.models import CardState
from kiosk.vault import VaultError
from kiosk.wiring import Parts

T = TypeVar("T")

MOST = 200  # people that are found: whoever sees so many types another word
ELSEWHERE = (
    "people and their cards are not changed at a kiosk of a fleet, where the database does not let anybody: "
    "do it on the RA's own machine, with 'kiosk desk'"
)
_ENROLLING = (Act.ENROL, Act.REPLACE)
_STATES = {
    Act.SUSPEND: CardState.SUSPENDED,
    Act.REVOKE: CardState.REVOKED,
    Act.ACTIVATE: CardState.ACTIVE,
}
_AT_DESK = {
    "'kiosk card clear-secret'": "clearing its secret",
    "'kiosk card activate' takes it back first": "take it back into use first",
    "'kiosk card list' says to whom": "find it to see whose",
    "add one with 'kiosk holder add'": "add them first",
    "; if the card was given a new key, --replace-key": "",
    ": 'kiosk doctor'": ": tell your administrator",
}
"""What is said on the command line, and what here, where there is none."""


class DeskRoom(WritingRoom):
    """Finds holders and helps them, in the name of whoever has signed in."""

    changes = "holder", "ra_email"
    elsewhere_is = ELSEWHERE

    def __init__(self, account: Account, parts: Parts) -> None:
        super().__init__(parts.service.store)
        self.account = account
        self._parts = parts
        self._at_reader = DeskReader(parts, account.name)

    @for_roles(OFFICERS)
    async def elsewhere(self) -> str:
        """Why none of this can be done on this machine; empty where it can."""
        return await self._why_not_here()

    @for_roles(OFFICERS)
    async def find(self, text: str) -> tuple[Found, ...]:
        """The holders of that id, address, card or visit, or whose name has all these words; by id.

        Raises StaffProblem for the reference of a visit that leads to nobody, and says why.
        """
        await self._require_here()
        if not text.strip():
            raise StaffProblem(
                "say who is looked for: an id, an address, a card, a reference, or words of a name"
            )
        rows = [*await self._parts.enrolment.find(text, MOST)]
        for family in self._parts.families:
            with suppress(ValueError):
                known = await self._parts.service.holders.find(fields.card_id(text, family))
                if known is not None and known.holder_id not in [row.row.holder_id for row in rows]:
                    rows.append(await self._parts.enrolment.holder(known.holder_id))
        if not rows and (why := await self._parts.enrolment.why_nobody(text)):
            raise StaffProblem(why)
        return tuple(map(_found, rows))

    @for_roles(OFFICERS)
    async def page(self, holder_id: str) -> Page:
        """One holder. Raises StaffProblem where there is none of that id."""
        await self._require_here()
        return await _in_words(pages.page(self._parts, holder_id))

    @for_roles(OFFICERS)
    async def reader(self) -> AsyncIterator[AtReader]:
        """The card in the reader, read whenever another one goes in; what is missing while there is none."""
        await self._require_here()
        async for seen in self._at_reader.follow():
            yield seen

    @for_roles(OFFICERS)
    async def foresee(self, deed: Deed) -> Foreseen:
        """What the deed would do. Raises StaffProblem, which says why, where it cannot be done."""
        await self._require_here()
        return await _in_words(self._foresee(deed))

    @for_roles(OFFICERS)
    async def carry_out(self, deed: Deed, grounds: Grounds) -> Done:
        """Do it, to its end. Raises CardIOError; StaffProblem: nothing was done, unless it says otherwise."""
        await self._require_here()
        will_be = await _in_words(self._foresee(deed))
        if will_be.dangerous and grounds.typed_id.strip().casefold() != deed.holder_id.casefold():
            raise StaffProblem("type the holder's id as it stands on the page: nothing was done")
        if not self.account.stands(await self._parts.accounts.find(self.account.name)):
            raise NotAllowed(SHUT_OUT)
        return await self._to_its_end(
            lambda: _in_words(self._carry_out(deed, grounds)), f"desk {deed.act.value}"
        )

    async def _foresee(self, deed: Deed) -> Foreseen:
        settings = self._parts.service.settings
        if deed.act is Act.ADD:
            new = deeds.new_holder(settings, deed.holder_id, deed.name, deed.email)
            deeds.require_not_oneself(new, signed_in(self.account.name))
            return added(replace(deed, holder_id=new.holder_id, name=new.name, email=new.email))
        page = await pages.page(self._parts, deed.holder_id)
        if deed.act is Act.SET_EMAIL:
            deed = replace(deed, email=deeds.address(settings, deed.email))
        if (what := _NOT_FOR_ONESELF.get(deed.act)) is not None:
            await deeds.require_another(self._parts, deed.holder_id, signed_in(self.account.name), what)
        return foreseen(deed, page, self._at_reader.seen if deed.act in _ENROLLING else None)

    async def _carry_out(self, deed: Deed, grounds: Grounds) -> Done:
        if deed.act in _ENROLLING:
            reason = await deeds.reason_about(self._parts, deed.holder_id, grounds.reason)
            return await self._at_reader.enrol(deed, replace(grounds, reason=reason))
        if (state := _STATES.get(deed.act)) is not None:
            card = deeds.card_id(self._parts.service.settings, deed.card)
            await deeds.set_state(self._parts, card, state, grounds.reason, by=self.account.name)
            return Done((f"Card {deed.card} is {state.value}.",))
        return await _DO[deed.act](self._parts, deed, grounds.reason, self.account.name)


async def _add(parts: Parts, deed: Deed, reason: str, by: str) -> Done:
    new = deeds.new_holder(parts.service.settings, deed.holder_id, deed.name, deed.email)
    await deeds.add(parts, new, fields.checked("the reason", fields.reason, reason), by=by)
    return Done((f"{new.name} is added under the id {new.holder_id}.", "Next, enrol their card."))


async def _clear_block(parts: Parts, deed: Deed, reason: str, by: str) -> Done:
    await deeds.clear_block(parts, deed.holder_id, reason, by=by)
    return Done(("They have all attempts again.",))


async def _assist(parts: Parts, deed: Deed, reason: str, by: str) -> Done:
    code, ends = await deeds.assist(parts, deed.holder_id, reason, by=by)
    return Done(("It is valid for one unlock, and will not be shown again.",), code, ends)


async def _set_email(parts: Parts, deed: Deed, reason: str, by: str) -> Done:
    before = await deeds.set_email(parts, deed.holder_id, deed.email, reason, by=by)
    new = deeds.address(parts.service.settings, deed.email)
    told = [mask(one) for one in before.addresses if one != new]
    where = "".join(f", and at {one}" for one in told)
    return Done((f"Codes go to {new} now.", f"They are mailed there{where}."))


async def _withdraw(parts: Parts, deed: Deed, reason: str, by: str) -> Done:
    before = await deeds.withdraw(parts, deed.holder_id, reason, by=by)
    told = " and ".join(map(mask, before.addresses))
    return Done(("Their registration has ended; their answers are erased.", f"They are mailed at {told}."))


async def _clear_secret(parts: Parts, deed: Deed, reason: str, by: str) -> Done:
    await deeds.clear_secret(parts, deeds.card_id(parts.service.settings, deed.card), reason, by=by)
    return Done((f"Card {deed.card} may be sent its unblock secret again.",))


_DO: dict[Act, Callable[[Parts, Deed, str, str], Awaitable[Done]]] = {
    Act.ADD: _add,
    Act.CLEAR_BLOCK: _clear_block,
    Act.ASSIST: _assist,
    Act.SET_EMAIL: _set_email,
    Act.WITHDRAW: _withdraw,
    Act.CLEAR_SECRET: _clear_secret,
}
_NOT_FOR_ONESELF = {
    Act.ASSIST: "issues a code for themselves",
    Act.SET_EMAIL: "sets an address of their own",
}


async def _in_words(work: Coroutine[Any, Any, T]) -> T:
    """Do something of the office's, and say what is wrong as it is said here. Raises StaffProblem."""
    try:
        return await work
    except TakenOut:
        raise StaffProblem(
            "the card was taken out too early: put it in and do the same again, which finds out what it holds"
        ) from None
    except EnrolmentError as problem:
        text = str(problem)
        for there, here in _AT_DESK.items():
            text = text.replace(there, here)
        raise StaffProblem(text) from None
    except VaultError as problem:
        raise StaffProblem(
            f"what is kept of them does not open: tell your administrator ({problem})"
        ) from None


def _found(one: EnrolledHolder) -> Found:
    name = UNREADABLE if one.name is None else one.name
    email = UNREADABLE if one.email is None else one.email
    return Found(one.row.holder_id, name, email, one.row.blocked_at)
