"""What a change of a staff account will do, and has done, in words that are true for that very account.

Pure: it reads the accounts. Raises StaffProblem where it cannot be done, or would change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kiosk.staff.account import Account, Role, StaffProblem
from kiosk.staff.desk import Foreseen
from kiosk.staff.roster import AccountAct, AccountDeed, Opens

WORK = {
    Role.TECHNICIAN: "looks after the machine: reader, mail, log, service",
    Role.OFFICER: "helps people whose cards are locked, and enrols cards",
    Role.ADMINISTRATOR: "makes these accounts, and does all that technicians do",
}
_OPENED = {
    Opens.PASSWORD: "The new password opens it from now on.",
    Opens.CARD: "The card opens it from now on, by its passcode. It can be taken out.",
    None: "What has opened it before opens it again.",
}
_WAYS = {Opens.PASSWORD: "password", Opens.CARD: "staff card"}


@dataclass(frozen=True)
class Office:
    """What a change is seen against.

    ``me``: who does it. ``card_only``: at a kiosk officers and administrators need their staff card.
    """

    accounts: Sequence[Account]
    me: str
    card_only: bool

    def account(self, name: str) -> Account:
        """The account of that name. Raises StaffProblem where there is none."""
        for one in self.accounts:
            if one.name == name:
                return one
        raise StaffProblem(f"there is no staff account {name!r}")

    @property
    def administrators(self) -> list[Account]:
        """Those who can make accounts."""
        return [one for one in self.accounts if one.role is Role.ADMINISTRATOR and not one.disabled]


def foreseen(deed: AccountDeed, office: Office) -> Foreseen:
    """What will happen, and whether the account's name has to be typed for it."""
    return Foreseen(tuple(_OF[deed.act](deed, office)), dangerous=deed.act is AccountAct.DISABLE)


def _add(deed: AccountDeed, office: Office) -> Iterator[str]:
    if any(one.name == deed.name for one in office.accounts):
        raise StaffProblem(f"there is a staff account {deed.name!r} already")
    if deed.role is None or deed.opens is None:
        raise StaffProblem("an account needs a role, and a password or a staff card")
    yield f"{_a(deed.role)} {WORK[deed.role]}."
    if deed.opens is Opens.CARD:
        yield f"The card in the reader becomes the staff card of {deed.name}."
    else:
        yield f"{deed.name} signs in by the password that is typed here."
        yield from _where(deed.role, office)


def _reset(deed: AccountDeed, office: Office) -> Iterator[str]:
    account = office.account(deed.name)
    if deed.opens is None:
        yield from _use_again(account)
        return
    if account.name == office.me:
        yield "This is your own account: you are signed out, and sign in again."
    if account.disabled:
        yield f"The account is disabled, and is taken back into use: {deed.name} can sign in again."
    if deed.opens is Opens.PASSWORD:
        yield f"{deed.name} signs in by the password that is typed here."
        if account.password:
            yield "The password that they have now opens nothing any more."
        if not account.card:
            yield from _where(account.role, office)
        kept = account.card
    else:
        yield f"The card in the reader becomes the staff card of {deed.name}."
        if account.card:
            yield "The staff card that they have now signs nobody in any more."
        kept = account.password
    other = Opens.CARD if deed.opens is Opens.PASSWORD else Opens.PASSWORD
    if kept:
        yield f"Their {_WAYS[other]} stays as it is."
    if account.name != office.me:
        yield f"Whoever is signed in as {account.name} is put out within seconds."


def _use_again(account: Account) -> Iterator[str]:
    if not account.disabled:
        raise StaffProblem("this account is in use already")
    role, ways = _a(account.role).lower(), _opened_by(account)
    yield f"{account.name} can sign in again as {role}, by the {ways} of before."
    if account.password:
        yield "If somebody else knows the password, go back and give them a new one: P."
    if account.card:
        yield "If the card was lost, go back and give them another one: C."


def _disable(deed: AccountDeed, office: Office) -> Iterator[str]:
    account = office.account(deed.name)
    if account.disabled:
        raise StaffProblem("this account is disabled already")
    if office.administrators == [account]:
        raise StaffProblem(f"{account.name!r} is the last administrator: make another one first")
    if account.name == office.me:
        yield "This is your own account: you are signed out yourself."
    yield f"Nobody can sign in as {account.name} any more, at a kiosk or for a command."
    yield f"Whoever is signed in as {account.name} is put out within seconds."
    yield "What they did stays on record. The account can be used again later."
    if account.role is Role.ADMINISTRATOR and len(office.administrators) == 2:
        yield "One administrator is left then."


def _opened_by(account: Account) -> str:
    ways = [_WAYS[Opens.PASSWORD]] * account.password + [_WAYS[Opens.CARD]] * account.card
    return " or the ".join(ways)


def done(deed: AccountDeed) -> tuple[str, ...]:
    """What is true once it is done, a sentence each."""
    if deed.act is AccountAct.DISABLE:
        return (f"Nobody can sign in as {deed.name} any more.",)
    if deed.role is not None:
        return (f"Account {deed.name} is made, for the role {deed.role.value}.", _OPENED[deed.opens])
    return (f"Account {deed.name} can be used.", _OPENED[deed.opens])


def _where(role: Role, office: Office) -> Iterator[str]:
    if office.card_only and role is not Role.TECHNICIAN:
        yield f"At a kiosk {_a(role).lower()} needs a staff card: C gives them one afterwards."


def _a(role: Role) -> str:
    return "A technician" if role is Role.TECHNICIAN else f"An {role.value}"


_OF: dict[AccountAct, Callable[[AccountDeed, Office], Iterator[str]]] = {
    AccountAct.ADD: _add,
    AccountAct.RESET: _reset,
    AccountAct.DISABLE: _disable,
}
