"""Reports that somebody made up, always the same for the same time."""

from __future__ import annotations

from collections import Counter
from random import Random

from kiosk.reports.periods import Period, Span
from kiosk.reports.report import ALL, Chosen, Failure, Figures, Line, Measure, Place, Reach, Report
from tests.screens.gallery import NOW

KIOSKS = (
    Place("Library", "Leeds Trust"),
    Place("Main entrance, near the chapel", "Leeds Trust"),
    Place("Ward 7", "Leeds Trust"),
    Place("Otley", "Otley Practice"),
)
FAILURES = (
    *(Failure("answers.checked", ""), Failure("card.refused", "blocked"), Failure("code.checked", "expired")),
    *(Failure("card.refused", "no-unblock-secret"), Failure("code.sent", "")),
)


def figures(span: Span, place: Place) -> Figures:
    """Of one kiosk in some days."""
    dice = Random(f"{span.first} {span.until} {place}")  # the same everywhere
    days = (span.until - span.first).days
    made = Figures()
    unlocks = days * dice.randrange(5, 14) if span.first.weekday() < 5 else dice.randrange(3)
    made.counts.update(
        {Measure.UNLOCKS: unlocks, Measure.VISITS: 2 * unlocks, Measure.ASSISTED: unlocks // 9}
    )
    made.counts.update({Measure.REGISTRATIONS: unlocks // 3, Measure.OTHER_ADDRESS: unlocks // 20})
    made.counts.update(
        {Measure.PASSCODES: unlocks // 8, Measure.BLOCKS: unlocks // 12, Measure.MAIL: unlocks // 50}
    )
    made.failures = Counter({failure: unlocks // (number + 4) for number, failure in enumerate(FAILURES)})
    made.unlock_seconds[dice.randrange(80, 130)] = made.seconds[70] = unlocks
    return made


def made_up(period: Period, chosen: Chosen = ALL) -> Report:
    """A report on any time."""
    kiosk, owner = chosen.kiosk, chosen.organisation
    here = [one for one in KIOSKS if kiosk in ("", one.kiosk) and owner in ("", one.organisation)]
    lines, places = [], {place: Figures() for place in here}
    for span in period.spans():
        line = Figures()
        for place, total in places.items():
            one = figures(span, place)
            line.add(one)
            total.add(one)
        lines.append(Line(span, line))
    return Report(period, chosen, 20, Reach(NOW.replace(year=2026, month=1), True, NOW), lines, places)
