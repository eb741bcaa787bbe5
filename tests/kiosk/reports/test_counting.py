"""What a report counts, from real journeys and from events of any time, on both databases."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest

from kiosk.audit import Event, Outcome
from kiosk.chain import Entry
from kiosk.office.closing import close_due
from kiosk.reports.counting import count, make_report
from kiosk.reports.periods import Grain, Period, latest
from kiosk.reports.report import ALL, Chosen, Failure, Measure, Place, Report
from tests.kiosk.reports.conftest import happened, here, visited, write
from tests.sampling import LONG
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.plots import block, register
from tests.stories.test_assistance import helped, issue
from tests.stories.world import World

JUNE = Period(date(2027, 6, 1), date(2027, 7, 1), Grain.WEEK)


async def report(world: World, period: Period = JUNE, **chosen: str) -> Report:
    """By the kiosk's own role, which may read the trail."""
    return await make_report(world.service.store, period, Chosen(**chosen))


def counted(made: Report) -> dict[Measure, int]:
    return {measure: made.total[measure] for measure in Measure if made.total[measure]}


async def test_journeys_are_counted_as_they_happen(world: World) -> None:
    await with_ann(world)
    await world.holder("H2", "Ben Adams", "ben.adams@nhs.net")
    await register(world, await world.card("H2"), email="ben@gov.uk")
    await block(world, world.ann)
    world.hands.forward(minutes=2)
    await world.visit(world.ann, helped(world, await issue(world, world.ann)))
    made = await report(world, latest(Grain.DAY, world.hands.wall.date()))
    assert counted(made) == {
        Measure.REGISTRATIONS: 2,
        Measure.OTHER_ADDRESS: 1,
        Measure.UNLOCKS: 1,
        Measure.ASSISTED: 1,
        Measure.BLOCKS: 1,
        Measure.ISSUED: 1,
        Measure.FAILURES: 3,
    }
    assert made.total.failures == {Failure("answers.checked", ""): 3}
    assert made.saved == 20
    assert (made.reach.closed, made.lines[-1].figures.counts) == (False, made.total.counts)


async def test_a_line_for_each_week_day_and_month(world: World) -> None:
    await write(
        world, [*visited("2027-05-31 23:59"), *visited("2027-06-01 00:00"), *visited("2027-06-06 23:59")]
    )
    await write(
        world, [*visited("2027-06-07 00:00"), *visited("2027-06-30 23:59"), *visited("2027-07-01 00:00")]
    )
    made = await report(world)
    assert [(line.span.first.day, line.figures[Measure.UNLOCKS]) for line in made.lines] == [
        (1, 2), (7, 1), (14, 0), (21, 0), (28, 1),
    ]  # fmt: skip
    by_month = await report(world, Period(date(2027, 5, 1), date(2027, 8, 1), Grain.MONTH))
    assert [line.figures[Measure.UNLOCKS] for line in by_month.lines] == [1, 4, 1]


async def test_days_are_those_of_the_place_and_the_clocks_may_change(world: World) -> None:
    """On 28 March 2027 the day has 23 hours in Leeds, and in June midnight is at 23:00 UTC."""
    march = ["2027-03-27 23:59", "2027-03-28 00:01", "2027-03-28 23:59", "2027-03-29 00:01"]
    await write(world, [one for when in march for one in visited(when)])
    made = await report(world, Period(date(2027, 3, 27), date(2027, 3, 30), Grain.DAY))
    assert [line.figures[Measure.UNLOCKS] for line in made.lines] == [1, 2, 1]


async def test_by_kiosk_and_by_organisation(world: World) -> None:
    trust, practice = "Leeds Trust", 'Practice "B", Otley'
    await write(
        world,
        [
            *visited("2027-06-01 09:00", kiosk="Library", organisation=trust),
            *visited("2027-06-01 10:00", kiosk="Ward 7", organisation=trust),
            *visited("2027-06-01 11:00", kiosk="Otley", organisation=practice),
            happened("2027-06-01 11:00", Event.BLOCK_CLEARED, kiosk="RA desk"),
            *visited("2027-06-20 09:00", kiosk="Ward 7", organisation=practice),
        ],
    )
    made = await report(world)
    assert {place: figures[Measure.UNLOCKS] for place, figures in made.places.items()} == {
        Place("Library", trust): 1,
        Place("Otley", practice): 1,
        Place("RA desk", ""): 0,
        Place("Ward 7", trust): 1,
        Place("Ward 7", practice): 1,
    }, "a kiosk that moves counts for each while it stood there"
    assert {name: one[Measure.UNLOCKS] for name, one in made.organisations.items()} == {
        "": 0,
        trust: 2,
        practice: 2,
    }
    assert (await report(world, kiosk="Ward 7")).total[Measure.UNLOCKS] == 2
    assert (await report(world, kiosk="Ward 7", organisation=practice)).total[Measure.UNLOCKS] == 1
    assert counted(await report(world, kiosk="nowhere")) == {}


async def test_how_long_a_visit_takes(world: World) -> None:
    visits = [*visited("2027-06-01 09:00", 100), *visited("2027-06-01 10:00", 130)]
    visits += [*visited("2027-06-02 09:00", 5000), *visited("2027-06-02 10:00", 3, unlocks=False)]
    visits += [*visited("2027-06-03 09:00", 4, unlocks=False)]
    old = happened("2027-06-03 10:00", Event.VISIT_ENDED, reason="complete")  # before it was measured
    await write(world, [*visits, old])
    made = await report(world)
    assert (made.total[Measure.VISITS], made.total.visit, made.total.unlock_visit) == (6, 100, 130)
    assert (await report(world, Period(date(2027, 5, 1), date(2027, 6, 1), Grain.DAY))).total.visit is None


async def test_an_unlock_before_midnight_of_a_visit_that_ends_after_it(world: World) -> None:
    unlock = happened("2027-06-01 23:59", Event.UNLOCKED, visit="H4K-92Q")
    end = happened("2027-06-02 00:01", Event.VISIT_ENDED, visit="H4K-92Q", seconds=150, reason="card-out")
    await write(world, [unlock, end])
    assert (await report(world)).total.unlock_visit == 150


async def test_what_failed_and_why(world: World) -> None:
    noon, refused, failed = "2027-06-01 12:00", Outcome.REFUSED, Outcome.FAILED
    bad = [
        happened(noon, Event.CARD_REFUSED, outcome=refused, reason="blocked"),
        happened(noon, Event.CARD_REFUSED, outcome=refused, reason="blocked"),
        happened(noon, Event.CARD_REFUSED, outcome=refused, reason="unknown-card"),
        happened(noon, Event.CODE_CHECKED, outcome=refused, reason="expired", tries_left=3),
        happened(noon, Event.CODE_SENT, outcome=failed, reason="450 4.2.1 try later", purpose="unlock"),
        happened(noon, Event.NOTICE_GIVEN_UP, outcome=failed, reason="550 no such user", kind="unlocked"),
        happened(noon, Event.CARD_NOT_GENUINE, outcome=Outcome.ALARM, reason="proof"),
        happened(noon, Event.VISIT_ENDED, reason="reader", seconds=2),
    ]
    good = [
        happened(noon, Event.CODE_SENT, purpose="unlock"),
        happened(noon, Event.CARD_WRITE_ENDED, outcome=Outcome.UNKNOWN, reason="not proven"),
        happened(noon, Event.ANSWERS_CHECKED),
        happened(noon, Event.MAIL_TESTED, outcome=failed, reason="nobody's visit"),
    ]
    await write(world, [*bad, *good])
    made = await report(world)
    assert made.total.failures == {
        Failure("card.refused", "blocked"): 2,
        Failure("card.refused", "unknown-card"): 1,
        Failure("code.checked", "expired"): 1,
        Failure("code.sent", ""): 1,
        Failure("notice.given-up", ""): 1,
        Failure("card.not-genuine", "proof"): 1,
        Failure("visit.ended", "reader"): 1,
    }
    assert (made.total[Measure.FAILURES], made.total[Measure.MAIL]) == (8, 2)


async def test_the_self_test_is_nobodys_unlock(world: World) -> None:
    await write(world, [happened("2027-06-01 12:00", Event.UNLOCKED, selftest=True)])
    assert counted(await report(world)) == {}


async def test_a_detail_that_somebody_damaged_stops_no_report(world: World) -> None:
    entries = [
        entry._replace(detail=detail)
        for detail in ("{", "[1]", '{"seconds": "x"}', "[" * 60_000)
        for entry in visited("2027-06-01 12:00")
    ]
    await write(world, entries)
    assert counted(await report(world)) == {Measure.VISITS: 4, Measure.UNLOCKS: 4}


async def test_figures_begin_where_older_events_were_closed(open_world: OpenWorld) -> None:
    world = await open_world(retention={"audit_days": 30})
    world.hands.forward(days=(date(2027, 7, 7) - world.hands.wall.date()).days)
    await write(world, [entry for day in range(1, 31) for entry in visited(f"2027-06-{day:02} 12:00")])
    before = await report(world)
    assert (before.reach.since, before.reach.closed, before.reach.begins_in(JUNE)) == (
        here("2027-06-01 12:00"),
        False,
        True,
    )
    assert all(before.reach.covers(line.span) for line in before.lines), "nothing happened before"
    file = world.settings.state_directory / "audit.jsonl"
    assert await close_due(world.parts.trail, lambda _first, _last: file, lambda _: None, by="test")
    made = await report(world)
    assert (made.reach.since, made.reach.closed, made.reach.begins_in(JUNE)) == (
        here("2027-06-07 12:00"),
        True,
        True,
    )
    assert made.total[Measure.UNLOCKS] == 24
    assert [made.reach.covers(line.span) for line in made.lines] == [False, False, True, True, True]
    july = await report(world, Period(date(2027, 6, 28), date(2027, 7, 12), Grain.WEEK))
    assert [july.reach.covers(line.span) for line in july.lines] == [True, False], "this week is not over"
    assert not july.reach.begins_in(july.period)


async def test_a_store_without_any_event(world: World) -> None:
    made = await report(world)
    assert (made.reach.since, made.reach.begins_in(JUNE), counted(made), made.saved) == (None, True, {}, 0)


def brute(entries: list[Entry], period: Period) -> list[int]:
    """Unlocks in each line, counted one by one."""
    days = Counter(entry.at.astimezone().date() for entry in entries if entry.event == Event.UNLOCKED.value)
    return [sum(days[day] for day in span.days()) for span in period.spans()]


@pytest.mark.parametrize("seed", range(20 if LONG else 3))
async def test_as_if_counted_one_by_one(world: World, seed: int) -> None:
    dice = random.Random(seed)
    begin = here("2027-01-01 00:00")
    entries = [
        entry
        for _ in range(300)
        for entry in visited(
            f"{(begin + timedelta(minutes=dice.randrange(250_000))).astimezone():%Y-%m-%d %H:%M}"
        )
    ]
    await write(world, entries)
    for grain in Grain:
        first = date(2027, 1, 1) + timedelta(days=dice.randrange(100))
        period = Period(first, first + timedelta(days=dice.randrange(1, 80)), grain)
        made = await report(world, period)
        assert [line.figures[Measure.UNLOCKS] for line in made.lines] == brute(entries, period)
        lines = [places async for _, places in count(world.service.store, period, ALL, made.reach)]
        assert len(lines) == len(made.lines)
