"""Reports at the command line: counted, put into a file, sent by mail."""

from __future__ import annotations

import io
import json
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

from kiosk.enrolment import EnrolmentError
from kiosk.office.office import office
from kiosk.office.private import new_private
from kiosk.reports.counting import count, make_report, reach_of
from kiosk.reports.forms import as_data, write_sheet
from kiosk.reports.periods import Period
from kiosk.reports.report import Chosen, Report
from kiosk.settings import Settings


async def report(settings: Settings, period: Period, chosen: Chosen) -> Report:
    """Count all of a period. Raises EnrolmentError for a kiosk or organisation that had no visit in it."""
    async with office(settings) as parts:
        made = await make_report(parts.service.store, period, chosen)
    if not made.places and chosen.kiosk + chosen.organisation:
        raise EnrolmentError(
            "nothing happened there in that time: see how kiosks are called in 'kiosk report show'"
        )
    return made


async def export_json(settings: Settings, file: Path, period: Period, chosen: Chosen) -> None:
    """Write all of a report to a new file. Raises OSError, and as `report`."""
    data = as_data(await report(settings, period, chosen))
    with new_private(file) as out:
        out.write(json.dumps(data, indent=2, default=_moment).encode("ascii") + b"\n")


async def export_csv(settings: Settings, file: Path, period: Period, chosen: Chosen) -> int:
    """Write a line for each kiosk in each day, week or month; returns how many. Raises OSError."""
    async with office(settings) as parts:
        store = parts.service.store
        reach = await reach_of(store)
        with new_private(file) as out:
            text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
            async with aclosing(count(store, period, chosen, reach)) as counted:
                lines = await write_sheet(text, counted, reach, settings.reports.minutes_saved)
            text.detach()
    return lines


async def mail(settings: Settings, *, by: str) -> Period:
    """Put the report on the last whole day, week or month among the mails that kiosks send.

    Raises EnrolmentError where nobody is to get it.
    """
    if not settings.reports.mail_to:
        raise EnrolmentError("reports.mail_to of the configuration names nobody")
    async with office(settings) as parts:
        return await parts.service.report_mail.queue(by=by)


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    raise TypeError(type(value).__name__)
