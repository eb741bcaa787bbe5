"""Independent clients against the virtual card, on a real pcscd: what they see is what we say."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretBytes, SecretStr

from cardio.applets.piv import PivFamily
from cardio.card import identify
from cardio.pcsc import PcscReader
from cardio.reader import State
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm
from tests.cardio.cards import until
from tests.cardio.yubico import piv_tool, piv_tool_verifies, ykman, ykman_changes
from tests.pcscd import READER, PcscService

pytestmark = pytest.mark.xdist_group("pcscd")

PIN, NEW, PUK, NEW_PUK = "135791", "86420975", "31415926", "27182818"


@pytest.fixture
async def card(pcsc_service: PcscService) -> AsyncIterator[PivCard]:
    """A card in slot 0 whose passcode and PUK are not the ones from the factory."""
    card = PivCard(pin=PIN, puk=PUK, serial=7654321, card_key=Algorithm.RSA_2048)
    reader = PcscReader(READER)
    async with pcsc_service.card(card):
        await until(reader, State.CARD)
        yield card
    await reader.aclose()


async def test_yubico_piv_tool_reads_the_status(card: PivCard) -> None:
    code, said = await piv_tool("-a", "status")
    assert code == 0, said
    assert "7654321" in said
    assert card.guid.hex() in said
    assert "PIN tries left:\t3" in said
    assert "RSA2048" in said  # the certificate in 9E was fetched in pieces and parsed


async def test_yubico_piv_tool_verifies_and_counts(card: PivCard) -> None:
    assert await piv_tool_verifies(PIN)
    assert not await piv_tool_verifies("111111")
    assert card.state().pin_tries_left == 2
    assert await piv_tool_verifies(PIN)
    assert card.state().pin_tries_left == 3


async def test_yubico_piv_tool_changes_passcode_and_puk(card: PivCard) -> None:
    assert (await piv_tool("-a", "change-pin", "-P", PIN, "-N", NEW))[0] == 0
    assert (await piv_tool("-a", "change-puk", "-P", PUK, "-N", NEW_PUK))[0] == 0
    assert (card.state().pin, card.state().puk) == (NEW, NEW_PUK)


async def test_yubico_piv_tool_unblocks(card: PivCard) -> None:
    card.lock()
    assert not await piv_tool_verifies(PIN)
    assert (await piv_tool("-a", "unblock-pin", "-P", "00000000", "-N", NEW))[0] != 0
    assert card.state().puk_tries_left == 2
    code, said = await piv_tool("-a", "unblock-pin", "-P", PUK, "-N", NEW)
    assert code == 0, said
    assert card.state().puk_tries_left == 3
    assert await piv_tool_verifies(NEW)


async def test_ykman_reads_the_status(card: PivCard) -> None:
    code, said = await ykman("info")
    assert code == 0, said
    assert "PIV version:              5.4.3" in said
    assert "PIN tries remaining:      3/3" in said
    assert "PUK tries remaining:      3/3" in said
    assert "default PIN" not in said
    assert "Slot 9E (CARD_AUTH)" in said


async def test_ykman_changes_unblocks_and_changes_the_puk(card: PivCard) -> None:
    assert await ykman_changes(PIN, NEW)
    assert not await ykman_changes(PIN, NEW)
    assert card.state().pin_tries_left == 2
    card.lock()
    code, said = await ykman("access", "unblock-pin", "-p", PUK, "-n", PIN)
    assert code == 0, said
    assert (await ykman("access", "change-puk", "-p", PUK, "-n", NEW_PUK))[0] == 0
    assert (card.state().pin, card.state().puk, card.state().pin_tries_left) == (PIN, NEW_PUK, 3)


async def test_both_agree_with_an_unlock_of_ours(card: PivCard) -> None:
    card.lock()
    reader = PcscReader(READER)
    await reader.start()
    try:
        async with reader.session(reader.presence.insertion) as channel:
            found = await identify(channel, [PivFamily()])
            await found.reset_passcode(SecretBytes(PUK.encode()), SecretStr(NEW))
    finally:
        await reader.aclose()
    assert await piv_tool_verifies(NEW)
    assert not await piv_tool_verifies(PIN)
    code, said = await ykman("info")
    assert code == 0, said
    assert "PIN tries remaining:      2/3" in said
    assert "PUK tries remaining:      3/3" in said
    assert await ykman_changes(NEW, "24681357")
