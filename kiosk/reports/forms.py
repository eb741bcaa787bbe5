"""A report for programs: as JSON and, one line for each kiosk, as CSV."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterable, Mapping
from datetime import date
from typing import Any, TextIO

from kiosk.cells import harmless_cell
from kiosk.reports.periods import DAY, Span
from kiosk.reports.report import Figures, Measure, Place, Reach, Report

COLUMNS = (
    *("first_day", "last_day", "complete", "kiosk", "organisation"),
    *(measure.value for measure in Measure),
    *("minutes_saved", "visit_seconds", "unlock_visit_seconds", "failure_reasons"),
)


def as_data(report: Report) -> dict[str, Any]:
    """All of a report as JSON can hold it; times as the ISO has them, days inclusive."""
    reach, minutes = report.reach, report.minutes
    return {
        **_days(report.period),
        "by": report.period.grain.value,
        "kiosk": report.chosen.kiosk or None,
        "organisation": report.chosen.organisation or None,
        "figures_since": reach.since,
        "older_events_closed": reach.closed,
        "made_at": reach.until,
        "minutes_per_unlock": minutes,
        "total": _figures(report.total, minutes),
        "lines": [
            {**_days(line.span), "complete": reach.covers(line.span), **_figures(line.figures, minutes)}
            for line in report.lines
        ],
        "kiosks": [
            {**place._asdict(), **_figures(figures, minutes)} for place, figures in report.places.items()
        ],
        "organisations": [
            {"organisation": name, **_figures(figures, minutes)}
            for name, figures in report.organisations.items()
        ],
    }


def _figures(figures: Figures, minutes: int) -> dict[str, Any]:
    return {
        **_numbers(figures, minutes),
        "failure_reasons": [
            {**failure._asdict(), "count": times} for failure, times in figures.failures.most_common()
        ],
    }


def _numbers(figures: Figures, minutes: int) -> dict[str, int | None]:
    return {
        **{measure.value: figures[measure] for measure in Measure},
        "minutes_saved": figures[Measure.UNLOCKS] * minutes,
        "visit_seconds": figures.visit,
        "unlock_visit_seconds": figures.unlock_visit,
    }


def _days(span: Span) -> dict[str, str]:
    return {"first_day": span.first.isoformat(), "last_day": last_day(span).isoformat()}


def last_day(span: Span) -> date:
    """The last of its days."""
    return span.until - DAY


async def write_sheet(
    out: TextIO,
    counted: AsyncIterable[tuple[Span, Mapping[Place, Figures]]],
    reach: Reach,
    minutes: int,
) -> int:
    """Write a line for each kiosk in each day, week or month, as they are counted; returns how many."""
    sheet, lines = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL), 0
    sheet.writeheader()
    async for span, places in counted:
        for place, figures in sorted(places.items()):
            reasons = (f"{failure.words} {times}" for failure, times in figures.failures.most_common())
            row = {
                **_days(span),
                "complete": "yes" if reach.covers(span) else "no",
                **place._asdict(),
                **_numbers(figures, minutes),
                "failure_reasons": ", ".join(reasons),
            }
            sheet.writerow({name: harmless_cell(value) for name, value in row.items()})
            lines += 1
    return lines
