"""The report that goes out by mail: on the last whole day, week or month, all kiosks together."""

from __future__ import annotations

import io
from contextlib import aclosing
from datetime import datetime
from email.message import EmailMessage

from kiosk.letters.report import report_letter
from kiosk.reports.counting import count, make_report
from kiosk.reports.forms import write_sheet
from kiosk.reports.periods import Grain, Period, day_of, last_whole
from kiosk.reports.report import ALL
from kiosk.store import Store


def mailed_period(store: Store, at: datetime) -> Period:
    """What the report is about that is due at that time."""
    return last_whole(Grain(store.settings.reports.every), day_of(at))


async def write_report(store: Store, at: datetime) -> EmailMessage:
    """The mail that was due at that time, with every kiosk's figures as CSV. Raises StoreUnavailable."""
    period = mailed_period(store, at)
    report = await make_report(store, period)
    sheet = io.StringIO(newline="")
    async with aclosing(count(store, period, ALL, report.reach)) as counted:
        await write_sheet(sheet, counted, report.reach, report.minutes)
    return report_letter(report, sheet.getvalue(), site=store.settings.site, mail=store.settings.mail)
