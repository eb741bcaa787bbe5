"""The self-test from within the running kiosk: on its keys, store and mail; the result is kept."""

from __future__ import annotations

from kiosk.selftest.report import StepReport
from kiosk.staff.account import Role
from kiosk.storage.models import HolderRow
from tests.kiosk.staff.conftest import Staffed


async def test_it_goes_through_and_is_kept(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    assert await session.selftest.last() is None
    told: list[StepReport] = []
    result = await session.selftest.run(told.append)
    assert result.ok, [step for step in told if not step.ok]
    assert result.by == "technician"
    assert tuple(told) == result.steps
    assert await session.selftest.last() == result
    assert not await staffed.world.rows(HolderRow), "nothing of it is left"
    (event,) = await staffed.world.events("selftest.run")
    assert (event.actor, event.outcome, event.reason) == ("technician", "ok", "")


async def test_what_fails_is_kept_too(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    staffed.world.post.down = True
    result = await session.selftest.run(lambda _: None)
    kept = await session.selftest.last()
    assert kept == result
    assert not result.ok
    assert [step.ok for step in result.steps].count(False) >= 1
    (event,) = await staffed.world.events("selftest.run")
    assert event.outcome == "failed"
    assert "mail" in event.reason or "code" in event.reason
