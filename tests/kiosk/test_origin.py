"""A machine with another pepper than the store's does nothing in it, and its events never break the chain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretBytes
from sqlalchemy import Select

from kiosk import chain
from kiosk.audit import Event, Subject
from kiosk.keyring import ring_in_memory
from kiosk.keys import KeyProblem
from kiosk.letters import NoticeKind
from kiosk.origin import require_own_pepper, require_pepper_of
from kiosk.pepper import PlainPepper
from kiosk.refusals import OutOfService
from kiosk.storage.database import StoreUnavailable
from tests.kiosk.tampering import tamper
from tests.stories.world import PEPPER, VAULT_KEY, World, new_world

OTHER = SecretBytes(b"q" * 32)


@pytest.fixture
async def stranger(registered: World, tmp_path: Path) -> AsyncIterator[World]:
    """Another machine on the store of a fleet, whose pepper is its own."""
    keys = ring_in_memory(VAULT_KEY, OTHER)
    settings = registered.settings.changed(site={"kiosk_name": "Library"})
    async with new_world(tmp_path, settings, beside=registered, keys=keys) as made:
        yield made


async def whole(world: World) -> int:
    """How many events there are, in a chain without a bad link."""
    found = await world.parts.trail.verify(None, lambda _: None)
    assert found.fault is None
    return found.count


async def test_it_stays_out_of_service_and_says_why(
    registered: World, stranger: World, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert await stranger.parts.watch.look("waiting") is OutOfService.STORE
    assert caplog.text.count("pepper.key: is not the one that") == 1
    assert await registered.parts.watch.look("waiting") is None


async def test_no_event_of_it_comes_into_the_chain(registered: World, stranger: World) -> None:
    """Not even the one that a kiosk has begun, which comes before the first look."""
    before = await whole(registered)
    with pytest.raises(StoreUnavailable, match="another pepper"):
        await stranger.service.store.record(Event.KIOSK_STARTED, Subject())
    assert await whole(registered) == before


async def test_it_sends_no_notice_that_it_could_not_record(registered: World, stranger: World) -> None:
    known = await registered.known(registered.ann)
    async with registered.service.store.work() as session:
        await registered.service.notices.queue(session, NoticeKind.CARD_LEFT_IN, known, "a@nhs.net", "en")
    sent = len(registered.post.mails)
    with pytest.raises(StoreUnavailable, match="another pepper"):
        await stranger.service.notices.send_due()
    assert len(registered.post.mails) == sent


async def test_whoever_opens_the_store_is_told(registered: World, stranger: World) -> None:
    with pytest.raises(KeyProblem, match="copy it from the RA's machine"):
        await require_own_pepper(stranger.service.store)
    with pytest.raises(KeyProblem, match="put the right one back from your backup"):
        require_pepper_of(registered.backend, stranger.settings, PlainPepper(OTHER))
    await require_own_pepper(registered.service.store)
    require_pepper_of(registered.backend, registered.settings, PlainPepper(PEPPER))


async def test_of_an_empty_trail_nothing_is_asked(world: World, tmp_path: Path) -> None:
    keys = ring_in_memory(VAULT_KEY, OTHER)
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(new_world(tmp_path, world.settings, beside=world, keys=keys))
        for one in (world, other):
            await require_own_pepper(one.service.store)
        await world.service.store.record(Event.KIOSK_STARTED, Subject())
        with pytest.raises(StoreUnavailable, match="another pepper"):
            await other.service.store.record(Event.KIOSK_STARTED, Subject())
    assert await whole(world) == 1


@pytest.mark.parametrize("change", ["reason = 'x'", "mac = 'x'", "reason = CAST(x'ff' AS TEXT)"])
async def test_an_event_that_was_altered_makes_no_stranger(
    registered: World, tmp_path: Path, change: str
) -> None:
    """Which one it is, `kiosk audit verify` tells."""
    if "CAST" in change and not registered.backend.one_at_a_time:
        change = "reason = 'y'"  # no server keeps such a text
    tamper(registered.backend, (f"UPDATE audit_event SET {change} WHERE seq = 1", {}))  # noqa: S608
    async with new_world(tmp_path, registered.settings, beside=registered) as again:
        require_pepper_of(registered.backend, registered.settings, PlainPepper(PEPPER))
        await require_own_pepper(again.service.store)
        assert await again.parts.watch.look("waiting") is None


async def test_it_is_asked_once(registered: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, oldest = [], chain.oldest

    def counted() -> Select[Any]:
        asked.append(1)
        return oldest()

    monkeypatch.setattr(chain, "oldest", counted)
    async with new_world(tmp_path, registered.settings, beside=registered) as again:
        for _ in range(3):
            assert await again.parts.watch.look("waiting") is None
            await again.service.store.record(Event.KIOSK_STARTED, Subject())
    assert len(asked) == 1
