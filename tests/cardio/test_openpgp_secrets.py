"""The unblock secrets of OpenPGP cards, and KDF: what is sent, and what is not."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes

from cardio.apdu import SW, Response
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.openpgp_kdf import Password
from cardio.errors import (
    CardUnsupported,
    OutcomeUnknown,
    UnblockSecretLocked,
    WrongPasscode,
    WrongUnblockSecret,
)
from cardio.virtual.openpgp import OpenPgpCard
from tests.cardio.cards import ScriptedChannel
from tests.cardio.openpgp import (
    ADMIN,
    BY_ADMIN,
    CHANGE,
    CODE,
    GET,
    KDF,
    NEW,
    PIN,
    PUT,
    RESET,
    SELECT,
    VERIFY,
    WRONG,
    WRONG_CODE,
    hexes,
    opened,
    related,
    scripted,
)

# -- KDF ------------------------------------------------------------------------------------------


async def test_a_card_with_kdf_never_sees_a_password() -> None:
    seen: list[bytes] = []

    class Listening(OpenPgpCard):
        def transmit(self, apdu: bytes) -> bytes:
            seen.append(apdu)
            return super().transmit(apdu)

    card = Listening(resetting_code="31415926", kdf=KDF, algorithm=None)
    for family, secret in ((OpenPgpFamily(), CODE), (BY_ADMIN, ADMIN)):
        async with opened(card, family) as found:
            with pytest.raises(WrongPasscode):
                await found.verify(WRONG)
            await found.change_passcode(PIN, NEW)
            await found.reset_passcode(secret, PIN)
            await found.replace_secret(ADMIN, secret)
    assert card.knows(Password.PW1, "123456")
    sent = b"".join(seen)
    assert not any(password in sent for password in (b"123456", b"80642975", b"999999", b"31415926"))
    hashed = [apdu for apdu in seen if apdu[1] in (VERIFY, CHANGE, RESET, PUT)]
    assert len(hashed) >= 10
    assert all(apdu[4] % 32 == 0 for apdu in hashed)


@pytest.mark.parametrize("sw", [0x6982, 0x6F00, 0x6D00, 0x6581])
async def test_no_password_is_sent_while_it_is_not_clear_how(sw: int) -> None:
    answers: dict[int, list[int | Response]] = {SELECT: [SW.OK], GET: [related(abilities="7D"), sw, sw]}
    channel = ScriptedChannel(answers)
    card = await OpenPgpFamily().open(channel)
    assert card is not None
    for attempt in (card.verify(PIN), card.reset_passcode(CODE, NEW)):
        with pytest.raises(CardUnsupported):
            await attempt
    assert channel.count(VERIFY) == channel.count(RESET) == 0


@pytest.mark.parametrize("sw", [0x6A88, 0x6A82, 0x6B00, 0x6A86, 0x6A81])
async def test_a_card_without_the_object_is_sent_passwords_as_they_are(sw: int) -> None:
    answers: dict[int, list[int | Response]] = {
        SELECT: [SW.OK], GET: [related(abilities="7D"), sw], VERIFY: [SW.OK, SW.OK],
    }  # fmt: skip
    channel = ScriptedChannel(answers)
    card = await OpenPgpFamily().open(channel)
    assert card is not None
    for _ in range(2):  # it is asked once
        await card.verify(PIN)
    assert hexes(channel)[2:] == ["00CA00F900"] + 2 * ["0020008206313233343536"]


async def test_a_card_that_cannot_have_kdf_is_not_asked() -> None:
    channel, card = await scripted({VERIFY: [SW.OK]})
    await card.verify(PIN)
    assert channel.count(GET) == 0


# -- unblock secrets ------------------------------------------------------------------------------


async def test_the_commands_of_an_unlock() -> None:
    channel, card = await scripted({RESET: [SW.OK]})
    await card.reset_passcode(CODE, NEW)
    assert hexes(channel) == ["002C0081103331343135393236" + "3830363432393735"]
    channel, card = await scripted({VERIFY: [SW.OK], RESET: [SW.OK]}, family=BY_ADMIN)
    await card.reset_passcode(ADMIN, NEW)
    assert hexes(channel) == ["00200083083132333435363738", "002C0281083830363432393735"]


@pytest.mark.parametrize("family", [OpenPgpFamily(), BY_ADMIN], ids=["resetting-code", "admin-pin"])
@pytest.mark.parametrize("sw", [0x6982, 0x6300, 0x63C2, 0x6985])
async def test_a_wrong_unblock_secret_is_counted_by_c4(family: OpenPgpFamily, sw: int) -> None:
    got: list[int | Response] = [Response(bytes.fromhex("00202020000202"), SW.OK)]
    channel, card = await scripted({VERIFY: [sw], RESET: [sw], GET: got}, family=family)
    with pytest.raises(WrongUnblockSecret) as caught:
        await card.reset_passcode(WRONG_CODE, NEW)
    assert (caught.value.tries_left, caught.value.sw) == (2, sw)
    assert channel.count(VERIFY) + channel.count(RESET) == 1


async def test_a_resetting_code_that_was_never_set_is_no_way_out() -> None:
    card = OpenPgpCard(pin_tries_left=0, algorithm=None)
    async with opened(card) as found:
        assert await found.unblock_tries_left() == 0
        with pytest.raises(UnblockSecretLocked):
            await found.reset_passcode(CODE, NEW)
        await found.replace_secret(ADMIN, CODE)
        assert await found.unblock_tries_left() == 3
        await found.reset_passcode(CODE, NEW)
    assert card.state().pin == NEW.get_secret_value()


@pytest.mark.parametrize("secret", [b"", b"1234567", b"1" * 33, b"1234567\xff", b"1234567\n"])
async def test_what_can_be_no_secret_is_not_sent(secret: bytes) -> None:
    bad = SecretBytes(secret)
    for family in (OpenPgpFamily(), BY_ADMIN):
        channel, card = await scripted({}, family=family)
        for attempt in (
            card.reset_passcode(bad, NEW),
            card.replace_secret(bad, CODE),
            card.replace_secret(ADMIN, bad),
        ):
            with pytest.raises(WrongUnblockSecret) as caught:
                await attempt
            assert caught.value.sw == 0
        assert channel.sent == []


@pytest.mark.parametrize(
    ("status", "family", "longest"),
    [
        ("0020090A030303", OpenPgpFamily(), 9),
        ("0020090A030303", BY_ADMIN, 10),
        ("00207F7F030303", OpenPgpFamily(), 64),
        ("00207F7F030303", BY_ADMIN, 64),
        ("", OpenPgpFamily(), 32),
        ("", BY_ADMIN, 32),
    ],
)
async def test_a_secret_is_as_long_as_the_card_takes(
    status: str, family: OpenPgpFamily, longest: int
) -> None:
    channel, card = await scripted({VERIFY: [SW.OK], RESET: [SW.OK]}, family=family, status=status)
    with pytest.raises(WrongUnblockSecret):
        await card.reset_passcode(SecretBytes(b"1" * (longest + 1)), NEW)
    assert channel.sent == []
    await card.reset_passcode(SecretBytes(b"1" * longest), NEW)


async def test_a_resetting_code_cannot_be_checked() -> None:
    channel, card = await scripted({})
    with pytest.raises(CardUnsupported):
        await card.check_secret(CODE)
    assert channel.sent == []


@pytest.mark.parametrize("sw", [0x6581, 0x6F00])
async def test_a_write_that_failed_in_the_card_is_unknown(sw: int) -> None:
    _, card = await scripted({RESET: [sw]})
    with pytest.raises(OutcomeUnknown):
        await card.reset_passcode(CODE, NEW)
