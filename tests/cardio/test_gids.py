"""The GIDS family: whose card it is, its passcode, its certificate. The admin key: test_gids_admin.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from cardio.apdu import SW, Command, Response
from cardio.applets.gids import GidsFamily
from cardio.card import CardId
from cardio.errors import (
    CardError,
    CardUnsupported,
    PasscodeLocked,
    PasscodeRefused,
    WrongPasscode,
)
from cardio.tlv import Tlv
from cardio.virtual.gids import GidsCard
from cardio.virtual.gids_files import container, master_file, packed
from cardio.virtual.gids_state import Quirks
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import ScriptedChannel
from tests.cardio.gids import KEY, NEW, PIN, WRONG, application, opened

VERIFY, CHANGE = 0x20, 0x24
NUMBER = bytes(range(16))


def of(tag: int, content: bytes) -> Response:
    """What GET DATA answers."""
    return Response(Tlv(tag, content).encode(), SW.OK)


# -- select and identity ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(),
        Quirks(version=1),
        Quirks(select_refuses_le=True),
        Quirks(empty_select_response=True),
    ],
)
async def test_every_way_to_select(quirks: Quirks) -> None:
    async with opened(GidsCard(card_id=NUMBER, quirks=quirks)) as card:
        assert card.id == CardId("gids", "card-id", "000102030405060708090A0B0C0D0E0F")


@pytest.mark.parametrize("sw", [0x6A82, 0x6D00, 0x6999, 0x6E00, 0x6A86, 0x6F00])
async def test_other_cards_are_left_alone(sw: int) -> None:
    channel = ScriptedChannel({0xA4: [sw] * 3})
    assert await GidsFamily().open(channel) is None
    assert {command.ins for command in channel.sent} == {0xA4}


@pytest.mark.parametrize("sw", [SW.INS_NOT_SUPPORTED, SW.CLA_NOT_SUPPORTED])
async def test_a_card_that_says_yes_to_every_select_is_not_gids(sw: int) -> None:
    assert await GidsFamily().open(ScriptedChannel({0xA4: [SW.OK], 0xCB: [sw]})) is None


async def test_the_number_is_where_the_master_file_says_if_not_in_its_usual_place() -> None:
    listing = master_file({("", "cardid"): (0xA013, 0xDF30)})
    channel = ScriptedChannel({0xA4: [SW.OK], 0xCB: [SW.NOT_FOUND, of(0xDF1F, listing), of(0xDF30, NUMBER)]})
    card = await GidsFamily().open(channel)
    assert card is not None
    assert card.id.serial == NUMBER.hex().upper()
    assert [command.encode().hex().upper() for command in channel.sent[1:]] == [
        "00CBA012045C02DF2000", "00CBA000045C02DF1F00", "00CBA013045C02DF3000",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        [SW.NOT_FOUND, SW.NOT_FOUND],
        [of(0xDF20, bytes(16)), SW.NOT_FOUND],  # erased memory
        [of(0xDF20, NUMBER[:8]), of(0xDF1F, master_file({("", "cardcf"): (1, 2)}))],
        [SW.NOT_FOUND, of(0xDF1F, b"\x07 no master file")],
        [SW.NOT_FOUND, of(0xDF1F, master_file({("", "cardid"): (0xA012, 0xDF20)}))],
        [SW.NOT_FOUND, of(0xDF1F, master_file({("", "cardid"): (0xA013, 0xDF30)})), SW.NOT_FOUND],
    ],
)
async def test_a_card_without_a_number_is_unsupported(answers: list[int | Response]) -> None:
    channel = ScriptedChannel({0xA4: [SW.OK], 0xCB: answers})
    with pytest.raises(CardUnsupported):
        await GidsFamily().open(channel)
    assert channel.count(0xCB) == len(answers)


async def test_a_card_from_the_factory_has_no_number_yet() -> None:
    with pytest.raises(CardUnsupported):
        async with opened(GidsCard(initialised=False)):
            pass


# -- tries left ---------------------------------------------------------------------------------

STATUS_2, STATUS_1 = (
    Response(bytes.fromhex(text), SW.OK) for text in ("7F7106970102930103", "7F71049F170101")
)


@pytest.mark.parametrize(
    ("sw", "status", "left"),
    [
        (0x63C3, None, 3),
        (0x63C0, None, 0),
        (0x6983, None, 0),
        (0x6984, None, 0),
        (0x9000, STATUS_2, 2),
        (0x6300, STATUS_1, 1),
        (0x6982, STATUS_2, 2),
        (0x6700, STATUS_2, 2),
        (0x6A80, STATUS_2, 2),
        (0x6985, STATUS_2, 2),
        (0x9000, None, None),
        (0x6982, None, None),
    ],
)
async def test_what_a_status_query_tells(sw: int, status: Response | None, left: int | None) -> None:
    channel = ScriptedChannel({VERIFY: [sw], 0xCB: [status] if status else []})
    assert await application(channel).tries_left() == left
    assert channel.sent[0].encode().hex() == "00200080"
    asked = [command.encode().hex().upper() for command in channel.sent[1:]]
    assert asked == ([] if sw >> 4 == 0x63C or sw in (0x6983, 0x6984) else ["00CB3FFF045C027F7100"])


async def test_a_card_without_a_passcode_to_ask_for_is_unsupported() -> None:
    with pytest.raises(CardUnsupported):
        await application(ScriptedChannel({VERIFY: [SW.REFERENCED_DATA_NOT_FOUND]})).tries_left()


@pytest.mark.parametrize("version", [1, 2])
async def test_tries_are_told_after_the_right_passcode_too(version: int) -> None:
    async with opened(GidsCard(quirks=Quirks(says_verified=True, version=version))) as card:
        await card.verify(PIN)
        assert await card.tries_left() == 3


# -- verify and change --------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0x6300, 0x6982])
async def test_a_wrong_passcode_without_a_count_is_asked_about(wrong: int) -> None:
    async with opened(GidsCard(tries=2, quirks=Quirks(wrong=wrong))) as card:
        with pytest.raises(WrongPasscode) as caught:
            await card.verify(WRONG)
        assert caught.value.tries_left == 1
        with pytest.raises(PasscodeLocked):
            await card.verify(WRONG)


async def test_a_wrong_passcode_on_a_card_that_tells_nothing() -> None:
    quirks = Quirks(wrong=0x6982, mute_status=0x6982, pin_status=False)
    async with opened(GidsCard(quirks=quirks)) as card:
        with pytest.raises(WrongPasscode) as caught:
            await card.verify(WRONG)
        assert caught.value.tries_left is None
        assert await card.tries_left() is None


@pytest.mark.parametrize("locked", [0x6983, 0x63C0, 0x6984, 0x6982])
async def test_every_way_to_say_locked(locked: int) -> None:
    async with opened(GidsCard(pin_tries_left=0, quirks=Quirks(locked=locked))) as card:
        assert await card.tries_left() == 0
        with pytest.raises(PasscodeLocked):
            await card.verify(PIN)
        with pytest.raises(PasscodeLocked):
            await card.change_passcode(PIN, NEW)


@pytest.mark.parametrize(
    "passcode", ["", "123", "1" * 17, "12345\xff", "12345\n", "\u0661\u0662\u0663\u0664", "12\x0034"]
)
async def test_a_wrong_format_is_never_sent(passcode: str) -> None:
    channel = ScriptedChannel({})
    card = application(channel)
    for attempt in (
        card.verify(SecretStr(passcode)),
        card.change_passcode(PIN, SecretStr(passcode)),
        card.change_passcode(SecretStr(passcode), PIN),
        card.reset_passcode(KEY, SecretStr(passcode)),
    ):
        with pytest.raises(PasscodeRefused) as caught:
            await attempt
        assert caught.value.sw == 0
    assert channel.sent == []


@pytest.mark.parametrize("passcode", ["1234", "four", "sixteen letters!", '~ !"#'])
async def test_passcodes_are_sent_as_they_are_without_padding(passcode: str) -> None:
    channel = ScriptedChannel({VERIFY: [SW.OK]})
    await application(channel).verify(SecretStr(passcode))
    assert channel.sent == [Command(0x00, VERIFY, 0x00, 0x80, passcode.encode())]


@pytest.mark.parametrize("sw", [SW.INCORRECT_DATA, SW.WRONG_LENGTH])
async def test_a_format_the_card_refuses(sw: int) -> None:
    with pytest.raises(PasscodeRefused):
        await application(ScriptedChannel({VERIFY: [sw]})).verify(PIN)
    with pytest.raises(PasscodeRefused):
        await application(ScriptedChannel({VERIFY: [SW.OK], CHANGE: [sw]})).change_passcode(PIN, NEW)


async def test_a_change_beginning_with_the_passcode_is_no_change() -> None:
    card = GidsCard(pin="1234")
    async with opened(card) as found:
        with pytest.raises(WrongPasscode):  # the card alone would take 56 for the start of the new one
            await found.change_passcode(SecretStr("123456"), NEW)
    assert (card.state().pin, card.state().pin_tries_left) == ("1234", 2)


@pytest.mark.parametrize("sw", [0x6D00, 0x6985, 0x6A81])
async def test_refusals_without_a_meaning_keep_their_status_word(sw: int) -> None:
    with pytest.raises(CardError) as caught:
        await application(ScriptedChannel({VERIFY: [sw]})).verify(PIN)
    assert caught.value.sw == sw


# -- the certificate ------------------------------------------------------------------------------


async def test_when_the_certificate_ends() -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    reader = VirtualReader()
    async with opened(GidsCard(expires=ends), reader) as card:
        before = reader.faults.count([0xCB])
        assert await card.certificate_expiry() == ends
        assert reader.faults.count([0xCB]) == before + 2
    async with opened(GidsCard(sign_in=None)) as card:
        assert await card.certificate_expiry() is None


async def test_of_several_certificates_the_default_containers_counts() -> None:
    ends = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    places = {("mscp", "cmapfile"): (1, 2), ("mscp", "kxc00"): (3, 4), ("mscp", "kxc01"): (5, 6)}
    containers = container(2048, default=False) + container(256)
    certificate = packed(CardKey(Algorithm.ECC_P256).certificate("second", ends))
    channel = ScriptedChannel(
        {0xCB: [of(0xDF1F, master_file(places)), of(2, containers), of(6, certificate)]}
    )
    assert await application(channel).certificate_expiry() == ends
    assert [(command.p1, command.p2) for command in channel.sent] == [(0xA0, 0x00), (0, 1), (0, 5)]
