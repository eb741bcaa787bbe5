"""The trace: readable, and without a single byte of a secret."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardio.apdu import Command
from cardio.applets.piv import PivFamily
from cardio.card import KeyUse, identify
from cardio.errors import CardRemoved, WrongPasscode, WrongUnblockSecret
from cardio.names import status
from cardio.tracing import MASKED, TraceLine, Tracer, trace_line
from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from cardio.wording import Session
from tests.cardio.cards import NEW, PIN, PUK

PIV = "A000000308"
OPENPGP = "D27600012401"
GIDS = "A000000397425446590201"


def exchange(session: Session, apdu: str, answer: str = "9000") -> TraceLine:
    return trace_line(session, bytes.fromhex(apdu), bytes.fromhex(answer))


def selected(aid: str) -> Session:
    session = Session()
    exchange(session, f"00A40400{len(aid) // 2:02X}{aid}")
    return session


@pytest.mark.parametrize(
    ("aid", "apdu", "words"),
    [
        ("", "00A4040005A000000308", "SELECT: PIV"),
        ("", "00A4040006D27600012401", "SELECT: OpenPGP"),
        ("", "00A40400" "05F0112233FF", "SELECT: F0112233FF"),
        ("", "00A40000022F00", "SELECT: EF.DIR"),
        ("", "00A4000C023F00", "SELECT: MF"),
        ("", "00A4000002EF01", "SELECT: file EF01"),
        ("", "0020000100", "VERIFY: reference 01; state alone"),
        ("", "00FE0000", "INS FE"),
        (PIV, "00200080", "VERIFY: PIN; state alone"),
        (PIV, "0020FF80", "VERIFY: PIN; log out"),
        (PIV, "0020008008313233343536FFFF", "VERIFY: PIN"),
        (PIV, "00240081023131", "CHANGE REFERENCE DATA: PUK"),
        (PIV, "002C0080023131", "RESET RETRY COUNTER: PIN"),
        (PIV, "00CB3FFF055C035FC10200", "GET DATA: CHUID"),
        (PIV, "00CB3FFF055C035FFF0000", "GET DATA: object 5FFF00"),
        (PIV, "00DB3FFF095C035FC105" "530200" "00", "PUT DATA: certificate 9A"),
        (PIV, "0087119E047C02820000", "GENERAL AUTHENTICATE: 9E, card authentication"),
        (PIV, "00F7008100", "GET METADATA: PUK"),
        (PIV, "00F8000000", "GET SERIAL"),
        (PIV, "102C0080023131", "RESET RETRY COUNTER: PIN, part of a chain"),
        (OPENPGP, "00CA00C400", "GET DATA: PW status"),
        (OPENPGP, "00CA006E00", "GET DATA: application related data"),
        (OPENPGP, "00DA00D3083132333435363738", "PUT DATA: resetting code"),
        (OPENPGP, "00200083083132333435363738", "VERIFY: PW3, admin PIN"),
        (GIDS, "00CB3FFF045C027F7100", "GET DATA: PIN status"),
        (GIDS, "0087000004" "7C02810000", "GENERAL AUTHENTICATE: administrator"),
        (GIDS, "0022C1A403830180", "MANAGE SECURITY ENVIRONMENT"),
    ],
)  # fmt: skip
def test_commands_have_names(aid: str, apdu: str, words: str) -> None:
    session = selected(aid) if aid else Session()
    assert exchange(session, apdu).command == words


@pytest.mark.parametrize(
    ("sw", "words"),
    [
        (0x9000, "done"),
        (0x63C2, "tries left: 2"),
        (0x6110, "16 more bytes to fetch"),
        (0x6C00, "wrong Le, 256 bytes are there"),
        (0x6983, "authentication method blocked"),
        (0x6A99, "wrong parameters"),
        (0x9181, ""),
    ],
)
def test_status_words_have_names(sw: int, words: str) -> None:
    assert status(sw) == words


@pytest.mark.parametrize(
    ("aid", "apdu", "answer", "shown"),
    [
        ("", "00A4040005A000000308", "61009000", ("A0 00 00 03 08", "61 00")),
        (PIV, "00CB3FFF055C035FC10200", "53009000", ("5C 03 5F C1 02", "53 00")),
        (PIV, "00CB3FFF055C035FC10500", "5302FFFF9000", ("5C 03 5F C1 05", "[4 bytes]")),
        (PIV, "00F7008100", "0602030290" "00", ("", "06 02 03 02")),
        ("", "00F7008100", "0602030290" "00", ("", "[4 bytes]")),
        (PIV, "0087119E03010203", "0102039000", (MASKED, MASKED)),
        (PIV, "00CB3FFF054D035FC10200", "53009000", (MASKED, MASKED)),
        (OPENPGP, "00CA00C400", "017F7F7F0300039000", ("", "01 7F 7F 7F 03 00 03")),
        (OPENPGP, "00CA00F900", "8101039000", ("", "[3 bytes]")),
        (OPENPGP, "00CA006500", "5B039000", ("", "[2 bytes]")),
        (OPENPGP, "0047810002A40000", "7F49009000", ("A4 00", "7F 49 00")),
        (OPENPGP, "0047800002A40000", "7F49009000", (MASKED, MASKED)),
        (OPENPGP, "00A502040660045C027F2100", "9000", ("60 04 5C 02 7F 21", "")),
        (GIDS, "0022C1A403830180", "9000", ("83 01 80", "")),
        (GIDS, "0022C1A4048302AABB", "9000", (MASKED, "")),
        (GIDS, "00840000" "08", "01020304050607089000", ("", "[8 bytes]")),
        (PIV, "00B2013400", "70009000", ("", "[2 bytes]")),
    ],
)  # fmt: skip
def test_what_is_on_the_list_is_shown_and_nothing_else(
    aid: str, apdu: str, answer: str, shown: tuple[str, str]
) -> None:
    line = exchange(selected(aid) if aid else Session(), apdu, answer)
    assert (line.data, line.answer) == shown


def test_ef_dir_is_shown_once_it_is_selected() -> None:
    session = Session()
    read = "00B2010400"
    assert exchange(session, read, "61009000").answer == "[2 bytes]"
    exchange(session, "00A40000022F00", "6A82")
    assert exchange(session, read, "61009000").answer == "[2 bytes]"
    exchange(session, "00A40000022F00")
    assert exchange(session, read, "61009000").answer == "61 00"
    exchange(session, "00A4040005A000000308")
    assert exchange(session, read, "61009000").answer == "[2 bytes]"


def test_what_get_response_fetches_is_shown_as_the_answer_it_belongs_to() -> None:
    session = selected(PIV)
    exchange(session, "00CB3FFF055C035FC10200", "53046102")
    assert exchange(session, "00C0000002", "00009000").answer == "00 00"
    exchange(session, "0020008002AABB", "6102")
    assert exchange(session, "00C0000002", "AABB9000").answer == MASKED  # a card that says it again


def test_a_line_for_people_fits_the_terminal() -> None:
    session = selected(PIV)
    told = str(exchange(session, "00CB3FFF055C035FC10200", "53" * 60 + "9000")).splitlines()
    assert told[0].endswith("ms  GET DATA: CHUID")
    assert told[1].strip() == "> 00 CB 3F FF  5C 03 5F C1 02"
    assert told[2].strip() == "< " + "53 " * 16 + "... (60 bytes)"
    assert told[3].strip() == "= 9000 done"
    assert max(map(len, told)) <= 80


@given(st.binary(min_size=4, max_size=300), st.binary(max_size=64))
@example(bytes.fromhex("00DB3FFF0A") + b"\x5c\x03secret12", b"\x90\x00")
@example(bytes.fromhex("10CB3FFF05") + b"\x5c\x03abc", b"\x90\x00")
@example(bytes.fromhex("00A4040011") + b"seventeen letters", b"\x90\x00")
def test_masked_data_are_nowhere(body: bytes, answer: bytes) -> None:
    session = selected(PIV)
    line = trace_line(session, body, answer)
    again = trace_line(session, bytes.fromhex("00C0000000"), answer)
    told = "\n".join(str(value) for one in (line, again) for value in asdict(one).values())
    if line.data != MASKED:
        return
    for start in range(4 if line.header else 0, len(body) - 2):
        piece = body[start : start + 3]
        if len(set(piece)) == 3 and piece not in answer + body[:4]:
            assert piece.hex().upper() not in told.replace(" ", "")


@given(st.binary(max_size=40), st.none() | st.binary(max_size=40))
def test_any_bytes_make_a_line(apdu: bytes, answer: bytes | None) -> None:
    line = trace_line(Session(), apdu, answer, failure="no answer")
    assert str(line).isprintable() or "\n" in str(line)
    assert (line.sw is None) == (answer is None or len(answer) < 2 or answer[-2] >> 4 not in (6, 9))


class Trace:
    """A reader whose every session is traced."""

    def __init__(self) -> None:
        self.lines: list[TraceLine] = []
        self.reader = VirtualReader()
        self.reader.tap = Tracer(self.lines.append)

    @property
    def text(self) -> str:
        return "\n".join(f"{line}\n{asdict(line)}" for line in self.lines)


async def test_the_tap_hears_every_apdu_in_its_order() -> None:
    trace = Trace()
    trace.reader.insert(PivCard())
    async with trace.reader.session(1) as channel:
        card = await identify(channel, [PivFamily()])
        await card.tries_left()
        await card.offered_key(KeyUse.FREE)
    assert [line.command for line in trace.lines][:3] == [
        "SELECT: PIV",
        "GET DATA: CHUID",
        "VERIFY: PIN; state alone",
    ]
    assert len(trace.lines) == len(trace.reader.faults.trace)
    assert [line.sw for line in trace.lines] == [exchange.sw for exchange in trace.reader.faults.trace]
    assert "GET RESPONSE" in trace.text  # of the certificate
    assert all(0 <= line.took <= 1000 for line in trace.lines)
    assert [line.at for line in trace.lines] == sorted(line.at for line in trace.lines)


async def test_a_lost_answer_is_told() -> None:
    trace = Trace()
    trace.reader.insert(PivCard())
    trace.reader.faults.lose_reply(ins=0xCB)
    with pytest.raises(CardRemoved):
        async with trace.reader.session(1) as channel:
            await identify(channel, [PivFamily()])
    assert (trace.lines[-1].sw, trace.lines[-1].status) == (None, "no answer: CardRemoved")


async def test_what_was_selected_is_forgotten_with_the_session() -> None:
    trace = Trace()
    trace.reader.insert(PivCard())
    for _ in range(2):
        async with trace.reader.session(1) as channel:
            await channel.transmit(Command(0x00, 0x20, 0x00, 0x80))
            await channel.transmit(Command(0x00, 0xA4, 0x04, 0x00, bytes.fromhex(PIV), 256))
    assert [line.application for line in trace.lines] == ["", "", "", ""]
    assert trace.lines[2].command == "VERIFY: reference 80; state alone"


async def test_no_secret_of_a_piv_card_is_in_its_trace() -> None:
    trace = Trace()
    trace.reader.insert(PivCard())
    async with trace.reader.session(1) as channel:
        card = await identify(channel, [PivFamily()])
        with pytest.raises(WrongPasscode):
            await card.verify(NEW)
        await card.verify(PIN)
        await card.change_passcode(PIN, NEW)
        with pytest.raises(WrongUnblockSecret):
            await card.check_secret(type(PUK)(b"87654321"))
        await card.replace_secret(PUK, type(PUK)(b"abcdefgh"))
        await card.reset_passcode(type(PUK)(b"abcdefgh"), PIN)
        await channel.transmit(Command(0x00, 0x20, 0x00, 0x80, b"abcdefgh" * 60))  # over several APDUs
    assert_absent(trace, b"123456", b"12345678", b"87654321", b"80642975", b"abcdefgh")


def assert_absent(trace: Trace, *secrets: bytes) -> None:
    """None of them in any line: in ASCII, in hexadecimal, with or without spaces."""
    assert trace.lines
    for secret in secrets:
        assert secret.decode("latin-1") not in trace.text
        assert secret.hex().upper() not in trace.text.replace(" ", "").upper()
