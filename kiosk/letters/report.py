"""The report as a mail: the figures in words, in small tables, and every kiosk's as CSV.

Staff read it, so it is in English. Nobody is named in it but kiosks and organisations.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.message import EmailMessage
from html import escape

from kiosk.i18n import words
from kiosk.letters.paper import Attached, Paper, plain
from kiosk.reports.report import Report
from kiosk.reports.tables import Table, days, sentences, tables
from kiosk.settings import Mail, Site

MOST = 20  # lines of a table that may be long: the rest is in the CSV
_BAR = 160  # pixels of the longest bar


def report_letter(report: Report, sheet: str, *, site: Site, mail: Mail) -> EmailMessage:
    """The mail. ``sheet``: the CSV that goes with it."""
    paper = Paper(site, mail, words("en"))
    first, close = [plain(sentence) for sentence in sentences(report)], paper.close()
    shown = [_plain(table) for table in tables(report, MOST)]
    text = "\n\n".join([*first, *map(_as_text, shown), *close]) + "\n"
    body = "\n".join([*_paragraphs(first), *map(_as_html, shown), *_paragraphs(close)])
    attached = Attached(f"report-{report.period.first}.csv", "csv", sheet)
    return paper.letter(f"Self-service unlocking: report on {days(report.period)}", text, body, attached)


def _plain(table: Table) -> Table:
    """Without what would turn a line around: the names of kiosks come from elsewhere."""
    return table._replace(rows=[[plain(cell) for cell in row] for row in table.rows])


def _paragraphs(texts: Iterable[str]) -> list[str]:
    return [f"<p>{escape(text)}</p>" for text in texts]


def _as_text(table: Table) -> str:
    rows = [table.head, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:>{width}}" if place else f"{cell:<{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _as_html(table: Table) -> str:
    longest = max(table.bars, default=0) or 1
    rows = [_row("th", table.head)]
    for number, row in enumerate(table.rows):
        bar = _bar(round(_BAR * table.bars[number] / longest)) if table.bars else ""
        rows.append(_row("td", row, bar))
    body = "\n".join(rows)
    return f'<table style="border-collapse: collapse; font-size: 14px; margin: 16px 0">\n{body}\n</table>'


def _row(tag: str, cells: Iterable[str], more: str = "") -> str:
    sides = ("left", *["right"] * 9)
    told = "".join(
        f'<{tag} style="padding: 2px 12px 2px 0; text-align: {side}">{escape(cell)}</{tag}>'
        for cell, side in zip(cells, sides, strict=False)
    )
    return f"<tr>{told}{more}</tr>"


def _bar(pixels: int) -> str:
    """A bar as a cell of a table of its own: mail programs draw that, and no pictures."""
    style = f"background-color: #004cb8; width: {pixels}px; height: 12px; font-size: 1px"
    cell = f'<td style="{style}">&nbsp;</td>' if pixels else "<td></td>"
    return f'<td><table role="presentation" style="border-collapse: collapse"><tr>{cell}</tr></table></td>'
