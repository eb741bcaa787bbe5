"""Accounts on screen, by keys, mouse and fingers: who is listed, what is offered, and what is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pytest

from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.roster import AccountAct, AccountDeed, Opens
from screens.maintenance.account_change import CardScreen, DisableScreen, PasswordScreen, UseAgainScreen
from screens.maintenance.accounts import AccountsScreen
from screens.maintenance.home import HealthScreen
from screens.maintenance.new_account import ChooseScreen, NewAccountScreen
from screens.widgets.fields import Entry
from screens.widgets.keyboard import Letter
from screens.widgets.keys import FootKey
from screens.widgets.lines import Lines
from tests.sampling import sample
from tests.screens.fitting import cut
from tests.screens.hall import wait_until
from tests.screens.maintenance.at_desk import at_once, comes, front, kept
from tests.screens.maintenance.fake_accounts import (
    ME,
    MINE,
    PASSCODE,
    PASSWORD,
    THEIRS,
    FakeAccounts,
    account,
)
from tests.screens.maintenance.fake_desk import FakeDesk
from tests.screens.maintenance.fakes import Office, administrator, office
from tests.screens.maintenance.gallery import ACCOUNTS, Posed, go, stage


def offered(there: Office) -> set[str]:
    """The letters in the footer."""
    return {key.key for key in there.screen.query(FootKey) if key.display and len(key.key) == 1}


def typed(there: Office) -> list[str]:
    """What stands in the fields."""
    return [entry.value for entry in there.screen.query(Entry)]


async def listed(there: Office) -> Lines:
    """Open the list."""
    await there.press("a")
    await comes(there, AccountsScreen)
    await there.sees("signs in by")
    return there.screen.query_one(Lines)


async def touch(there: Office, key: str) -> None:
    """Touch a key of the footer."""
    await there.there.touch(next(one for one in there.screen.query(FootKey) if one.key == key))


# -- the list -----------------------------------------------------------------------------------


async def test_what_makes_sense_for_the_marked_account_is_offered_where_it_may_be_done() -> None:
    accounts = FakeAccounts()
    async with office(administrator(accounts)) as there:
        lines = await listed(there)
        await there.sees("6 accounts, 1 of them disabled", "brown: made", "18/04/2026 14:32")
        assert offered(there) == set("npcd")
        await there.press("u")
        assert front(there) is AccountsScreen, "it is in use"
        await there.press("down", "down", "down")
        await there.sees("patel: made")
        assert offered(there) == set("npcu")
        await there.press("d", "D")
        assert front(there) is AccountsScreen, "it is disabled"
        await there.there.pilot.click(Lines, offset=(5, 4))
        await there.sees(f"{ME}: made 08/04/2026 14:32. This is your own account")
        assert lines.picked == 4
        await there.press("d")
        await comes(there, DisableScreen)
        await there.sees("This is your own account: you are signed out", "One administrator is left then")
        await there.press("escape")
        accounts.accounts = [one for one in accounts.accounts if one.name != "wood"]
        await comes(there, AccountsScreen)
        await there.press("d")
        await there.sees(f"'{ME}' is the last administrator: make another one first")
        await there.press("escape")
        await comes(there, HealthScreen)
        accounts.elsewhere_because = "Accounts are not changed here: do it with 'kiosk desk'"
        await listed(there)
        await there.sees("do it with 'kiosk desk'", "jones")
        assert offered(there) == set()
        await there.press("n", "p", "c", "d", "u")
        assert front(there) is AccountsScreen
        assert accounts.done == []


async def test_two_hundred_accounts_scroll_and_one_is_disabled_by_its_name() -> None:
    accounts = FakeAccounts(*(account(f"n{number:03}", Role.OFFICER) for number in range(200)))
    async with office(administrator(accounts)) as there:
        lines = await listed(there)
        await there.sees("200 accounts", "n000")
        await there.press("pagedown", "pagedown", "down")
        name = f"n{lines.picked:03}"
        assert lines.picked > 20
        await there.sees(f"> {name}", f"{name}: made")
        await there.press("d")
        await comes(there, DisableScreen)
        await there.sees(f"Whoever is signed in as {name} is put out within seconds.")
        await there.press("f8")
        await there.sees("Say why you do this")
        at_once(there, *"left", "tab", *"n000", "enter")
        await there.sees("Not this account's name")
        assert accounts.done == []
        at_once(there, *["backspace"] * 4, *name, "enter")
        await there.sees(f"Nobody can sign in as {name} any more.")
        ((_, grounds),) = accounts.done
        assert (grounds.reason, grounds.typed_name) == ("left", name)
        assert f"Whoever is signed in as {name} is put out within seconds." in grounds.told
        await there.press("enter")
        await comes(there, AccountsScreen)
        await there.sees("200 accounts, 1 of them disabled", f"> {name}")
        await there.press("u")
        await comes(there, UseAgainScreen)
        await there.sees(f"{name} can sign in again as an officer, by the password of before.")
        await touch(there, "enter")
        await there.sees("What has opened it before opens it again")
        assert accounts.done[1][0] == AccountDeed(AccountAct.RESET, name)


# -- a new one ----------------------------------------------------------------------------------


async def test_a_new_account_with_a_password() -> None:
    accounts = FakeAccounts()
    async with office(administrator(accounts)) as there:
        await listed(there)
        at_once(there, "n", *"jones", "enter")
        await there.sees("Choose another name", "There is a staff account 'jones' already")
        at_once(there, *["backspace"] * 5, *"eve7", "enter")
        await there.sees("What is the account eve7 for?", "1 technician", "3 administrator")
        await there.press("down", "enter")
        await there.sees("How does eve7 sign in?")
        await there.press("1")
        await comes(there, PasswordScreen)
        await there.sees("At a kiosk an officer needs a staff card")
        at_once(there, *"abc", "enter")
        await there.sees("Choose another password", "The password is too short")
        assert typed(there) == ["", ""], "nobody can see it"
        at_once(there, *PASSWORD, "enter", *"abcd", "enter")
        await there.sees("Not twice the same")
        assert (typed(there), accounts.done) == (["", ""], [])
        at_once(there, *PASSWORD, "enter", *PASSWORD)
        await wait_until(lambda: typed(there) == [PASSWORD] * 2)
        assert PASSWORD not in there.drawn
        await there.press("enter")
        await there.sees("Done, and on record", "Account eve7 is made, for the role officer")
        ((deed, grounds),) = accounts.done
        assert deed == AccountDeed(AccountAct.ADD, "eve7", Role.OFFICER, Opens.PASSWORD)
        assert grounds.password is not None
        assert grounds.password.get_secret_value() == PASSWORD
        assert PASSWORD not in kept(there) + repr(grounds) + repr(there.screen.tree)
        await there.press("enter")
        await comes(there, AccountsScreen)
        await there.sees("> eve7")


async def test_by_fingers_alone_at_a_console_and_back_step_by_step() -> None:
    async with office(administrator(FakeAccounts()), touch=True, sixteen=True) as there:
        await touch(there, "a")
        await there.sees("signs in by")
        await touch(there, "n")
        await comes(there, NewAccountScreen)
        for sign in "eve":
            await there.there.touch(next(key for key in there.screen.query(Letter) if key.key == sign))
        await there.press("enter")
        for asked in ("What is the account eve for?", "How does eve sign in?"):
            await there.sees(asked)
            await there.there.pilot.click(Lines, offset=(5, 0))
        await comes(there, PasswordScreen)
        strange = {sign for sign in there.drawn if ord(sign) > 0xFF and not sign.isalpha()}
        assert strange <= set("─│┌┐└┘├┤┬┴┼═║╔╗╚╝…"), strange
        for kind in (ChooseScreen, ChooseScreen, NewAccountScreen):
            await touch(there, "escape")
            await comes(there, kind)
        assert typed(there) == ["eve"]


# -- the card in the reader ---------------------------------------------------------------------


async def at_the_card(there: Office) -> None:
    """The page on which jones gets a card."""
    await listed(there)
    await there.press("down", "c")
    await comes(there, CardScreen)


async def test_a_card_becomes_somebodys_by_its_passcode() -> None:
    accounts = FakeAccounts()
    async with office(administrator(accounts)) as there:
        await at_the_card(there)
        await there.sees("Put the card into the reader.", "The staff card that they have now signs nobody in")
        await there.press("enter")
        await there.sees("Put their card into the reader first")
        accounts.put(THEIRS)
        await there.sees(f"Card {THEIRS.number}", "nobody's staff card yet. Passcode tries left: 3")
        await there.press("enter")
        await there.sees("Type the passcode of the card")
        at_once(there, *PASSCODE)
        accounts.trouble = StaffProblem("the card refused this passcode; tries left on the card: 2")
        accounts.at = replace(accounts.at, card=replace(THEIRS, tries_left=2))
        await there.press("f8")
        await there.sees(
            "The card refused this passcode; tries left on the card: 2", "Passcode tries left: 2"
        )
        assert (typed(there), accounts.looks) == ([""], 2), "it was looked at again"
        accounts.goes_on.clear()
        at_once(there, *PASSCODE, "enter")
        await there.sees("Asking the card: leave it in")
        await there.press("enter", "escape")
        assert front(there) is CardScreen, "nobody leaves meanwhile"
        accounts.goes_on.set()
        await there.sees("Done, and on record", "It can be taken out")
        assert "nobody's staff card yet" not in there.drawn
        ((deed, grounds),) = accounts.done
        assert deed == AccountDeed(AccountAct.RESET, "jones", opens=Opens.CARD)
        assert grounds.card == replace(THEIRS, tries_left=2), "the very one that was seen"
        assert grounds.passcode is not None
        assert grounds.passcode.get_secret_value() == PASSCODE
        assert PASSCODE not in kept(there) + repr(grounds)
        await there.press("escape")
        await comes(there, AccountsScreen)
        await wait_until(lambda: accounts.followers == 0)


async def test_no_card_is_sent_what_was_begun_for_another_or_when_it_cannot_be_theirs() -> None:
    accounts = FakeAccounts()
    async with office(administrator(accounts)) as there:
        await at_the_card(there)
        at_once(there, *PASSCODE[:2])
        accounts.put(THEIRS)
        await there.sees("tries left: 3")
        at_once(there, *PASSCODE[2:4])
        await wait_until(lambda: typed(there) == [PASSCODE[:4]])  # there was no other card before
        accounts.put(replace(THEIRS, number="piv:guid:77"))
        await there.sees("Card piv:guid:77")
        assert typed(there) == [""]
        at_once(there, *PASSCODE[4:], "enter")
        await there.sees("The card was changed meanwhile: type its passcode anew")
        assert typed(there) == [""]
        at_once(there, *PASSCODE)
        await wait_until(lambda: typed(there) == [PASSCODE])
        accounts.put(replace(THEIRS, number="piv:guid:77", insertion=1, tries_left=2))
        await there.sees("tries left: 2")
        assert typed(there) == [""], "its number can be copied"
        for card, said in (
            (MINE, f"It is the staff card of {ME}. Take it out"),
            (replace(THEIRS, tries_left=0), "It is locked. Its owner unlocks it"),
            (
                replace(THEIRS, trouble="this card shows no key that signs"),
                "This card shows no key that signs.",
            ),
        ):
            accounts.put(card)
            await there.sees(said)
            at_once(there, *PASSCODE, "enter")
            await there.sees("Not with this card: see above")
        assert accounts.done == []


# -- how they look ------------------------------------------------------------------------------

SIZES = (((80, 24), False), ((80, 24), True), ((120, 40), True))


@pytest.mark.parametrize(("name", "shape"), sample(product(ACCOUNTS, SIZES), 2, "accounts"), ids=str)
async def test_fits(name: str, shape: tuple[tuple[int, int], bool]) -> None:
    accounts, (size, touched) = FakeAccounts(), shape
    async with office(administrator(accounts), size=size, touch=touched) as there:
        await go(there.there, FakeDesk(), ACCOUNTS[name], accounts)
        scrolls = "show the rest" in there.drawn
        assert [one for one in cut(there.there.app.screen) if not (scrolls and "said-wide" in one)] == []


@pytest.mark.parametrize("name", sample(ACCOUNTS, 1, "looks"))
def test_looks_as_it_did(name: str, snap_compare: Callable[..., Any]) -> None:
    app, pose, _ = stage()
    posed = Posed(Role.ADMINISTRATOR, ACCOUNTS[name])
    assert snap_compare(app, run_before=partial(pose, posed=posed), terminal_size=(80, 24))
