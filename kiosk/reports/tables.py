"""A report in words and tables, for a mail or a terminal. In English, as all that staff see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from kiosk.reasons import counted
from kiosk.reports.forms import last_day
from kiosk.reports.periods import DAY, Grain, Span, day_of, midnight
from kiosk.reports.report import Figures, Measure, Report, hours, lasted

_TOTALS = (
    *(Measure.UNLOCKS, Measure.ASSISTED, Measure.REGISTRATIONS, Measure.OTHER_ADDRESS, Measure.PASSCODES),
    *(Measure.VISITS, Measure.BLOCKS, Measure.CLEARED, Measure.ISSUED, Measure.MAIL, Measure.FAILURES),
)
_COLUMNS = ("Unlocks", "Registrations", "Failures", "Visit with unlock")


class Table(NamedTuple):
    """A table: of texts in the first column, of numbers in the others, with bars of such lengths behind."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Sequence[int] = ()


def sentences(report: Report) -> list[str]:
    """What matters most, and from when on there are figures."""
    unlocks, took = counted(report.total[Measure.UNLOCKS], "unlock"), report.total.unlock_visit
    told = [
        f"{hours(report.saved)} of RA time saved: {unlocks} at {report.minutes} minutes each.",
        f"This is about {so_far(report)}, {_where(report)}.",
    ]
    if took is not None:
        told.append(f"A visit with an unlock took {lasted(took)} (half of them took less).")
    since = begins(report)
    return [*told, since] if since else told


def _where(report: Report) -> str:
    chosen = report.chosen
    if chosen.kiosk:
        return f"at {chosen.kiosk}"
    return f"at the kiosks of {chosen.organisation}" if chosen.organisation else "at all kiosks together"


def begins(report: Report) -> str:
    """From when on there are figures; empty where that is before the report's time."""
    since = report.reach.since
    if since is None:
        return "There is no event yet."
    if not report.reach.begins_in(report.period):
        return ""
    why = ": older events were closed" if report.reach.closed else ""
    return f"Figures begin on {_written(day_of(since))}{why}."


def days(span: Span) -> str:
    """A span for people: "4 January 2027", or "4 January 2027 to 10 January 2027"."""
    first, last = _written(span.first), _written(last_day(span))
    return first if first == last else f"{first} to {last}"


def so_far(report: Report) -> str:
    """The report's time for people, as far as it had come when it was counted."""
    period, today = report.period, day_of(report.reach.until)
    if midnight(period.until) <= report.reach.until or today < period.first:
        return days(period)
    return f"{days(Span(period.first, today + DAY))}, so far"


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def short(span: Span, grain: Grain) -> str:
    """A line's time in a few letters: "Mon 04/01", "04/01 on", "Jan 2027"."""
    if grain is Grain.MONTH:
        return f"{span.first:%b %Y}"
    return f"{span.first:%a %d/%m}" if grain is Grain.DAY else f"from {span.first:%d/%m}"


def tables(report: Report, most: int | None = None) -> list[Table]:
    """All of it, tables without a line left out. ``most``: lines of what may be long, the greatest first."""
    total = report.total
    reasons = total.failures.most_common(most)
    made = [
        Table(("In all", ""), [(measure.words, f"{total[measure]:,}") for measure in _TOTALS]),
        _lines(report),
        Table(
            ("Failures by reason", ""),
            [(failure.words, f"{times:,}") for failure, times in reasons],
            [times for _, times in reasons],
        ),
        _by("Kiosk", {", ".join(filter(None, place)): one for place, one in report.places.items()}, most),
    ]
    if any(report.organisations):
        made.append(_by("Organisation", report.organisations, most))
    return [table for table in made if table.rows]


def _lines(report: Report) -> Table:
    """A star where not all of a line's time is in it."""
    rows = [
        (
            short(line.span, report.period.grain) + ("" if report.reach.covers(line.span) else " *"),
            *_cells(line.figures),
        )
        for line in report.lines
    ]
    head = ("* not whole" if any(row[0].endswith("*") for row in rows) else "", *_COLUMNS)
    return Table(head, rows, [line.figures[Measure.UNLOCKS] for line in report.lines])


def _by(what: str, figures: Mapping[str, Figures], most: int | None) -> Table:
    """The ones with the most unlocks first."""
    ranked = sorted(figures.items(), key=lambda one: -one[1][Measure.UNLOCKS])[:most]
    return Table((what, *_COLUMNS), [(name or "-", *_cells(one)) for name, one in ranked])


def _cells(figures: Figures) -> tuple[str, ...]:
    counted = (figures[measure] for measure in (Measure.UNLOCKS, Measure.REGISTRATIONS, Measure.FAILURES))
    return (*(f"{number:,}" for number in counted), lasted(figures.unlock_visit))
