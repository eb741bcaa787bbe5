"""What is typed at the officer's desk arrives whole: where it was meant for, or nowhere."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import Deed, Foreseen
from screens.maintenance.asking import AskScreen
from screens.maintenance.deed import DeedScreen
from screens.maintenance.enrol import EnrolScreen
from screens.maintenance.find import FindScreen
from screens.maintenance.holder import HolderScreen
from screens.widgets.fields import Entry
from screens.widgets.lines import Lines
from tests.screens.hall import wait_until
from tests.screens.maintenance.at_desk import at_once, comes, front, open_page
from tests.screens.maintenance.fake_desk import BLANK, PUK, FakeDesk
from tests.screens.maintenance.fakes import Office, office, officer


def typed(there: Office) -> list[str]:
    """What stands in the fields of the screen in front."""
    return [entry.value for entry in there.screen.query(Entry)]


async def test_what_is_typed_after_a_key_is_for_the_screen_that_it_leads_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mount = AskScreen._on_mount

    async def slowly(self: AskScreen, event: events.Mount) -> None:
        await asyncio.sleep(0.4)  # a busy machine takes so long to draw it
        mount(self, event)

    monkeypatch.setattr(AskScreen, "_on_mount", slowly)
    async with office(officer(FakeDesk())) as there:
        at_once(there, "f4", "X", "7", "enter", "C", "y")
        await wait_until(lambda: front(there) is AskScreen and typed(there) == ["X7", "Cy", ""])


async def test_what_is_typed_while_the_store_is_asked_is_for_the_deed() -> None:
    desk = FakeDesk()
    answers, foresee = asyncio.Event(), desk.foresee

    async def slowly(deed: Deed) -> Foreseen:
        await answers.wait()
        return await foresee(deed)

    desk.foresee = slowly  # type: ignore[method-assign]
    async with office(officer(desk)) as there:
        await open_page(there)
        at_once(there, "r", *"T2", "enter", *"A123")
        await there.there.settle()
        assert there.screen.query_one("#cards", Lines).picked == 0, "no digit has marked another card"
        answers.set()
        await wait_until(lambda: front(there) is DeedScreen and typed(there) == ["T2", "A123"])


async def test_a_search_and_what_is_pressed_on_the_page_at_once() -> None:
    async with office(officer(FakeDesk())) as there:
        at_once(there, *"A123", "enter", "b", *"T1")
        await wait_until(lambda: front(there) is DeedScreen and typed(there) == ["T1"])


async def test_what_stands_in_a_field_gives_way_to_what_is_typed() -> None:
    async with office(officer(FakeDesk())) as there:
        await there.type("bem")
        await there.press("enter")
        await there.sees("Nobody has this: bem")
        await there.type("A123")
        assert typed(there) == ["A123"]
        await there.press("enter", "e")
        await comes(there, AskScreen)
        assert typed(there) == ["ann.jones@nhs.net"]
        await there.type("a@nhs.net")
        assert typed(there) == ["a@nhs.net"]
        await there.press("ctrl+u")
        assert typed(there) == [""]


@pytest.mark.parametrize(
    ("keys", "then"),
    [
        (("backspace", "x"), "ann.jones@nhs.nex"),
        (("home", "x"), "xann.jones@nhs.net"),
        (("left", "x"), "ann.jones@nhs.next"),
    ],
)
async def test_what_stands_in_a_field_can_be_mended(keys: tuple[str, ...], then: str) -> None:
    async with office(officer(FakeDesk())) as there:
        await open_page(there)
        await there.press("e")
        await comes(there, AskScreen)
        await there.press(*keys)
        assert typed(there) == [then]


async def test_what_found_nobody_gives_way_when_one_comes_back() -> None:
    async with office(officer(FakeDesk())) as there:
        await there.type("bem")
        await there.press("enter", "f4")
        await comes(there, AskScreen)
        await there.press("escape")
        await comes(there, FindScreen)
        await there.press("x")
        assert typed(there) == ["x"]


async def test_the_reference_of_a_visit_that_leads_to_nobody_is_explained() -> None:
    desk = FakeDesk()
    desk.nobodys = "visit B9M-9ZK was of a card that nobody is known by"
    async with office(officer(desk)) as there:
        await there.type("jones")
        await there.press("enter")
        await there.sees("2 people found")
        await there.type("b9m9zk")
        await there.press("enter")
        await there.sees("Nobody has this: b9m9zk", "Visit B9M-9ZK was of a card that nobody is known by")
        assert "Ann Jones" not in there.drawn, "she is not whom was asked for"
        await there.type("A123")
        await there.press("enter")
        await comes(there, HolderScreen)


async def test_a_new_person_needs_an_id_and_a_name() -> None:
    async with office(officer(FakeDesk())) as there:
        await there.press("f4", "enter")
        await there.sees("Type the person's id")
        await there.type("C9")
        await there.press("enter")
        assert "Type the person's id" not in there.drawn
        await there.press("space", "enter")
        await there.sees("Type the person's name")
        await there.press("tab", "enter")
        assert front(there) is AskScreen
        await there.type("Cy")
        assert typed(there) == ["C9", "Cy", ""]


async def to_secret(there: Office, desk: FakeDesk) -> None:
    """To the deed that asks for a card's PUK, twice."""
    await open_page(there, "B7")
    await there.press("n")
    await comes(there, EnrolScreen)
    desk.put(BLANK)
    await there.sees("How is it enrolled?")
    await there.press("enter")
    await comes(there, DeedScreen)


@pytest.mark.parametrize("key", ["enter", "tab", "f8"])
async def test_a_secret_typed_in_two_ways_is_typed_anew_and_never_shown(key: str) -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await to_secret(there, desk)
        at_once(there, *PUK, "enter", *"6173028", key, *PUK)
        await wait_until(lambda: typed(there) == [PUK, "", ""])
        await there.sees("Not twice the same")
        assert PUK not in there.drawn
        at_once(there, "enter", *PUK, key, "x")
        await wait_until(lambda: typed(there) == [PUK, PUK, "x"])
        assert "Not twice the same" not in there.drawn
        assert PUK not in there.drawn


async def test_a_click_leads_past_no_secret_either() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await to_secret(there, desk)
        await there.press(*PUK, "enter", "1")
        await there.there.touch(list(there.screen.query(Entry))[2])
        await there.sees("Not twice the same")
        assert typed(there) == ["", "", ""]
        await wait_until(lambda: there.screen.query(Entry).first().has_focus)
        await there.press("enter")
        await there.sees("Type it, twice")


async def test_a_secret_that_the_card_refuses_is_typed_anew() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await to_secret(there, desk)
        desk.trouble = StaffProblem("the card refuses this PUK")
        at_once(there, *PUK, "enter", *PUK, "enter", "x", "enter")
        await there.sees("The card refuses this PUK")
        assert typed(there) == ["", "", "x"]
        await wait_until(lambda: there.screen.query(Entry).first().has_focus)
