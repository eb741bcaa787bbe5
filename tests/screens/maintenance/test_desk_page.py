"""The officer's desk: finding somebody, and their page."""

from __future__ import annotations

from dataclasses import replace

from kiosk.audit import Event
from kiosk.staff.desk import EventLine
from kiosk.staff.entry import Leaving
from screens.maintenance.asking import AskScreen
from screens.maintenance.deed import DeedScreen
from screens.maintenance.events import WORDS, in_plain_words
from screens.maintenance.find import FindScreen
from screens.maintenance.holder import HolderScreen
from screens.widgets.fields import Entry
from screens.widgets.keys import FootKey
from screens.widgets.lines import Lines
from tests.screens.hall import wait_until
from tests.screens.maintenance.at_desk import carry_out, comes, front, open_page
from tests.screens.maintenance.fake_desk import (
    ANN,
    ANNS,
    BLANK,
    CARD,
    OTHER_CARD,
    FakeDesk,
    event,
)
from tests.screens.maintenance.fakes import Office, office, officer


async def test_the_field_is_ready_and_one_who_is_found_is_opened() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await there.type("ben")
        await there.press("enter")
        await comes(there, HolderScreen)
        assert desk.asked == ["ben"]
        await there.sees("Ben Adams-Jones, B7", "No card yet: N enrols one")
        await there.press("escape")
        await comes(there, FindScreen)
        assert there.screen.query_one(Entry).has_focus
        assert there.screen.query_one(Entry).value == "", "the next person begins anew"


async def test_of_several_one_is_chosen_by_the_arrows() -> None:
    async with office(officer(FakeDesk())) as there:
        await there.type("jones")
        await there.press("enter")
        await there.sees("2 people found", "BLOCKED")
        await there.press("down", "enter")
        await comes(there, HolderScreen)
        await there.sees("Ben Adams-Jones, B7")
        await there.press("escape", "up", "enter")
        await comes(there, HolderScreen)
        await there.sees("Ann Jones, A123")


async def test_of_several_one_is_chosen_by_the_mouse() -> None:
    async with office(officer(FakeDesk())) as there:
        await there.type("jones")
        await there.there.touch(there.screen.query(FootKey).first())
        await there.sees("2 people found")
        await there.there.pilot.click(Lines, offset=(5, 1))
        await comes(there, HolderScreen)
        await there.sees("Ben Adams-Jones, B7")


async def test_whom_nobody_knows_stays_to_be_amended() -> None:
    async with office(officer(FakeDesk())) as there:
        await there.press("enter")
        await there.sees("Type who it is, then press Enter")
        await there.type("bem")
        await there.press("enter")
        await there.sees("Nobody has this: bem")
        await there.press("backspace", "n", "enter")
        await comes(there, HolderScreen)


async def test_a_card_that_is_put_in_opens_its_holders_page() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await there.sees("Put a card in the reader.")
        desk.put(ANNS)
        await comes(there, HolderScreen)
        await there.sees("Now the holder of the card in the reader: Ann Jones, A123", "In the reader: 1")
        await there.press("escape")
        await comes(there, FindScreen)
        await there.sees("In the reader: a card of A123")
        desk.put(None)
        desk.put(ANNS)
        await comes(there, HolderScreen)


async def test_the_officers_own_card_opens_nothing_where_it_was_left_in() -> None:
    desk = FakeDesk()
    desk.put(ANNS)
    async with office(officer(desk)) as there:
        await there.sees("In the reader: a card of A123")
        assert front(there) is FindScreen


async def test_the_next_persons_card_leads_from_page_to_page() -> None:
    ben = replace(ANNS, number=OTHER_CARD, holder_id="B7", holder_name="Ben Adams-Jones")
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        desk.put(ANNS)
        await there.sees("Ann Jones, A123")
        desk.put(None)
        desk.put(ben)
        await there.sees("Ben Adams-Jones, B7")
        await there.press("escape")
        await comes(there, FindScreen)


async def test_a_card_that_is_nobodys_is_said_and_opens_nothing() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        desk.put(BLANK)
        await there.sees("In the reader: a card that is nobody's here")
        await open_page(there)
        await there.sees("The one in the reader is nobody's: N enrols it")


async def test_the_chosen_card_stays_chosen_after_a_deed() -> None:
    async with office(officer(FakeDesk())) as there:
        await open_page(there)
        await there.press("2", "k")
        await carry_out(there, "T-1")
        await there.press("enter")
        await comes(there, HolderScreen)
        assert there.screen.query_one("#cards", Lines).picked == 1
        await there.press("escape")
        await comes(there, FindScreen)
        await open_page(there)
        assert there.screen.query_one("#cards", Lines).picked == 0, "the next visit begins anew"


async def test_where_none_was_chosen_it_is_the_card_in_the_reader() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        desk.put(replace(ANNS, number=OTHER_CARD))
        await there.sees("In the reader: 2")
        assert there.screen.query_one("#cards", Lines).picked == 1
        assert "k" in offered(there)
        await there.press("1")
        desk.put(None)
        desk.put(replace(ANNS, number=OTHER_CARD))
        await there.sees("In the reader: 2")
        assert there.screen.query_one("#cards", Lines).picked == 0, "the officer has chosen"


async def test_a_card_that_goes_in_during_a_deed_opens_nothing() -> None:
    ben = replace(ANNS, number=OTHER_CARD, holder_id="B7", holder_name="Ben Adams-Jones")
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        desk.put(ANNS)
        await there.sees("Now the holder of the card in the reader: Ann Jones")
        await there.press("b")
        await comes(there, DeedScreen)
        desk.put(ben)
        await carry_out(there, "T-1")
        await there.press("enter")
        await comes(there, HolderScreen)
        await there.sees("Ann Jones, A123")
        await there.press("e")
        await comes(there, AskScreen)
        desk.put(ANNS)
        desk.put(ben)
        await there.there.settle()
        assert front(there) is AskScreen
        await there.press("escape")
        await comes(there, HolderScreen)
        await there.sees("Ann Jones, A123")
        assert "Now the holder" not in there.drawn


async def test_those_found_are_looked_up_again_on_the_way_back() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await there.type("jones")
        await there.press("enter")
        await there.sees("2 people found")
        await there.press("down", "enter")
        await comes(there, HolderScreen)
        desk.pages["B7"] = replace(desk.pages["B7"], email="ben@nhs.net")
        desk.pages = {"A1": replace(ANN, holder_id="A1"), **desk.pages}
        await there.press("escape")
        await there.sees("ben@nhs.net", "3 people found")
        await there.press("enter")
        await comes(there, HolderScreen)
        await there.sees("Ben Adams-Jones, B7")


async def test_the_keys_of_the_list_are_named_where_there_is_room() -> None:
    for size, named in (((80, 24), False), ((120, 40), True)):
        async with office(officer(FakeDesk()), size=size) as there:
            await there.type("jones")
            assert "Down Choose" not in there.drawn
            await there.press("enter")
            await there.sees("2 people found")
            assert ("Down Choose" in there.drawn) is named


async def test_where_it_cannot_be_done_nothing_is_offered() -> None:
    desk = FakeDesk()
    desk.elsewhere_because = "People are not changed at a kiosk of a fleet: use 'kiosk desk'"
    async with office(officer(desk)) as there:
        await there.sees("use 'kiosk desk'")
        assert not [entry for entry in there.screen.query(Entry) if entry.parent and entry.parent.display]
        assert "Find" not in there.drawn.replace("Desk: find", "")
        assert "New person" not in there.drawn
        await there.press("x", "enter", "f4")
        assert front(there) is FindScreen
        assert desk.asked == []
        assert desk.followers == 0
        await there.press("f9")
        await there.sees("Maintenance: mail")
        await there.press("escape", "escape")
        await wait_until(lambda: there.lobby.left == [Leaving.ASKED])


async def test_nobody_follows_the_reader_once_they_have_left() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await wait_until(lambda: desk.followers == 1)
        await there.press("escape")
        await wait_until(lambda: there.lobby.left == [Leaving.ASKED])
    await wait_until(lambda: desk.followers == 0)


async def test_a_page_says_it_all_at_one_glance() -> None:
    page = replace(ANN, assistance_ends=ANN.registered_at, shut=("name",))
    async with office(officer(FakeDesk(page))) as there:
        await open_page(there)
        await there.sees(
            *("Ann Jones, A123", "BLOCKED since", "ann.jones@nhs.net; their own: a…s@nhs.net"),
            *(
                "an assistance code is out",
                "Cannot be read",
                f"1 {CARD}",
                f"2 {OTHER_CARD}",
                "SECRET REFUSED",
            ),
        )
        events = there.screen.query_one("#events", Lines).told
        assert "Security questions NOT right (1 attempt left)" in events
        assert "Assistance code issued (forgot them, T-5513), by olga (root)" in events


def offered(there: Office) -> set[str]:
    """The letters of the deeds that are offered, and can be seen."""
    return {
        key.key
        for key in there.screen.query(".deed-key").results(FootKey)
        if key.display and key.region.right <= there.screen.size.width and key.region.width
    }


async def test_only_what_makes_sense_is_offered() -> None:
    async with office(officer(FakeDesk())) as there:
        await open_page(there)
        assert offered(there) == set("baewnpsr")
        await there.press("tab")
        assert offered(there) == set("baewnpurk")
        await there.press("1")
        assert offered(there) == set("baewnpsr")
        await there.there.pilot.click("#cards", offset=(5, 1))
        assert offered(there) == set("baewnpurk")
        await there.press("escape")
        await open_page(there, "B7")
        assert offered(there) == set("en")
        await there.press("b", "s", "w")
        assert front(there) is HolderScreen


async def test_events_are_scrolled_by_the_arrows() -> None:
    many = tuple(event(minutes, "card.seen", reason=f"number {minutes}") for minutes in range(40))
    async with office(officer(FakeDesk(replace(ANN, events=many)))) as there:
        await open_page(there)
        await there.sees("number 0")
        await there.press(*["pagedown"] * 8)
        await there.sees("number 39")


async def test_the_page_is_looked_at_anew() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await open_page(there)
        desk.pages["A123"] = replace(ANN, blocked_at=None, attempts_left=2)
        await there.press("f5")
        await there.sees("2 of 3 attempts left")
        assert "b" not in offered(there)
        del desk.pages["A123"]
        await there.press("f5")
        await there.sees("There is no holder 'A123'")


def test_every_event_about_people_and_cards_has_plain_words() -> None:
    about = ("card.", "holder.", "passcode.", "answers.", "code.", "assistance.", "registration.", "notice.")
    apart = {"holder.forgotten", "notice.hurried"}  # of nobody, and of nobody in particular
    names = {one.value for one in Event if one.value.startswith((*about, "unblock-secret."))} - apart
    assert names - set(WORDS) == set()
    assert set(WORDS) - {one.value for one in Event} == set()


def test_what_an_event_says() -> None:
    def told(line: EventLine) -> str:
        return in_plain_words(line)

    assert told(event(0, "holder.blocked", reason="attempts")) == "BLOCKED"
    assert (
        told(event(0, "passcode.checked", "refused", detail="tries_left 1")) == "Passcode wrong (1 try left)"
    )
    assert told(event(0, "card.not-genuine", "alarm")).startswith("ALARM")
    seen = event(0, "card.refused", "refused", reason="no-unblock-secret")
    assert told(seen) == "Card sent to the RA (no unblock secret that may be sent)"
    assert (
        told(event(0, "notice.sent", detail="kind email-is-this")) == "Told by mail (new address, to itself)"
    )
    helped = event(0, "card.unlocked", detail="assisted true")
    assert told(helped) == "CARD UNLOCKED (with an assistance code, which ends a block)"
    assert told(replace(helped, detail="assisted false")) == "CARD UNLOCKED"
    by_olga = replace(event(0, "card.state-set", reason="mail", detail="state suspended"), actor="olga")
    assert told(by_olga) == "Card's state changed (now suspended, mail), by olga", "as she has typed it"
    assert told(event(0, "of.tomorrow", "failed", reason="x")) == "of.tomorrow: failed (x)"


async def test_a_staff_card_in_the_reader_is_called_one() -> None:
    desk = FakeDesk()
    desk.put(replace(BLANK, staff="tess"))
    async with office(officer(desk)) as there:
        await there.sees("In the reader: the staff card of tess. Take it out.")
        await open_page(there)
        await there.sees("The one in the reader is the staff card of tess")


async def test_a_card_that_is_not_in_use_is_not_said_to_be_unlocked() -> None:
    page = replace(ANN, cards=(replace(ANN.cards[0], state="suspended"),))
    async with office(officer(FakeDesk(page))) as there:
        await open_page(there)
        await there.sees("suspended")
        assert "can be unlocked" not in there.drawn
