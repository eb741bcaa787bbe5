"""`kiosk report`: what kiosks did for people, in numbers: shown, put into a file, sent by mail."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import AsJson, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import harmless, table
from kiosk.reasons import counted

if TYPE_CHECKING:
    from kiosk.reports.periods import Period
    from kiosk.reports.report import Report

app = typer.Typer(
    help="Reports: unlocks, registrations, failures, RA time saved.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_YEARS = range(2000, 2200)


class By(Enum):
    """How fine the lines are."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Form(Enum):
    """How a file is written."""

    CSV = "csv"
    JSON = "json"


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write it as 2027-01-31") from None
    if day.year not in _YEARS:
        raise typer.BadParameter("that is no year of a kiosk")
    return day


Lines = Annotated[By, typer.Option("--by", help="A line for each of these; weeks begin on Monday.")]
From = Annotated[
    date | None, typer.Option("--from", metavar="DAY", parser=_day, help="The first day: 2027-01-31.")
]
To = Annotated[date | None, typer.Option("--to", metavar="DAY", parser=_day, help="The last day.")]
OfKiosk = Annotated[str, typer.Option("--kiosk", metavar="NAME", help="Only this kiosk.")]
Organisation = Annotated[
    str, typer.Option("--organisation", metavar="NAME", help="Only kiosks of this organisation.")
]


@app.command("show")
def show(
    context: typer.Context,
    by: Lines = By.WEEK,
    first: From = None,
    last: To = None,
    kiosk: OfKiosk = "",
    organisation: Organisation = "",
    as_json: AsJson = False,
) -> None:
    """Show how much was unlocked, registered, refused.

    Without days it is about the last 28 days, 26 weeks or 12 months. It is counted from the audit
    trail, and names nobody. Where old events were closed ('kiosk audit close'), it says from when on
    there are figures.

    \b
    Examples: kiosk report show --by month
              kiosk report show --by day --from 2027-01-01 --to 2027-01-31
              kiosk report show --kiosk Library --json
    """
    from kiosk.office import reporting
    from kiosk.reports.forms import as_data
    from kiosk.reports.report import Chosen

    period = _period(by, first, last)
    made = asyncio.run(reporting.report(settings_of(context), period, Chosen(kiosk, organisation)))
    if as_json:
        print_json(as_data(made))
    else:
        _tell(made)


@app.command("export")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; nothing is written over.")],
    form: Annotated[Form, typer.Option("--format", help="How the file is written.")] = Form.CSV,
    by: Lines = By.WEEK,
    first: From = None,
    last: To = None,
    kiosk: OfKiosk = "",
    organisation: Organisation = "",
) -> None:
    """Write a report to a file, which is for this account alone.

    CSV has a line for each kiosk in each day, week or month: for a spreadsheet to sum up. JSON has all
    of a report, as 'kiosk report show --json' prints it.

    \b
    Examples: kiosk report export figures.csv --by day --from 2027-01-01
              kiosk report export figures.json --format json
    """
    from kiosk.office import reporting
    from kiosk.reports.report import Chosen

    settings, period, chosen = settings_of(context), _period(by, first, last), Chosen(kiosk, organisation)
    if form is Form.JSON:
        asyncio.run(reporting.export_json(settings, file, period, chosen))
        typer.echo(f"{file}: written.")
        return
    lines = asyncio.run(reporting.export_csv(settings, file, period, chosen))
    typer.echo(f"{file}: {counted(lines, 'line')}.")


@app.command("mail")
def mail(context: typer.Context) -> None:
    """Send the report on the last whole day, week or month now.

    It goes to reports.mail_to, by the next running kiosk. Kiosks send it by themselves once it is due;
    this sends it again.

    \b
    Example: kiosk report mail
    """
    from kiosk.office import reporting
    from kiosk.office.operator import operator
    from kiosk.reports.tables import days

    settings = settings_of(context)
    period = asyncio.run(reporting.mail(settings, by=operator()))
    count = counted(len(settings.reports.mail_to), "mail")
    typer.echo(f"The report on {days(period)}: {count} waiting for a kiosk to send it.")


def _period(by: By, first: date | None, last: date | None) -> Period:
    from kiosk.reports.periods import Grain, Period, day_of, latest

    grain, today = Grain(by.value), day_of(datetime.now(UTC))
    usual = latest(grain, last or today)
    until = last + timedelta(days=1) if last else usual.until
    period = Period(first or usual.first, until, grain)
    if period.until <= period.first:
        raise typer.BadParameter("--to is before --from")
    return period


def _tell(made: Report) -> None:
    """What matters most, then the tables."""
    from kiosk.reports.tables import sentences, tables

    for sentence in sentences(made):
        typer.echo(harmless(sentence))
    for head, rows, _ in tables(made):
        typer.echo()
        table([cell.upper() for cell in head], rows)
