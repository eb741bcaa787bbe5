"""The report as a mail: the figures in words, in small tables, and every kiosk's as CSV.

Staff read it, so it is in English. Nobody is named in it but kiosks and organisations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from html import escape
from typing import NamedTuple

from kiosk.i18n import words
from kiosk.letters.paper import Attached, Paper, local, plain
from kiosk.reports.forms import last_day
from kiosk.reports.periods import Grain, Span
from kiosk.reports.report import Figures, Measure, Report, hours, lasted
from kiosk.settings import Mail, Site

MOST = 20  # lines of a table: the rest is in the CSV
_BAR = 160  # pixels of the longest bar
_CELL = "padding: 2px 12px 2px 0; text-align: {}"
_HEADLINES = (
    *(Measure.UNLOCKS, Measure.ASSISTED, Measure.REGISTRATIONS, Measure.OTHER_ADDRESS, Measure.PASSCODES),
    *(Measure.VISITS, Measure.BLOCKS, Measure.CLEARED, Measure.ISSUED, Measure.MAIL, Measure.FAILURES),
)


class Table(NamedTuple):
    """A table: of texts in the first column, of numbers in the others, with bars of such lengths behind."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Sequence[int] = ()


def report_letter(report: Report, sheet: str, *, site: Site, mail: Mail) -> EmailMessage:
    """The mail. ``sheet``: the CSV that goes with it."""
    paper = Paper(site, mail, words("en"))
    about = days(report.period)
    first = _first(report)
    tables = [_totals(report.total), _lines(report), _failures(report.total), _places(report)]
    tables = [table for table in tables if table.rows]
    close = paper.close()
    text = "\n\n".join([*first, *map(_as_text, tables), *close]) + "\n"
    body = "\n".join([*_paragraphs(first), *map(_as_html, tables), *_paragraphs(close)])
    attached = Attached(f"report-{report.period.first}.csv", "csv", sheet)
    return paper.letter(f"Self-service unlocking: report on {about}", text, body, attached)


def days(span: Span) -> str:
    """A span for people: "4 January 2027", or "4 January 2027 to 10 January 2027"."""
    first, last = (f"{day.day} {day:%B %Y}" for day in (span.first, last_day(span)))
    return first if first == last else f"{first} to {last}"


def _first(report: Report) -> list[str]:
    unlocks = report.total[Measure.UNLOCKS]
    took = report.total.unlock_visit
    lines = [
        f"{hours(report.saved)} of RA time saved: {unlocks:,} unlocks at {report.minutes} minutes each.",
        f"This is about {days(report.period)}, at all kiosks together.",
    ]
    if took is not None:
        lines.append(f"A visit with an unlock took {lasted(took)} (half of them took less).")
    since = report.reach.since
    if report.reach.begins_in(report.period):
        told = "there are no events yet" if since is None else f"{local(since):%d/%m/%Y}"
        gone = ", because older events were closed (kiosk audit close)" if report.reach.closed else ""
        lines.append(f"Figures begin on {told}{gone}." if since else f"No figures: {told}.")
    return lines


def _totals(total: Figures) -> Table:
    return Table("All together", (), [(measure.words, f"{total[measure]:,}") for measure in _HEADLINES])


def _lines(report: Report) -> Table:
    head = ("", "Unlocks", "Registrations", "Failures", "Visit with unlock")
    rows = [
        (
            short(line.span, report.period.grain),
            f"{line.figures[Measure.UNLOCKS]:,}",
            f"{line.figures[Measure.REGISTRATIONS]:,}",
            f"{line.figures[Measure.FAILURES]:,}",
            lasted(line.figures.unlock_visit),
        )
        for line in report.lines
    ]
    return Table("Over time", head, rows, [line.figures[Measure.UNLOCKS] for line in report.lines])


def short(span: Span, grain: Grain) -> str:
    """A line's time in a few letters: "Mon 04/01", "from 04/01", "Jan 2027"."""
    if grain is Grain.MONTH:
        return f"{span.first:%b %Y}"
    return f"{span.first:%a %d/%m}" if grain is Grain.DAY else f"from {span.first:%d/%m}"


def _failures(total: Figures) -> Table:
    most = total.failures.most_common(MOST)
    rows = [(plain(failure.words), f"{times:,}") for failure, times in most]
    return Table("Failures by reason", (), rows, [times for _, times in most])


def _places(report: Report) -> Table:
    """The kiosks with the most unlocks first."""
    most = sorted(report.places.items(), key=lambda one: -one[1][Measure.UNLOCKS])[:MOST]
    rows = [
        (
            plain(", ".join(filter(None, place))),
            f"{figures[Measure.UNLOCKS]:,}",
            f"{figures[Measure.REGISTRATIONS]:,}",
            f"{figures[Measure.FAILURES]:,}",
        )
        for place, figures in most
    ]
    return Table("Kiosks", ("", "Unlocks", "Registrations", "Failures"), rows)


def _paragraphs(texts: Iterable[str]) -> list[str]:
    return [f"<p>{escape(text)}</p>" for text in texts]


def _as_text(table: Table) -> str:
    rows = [table.head, *table.rows] if table.head else table.rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            [
                f"{row[0]:<{widths[0]}}",
                *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    ]
    return "\n".join([table.title, *(f"  {line}".rstrip() for line in lines)])


def _as_html(table: Table) -> str:
    head = "".join(_cell("th", cell, number > 0) for number, cell in enumerate(table.head))
    longest = max(table.bars, default=0) or 1
    rows = []
    for number, row in enumerate(table.rows):
        cells = "".join(_cell("td", cell, place > 0) for place, cell in enumerate(row))
        bar = _bar(round(_BAR * table.bars[number] / longest)) if table.bars else ""
        rows.append(f"<tr>{cells}{bar}</tr>")
    heading = f'<p style="font-weight: bold; margin-bottom: 4px">{escape(table.title)}</p>'
    top = f"<tr>{head}</tr>" if head else ""
    body = "\n".join(filter(None, [top, *rows]))
    return f'{heading}\n<table style="border-collapse: collapse; font-size: 14px">\n{body}\n</table>'


def _cell(tag: str, text: str, number: bool) -> str:
    style = _CELL.format("right" if number else "left")
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'


def _bar(pixels: int) -> str:
    """A bar as a cell of a table of its own: mail programs draw that, and no pictures."""
    style = f"background-color: #004cb8; width: {pixels}px; height: 12px; font-size: 1px"
    cell = f'<td style="{style}">&nbsp;</td>' if pixels else "<td></td>"
    return f'<td><table role="presentation" style="border-collapse: collapse"><tr>{cell}</tr></table></td>'
