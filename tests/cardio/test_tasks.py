"""What is begun is finished: run_to_end, the worker thread, and what importing the package loads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from cardio.tasks import run_to_end
from cardio.worker import Worker


async def test_the_result_and_the_error_come_back() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def answer() -> int:
        return 42

    assert await run_to_end(answer()) == 42
    with pytest.raises(ZeroDivisionError):
        await run_to_end(fail())


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancelled_caller_waits_for_the_end(fails: bool) -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        begun.set()
        await go_on.wait()
        ended = True
        if fails:
            raise ZeroDivisionError

    caller = asyncio.create_task(run_to_end(work()))
    await begun.wait()
    for _ in range(3):  # impatience does not help
        caller.cancel()
        await asyncio.sleep(0)
        assert not caller.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended


async def test_the_worker_keeps_the_order_and_one_thread() -> None:
    worker = Worker("test")
    seen: list[tuple[int, int]] = []
    futures = [
        worker.submit(lambda number=number: seen.append((number, threading.get_ident())))  # type: ignore[misc]
        for number in range(5)
    ]
    await asyncio.gather(*futures)
    worker.stop()
    assert [number for number, _ in seen] == [0, 1, 2, 3, 4]
    assert len({thread for _, thread in seen}) == 1
    assert seen[0][1] != threading.get_ident()


async def test_the_worker_survives_a_call_that_fails() -> None:
    worker = Worker("test")
    with pytest.raises(ZeroDivisionError):
        await worker.submit(lambda: 1 // 0)
    assert await worker.submit(lambda: 7) == 7
    worker.stop()


async def test_a_call_cancelled_in_the_queue_is_not_made() -> None:
    worker, gate, made = Worker("test"), threading.Event(), threading.Event()
    first = worker.submit(gate.wait)
    second = worker.submit(made.set)
    second.cancel()
    await asyncio.sleep(0)  # the loop tells the queue of it in its next round
    gate.set()
    await first
    await worker.submit(lambda: None)
    worker.stop()
    assert not made.is_set()


def test_importing_the_package_loads_no_driver() -> None:
    code = "import sys, cardio, cardio.applets.piv, cardio.virtual.reader; print('smartcard' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
