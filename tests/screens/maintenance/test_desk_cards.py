"""A card in the reader of the officer's desk is enrolled, or takes the place of another."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import Act, How
from kiosk.staff.entry import Leaving
from screens.maintenance.deed import DeedScreen
from screens.maintenance.enrol import EnrolScreen
from screens.widgets.fields import Entry
from tests.screens.hall import wait_until
from tests.screens.maintenance.at_desk import carry_out, comes, front, kept, open_page
from tests.screens.maintenance.fake_desk import (
    ANNS,
    BLANK,
    CARD,
    NEW_CARD,
    PUK,
    FakeDesk,
)
from tests.screens.maintenance.fakes import office, officer


async def test_a_card_is_enrolled() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there, "B7")
        await there.press("n")
        await comes(there, EnrolScreen)
        await there.sees("Put a card in the reader.")
        desk.put(BLANK)
        await there.sees("It is nobody's yet", "proven just now", "How is it enrolled?", "its PUK")
        desk.put(None)
        await there.sees("Put a card in the reader.")
        await there.press("enter")
        assert front(there) is EnrolScreen
        desk.put(BLANK)
        await there.sees("How is it enrolled?")
        await there.press("down", "enter")
        await comes(there, DeedScreen)
        await there.type(PUK)
        await there.press("enter")
        await there.type("61730285")
        await there.press("f8")
        await there.sees("Not twice the same")
        await there.type(PUK)
        await there.press("enter")
        await there.type(PUK)
        await there.press("enter")
        assert PUK not in there.drawn
        await there.type("T-7")
        await there.press("enter")
        await there.sees("Done, and on record")
        [(deed, grounds)] = desk.done
        assert (deed.act, deed.holder_id, deed.new_card) == (Act.ENROL, "B7", NEW_CARD)
        assert (deed.how, deed.card, deed.replace_key) == (How.GIVEN, "", False)
        assert grounds.given is not None
        assert grounds.given.get_secret_value() == PUK
        assert PUK not in kept(there), "once it is done nothing holds it"


async def test_a_card_takes_the_place_of_another() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        desk.put(BLANK)
        await there.press("p")
        await comes(there, EnrolScreen)
        await there.sees(f"Ann Jones, A123: instead of {CARD}", "It is nobody's yet")
        await there.press("down", "down")
        await there.sees("Nothing has to be typed for it")
        await there.press("enter")
        await carry_out(there, "T-8", "A123")
        [(deed, grounds)] = desk.done
        assert (deed.act, deed.card, deed.new_card, deed.how) == (Act.REPLACE, CARD, NEW_CARD, How.NONE)
        assert grounds.given is None


async def test_a_card_that_may_be_a_copy_needs_a_key_of_its_own() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        await there.press("n")
        desk.put(replace(ANNS, other_key=True))
        await there.sees("it may be a copy", "It is theirs already (active)", "F9 Enrol it all the same")
        assert "Enter Take this way" not in there.drawn
        await there.press("enter")
        assert front(there) is EnrolScreen
        await there.press("f9")
        await comes(there, DeedScreen)
        assert desk.foreseen[-1].replace_key


async def test_a_card_that_cannot_be_enrolled() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there, "B7")
        await there.press("n")
        desk.put(replace(BLANK, ways=(), trouble="It has one PUK try left: nothing is sent to it."))
        await there.sees("It has one PUK try left")
        assert "How is it enrolled?" not in there.drawn
        await there.press("enter", "f9")
        assert front(there) is EnrolScreen


async def test_a_card_that_is_pulled_before_it_is_written() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there, "B7")
        await there.press("n")
        desk.put(BLANK)
        await there.sees("How is it enrolled?")
        await there.press("enter")
        await comes(there, DeedScreen)
        await there.type(PUK)
        desk.put(None, "Put the card into the reader.")
        await there.sees("Put the card into the reader.")
        desk.put(ANNS)
        await there.sees("This is another card.")
        desk.put(BLANK)
        await there.sees("What will happen")
        assert there.screen.query(Entry).first().value == PUK


async def test_a_card_that_is_pulled_while_it_is_written() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there, "B7")
        await there.press("n")
        desk.put(BLANK)
        await there.sees("How is it enrolled?")
        await there.press("down", "down", "enter")
        await comes(there, DeedScreen)
        desk.goes_on.clear()
        desk.trouble = StaffProblem("the card was taken out too early: put it in and do the same again")
        await there.type("T-9")
        await there.press("enter")
        await there.sees("Working on the card: leave it in")
        desk.put(None, "Put the card into the reader.")
        await asyncio.sleep(0)
        await there.sees("Working on the card: leave it in")
        desk.goes_on.set()
        await there.sees("The card was taken out too early", "Put the card into the reader.", "T-9")
        desk.put(BLANK)
        await there.sees("What will happen")
        await there.press("f8")
        await there.sees("Done, and on record")


async def test_nobody_looks_into_the_reader_where_a_card_is_done_when_they_have_left() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there, "B7")
        await there.press("n")
        desk.put(BLANK)
        await there.sees("How is it enrolled?")
        await there.press("down", "down", "enter")
        await comes(there, DeedScreen)
        desk.goes_on.clear()
        await there.type("T-9")
        await there.press("enter")
        await there.sees("Working on the card: leave it in")
        there.screen.stay.end(Leaving.SHUT)
        desk.goes_on.set()
        await wait_until(lambda: there.lobby.left == [Leaving.SHUT])
        assert len(desk.done) == 1
    await wait_until(lambda: desk.followers == 0)
