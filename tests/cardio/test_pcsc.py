"""PcscReader where a contract with the virtual reader ends: limits, sharing, crashes, reader names."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from smartcard import scard  # type: ignore[import-untyped]

from cardio.apdu import Command
from cardio.errors import CardIOError, CardRemoved, CardReset, ReaderBroken, ReaderBusy, ReaderGone
from cardio.pcsc import Limits, PcscReader, contact_readers, list_readers
from cardio.pcsc.service import Connection, Sighting, _check, _decode
from cardio.reader import Presence, State
from cardio.virtual.faults import Faults
from cardio.virtual.piv import PivCard
from tests.cardio.cards import until
from tests.pcscd import READER, PcscService

pytestmark = pytest.mark.xdist_group("pcscd")

SELECT = Command(0x00, 0xA4, 0x04, 0x00, bytes.fromhex("A000000308"), le=256)


@asynccontextmanager
async def watching(name_filter: str = READER, limits: Limits | None = None) -> AsyncIterator[PcscReader]:
    reader = PcscReader(name_filter, limits=limits)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.aclose()


async def close_soon(connection: Connection) -> None:
    await asyncio.sleep(0.2)
    await asyncio.to_thread(connection.close)


# -- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00",
        "HID Global OMNIKEY 5422CL Smartcard Reader [OMNIKEY 5422CL Smartcard Reader] 01 00",
        "HID OMNIKEY 5022 CL 00 00",
        "Identiv uTrust 3700 F CL Reader [uTrust 3700 F CL Reader] 00 00",
        "SCM Microsystems SDI011 Contactless Reader 00 01",
        "ACS ACR122U NFC 00 00",
    ],
)
def test_contactless_interfaces_are_left_out_even_if_named(name: str) -> None:
    assert contact_readers([name], name) == ()


@pytest.mark.parametrize(
    "name",
    [
        "HID Global OMNIKEY 3x21 Smart Card Reader [OMNIKEY 3x21 Smart Card Reader] 00 00",
        "HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422 Smartcard Reader] 00 00",
        "Gemalto PC Twin Reader (B2E1C1D5) 00 00",
        "Yubico YubiKey OTP+FIDO+CCID 00 00",
        "Cherry GmbH SmartTerminal ST-2xxx [Vendor Interface] (21121523109842) 00 00",
        "Virtual PCD 00 00",
    ],
)
def test_contact_interfaces_are_kept(name: str) -> None:
    assert contact_readers([name]) == (name,)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("", ["Alpha [X] 00 00", "Alpha [X] 01 00", "Beta 00 00"]),
        ("alpha", ["Alpha [X] 00 00", "Alpha [X] 01 00"]),
        ("[x] 01", ["Alpha [X] 01 00"]),
        ("alpha*01 00", ["Alpha [X] 01 00"]),
        ("Al.ha", []),
    ],
)
def test_the_filter_is_text_with_stars(pattern: str, fits: list[str]) -> None:
    names = ["Alpha [X] 00 00", "Alpha [X] 01 00", "Beta 00 00"]
    assert contact_readers(names, pattern) == tuple(fits)


async def test_several_readers_that_fit_are_none(pcsc_service: PcscService) -> None:
    async with watching("virtual pcd") as reader:
        assert reader.presence == Presence(State.SEVERAL)
        assert reader.candidates == ("Virtual PCD 00 00", "Virtual PCD 00 01")
        assert reader.name == ""
        with pytest.raises(ReaderGone):
            async with reader.session(1):
                pass


async def test_no_reader_that_fits(pcsc_service: PcscService) -> None:
    async with watching("no such reader") as reader:
        assert reader.presence == Presence(State.NO_READER)
        assert reader.candidates == ()


# -- the service --------------------------------------------------------------------------------


async def test_a_service_that_is_not_there_yet(pcsc_service: PcscService) -> None:
    pcsc_service.stop()
    with pytest.raises(ReaderGone):
        list_readers()
    async with watching() as reader:
        assert reader.presence == Presence(State.NO_SERVICE)
        pcsc_service.start()
        async with asyncio.timeout(5):
            await until(reader, State.EMPTY)
    assert READER in list_readers()


async def test_a_crash_of_the_service_in_the_middle_of_a_command(pcsc_service: PcscService) -> None:
    card, faults = PivCard(), Faults()
    async with watching() as reader, pcsc_service.card(card, faults):
        insertion = await until(reader, State.CARD)
        async with reader.session(insertion) as channel:
            await channel.transmit(SELECT)
            faults.delay = 1
            under_way = asyncio.create_task(channel.transmit(SELECT))
            await asyncio.wait([under_way], timeout=0.2)
            pcsc_service.stop(kill=True)
            with pytest.raises(ReaderGone):
                await under_way
        await until(reader, State.NO_SERVICE)
        faults.delay = 0
        pcsc_service.start()
        async with asyncio.timeout(5):
            again = await until(reader, State.CARD)
        assert again > insertion
        async with reader.session(again) as channel:
            assert (await channel.transmit(SELECT)).ok


async def test_the_service_counts_every_swap_of_like_cards(pcsc_service: PcscService) -> None:
    counters, insertions = [], []
    async with watching() as reader:
        for _ in range(3):
            async with pcsc_service.card(PivCard()):
                insertions.append(await until(reader, State.CARD))
                counters.append(reader._seen.counter)
            await until(reader, State.EMPTY)
    assert insertions == [insertions[0], insertions[0] + 1, insertions[0] + 2]
    assert counters == [counters[0], counters[0] + 2, counters[0] + 4]


async def test_a_swap_that_no_look_saw_shows_in_the_counter() -> None:
    reader = PcscReader()
    seen = Sighting(State.CARD, "R", ("R",), counter=1, atr=b"\x3b\x00", context=1)
    presences = []
    for sighting in (
        seen,
        seen,
        Sighting(State.CARD, "R", ("R",), counter=3, atr=b"\x3b\x00", context=1),  # out, and another in
        Sighting(State.EMPTY, "R", ("R",), counter=4, context=1),
        Sighting(State.EMPTY, "R", ("R",), counter=6, context=1),
        Sighting(State.MUTE, "R", ("R",), counter=7, context=1),
        Sighting(State.CARD, "R", ("R",), counter=7, atr=b"\x3b\x00", context=2),  # the service restarted
        Sighting(State.CARD, "S", ("S",), counter=7, atr=b"\x3b\x00", context=2),  # another reader
    ):
        reader._take_over(sighting)
        presences.append((reader.presence.state, reader.presence.insertion))
    assert [insertion for _, insertion in presences] == [1, 1, 2, 2, 2, 3, 4, 5]
    assert [state for state, _ in presences[3:6]] == [State.EMPTY, State.EMPTY, State.MUTE]


async def test_connecting_to_a_card_that_was_swapped_meanwhile(pcsc_service: PcscService) -> None:
    async with watching() as reader, pcsc_service.card(PivCard()):
        await until(reader, State.CARD)
        seen = reader._seen
        stale = Connection(Sighting(seen.state, seen.name, counter=seen.counter - 2), sharing_seconds=1)
        with pytest.raises(CardRemoved):
            await asyncio.to_thread(stale.open)
        await asyncio.to_thread(stale.close)
        right = Connection(seen, sharing_seconds=1)
        await asyncio.to_thread(right.open)
        await asyncio.to_thread(right.close)


# -- sharing ------------------------------------------------------------------------------------


async def test_another_program_that_holds_the_card(pcsc_service: PcscService) -> None:
    limits = Limits(sharing=0.3)
    async with watching(limits=limits) as reader, pcsc_service.card(PivCard()):
        insertion = await until(reader, State.CARD)
        other = Connection(reader._seen, sharing_seconds=0)
        await asyncio.to_thread(other.open)
        with pytest.raises(ReaderBusy):
            async with reader.session(insertion):
                pass
        await asyncio.to_thread(other.close)
        async with reader.session(insertion) as channel:
            assert (await channel.transmit(SELECT)).ok


async def test_another_program_that_lets_go_in_time(pcsc_service: PcscService) -> None:
    async with watching(limits=Limits(sharing=10)) as reader, pcsc_service.card(PivCard()):
        insertion = await until(reader, State.CARD)
        other = Connection(reader._seen, sharing_seconds=0)
        await asyncio.to_thread(other.open)
        letting_go = asyncio.create_task(close_soon(other))
        async with reader.session(insertion) as channel:
            assert (await channel.transmit(SELECT)).ok
        await letting_go


async def test_the_session_keeps_others_out(pcsc_service: PcscService) -> None:
    async with watching() as reader, pcsc_service.card(PivCard()):
        insertion = await until(reader, State.CARD)
        async with reader.session(insertion):
            other = Connection(reader._seen, sharing_seconds=0)
            with pytest.raises(ReaderBusy):
                await asyncio.to_thread(other.open)
            await asyncio.to_thread(other.close)


# -- limits -------------------------------------------------------------------------------------


async def test_a_command_that_never_returns_breaks_the_reader(pcsc_service: PcscService) -> None:
    faults = Faults()
    async with watching(limits=Limits(command=0.3)) as reader, pcsc_service.card(PivCard(), faults):
        insertion = await until(reader, State.CARD)
        async with reader.session(insertion) as channel:
            faults.delay = 3600
            with pytest.raises(ReaderBroken):
                await channel.transmit(SELECT)
            assert reader.presence.state is State.BROKEN
            with pytest.raises(ReaderBroken):
                await channel.transmit(SELECT)
        with pytest.raises(ReaderBroken):
            async with reader.session(insertion):
                pass
    assert reader.presence.state is State.BROKEN


async def test_a_command_that_outlives_its_card_breaks_the_reader(
    pcsc_service: PcscService, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()

    def hang(_: Connection, apdu: bytes) -> bytes:
        stuck.wait(30)
        return b"\x90\x00"

    limits = Limits(command=60, after_removal=0.3)
    async with watching(limits=limits) as reader:
        async with pcsc_service.card(PivCard()):
            insertion = await until(reader, State.CARD)
            session = reader.session(insertion)
            channel = await session.__aenter__()
            monkeypatch.setattr(Connection, "transmit", hang)
            under_way = asyncio.create_task(channel.transmit(SELECT))
            done, _ = await asyncio.wait([under_way], timeout=0.5)
            assert not done  # the card is in: it may take its time
        with pytest.raises(ReaderBroken):
            await under_way
        await session.__aexit__(None, None, None)
        stuck.set()


async def test_a_slow_card_does_not_stop_the_event_loop(pcsc_service: PcscService) -> None:
    faults = Faults()
    async with watching() as reader, pcsc_service.card(PivCard(), faults):
        insertion = await until(reader, State.CARD)
        async with reader.session(insertion) as channel:
            faults.delay = 0.3
            under_way = asyncio.create_task(channel.transmit(SELECT))
            longest, clock = 0.0, asyncio.get_running_loop().time
            while not under_way.done():
                before = clock()
                await asyncio.wait([under_way], timeout=0.01)
                longest = max(longest, clock() - before)
            assert (await under_way).ok
    assert longest < 0.1


async def test_a_cancelled_visit_lets_go_of_the_card(pcsc_service: PcscService) -> None:
    async with watching() as reader, pcsc_service.card(PivCard()):
        insertion = await until(reader, State.CARD)
        inside = asyncio.Event()

        async def visit() -> None:
            async with reader.session(insertion):
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(visit())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        other = Connection(reader._seen, sharing_seconds=0)
        await asyncio.to_thread(other.open)
        await asyncio.to_thread(other.close)


# -- what the C layer returns -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hresult", "error"),
    [
        (0x80100016, CardRemoved),
        (0x80100069, CardRemoved),
        (0x8010000C, CardRemoved),
        (0x80100068, CardReset),
        (0x8010000B, ReaderBusy),
        (0x80100013, ReaderGone),
        (0x8010001D, ReaderGone),
        (0x8010001E, ReaderGone),
        (0x80100009, ReaderGone),
        (0x80100017, ReaderGone),
        (0x80100003, ReaderGone),
        (0x8010001D - 0x100000000, ReaderGone),  # some builds return it signed
    ],
)
def test_what_error_codes_mean(hresult: int, error: type[CardIOError]) -> None:
    with pytest.raises(error):
        _check(hresult)


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        (scard.SCARD_STATE_EMPTY, State.EMPTY),
        (scard.SCARD_STATE_PRESENT, State.CARD),
        (scard.SCARD_STATE_PRESENT | scard.SCARD_STATE_EXCLUSIVE | scard.SCARD_STATE_INUSE, State.CARD),
        (scard.SCARD_STATE_PRESENT | scard.SCARD_STATE_MUTE, State.MUTE),
        (scard.SCARD_STATE_UNKNOWN, State.NO_READER),
        (scard.SCARD_STATE_UNAVAILABLE, State.NO_READER),
    ],
)
def test_what_the_event_state_means(flags: int, state: State) -> None:
    seen, counter, atr = _decode(flags | 0x0007_0002, b"\x3b\x00")
    assert (seen, counter) == (state, 7)
    assert atr == (b"\x3b\x00" if state is State.CARD else b"")
