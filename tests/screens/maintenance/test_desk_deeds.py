"""Every deed at the officer's desk, by keys and by mouse, and what becomes of an assistance code."""

from __future__ import annotations

import pytest

from cardio.errors import CardRemoved
from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import Act
from screens.maintenance.deed import DeedScreen
from screens.maintenance.holder import CHOICES, HolderScreen
from screens.maintenance.large import LargeCode
from screens.widgets.fields import Entry
from screens.widgets.keys import FootKey
from tests.screens.maintenance.at_desk import carry_out, comes, front, kept, open_page
from tests.screens.maintenance.fake_desk import (
    CARD,
    CODE,
    OTHER_CARD,
    FakeDesk,
)
from tests.screens.maintenance.fakes import office, officer

# -- deeds ---------------------------------------------------------------------------------------------

_ON_THE_PAGE = {
    Act.CLEAR_BLOCK: ("b", "1", ()),
    Act.ASSIST: ("a", "1", ()),
    Act.WITHDRAW: ("w", "1", ("A123",)),
    Act.SUSPEND: ("s", "1", ()),
    Act.REVOKE: ("r", "1", ("A123",)),
    Act.ACTIVATE: ("u", "2", ()),
    Act.CLEAR_SECRET: ("k", "2", ()),
}


def test_every_deed_is_somewhere() -> None:
    assert {one.act for one in CHOICES} == set(Act) - {Act.ADD}
    assert set(_ON_THE_PAGE) == set(Act) - {Act.ADD, Act.SET_EMAIL, Act.ENROL, Act.REPLACE}


@pytest.mark.parametrize("act", _ON_THE_PAGE)
async def test_a_deed_by_keys(act: Act) -> None:
    letter, card, more = _ON_THE_PAGE[act]
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.press(card, letter)
        await comes(there, DeedScreen)
        await there.sees(f"This is what {act.value} does to A123.", "They are told by mail.")
        await carry_out(there, "T-5512", *more)
        await there.press("enter")
        await comes(there, HolderScreen)
        [(deed, grounds)] = desk.done
        number = {"1": CARD, "2": OTHER_CARD}[card]
        assert (deed.act, deed.holder_id) == (act, "A123")
        assert deed.card == (number if next(one for one in CHOICES if one.act is act).card else "")
        assert (grounds.reason, grounds.typed_id) == ("T-5512", "".join(more))
        assert grounds.given is None


@pytest.mark.parametrize("act", _ON_THE_PAGE)
async def test_a_deed_by_mouse(act: Act) -> None:
    letter, card, more = _ON_THE_PAGE[act]
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.there.pilot.click("#cards", offset=(5, int(card) - 1))
        [key] = [one for one in there.screen.query(".deed-key").results(FootKey) if one.key == letter]
        await there.there.touch(key)
        await comes(there, DeedScreen)
        for entry, text in zip(there.screen.query(Entry), ("T-5512", *more), strict=True):
            await there.there.touch(entry)
            await there.type(text)
        await there.there.touch(there.screen.query(".doing").first())
        await there.sees("Done, and on record")
        await there.there.touch(there.screen.query(".done").first())
        await comes(there, HolderScreen)
        assert [deed.act for deed, _ in desk.done] == [act]


async def test_an_address_is_typed_first_and_nothing_of_it_is_lost() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.press("e")
        await there.sees("Where are their codes to be sent?")
        await there.press(*["backspace"] * 17)
        await there.type("ann@evil.example")
        await there.press("enter")
        await there.sees("The address is not at an approved domain", "ann@evil.example")
        await there.press(*["backspace"] * 12)
        await there.type("nhs.net")
        await there.press("enter")
        await comes(there, DeedScreen)
        await there.press("escape")
        await there.sees("Where are their codes to be sent?", "ann@nhs.net")
        await there.press("enter")
        await carry_out(there, "T-1")
        assert [(deed.act, deed.email) for deed, _ in desk.done] == [(Act.SET_EMAIL, "ann@nhs.net")]


async def test_a_new_person() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await there.press("f4")
        await there.sees("Who is it?")
        for text in ("C9", "Cy Rees", "cy@nhs.net"):
            await there.type(text)
            await there.press("enter")
        await carry_out(there, "T-2")
        await there.press("enter")
        await comes(there, HolderScreen)
        await there.sees("Cy Rees, C9")
        [(deed, _)] = desk.done
        assert (deed.act, deed.holder_id, deed.name, deed.email) == (Act.ADD, "C9", "Cy Rees", "cy@nhs.net")


async def test_what_is_missing_is_said_beside_its_field() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.press("r")
        await comes(there, DeedScreen)
        await there.press("f8")
        await there.sees("Say why you do this")
        await there.type("T-3")
        await there.press("f8")
        await there.sees("Not the id of this person")
        await there.type("A12")
        await there.press("f8")
        await there.sees("Not the id of this person", "A12")
        await there.press("3", "f8")
        await there.sees("Done, and on record")
        assert len(desk.done) == 1


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (StaffProblem("they are not blocked"), "They are not blocked"),
        (CardRemoved(), "The card was taken out too early"),
    ],
)
async def test_a_trouble_is_told_where_it_happened_and_nothing_is_lost(trouble: Exception, said: str) -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.press("b")
        await comes(there, DeedScreen)
        desk.trouble = trouble
        await there.type("T-4")
        await there.press("f8")
        await there.sees(said, "T-4", "What will happen")
        assert front(there) is DeedScreen
        await there.press("f8")
        await there.sees("Done, and on record")
        assert [grounds.reason for _, grounds in desk.done] == ["T-4"]


async def test_what_cannot_be_done_is_told_on_the_page() -> None:
    desk = FakeDesk()

    async def refuse(_: object) -> None:
        raise StaffProblem("they are not registered")

    desk.foresee = refuse  # type: ignore[method-assign,assignment]
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.press("w")
        await there.sees("They are not registered")
        assert front(there) is HolderScreen


async def test_while_it_is_done_nobody_leaves_and_it_is_done_once() -> None:
    desk = FakeDesk()
    desk.goes_on.clear()
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.press("b")
        await comes(there, DeedScreen)
        await there.type("T-5")
        await there.press("enter")
        await there.sees("One moment ...")
        await there.press("escape", "enter", "f8")
        there.there.pass_time(110)
        there.there.pass_time(110)
        assert front(there) is DeedScreen
        assert not there.lobby.left
        desk.goes_on.set()
        await there.sees("Done, and on record")
        assert len(desk.done) == 1


def held(code: LargeCode) -> str:
    """What the digits have, even where nothing is drawn any more."""
    return f"{code._line.content} {''.join(digit.value for digit in code._digits)}"


@pytest.mark.parametrize(("sixteen", "way"), [(False, "enter"), (True, "escape")])
async def test_an_assistance_code_is_shown_once(sixteen: bool, way: str) -> None:
    async with office(officer(FakeDesk()), sixteen=sixteen) as there:
        await open_page(there)
        await there.press("a")
        await carry_out(there, "T-6")
        code = there.screen.query_one(LargeCode)
        await there.sees("For one use, until 15:32", "I have a code from the RA")
        await there.sees("It is gone when you press Enter, or after 2 minutes without a key.")
        assert CODE in held(code)
        assert (f"{CODE[:5]} {CODE[5:]}" in there.drawn) is sixteen
        await there.press(way)
        await comes(there, HolderScreen)
        assert CODE[:5] not in kept(there)
        assert held(code).strip() == ""
