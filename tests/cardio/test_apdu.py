"""APDUs: bytes and back, and how a whole answer is fetched from a card that gives it in pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.apdu import SW, Command, Response, Send, transmit
from cardio.errors import ProtocolError

BYTE = st.integers(0, 0xFF)
COMMANDS = st.builds(
    Command,
    *[BYTE] * 4,
    st.one_of(st.binary(max_size=300), st.binary(min_size=254, max_size=258)),
    st.one_of(st.none(), st.integers(1, 0x10000), st.integers(255, 257)),
)


@given(COMMANDS)
def test_a_command_parses_back(command: Command) -> None:
    assert Command.parse(command.encode()) == command


@given(st.binary(max_size=600))
def test_hostile_commands_raise_only_protocol_errors(data: bytes) -> None:
    try:
        command = Command.parse(data)
    except ProtocolError:
        return
    assert Command.parse(command.encode()) == command


@given(st.binary(max_size=300), st.integers(0x6000, 0x6FFF) | st.integers(0x9000, 0x9FFF))
def test_a_response_parses_back(data: bytes, sw: int) -> None:
    assert Response.parse(Response(data, sw).encode()) == Response(data, sw)


@pytest.mark.parametrize("answer", [b"", b"\x90", b"\xaa\xbb\x12\x34"])
def test_an_answer_without_status_word_is_a_protocol_error(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        Response.parse(answer)


@pytest.mark.parametrize(
    ("command", "encoded"),
    [
        (Command(0, 0x20, 0, 0x80), "00200080"),
        (Command(0, 0xF8, le=256), "00F8000000"),
        (Command(0, 0x20, 0, 0x80, b"\x31" * 8), "0020008008" + "31" * 8),
        (Command(0, 0xCB, 0x3F, 0xFF, b"\x5c\x01\x7e", 256), "00CB3FFF035C017E00"),
        (Command(0, 0xCB, 0x3F, 0xFF, le=0x10000), "00CB3FFF000000"),
        (Command(0, 0xCB, 0x3F, 0xFF, b"\x7e", 0x100 + 1), "00CB3FFF0000017E0101"),
    ],
)
def test_the_forms_of_iso_7816_4(command: Command, encoded: str) -> None:
    assert command.encode().hex().upper() == encoded


@pytest.mark.parametrize(
    ("cla", "ins", "le", "why"),
    [(256, 0, None, "one byte"), (0, -1, None, "one byte"), (0, 0, 0, "Le is"), (0, 0, 65537, "Le is")],
)
def test_impossible_commands_are_refused(cla: int, ins: int, le: int | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Command(cla, ins, le=le)


def test_data_stay_out_of_repr() -> None:
    assert "123456" not in repr(Command(0, 0x20, 0, 0x80, b"123456"))
    assert "123456" not in repr(Response(b"123456", 0x9000))


class Script:
    """A card that gives prepared answers and keeps what it was sent."""

    def __init__(self, answers: Sequence[str] | Callable[[int], str]) -> None:
        self.sent: list[str] = []
        self._answers = answers

    async def send(self, apdu: bytes) -> bytes:
        self.sent.append(apdu.hex().upper())
        turn = len(self.sent) - 1
        answer = self._answers(turn) if callable(self._answers) else self._answers[turn]
        return bytes.fromhex(answer)


async def test_61xx_is_followed_to_the_end() -> None:
    card = Script(["AABB6102", "CCDD6101", "EE9000"])
    assert await transmit(card.send, Command(0, 0xCB, le=256)) == Response(bytes.fromhex("AABBCCDDEE"), SW.OK)
    assert card.sent[1:] == ["00C0000002", "00C0000001"]


async def test_get_response_goes_out_on_the_channel_of_the_command() -> None:
    card = Script(["6100", "AA9000"])
    await transmit(card.send, Command(0x02, 0xCB, le=256))
    assert card.sent[1] == "02C0000000"


async def test_6cxx_repeats_with_the_right_le() -> None:
    card = Script(["6C10", "AA9000"])
    assert (await transmit(card.send, Command(0, 0xCA, 0, 0xC4, le=256))).data == b"\xaa"
    assert card.sent == ["00CA00C400", "00CA00C410"]


async def test_6cxx_never_repeats_a_command_that_may_spend_a_try() -> None:
    card = Script(["6C10"])
    assert (await transmit(card.send, Command(0, 0x20, 0, 0x80, b"12345678"))).sw == 0x6C10
    assert len(card.sent) == 1


async def test_6cxx_is_repeated_once_only() -> None:
    card = Script(["6C10", "6C20"])
    assert (await transmit(card.send, Command(0, 0xCA, le=256))).sw == 0x6C20


async def test_long_data_go_in_a_chain() -> None:
    card = Script(["9000", "AA9000"])
    await transmit(card.send, Command(0, 0x87, 7, 0x9E, bytes(266), le=256))
    assert card.sent[0].startswith("1087079EFF")
    assert card.sent[1] == "0087079E0B" + "00" * 11 + "00"


async def test_a_refused_chain_is_not_continued() -> None:
    card = Script(["6884"])
    response = await transmit(card.send, Command(0, 0x87, 7, 0x9E, bytes(266), le=256))
    assert (response.sw, len(card.sent)) == (SW.COMMAND_CHAINING_NOT_SUPPORTED, 1)


async def test_an_answer_without_end_is_given_up() -> None:
    card = Script(lambda turn: "AA" * 200 + "6100")
    with pytest.raises(ProtocolError, match="does not end"):
        await transmit(card.send, Command(0, 0xCB, le=256))
    assert len(card.sent) < 300


async def test_promises_of_nothing_are_given_up_at_once() -> None:
    card = Script(lambda turn: "6110")
    with pytest.raises(ProtocolError, match="gives nothing"):
        await transmit(card.send, Command(0, 0xCB, le=256))
    assert len(card.sent) == 2


@given(st.lists(st.binary(min_size=2, max_size=40), min_size=1, max_size=8), COMMANDS)
async def test_no_card_makes_it_raise_anything_else(answers: list[bytes], command: Command) -> None:
    turns = iter(answers)

    async def send(_: bytes) -> bytes:
        return next(turns, b"\x6f\x00")

    carrier: Send = send
    try:
        response = await transmit(carrier, command)
    except ProtocolError:
        return
    assert 0x6000 <= response.sw <= 0x9FFF
