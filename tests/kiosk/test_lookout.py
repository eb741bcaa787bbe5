"""The log says what becomes of the reader and the card service, each change once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from kiosk.logbook import Logbook
from kiosk.lookout import Lookout

Says = Callable[..., Awaitable[None]]

NOTE, WARNING, ERROR = logging.INFO, logging.WARNING, logging.ERROR


@pytest.fixture
def reader() -> VirtualReader:
    """Nothing is in it."""
    return VirtualReader()


@pytest.fixture
async def says(reader: VirtualReader) -> AsyncIterator[Says]:
    """Wait for what the log says next, and nothing besides."""
    book, seen, looking = Logbook(), 0, list[asyncio.Task[None]]()

    async def next_is(*expected: tuple[int, str]) -> None:
        nonlocal seen
        if not looking:
            looking.append(asyncio.create_task(Lookout(reader).run()))
        async with asyncio.timeout(5):
            while book.count < seen + len(expected):  # noqa: ASYNC110 - the log wakes nobody
                await asyncio.sleep(0.001)
        assert [(one.level, one.text) for one in book.records()[seen:]] == list(expected)
        seen = book.count

    with book.listening():
        yield next_is
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)


async def test_a_reader_goes_and_comes_back(reader: VirtualReader, says: Says) -> None:
    await says((NOTE, "the reader is there: Virtual reader"))
    reader.unplug()
    await says((WARNING, "the reader is gone: Virtual reader"))
    reader.plug()
    await says((NOTE, "the reader is back: Virtual reader"))


async def test_the_card_service_takes_the_reader_with_it(reader: VirtualReader, says: Says) -> None:
    await says((NOTE, "the reader is there: Virtual reader"))
    reader.stop_service()
    await says((WARNING, "the card service is gone"))
    reader.unplug()
    reader.start_service()
    await says((NOTE, "the card service is back"), (WARNING, "the reader is gone: Virtual reader"))
    reader.stop_service()
    await says((WARNING, "the card service is gone"))
    reader.plug()
    reader.start_service()
    await says((NOTE, "the card service is back"), (NOTE, "the reader is back: Virtual reader"))


async def test_what_was_never_there_is_not_gone(reader: VirtualReader, says: Says) -> None:
    reader.unplug()
    reader.stop_service()
    await says((WARNING, "there is no card service"))
    reader.start_service()
    await says((NOTE, "the card service is back"), (WARNING, "there is no reader"))


async def test_several_readers_and_one_that_is_broken(reader: VirtualReader, says: Says) -> None:
    await says((NOTE, "the reader is there: Virtual reader"))
    reader.plug_beside()
    await says((WARNING, "there are several readers, and reader.name fits none or more than one"))
    reader.plug_beside(False)
    await says((NOTE, "the reader is back: Virtual reader"))
    reader.break_down()
    await says((ERROR, "a command never came back from the reader: Virtual reader"))


async def test_of_cards_nothing_is_said(reader: VirtualReader, says: Says) -> None:
    await says((NOTE, "the reader is there: Virtual reader"))
    for _ in range(3):
        reader.insert(PivCard())
        await asyncio.sleep(0)
        reader.remove()
        await asyncio.sleep(0)
    reader.unplug()
    await says((WARNING, "the reader is gone: Virtual reader"))
