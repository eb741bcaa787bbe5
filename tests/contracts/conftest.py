"""Fixtures of the contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cardio.card import Card
from cardio.reader import State
from tests.contracts.benches import Bench, InProcessBench, PcscBench
from tests.contracts.specimens import Specimen
from tests.contracts.steps import opened
from tests.pcscd import PcscService, pcsc_service, pcsc_session
from tests.sampling import sample

__all__ = ["bench", "pcsc_service", "pcsc_session"]

_OVER_PCSCD = 8  # of the families' tests, in a short run: each takes most of a second there


@pytest.fixture(params=["in-process", pytest.param("pcscd", marks=pytest.mark.xdist_group("pcscd"))])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """A bench with an empty reader, once of each kind."""
    bench: Bench
    if request.param == "pcscd":
        service: PcscService = request.getfixturevalue("pcsc_service")
        bench = PcscBench(service)
        await bench.reader.changed(bench.reader.presence)
    else:
        bench = InProcessBench()
    await bench.see(State.EMPTY)
    yield bench
    await bench.close()


@pytest.fixture
async def card(bench: Bench, specimen: Specimen) -> AsyncIterator[Card]:
    """A card of the specimen fresh from the box, in an open session."""
    async with opened(bench, await bench.insert(specimen.make()), specimen) as found:
        yield found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Hold the families to a sample of the contract over pcscd in a short run; in process, always to all."""
    slow = [item for item in items if _is_slow(item)]
    kept = set(map(id, sample(slow, _OVER_PCSCD)))
    dropped = set(map(id, slow)) - kept
    config.hook.pytest_deselected(items=[item for item in slow if id(item) in dropped])
    items[:] = [item for item in items if id(item) not in dropped]


def _is_slow(item: pytest.Item) -> bool:
    params = getattr(getattr(item, "callspec", None), "params", {})
    return params.get("bench") == "pcscd" and isinstance(params.get("specimen"), Specimen)
