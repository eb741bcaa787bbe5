"""The self-test, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding

from kiosk.selftest.report import StepReport
from kiosk.staff.tools import SelftestResult
from screens.maintenance.listing import ToolScreen
from screens.widgets.keys import FootKey, same
from screens.widgets.lines import Lines, Row
from screens.widgets.say import Say

_INTRODUCTION = (
    "A whole registration and a whole unlock, on the real store and the real mail server, by a card and a "
    "person of its own. Nothing is left of them but marked lines in the audit trail."
)


class SelftestScreen(ToolScreen):
    """Shows how the last one went; Enter runs another."""

    BINDINGS = [Binding("enter", "run", show=False)]
    title_text = "Maintenance: self-test"

    _under_way = False

    def content(self) -> ComposeResult:
        yield Say(same(_INTRODUCTION), classes="said gap")
        yield Say(same("Looking ..."), id="state", classes="strong gap")
        yield Lines(wrap=True)

    def tool_keys(self) -> Sequence[FootKey]:
        return (FootKey("enter", "Enter", same("Run it")),)

    def begin(self) -> None:
        self._steps: list[StepReport] = []
        self.later(self._look())

    def tick(self) -> None:
        if self._under_way:  # it may take longer than anybody has to press a key
            self.stay.vigil.noticed()
        super().tick()

    def action_run(self) -> None:
        if not self._under_way:
            self._under_way = True
            self._steps = []
            self.trouble("")
            self._say("Running ...")
            self.lines.show([])
            self.later(self._run())

    async def _run(self) -> None:
        try:
            result = await self.session.selftest.run(self._told)
        except BaseException:
            self._say("It did not come to its end.")
            raise
        finally:
            self._under_way = False
        self._show(result)

    async def _look(self) -> None:
        result = await self.session.selftest.last()
        if self._under_way:
            return
        if result is None:
            self._say("It was never run at this kiosk.")
        else:
            self._show(result)

    def _told(self, step: StepReport) -> None:
        self._steps.append(step)
        if self.is_attached:
            self._say(f"Running: {len(self._steps)} steps done")
            self.lines.show([_row(one) for one in self._steps], follow=True)

    def _show(self, result: SelftestResult) -> None:
        how = "It went well" if result.ok else "It FAILED at the last step below"
        total = sum(step.ms for step in result.steps) / 1000
        self._say(f"{how}: {self.manner.look.day(result.at)}, by {result.by}, in {total:.1f} s.")
        if self.is_attached:
            self.lines.show([_row(step) for step in result.steps], follow=True)

    def _say(self, text: str) -> None:
        for line in self.query("#state").results(Say):
            line.tell(same(text))


def _row(step: StepReport) -> Row:
    word = "done" if step.ok else "FAILED"
    detail = f"  ({step.detail})" if step.detail else ""
    return Row(f"{word:<8}{step.ms:6.0f} ms  {step.name}{detail}", "plain" if step.ok else "bad")
