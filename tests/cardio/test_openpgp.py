"""The OpenPGP family: versions, the passcode, and its counter, which is read from C4."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets.openpgp import OpenPgpFamily
from cardio.card import CardId
from cardio.errors import (
    CardError,
    CardRemoved,
    CardUnsupported,
    PasscodeLocked,
    PasscodeRefused,
    WrongPasscode,
)
from cardio.virtual.openpgp import OpenPgpCard, Quirks
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import ScriptedChannel
from tests.cardio.openpgp import (
    AID,
    CHANGE,
    CODE,
    GET,
    NEW,
    PIN,
    RESET,
    SELECT,
    VERIFY,
    WRONG,
    hexes,
    opened,
    related,
    scripted,
)

# -- select and identity ------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 0), (2, 1), (3, 0), (3, 3), (3, 4)])
@pytest.mark.parametrize(
    "quirks",
    [Quirks(), Quirks(select_refuses_le=True), Quirks(flat=True), Quirks(no_application_data=True)],
)
async def test_every_version_in_every_form(version: tuple[int, int], quirks: Quirks) -> None:
    card = OpenPgpCard(version=version, manufacturer=6, serial=0xABCDEF01, algorithm=None, quirks=quirks)
    async with opened(card) as found:
        assert found.id == CardId("openpgp", "serial", "0006ABCDEF01")
        assert found.passcode_format.max_length == (64 if version >= (3, 0) else 32)
        assert await found.tries_left() == 3
        with pytest.raises(WrongPasscode):
            await found.verify(WRONG)
        assert await found.tries_left() == 2


@pytest.mark.parametrize("sw", [0x6A82, 0x6D00, 0x6999, 0x6E00, 0x6A86, 0x6F00])
async def test_other_cards_are_left_alone(sw: int) -> None:
    channel = ScriptedChannel({SELECT: [sw] * 3})
    assert await OpenPgpFamily().open(channel) is None
    assert {command.ins for command in channel.sent} == {SELECT}


@pytest.mark.parametrize(
    "answers", [[], [Response(b"", SW.OK)] * 2, [Response(b"\x6e\x02\x4f\x00", SW.OK)] * 2]
)
async def test_a_card_that_says_yes_to_every_select_is_not_openpgp(answers: list[int | Response]) -> None:
    assert await OpenPgpFamily().open(ScriptedChannel({SELECT: [SW.OK], GET: answers})) is None


@pytest.mark.parametrize(
    ("selected", "answer"),
    [
        (0x6285, related()),
        (0x9000, related(aid=AID[:6] + b"\x01\x01" + AID[8:])),
        (0x9000, related(aid=AID[:10] + bytes(6))),
        (0x9000, related("00A02020030303")),
        (0x9000, related("002020A0030303")),
    ],
    ids=["terminated", "version 1", "no serial", "PIN block", "PIN block of PW3"],
)
async def test_cards_that_cannot_be_served(selected: int, answer: Response) -> None:
    with pytest.raises(CardUnsupported):
        await OpenPgpFamily().open(ScriptedChannel({SELECT: [selected], GET: [answer]}))


# -- the passcode ---------------------------------------------------------------------------------


async def test_an_empty_verify_is_never_sent() -> None:
    reader = VirtualReader()
    async with opened(OpenPgpCard(version=(2, 1), algorithm=None), reader=reader) as found:
        for _ in range(3):
            assert await found.tries_left() == 3
        assert await found.unblock_tries_left() == 0
    assert reader.faults.count([VERIFY]) == 0


@pytest.mark.parametrize(
    ("wrong", "left", "expected"),
    [
        (0x6982, "00202020020303", 2),
        (0x6300, "00202020010303", 1),
        (0x63C2, "00202020020303", 2),
        (0x63C9, "00202020020303", 2),  # C4 counts, not the status word
        (0x6982, "", None),
        (0x63C2, "", 2),
    ],
)
async def test_what_a_wrong_passcode_leaves(wrong: int, left: str, expected: int | None) -> None:
    got: list[int | Response] = [
        Response(bytes.fromhex(left), SW.OK) if left else SW.REFERENCED_DATA_NOT_FOUND
    ]
    channel, card = await scripted({VERIFY: [wrong], GET: got})
    with pytest.raises(WrongPasscode) as caught:
        await card.verify(WRONG)
    assert (caught.value.tries_left, caught.value.sw) == (expected, wrong)
    assert hexes(channel) == ["0020008206393939393939", "00CA00C400"]


@pytest.mark.parametrize("sw", [0x6983, 0x6984])
async def test_a_locked_card_says_so_without_a_question(sw: int) -> None:
    channel, card = await scripted({VERIFY: [sw]})
    with pytest.raises(PasscodeLocked):
        await card.verify(PIN)
    assert channel.count(GET) == 0


@pytest.mark.parametrize("sw", [0x6982, 0x6300, 0x63C0])
async def test_every_other_way_to_say_locked(sw: int) -> None:
    _, card = await scripted({VERIFY: [sw], GET: [Response(bytes.fromhex("00202020000303"), SW.OK)]})
    with pytest.raises(PasscodeLocked):
        await card.verify(PIN)


@pytest.mark.parametrize("locked_at_once", [True, False])
@pytest.mark.parametrize("wrong", [None, 0x6982])
async def test_wrong_passcodes_count_down_to_locked(wrong: int | None, locked_at_once: bool) -> None:
    card = OpenPgpCard(algorithm=None, quirks=Quirks(wrong=wrong, locked_at_once=locked_at_once))
    async with opened(card) as found:
        for left in (2, 1):
            with pytest.raises(WrongPasscode) as caught:
                await found.verify(WRONG)
            assert caught.value.tries_left == left
        for passcode in (WRONG, PIN):
            with pytest.raises(PasscodeLocked):
                await found.verify(passcode)
        assert await found.tries_left() == 0


async def test_a_card_that_tells_no_counters() -> None:
    async with opened(OpenPgpCard(algorithm=None, quirks=Quirks(no_count=True))) as found:
        assert await found.tries_left() is None
        assert await found.unblock_tries_left() is None
        assert await found.authority_tries_left() is None
        with pytest.raises(WrongPasscode) as caught:
            await found.verify(WRONG)
        assert caught.value.tries_left is None


async def test_that_it_was_wrong_is_not_lost_if_the_card_leaves_before_it_is_counted() -> None:
    reader = VirtualReader()
    async with opened(OpenPgpCard(version=(2, 1), algorithm=None), reader=reader) as found:
        reader.faults.pull_before(2)
        with pytest.raises(WrongPasscode) as caught:
            await found.verify(WRONG)
        assert caught.value.tries_left is None
        with pytest.raises(CardRemoved):
            await found.tries_left()


@pytest.mark.parametrize(
    "passcode", ["", "12345", "1" * 33, "12345\xff", "12345\n", "\u0661" * 6, "1234\x0056"]
)
async def test_a_wrong_format_is_never_sent(passcode: str) -> None:
    channel, card = await scripted({})
    for attempt in (
        card.verify(SecretStr(passcode)),
        card.change_passcode(PIN, SecretStr(passcode)),
        card.change_passcode(SecretStr(passcode), PIN),
        card.reset_passcode(CODE, SecretStr(passcode)),
    ):
        with pytest.raises(PasscodeRefused):
            await attempt
    assert channel.sent == []


@pytest.mark.parametrize(("status", "longest"), [("00082020030303", 8), ("007F2020030303", 64), ("", 32)])
async def test_a_passcode_is_as_long_as_the_card_takes(status: str, longest: int) -> None:
    channel, card = await scripted({VERIFY: [SW.OK]}, status=status)
    assert (card.passcode_format.min_length, card.passcode_format.max_length) == (6, longest)
    with pytest.raises(PasscodeRefused):
        await card.verify(SecretStr("1" * (longest + 1)))
    await card.verify(SecretStr("~" * longest))
    assert channel.sent == [Command(0x00, VERIFY, 0x00, 0x82, b"~" * longest)]


async def test_a_change_is_verified_first_and_goes_over_as_81() -> None:
    channel, card = await scripted({VERIFY: [SW.OK], CHANGE: [SW.OK]})
    await card.change_passcode(PIN, NEW)
    assert hexes(channel) == ["0020008206313233343536", "002400810E3132333435363830363432393735"]


@pytest.mark.parametrize("sw", [SW.INCORRECT_DATA, SW.WRONG_LENGTH])
async def test_a_format_the_card_refuses(sw: int) -> None:
    _, card = await scripted({VERIFY: [sw, SW.OK], CHANGE: [sw], RESET: [sw]})
    for attempt in (card.verify(PIN), card.change_passcode(PIN, NEW), card.reset_passcode(CODE, NEW)):
        with pytest.raises(PasscodeRefused):
            await attempt


@pytest.mark.parametrize("sw", [0x6D00, 0x6985, 0x6A81])
async def test_refusals_without_a_meaning_keep_their_status_word(sw: int) -> None:
    _, card = await scripted({VERIFY: [sw]})
    with pytest.raises(CardError) as caught:
        await card.verify(PIN)
    assert caught.value.sw == sw
