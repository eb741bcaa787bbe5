"""Reports: the RA time that was saved above, then how much over time, what failed, and which kiosks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits

from kiosk.reasons import counted
from kiosk.reports.forms import last_day
from kiosk.reports.periods import Grain, day_of, latest
from kiosk.reports.report import ALL, Chosen, Figures, Measure, Report, lasted
from kiosk.reports.tables import begins, short, so_far
from screens.maintenance.listing import ToolScreen
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row, cut
from screens.widgets.say import Say

_HOUR = 60  # minutes
_MANY = 100  # hours, from which on nobody asks for tenths
_ALL = "All kiosks"
_NUMBERS = 20  # cells of the two numbers in a list, of its mark and its bar


class ReportsScreen(ToolScreen):
    """By day, week or month; at all kiosks, an organisation's or one. On 24 rows one sees plot or lists."""

    BINDINGS = [
        Binding("d,D", "by('day')", show=False),
        Binding("w,W", "by('week')", show=False),
        Binding("m,M", "by('month')", show=False),
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
        Binding("v,V", "view", show=False),
        Binding("enter", "choose", show=False),
    ]
    title_text = "Maintenance: reports"

    def content(self) -> ComposeResult:
        from screens.widgets.plot import Plot  # it loads plotext, which takes a fifth of a second

        with Horizontal(id="saved"):
            if not self.console:  # its font lacks what large digits are made from
                yield Digits("", id="hours")
            with Vertical():
                for name in ("what", "unlocked", "took"):
                    yield Say(same(""), id=name, classes="line strong" if name == "what" else "line")
        yield Say(same(""), id="about", classes="line strong")
        for name in ("totals", "others"):
            yield Say(same(""), id=name, classes="line")
        yield Say(same(""), id="begins", classes="wrong")
        with Horizontal(id="plots"):
            for name in ("unlocks", "registrations"):
                with Vertical():
                    yield Say(same(name.title()), classes="line strong")
                    yield Plot(plain=self.console, id=name)
        with Horizontal(id="lists"):
            with Vertical():
                yield Say(same("Failures by reason"), classes="line strong")
                yield Lines(id="failures", wrap=True)
            with Vertical():
                yield Say(same(""), id="kiosks-head", classes="line strong")
                yield Lines(pick=True, id="kiosks")

    def tool_keys(self) -> Sequence[FootKey]:
        return (
            *(FootKey(grain.value[0], grain.value[0].upper(), same(grain.value.title())) for grain in Grain),
            FootKey("left", "Left", same("")),
            FootKey("right", "Right", same("Time")),
            FootKey("v", "V", same("View")),
            FootKey("enter", "Enter", same("Choose")),
        )

    @property
    def lines(self) -> Lines:
        """The kiosks, through which the arrows move."""
        return self.query_one("#kiosks", Lines)

    def begin(self) -> None:
        self._all: Report | None = None  # the last one of all kiosks
        self._chosen, self._choices = ALL, [ALL]
        self._period = latest(Grain.WEEK, self._today)
        self._load()

    def action_by(self, grain: str) -> None:
        """The same time in other lines, as far as they reach."""
        end = min(self._today, last_day(self._period))
        self._period = latest(Grain(grain), end)
        self._load()

    def action_turn(self, by: int) -> None:
        """Earlier or later, but not to where nothing can be."""
        to, since = self._period.moved(by), self._all.reach.since if self._all else None
        if to.first <= self._today and (by > 0 or (since is not None and day_of(since) < self._period.first)):
            self._period = to
            self._load()

    def action_view(self) -> None:
        """Plot or lists, where there is no room for both."""
        self.toggle_class("-lists")

    def action_move(self, lines: int) -> None:
        self.add_class("-lists")
        super().action_move(lines)

    def action_choose(self) -> None:
        """The kiosk or organisation that is marked, alone."""
        if self._in_sight:
            self._chosen = self._choices[self.lines.picked]
            self._load()
        else:
            self.action_view()

    def on_lines_picked(self) -> None:
        self.action_choose()

    def on_resize(self) -> None:
        if self._all is not None:
            self._show_kiosks(self._all)

    @property
    def _in_sight(self) -> bool:
        return self.query_one("#lists").display

    @property
    def _today(self) -> date:
        return day_of(self.manner.look.now())

    def _load(self) -> None:
        """Count; what is being counted still is not wanted any more."""
        while self._following:
            self._following.pop().cancel()
        self.trouble("")
        self._say("what", "Counting ...")
        self.meanwhile(self._count())

    async def _count(self) -> None:
        period, chosen, room = self._period, self._chosen, self.session.reports
        try:
            if self._all is None or self._all.period != period:
                self._all = await room.report(period, ALL)
            one = self._all if chosen == ALL else await room.report(period, chosen)
        except BaseException:
            if self.is_attached:
                self._say("what", "")
            raise
        if self.is_attached:
            self._show(one)
            self._show_kiosks(self._all)

    def _show(self, report: Report) -> None:
        total, grain = report.total, report.period.grain
        saved = report.saved / _HOUR
        number = f"{saved:,.0f}" if saved >= _MANY else f"{saved:.1f}"
        for digits in self.query("#hours").results(Digits):
            digits.update(number)
        self._say("what", f"{number} hours of RA time saved" if self.console else "hours of RA time saved")
        unlocks = f"{counted(total[Measure.UNLOCKS], 'unlock')} at {report.minutes} minutes each"
        self._say("unlocked", f"{unlocks}; {total[Measure.ASSISTED]:,} with an assistance code")
        self._say("took", _took(total))
        self._say("about", f"{so_far(report)}, by {grain.value}: {_where(report.chosen)}")
        self._say("totals", _registered(total))
        self._say("others", _others(total))
        self._say("begins", begins(report))
        self._plot(report)
        reasons = total.failures.most_common()
        self.query_one("#failures", Lines).show(
            [Row(f"{times:>7,}  {failure.words}", hang=9) for failure, times in reasons]
            or [Row("none", "soft")]
        )

    def _plot(self, report: Report) -> None:
        from screens.widgets.plot import Plot

        labels = [short(line.span, report.period.grain).removeprefix("from ") for line in report.lines]
        for measure in (Measure.UNLOCKS, Measure.REGISTRATIONS):
            values = [line.figures[measure] for line in report.lines]
            self.query_one(f"#{measure.value}", Plot).show(labels, values)

    def _show_kiosks(self, report: Report) -> None:
        """All of them, those with the most unlocks first; then the organisations, where there are several."""
        by_name: dict[str, Figures] = {}
        for place, figures in report.places.items():
            by_name.setdefault(place.kiosk, Figures()).add(figures)
        ranked = sorted(by_name.items(), key=lambda one: -one[1][Measure.UNLOCKS])
        owners = sorted(report.organisations.items()) if len(report.organisations) > 1 else []
        self._choices = [
            ALL,
            *(Chosen(kiosk=name) for name, _ in ranked),
            *(Chosen(organisation=name) for name, _ in owners if name),
        ]
        room = (self.size.width - 4) // 2 - _NUMBERS
        all_of = [(f"{_ALL} of {name}", one) for name, one in owners if name]
        self.lines.show([_row(name, one, room) for name, one in [(_ALL, report.total), *ranked, *all_of]])
        self._say("kiosks-head", f"  {'Kiosk':<{room}}{'unlocks':>8}{'failures':>9}")

    def _say(self, name: str, text: str) -> None:
        line = self.query_one(f"#{name}", Say)
        line.tell(same(cut(text, max(20, self.size.width - 4))))


def _where(chosen: Chosen) -> str:
    if chosen.organisation:
        return f"all kiosks of {chosen.organisation}"
    return chosen.kiosk or _ALL.lower()


def _registered(total: Figures) -> str:
    other = total[Measure.OTHER_ADDRESS]
    address = f" ({other:,} not with the RA's address)" if other else ""
    registered = counted(total[Measure.REGISTRATIONS], "registration")
    return f"{registered}{address}, {counted(total[Measure.PASSCODES], 'passcode change')}"


def _took(total: Figures) -> str:
    if total.unlock_visit is None:
        return "no visit with an unlock"
    return f"half of the visits with an unlock took less than {lasted(total.unlock_visit)}"


def _others(total: Figures) -> str:
    return (
        f"{counted(total[Measure.VISITS], 'visit')}, {counted(total[Measure.FAILURES], 'failure')}, "
        f"{counted(total[Measure.BLOCKS], 'block')}, {total[Measure.CLEARED]:,} cleared, "
        f"{counted(total[Measure.MAIL], 'mail')} not sent"
    )


def _row(name: str, figures: Figures, room: int) -> Row:
    numbers = f"{figures[Measure.UNLOCKS]:>8,}{figures[Measure.FAILURES]:>9,}"
    return Row(f"{cut(name, room):<{room}}{numbers}")
