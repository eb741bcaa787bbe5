"""Fixtures of the contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cardio.reader import State
from tests.contracts.benches import Bench, InProcessBench, PcscBench
from tests.pcscd import PcscService, pcsc_service, pcsc_session

__all__ = ["bench", "pcsc_service", "pcsc_session"]


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
