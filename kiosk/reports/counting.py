"""The figures of a report, counted from the audit trail by the database.

One day after another, each in a unit of work of its own: a kiosk at work beside it waits for no longer than
that, a report takes as much memory for a million visits as for ten, and summer time is no matter.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, case, func
from sqlalchemy import select as sql_select
from sqlmodel import col, select

from kiosk.audit import Event, Outcome, detail_of
from kiosk.reports.periods import DAY, Period, Span, midnight
from kiosk.reports.report import ALL, Chosen, Failure, Figures, Line, Measure, Place, Reach, Report
from kiosk.storage.trail import AuditRow, CheckpointRow
from kiosk.store import Store

_LONGEST_VISIT = timedelta(hours=1)  # from an unlock to the end of its visit; patience is over long before
_MEASURES = {
    Event.VISIT_ENDED: Measure.VISITS,
    Event.REGISTERED: Measure.REGISTRATIONS,
    Event.UNLOCKED: Measure.UNLOCKS,
    Event.PASSCODE_CHANGED: Measure.PASSCODES,
    Event.HOLDER_BLOCKED: Measure.BLOCKS,
    Event.BLOCK_CLEARED: Measure.CLEARED,
    Event.ASSISTANCE_ISSUED: Measure.ISSUED,
}
_NOT_MAILED = (Event.CODE_SENT, Event.NOTICE_GIVEN_UP)
_MAY_FAIL = (
    Event.ANSWERS_CHECKED,
    Event.ASSISTANCE_CHECKED,
    Event.CARD_NOT_GENUINE,
    Event.CARD_REFUSED,
    Event.CARD_WRITE_ENDED,
    Event.CODE_CHECKED,
    Event.CODE_REFUSED_RATE,
    Event.INCIDENT,
    Event.PASSCODE_CHECKED,
    Event.UNBLOCK_SECRET_FAILED,
    *_NOT_MAILED,
)
_COUNTED = {event.value: event for event in (*_MEASURES, *_MAY_FAIL)}
_BAD = {Outcome.REFUSED.value, Outcome.FAILED.value, Outcome.ALARM.value}  # what is unknown is settled later
_CUT_OFF = {"reader", "store"}  # reasons why a visit has ended that are no person's


class Counted(NamedTuple):
    """The figures of one line of a report, by kiosk."""

    span: Span
    places: dict[Place, Figures]


async def make_report(store: Store, period: Period, chosen: Chosen = ALL) -> Report:
    """Count all of a period. Raises StoreUnavailable."""
    reach = await reach_of(store)
    lines, places = list[Line](), dict[Place, Figures]()
    async with aclosing(count(store, period, chosen, reach)) as counted:
        async for span, figures in counted:
            line = Figures()
            for place, found in figures.items():
                line.add(found)
                places.setdefault(place, Figures()).add(found)
            lines.append(Line(span, line))
    return Report(
        period=period,
        chosen=chosen,
        minutes=store.settings.reports.minutes_saved,
        reach=reach,
        lines=lines,
        places=dict(sorted(places.items())),
    )


async def count(store: Store, period: Period, chosen: Chosen, reach: Reach) -> AsyncGenerator[Counted, None]:
    """Each line of a report by kiosk, as it is counted. Raises StoreUnavailable."""
    organisations: dict[str, str] = {}
    for span in period.spans():
        places: dict[Place, Figures] = {}
        for day in span.days():
            rows = await _rows(store, Span(day, day + DAY), chosen.kiosk, reach)
            organisations |= _organisations(rows)
            for row in rows:
                place = Place(row.kiosk, organisations.get(row.kiosk, ""))
                if chosen.organisation in ("", place.organisation):
                    _fold(places.setdefault(place, Figures()), row)
        yield Counted(span, places)


async def reach_of(store: Store) -> Reach:
    """Of which time the store has figures at the moment. Raises StoreUnavailable."""
    async with store.work() as session:
        since = (await session.exec(select(func.min(AuditRow.at)))).one()
        closed = (await session.exec(select(CheckpointRow.last_seq).limit(1))).first() is not None
        return Reach(since, closed, store.clock.now())


async def _rows(store: Store, day: Span, kiosk: str, reach: Reach) -> list[Row[Any]]:
    begin, end = midnight(day.first), midnight(day.until)
    if reach.since is None or end <= reach.since or begin > reach.until:
        return []
    query = _query(
        [col(AuditRow.at) >= begin, col(AuditRow.at) < end],
        [col(AuditRow.at) >= begin - _LONGEST_VISIT, col(AuditRow.at) < end],
        [col(AuditRow.kiosk) == kiosk] if kiosk else [],
    )
    async with store.work() as session:
        return list((await (await session.connection()).execute(query)).all())


def _query(
    day: Iterable[ColumnElement[bool]],
    day_and_before: Iterable[ColumnElement[bool]],
    which: Iterable[ColumnElement[bool]],
) -> Select[Any]:
    """How often each event happened, so much alike that it counts the same.

    The names of the events are made an expression: by their index all that ever happened would be read, and
    by that of the times what happened on this day.
    """
    event = col(AuditRow.event).concat("")
    unlocks = select(AuditRow.visit).where(*day_and_before, event == Event.UNLOCKED.value)
    unlocked = case(
        (and_(col(AuditRow.event) == Event.VISIT_ENDED.value, col(AuditRow.visit).in_(unlocks)), 1), else_=0
    )
    alike = (
        *(col(AuditRow.kiosk), col(AuditRow.event), col(AuditRow.outcome), col(AuditRow.reason)),
        *(col(AuditRow.detail), unlocked.label("unlocked")),
    )
    return (
        sql_select(*alike, func.count().label("times"))
        .where(*day, *which, event.in_(_COUNTED), col(AuditRow.selftest).is_(False))
        .group_by(*alike)
    )


def _organisations(rows: Iterable[Row[Any]]) -> dict[str, str]:
    """Where each kiosk stands, as the visits of a day say."""
    ended = (row for row in rows if row.event == Event.VISIT_ENDED.value)
    return {row.kiosk: str(detail_of(row.detail).get("organisation", "")) for row in ended}


def _fold(figures: Figures, row: Row[Any]) -> None:
    """Add what happened so many times."""
    event, detail, times = _COUNTED[row.event], detail_of(row.detail), row.times
    if row.outcome == Outcome.OK.value and event in _MEASURES:
        figures.counts[_MEASURES[event]] += times
    if event is Event.REGISTERED and detail.get("own_email"):
        figures.counts[Measure.OTHER_ADDRESS] += times
    if event is Event.UNLOCKED and detail.get("assisted"):
        figures.counts[Measure.ASSISTED] += times
    if event is Event.VISIT_ENDED and isinstance(seconds := detail.get("seconds"), int):
        figures.seconds[seconds] += times
        if row.unlocked:
            figures.unlock_seconds[seconds] += times
    if (failure := _failure(event, row)) is not None:
        figures.failures[failure] += times
        if event in _NOT_MAILED:
            figures.counts[Measure.MAIL] += times


def _failure(event: Event, row: Row[Any]) -> Failure | None:
    if event is Event.VISIT_ENDED:
        return Failure(row.event, row.reason) if row.reason in _CUT_OFF else None
    if event not in _MAY_FAIL or row.outcome not in _BAD:
        return None
    return Failure(row.event, "" if event in _NOT_MAILED else row.reason)  # a mail server has its own words
