"""Unlocks of profile cards that are torn apart, and PUKs that are replaced."""

from __future__ import annotations

import pytest
from pydantic import SecretBytes

from cardio.applets.iso7816 import ProfileFamily
from cardio.errors import (
    CardRemoved,
    CardUnsupported,
    OutcomeUnknown,
    WrongUnblockSecret,
)
from cardio.profile import Profile
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import NEW, ScriptedChannel
from tests.cardio.profiles import (
    NEW_ALONE,
    PROFILES,
    PUK_ALONE,
    PUK_AND_NEW,
    RIGHT_PUK,
    WRONG_PUK,
    application,
    make,
    opened,
)

every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())


@every_profile
@pytest.mark.parametrize("lost", [False, True], ids=["pulled", "reply-lost"])
async def test_an_unlock_torn_at_any_command_leaves_the_old_passcode_or_the_new(
    profile: Profile, lost: bool
) -> None:
    for nth in range(1, (1 if profile.puk.reset_p1 == 0 else 2) + 1):
        card, reader = make(profile, passcode_tries_left=0), VirtualReader()
        tear = reader.faults.lose_reply if lost else reader.faults.pull_before
        async with opened(card, profile, reader) as found:
            tear(nth)
            with pytest.raises(OutcomeUnknown):
                await found.reset_passcode(RIGHT_PUK, NEW)
            with pytest.raises(CardRemoved):
                await found.verify(NEW)
        state = card.state()
        assert state.passcode in ("123456", NEW.get_secret_value())
        if ProfileFamily(profile).traits.counter_settles:
            assert state.locked == (state.passcode == "123456")
        reader.remove()
        async with opened(card, profile, reader) as found:
            await found.reset_passcode(RIGHT_PUK, NEW)
            await found.verify(NEW)
        assert card.state().puk_tries_left == 3


async def test_the_puk_alone_unlocks_before_the_new_passcode_is_there() -> None:
    """Which is why the counter of such a card settles nothing."""
    card, reader = make(PUK_ALONE, passcode_tries_left=0), VirtualReader()
    async with opened(card, PUK_ALONE, reader) as found:
        reader.faults.pull_before(ins=0x24)
        with pytest.raises(OutcomeUnknown):
            await found.reset_passcode(RIGHT_PUK, NEW)
    assert (card.state().locked, card.state().passcode) == (False, "123456")
    assert not ProfileFamily(PUK_ALONE).traits.counter_settles
    assert ProfileFamily(PUK_AND_NEW).traits.counter_settles


@pytest.mark.parametrize("profile", [PUK_AND_NEW, PUK_ALONE], ids=["P1-00", "P1-01"])
async def test_replacing_the_puk(profile: Profile) -> None:
    card, fresh = make(profile), SecretBytes(b"11223344")
    async with opened(card, profile) as found:
        with pytest.raises(WrongUnblockSecret):
            await found.replace_secret(WRONG_PUK, fresh)
        with pytest.raises(WrongUnblockSecret):
            await found.check_secret(WRONG_PUK)
        assert await found.unblock_tries_left() == 1
        await found.check_secret(RIGHT_PUK)
        assert card.state().puk_tries_left == 3
        await found.replace_secret(RIGHT_PUK, fresh)
        await found.reset_passcode(fresh, NEW)
    assert card.state().puk == "11223344"


async def test_a_profile_that_does_not_say_how_replaces_nothing() -> None:
    channel = ScriptedChannel({})
    card = application(channel, NEW_ALONE)
    assert not ProfileFamily(NEW_ALONE).traits.replaceable
    for attempt in (card.check_secret(RIGHT_PUK), card.replace_secret(RIGHT_PUK, WRONG_PUK)):
        with pytest.raises(CardUnsupported):
            await attempt
    assert channel.sent == []
