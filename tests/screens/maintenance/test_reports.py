"""Reports on screen, by keys and by mouse: what is asked of the session, and what is drawn of it."""

from __future__ import annotations

import asyncio
from datetime import date
from time import perf_counter

import pytest
from textual_plotext import PlotextPlot

from kiosk.reports.periods import Grain, Period, latest
from kiosk.reports.report import Chosen, Measure, Reach, Report
from kiosk.staff.account import Role
from kiosk.storage.database import StoreUnavailable
from screens.maintenance.reports import ReportsScreen
from screens.widgets.keys import FootKey
from screens.widgets.lines import Lines
from screens.widgets.plot import Plot
from tests.screens.gallery import NOW
from tests.screens.hall import wait_until
from tests.screens.maintenance.fakes import FakeSession, Office, office
from tests.screens.maintenance.figures import made_up

TODAY = NOW.date()
WEEKS = latest(Grain.WEEK, TODAY)


def officer() -> FakeSession:
    return FakeSession(Role.OFFICER)


async def opened(there: Office) -> None:
    """The reports, as they are at first."""
    await there.press("f5")
    await there.sees("hours of RA time saved")


async def test_what_was_saved_stands_above_everything() -> None:
    async with office(officer()) as there:
        await opened(there)
        made = made_up(WEEKS)
        total = made.total
        await there.sees(
            f"{total[Measure.UNLOCKS]:,} unlocks at 20 minutes each; {total[Measure.ASSISTED]:,} with an",
            f"{total[Measure.REGISTRATIONS]:,} registrations ({total[Measure.OTHER_ADDRESS]:,} not with the",
            "1 June 2026 to 24 November 2026, so far, by week: all kiosks",
        )
        digits = there.screen.query_one("#hours")
        assert digits.value == f"{made.saved / 60:,.0f}"  # type: ignore[attr-defined]
        assert there.session.reports.asked == [(WEEKS, "")]


async def test_by_day_week_and_month_and_back_in_time() -> None:
    async with office(officer()) as there:
        await opened(there)
        await there.press("d")
        await there.sees("28 October 2026 to 24 November 2026, so far, by day")
        await there.press("left")
        await there.sees("30 September 2026 to 27 October 2026, by day")
        await there.press("m")
        await there.sees("1 November 2025 to 31 October 2026, by month", "Figures begin on 24 January 2026")
        await there.press("W")
        await there.sees("to 1 November 2026, by week")
        await there.press("right")
        await there.sees("2 November 2026 to 24 November 2026, so far, by week")
        before = list(there.session.reports.asked)
        await there.press("right")
        assert there.session.reports.asked == before, "nothing has happened there yet"


async def test_nobody_goes_back_to_where_nothing_is() -> None:
    async with office(officer()) as there:
        await opened(there)
        for _ in range(9):
            await there.press("left")
        first, _ = there.session.reports.asked[-1]
        assert first.first < date(2026, 1, 24) < first.until, "the figures begin there"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_one_kiosk_alone_by_keys(size: tuple[int, int]) -> None:
    async with office(officer(), size=size) as there:
        await opened(there)
        await there.press("down")
        kiosks = there.screen.query_one("#kiosks", Lines)
        name = kiosks.told.splitlines()[1].split("  ")[0].rstrip("…")
        await there.press("enter")
        await there.sees(f"by week: {name}")
        period, kiosk = there.session.reports.asked[-1]
        assert (period, kiosk[: len(name)]) == (WEEKS, name)
        assert "Otley" in kiosks.told, "the others stay to be chosen"
        await there.press("left")
        assert [one[1] for one in there.session.reports.asked[-2:]] == ["", kiosk]
        await there.press("up", "enter")
        await there.sees("by week: all kiosks")


async def test_the_kiosks_of_one_organisation() -> None:
    async with office(officer(), size=(120, 40)) as there:
        await opened(there)
        await there.press(*["down"] * 5, "enter")
        await there.sees("by week: all kiosks of Leeds Trust")
        leeds = made_up(WEEKS, Chosen(organisation="Leeds Trust"))
        await there.sees(f"{leeds.total[Measure.UNLOCKS]:,} unlocks at 20 minutes each")
        assert there.session.reports.asked[-1] == (WEEKS, "Leeds Trust")
        await there.press("down", "enter")
        await there.sees("by week: all kiosks of Otley Practice")


async def test_on_a_small_screen_plot_and_lists_take_turns() -> None:
    async with office(officer()) as there:
        await opened(there)
        await there.sees("Unlocks", "01/06")
        assert "Failures by reason" not in there.drawn
        await there.press("enter")
        await there.sees("Failures by reason", "wrong answers", "Otley")
        assert len(there.session.reports.asked) == 1, "nobody has seen what Enter would choose"
        await there.press("v")
        await there.sees("01/06")
        assert "wrong answers" not in there.drawn


async def test_on_a_large_one_everything_is_in_sight() -> None:
    async with office(officer(), size=(120, 40)) as there:
        await opened(there)
        await there.sees("01/06", "wrong answers", "Main entrance, near the chapel")
        plots = list(there.screen.query(Plot))
        assert all(plot.size.height >= 6 for plot in plots)


async def test_by_mouse() -> None:
    async with office(officer(), size=(120, 40)) as there:
        await opened(there)
        await there.there.pilot.click("#kiosks", offset=(5, 2))
        await wait_until(lambda: there.session.reports.asked[-1][1] != "")
        for key, told in (
            ("d", "by day"),
            ("left", "27 October 2026"),
            ("right", "24 November 2026"),
            ("m", "by month"),
        ):
            foot = next(one for one in there.screen.query(FootKey) if one.key == key)
            await there.there.touch(foot)
            await there.sees(told)


async def test_a_store_that_is_away_and_comes_back() -> None:
    session = officer()
    session.reports.trouble = StoreUnavailable("disk I/O error")
    async with office(session) as there:
        await there.press("f5")
        await there.sees("The store cannot be reached")
        assert "Counting" not in there.drawn
        session.reports.trouble = None
        await there.press("d")
        await there.sees("by day")
        assert "cannot be reached" not in there.drawn


async def test_only_the_last_that_was_asked_for_is_shown() -> None:
    session, gate = officer(), asyncio.Event()
    real = session.reports.report

    async def slow(period: Period, chosen: Chosen) -> Report:
        if period.grain is Grain.DAY:
            await gate.wait()
        return await real(period, chosen)

    session.reports.report = slow  # type: ignore[method-assign]
    async with office(session) as there:
        await opened(there)
        await there.press("d")
        await there.sees("Counting ...")
        await there.press("m")
        await there.sees("by month")
        gate.set()
        await there.there.settle()
        await there.sees("by month")


async def test_an_empty_report_is_drawn_too() -> None:
    session = officer()

    async def empty(period: Period, chosen: Chosen) -> Report:
        return Report(period, chosen, 20, Reach(None, False, NOW), [], {})

    session.reports.report = empty  # type: ignore[method-assign]
    async with office(session) as there:
        await opened(there)
        await there.sees("0 unlocks", "There is no event yet")
        await there.press("down", "enter", "left", "v")
        await there.sees("0 unlocks")


async def test_on_a_console_it_is_drawn_with_what_its_font_has() -> None:
    async with office(officer(), sixteen=True) as there:
        await opened(there)
        await there.sees("hours of RA time saved", "01/06")
        assert not set("▖▗▘▙▚▛▜▝▞▟▁▂▃▅▆▇⠁⣿") & set(there.drawn)
        assert "█" in there.drawn


async def test_drawing_holds_nobody_up() -> None:
    """Nothing may keep keys waiting for 50 ms; the quickest of some, for the machine is busy."""
    async with office(officer(), size=(120, 40)) as there:
        await opened(there)
        screen, took = there.screen, []
        assert isinstance(screen, ReportsScreen)
        for _ in range(5):
            begun = perf_counter()
            screen._show(made_up(WEEKS))
            for plot in screen.query(Plot):
                plot.query_one(PlotextPlot).render()
            took.append(perf_counter() - begun)
        assert min(took) < 0.05
