"""The virtual card of a profile keeps true counters, alone, behind T=0, and for a client that is not ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.pcsc import PcscReader
from cardio.reader import State
from cardio.virtual.card import VirtualCard
from cardio.virtual.iso7816 import IsoCard, IsoQuirks
from cardio.virtual.piv import PivCard
from cardio.virtual.t0 import T0Card
from tests.cardio.cards import until
from tests.cardio.profiles import NEW_ALONE, PROFILES, PUK_ALONE, PUK_AND_NEW, SILENT, make
from tests.pcscd import READER, PcscService

SELECT = "00A4040007F04B494F534B0100"
PASSCODE, NEW, BAD = "313233343536FFFF", "393837363534FFFF", "303030303030FFFF"
PUK, BAD_PUK = "3132333435363738", "3837363534333231"
VERIFY, UNBLOCK = "0020008108", "002C008110"
QUERY = "00200081"


def powered(card: IsoCard) -> IsoCard:
    card.power_on()
    assert send(card, SELECT).endswith("9000")
    return card


def send(card: IsoCard | T0Card, apdu: str) -> str:
    return card.transmit(bytes.fromhex(apdu)).hex().upper()


def test_nothing_works_before_select() -> None:
    card = make(PUK_AND_NEW)
    card.power_on()
    assert send(card, QUERY) == "6D00"
    assert send(card, "00CA005A00") == "6D00"


def test_counters_count() -> None:
    card = powered(make(PUK_AND_NEW))
    assert send(card, QUERY) == "63C3"
    assert [send(card, VERIFY + BAD) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert send(card, VERIFY + PASSCODE) == "6983"
    assert send(card, UNBLOCK + BAD_PUK + NEW) == "63C2"
    assert send(card, UNBLOCK + PUK + NEW) == "9000"
    assert send(card, QUERY) == "63C3", "set, but not verified"
    assert send(card, VERIFY + NEW) == "9000"
    assert send(card, QUERY) == "9000"
    card.power_off()
    assert not card.state().verified
    assert (card.state().passcode, card.state().puk_tries_left) == ("987654", 3)


def test_a_right_puk_with_a_bad_passcode_changes_nothing() -> None:
    card = powered(make(PUK_AND_NEW, passcode_tries_left=0))
    for bad in ("31323334FFFFFFFF", "41424344454647FF", "313233343536", "FF3132333435FFFF"):
        assert send(card, f"002C0081{8 + len(bad) // 2:02X}" + PUK + bad) == "6A80"
    assert (card.state().locked, card.state().puk_tries_left) == (True, 3)


def test_only_the_form_of_the_profile_is_taken() -> None:
    for profile in (PUK_AND_NEW, PUK_ALONE, NEW_ALONE):
        card = powered(make(profile))
        for p1 in {0, 1, 2, 3} - {profile.puk.reset_p1}:
            assert send(card, f"002C{p1:02X}{profile.passcode.reference:02X}08" + PUK) == "6A86"


def test_a_new_passcode_alone_needs_a_right() -> None:
    card = powered(make(PUK_ALONE, passcode_tries_left=0))
    assert send(card, "0024010106" + "363534333231") == "6982"
    assert send(card, "002C010108" + PUK) == "9000"
    assert card.state().passcode == "123456"
    assert send(card, "0024010106" + "363534333231") == "9000"
    assert card.state().passcode == "654321"
    national = powered(make(NEW_ALONE))
    assert send(national, "002C020108" + "654321FFFFFFFFFF") == "6982"


@pytest.mark.parametrize(
    ("quirks", "apdu", "expected", "left"),
    [
        (IsoQuirks(wrong=0x6982), VERIFY + BAD, "6982", 2),
        (IsoQuirks(bad_format=0x6700), VERIFY + "FF" * 8, "6700", 3),
        (IsoQuirks(bad_format_costs_a_try=True), VERIFY + "FF" * 8, "6A80", 2),
        (IsoQuirks(status_query_costs_a_try=True), QUERY, "63C2", 2),
        (IsoQuirks(status_query=0x6A80), QUERY, "6A80", 3),
        (IsoQuirks(status_query=0x6700, status_query_costs_a_try=True), QUERY, "6700", 2),
        (IsoQuirks(select_refuses_le=True), SELECT, "6700", 3),
    ],
    ids=lambda value: str(value)[:40],
)
def test_quirks(quirks: IsoQuirks, apdu: str, expected: str, left: int) -> None:
    card = make(PUK_AND_NEW, quirks=quirks)
    card.power_on()
    send(card, SELECT[:-2])
    assert send(card, apdu) == expected
    assert card.state().passcode_tries_left == left


@pytest.mark.parametrize(("locked", "expected"), [(None, "63C0"), (0x6984, "6984"), (0x6982, "6982")])
def test_a_locked_card_says_so_in_its_own_way(locked: int | None, expected: str) -> None:
    card = powered(make(PUK_AND_NEW, passcode_tries_left=0, quirks=IsoQuirks(locked=locked)))
    assert [send(card, VERIFY + PASSCODE) for _ in range(3)] == [expected] * 3
    assert send(card, QUERY) == expected


def test_what_no_card_of_the_profile_could_be() -> None:
    for wrong in ({"passcode": "12345"}, {"passcode": "12345x"}, {"puk": "1234567"}, {"tries": 16}):
        with pytest.raises(ValueError, match=r"."):
            make(PUK_AND_NEW, **wrong)


@given(st.sampled_from(list(PROFILES.values())), st.lists(st.binary(max_size=40), max_size=8), st.booleans())
def test_nothing_that_it_is_sent_makes_it_raise(profile: object, apdus: list[bytes], behind_t0: bool) -> None:
    card = make(profile)  # type: ignore[arg-type]
    contacts = T0Card(card) if behind_t0 else card
    contacts.power_on()
    contacts.transmit(bytes.fromhex(SELECT))
    for apdu in apdus:
        for header in (
            b"",
            b"\x00\x20\x00\x81",
            b"\x00\x2c\x00\x81",
            b"\x00\xcb\x3f\xff",
            b"\x00\xb0\x83\x00",
        ):
            assert len(contacts.transmit(header + apdu)) >= 2
    card.state()


# -- T=0 ----------------------------------------------------------------------------------------


def test_behind_t0_an_answer_waits_to_be_fetched() -> None:
    card = T0Card(make(PUK_AND_NEW, serial=b"\x01\x02\x03"))
    card.power_on()
    assert send(card, SELECT) == "610B"
    assert send(card, "00C0000000") == "6C0B"
    assert send(card, "00C0000004") == "6F098407" + "6107"
    assert send(card, "00C0000007").endswith("9000")
    assert send(card, "00CA005A00") == "6C03"
    assert send(card, "00CA005A03") == "0102039000"
    assert send(card, VERIFY + PASSCODE) == "9000"


def test_whatever_comes_instead_ends_the_session() -> None:
    card = T0Card(make(PUK_AND_NEW))
    card.power_on()
    assert send(card, SELECT) == "610B"
    assert [send(card, QUERY), send(card, SELECT), send(card, "00C000000B")] == ["6F00"] * 3
    card.power_off()
    card.power_on()
    assert send(card, SELECT) == "610B"
    lenient = T0Card(make(PUK_AND_NEW), strict=False)
    lenient.power_on()
    assert [send(lenient, SELECT), send(lenient, QUERY)] == ["610B", "63C3"]


def test_behind_t0_long_answers_come_whole() -> None:
    card = T0Card(PivCard())
    card.power_on()
    assert send(card, "00A4040005A000000308").startswith("61")
    length = card.transmit(bytes.fromhex("00C0000000"))[1]
    assert send(card, f"00C00000{length:02X}").endswith("9000")
    answer = card.transmit(bytes.fromhex("00CB3FFF055C035FC105"))
    got = b""
    while answer[-2] == 0x61:
        answer = card.transmit(b"\x00\xc0\x00\x00" + answer[-1:])
        got += answer[:-2]
    assert (answer[-2:], got[:2]) == (b"\x90\x00", b"\x53\x82")
    assert len(got) == int.from_bytes(got[2:4], "big") + 4


# -- a client that is not ours -------------------------------------------------------------------


@asynccontextmanager
async def plugged(service: PcscService, card: VirtualCard) -> AsyncIterator[None]:
    """The card in the reader, and pcscd aware of it."""
    reader = PcscReader(READER)
    async with service.card(card):
        await until(reader, State.CARD)
        yield
    await reader.aclose()


async def opensc(*apdus: str) -> list[str]:
    """Send commands with opensc-tool, on the default driver, and return data and status words."""
    arguments = [part for apdu in apdus for part in ("--send-apdu", apdu)]
    process = await asyncio.create_subprocess_exec(
        "opensc-tool", "--reader", READER, "--card-driver", "default", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    found = []
    for answer in said.split("Received ")[1:]:
        words = re.match(r"\(SW1=0x(..), SW2=0x(..)\)", answer)
        assert words, said
        data = "".join(re.findall(r"^((?:[0-9A-F]{2} )+)", answer, re.MULTILINE)).replace(" ", "")
        found.append(data + words[1] + words[2])
    return found


@pytest.mark.xdist_group("pcscd")
@pytest.mark.parametrize("behind_t0", [False, True], ids=["T=1", "T=0"])
async def test_opensc_tool_unlocks_it_with_raw_commands(pcsc_service: PcscService, behind_t0: bool) -> None:
    atr = {"atr": bytes.fromhex("3B0750524F46494C45")} if behind_t0 else {}
    card = make(PUK_AND_NEW, serial=b"\x12\x34\x56\x78", passcode_tries_left=0, **atr)
    async with plugged(pcsc_service, T0Card(card) if behind_t0 else card):
        said = await opensc(SELECT, "00CA005A04", QUERY, UNBLOCK + PUK + NEW, QUERY, VERIFY + NEW)
    assert said[1:] == ["123456789000", "6983", "9000", "63C3", "9000"]
    assert card.state().passcode == "987654"


@pytest.mark.xdist_group("pcscd")
async def test_opensc_tool_verifies_a_pin_block_and_bcd(pcsc_service: PcscService) -> None:
    badge = make(SILENT, serial=b"\xab" * 8)
    async with plugged(pcsc_service, badge):
        said = await opensc(SELECT, "80CA9F7F0F", "0020000108" + "26123456FFFFFFFF")
    assert said[1:] == ["11111111" + "AB" * 8 + "222222" + "9000", "9000"]
    national = make(NEW_ALONE, passcode_tries_left=2)
    async with plugged(pcsc_service, national):
        said = await opensc(
            "00A4040C07F04B494F534B01",
            "00CB3FFF0A4D087006BF810102A08000",
            "0020000208" + "12345678FFFFFFFF",
            "002C020108" + "987654FFFFFFFFFF",
        )
    assert said == ["9000", "7009BF810105A0039B0102" + "9000", "9000", "9000"]
    assert national.state().passcode == "987654"
