"""A new vault key while kiosks work: cut off at any row it goes on, and nothing that was changed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretBytes
from sqlalchemy import update

from kiosk import rekeying
from kiosk.keyring import KeyRing
from kiosk.keys import create_key
from kiosk.pepper import PlainPepper
from kiosk.rekeying import Rekeying
from kiosk.safe import as_sealed
from kiosk.settings import Settings
from kiosk.storage.models import DataKeyRow, UnblockSecretRow
from kiosk.token import TokenCabinet
from kiosk.wrapping import FileCabinet, KeyCabinet
from tests import softhsm
from tests.stories.conftest import with_ann
from tests.stories.plots import refused_for_its_secret, unlocking
from tests.stories.world import PEPPER, World, new_world

CARDS = 7


@pytest.fixture(params=["files", "token"])
def cabinet(request: pytest.FixtureRequest, tmp_path: Path) -> KeyCabinet:
    """Where the vault's keys are, with one in it."""
    files = FileCabinet(tmp_path, Path("vault.key"), "vault-key")
    if request.param == "files":
        create_key(tmp_path / "vault.key")
        return files
    inside = TokenCabinet(softhsm.opened(), softhsm.fresh("vault"), files)
    inside.make_next()
    return inside


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes the kiosks of a test."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
async def world(
    tmp_path: Path, cabinet: KeyCabinet, database: dict[str, str], stack: AsyncExitStack
) -> World:
    """A kiosk with a registered holder, and more cards of theirs."""
    settings = Settings().changed(database=database)
    keys = KeyRing(cabinet, PlainPepper(PEPPER))
    made = await with_ann(await stack.enter_async_context(new_world(tmp_path, settings, keys=keys)))
    for _ in range(CARDS - 1):
        await made.card()
    return made


async def office(world: World, stack: AsyncExitStack, cabinet: KeyCabinet) -> Rekeying:
    """What another process works with: the same store, and keys of its own."""
    keys = KeyRing(cabinet, PlainPepper(PEPPER))
    other = await stack.enter_async_context(
        new_world(world.settings.state_directory, world.settings, beside=world, keys=keys)
    )
    return Rekeying(other.office.service.store, other.office.vault)


async def all_of(work: Rekeying) -> list[rekeying.Progress]:
    """Carry it out to its end."""
    return [progress async for progress in work.run(by="test")]


async def keys_of(world: World) -> set[str]:
    """The keys that something in the store is under."""
    secrets = {row.key_id for row in await world.rows(UnblockSecretRow)}
    return secrets | {row.key_id for row in await world.rows(DataKeyRow)}


async def test_everything_is_under_the_new_key_and_a_running_kiosk_finds_it(
    world: World, stack: AsyncExitStack, cabinet: KeyCabinet
) -> None:
    (before,) = await keys_of(world)
    prints = {row.card: row.fingerprint for row in await world.rows(UnblockSecretRow)}
    work = await office(world, stack, cabinet)
    await work.prepare()
    progress = await all_of(work)
    work.put_in_place()
    assert (progress[-1].done, progress[-1].shut) == (CARDS, 0)
    (after,) = await keys_of(world)
    assert after != before
    assert {row.card: row.fingerprint for row in await world.rows(UnblockSecretRow)} == prints
    world.ann.lock()
    await world.visit(world.ann, unlocking(world))  # it met a key it did not know, and looked for it
    events = await world.events("vault.rekeyed")
    assert [(row.reason, row.outcome, row.actor) for row in events] == [
        ("begun", "ok", "test"),
        ("done", "ok", "test"),
    ]
    status = [(use.key_id, use.newest, use.here, use.secrets, use.names) for use in await work.status()]
    assert status[0] == (after, True, True, CARDS, True)
    assert (before, False, True, 0, False) in status


@pytest.mark.parametrize("row", range(CARDS + 1))
async def test_cut_off_at_any_row_it_goes_on_with_the_same_key(
    world: World, stack: AsyncExitStack, cabinet: KeyCabinet, row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekeying, "CHUNK", 1)
    first = await office(world, stack, cabinet)
    await first.prepare()
    steps = first.run(by="test")
    for _ in range(row):
        await anext(steps, None)
    await steps.aclose()  # type: ignore[attr-defined]
    world.ann.lock()
    await world.visit(world.ann, unlocking(world))  # half way a kiosk works on

    again = await office(world, stack, cabinet)
    await again.prepare()
    await all_of(again)
    again.put_in_place()
    uses = await again.status()
    assert len(uses) == 2, "no further key was made"
    assert {use.key_id for use in uses if use.secrets or use.names} == {uses[0].key_id}
    assert uses[0].secrets == CARDS


async def test_what_a_kiosk_changes_meanwhile_is_not_lost(
    world: World, stack: AsyncExitStack, cabinet: KeyCabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each secret is replaced by a kiosk between the moment it is read and the moment it is written."""
    work = await office(world, stack, cabinet)
    await work.prepare()
    known = await world.known(world.ann)
    fresh = SecretBytes(b"99887766")
    chunk = Rekeying._chunk

    async def then_replaced(self: Rekeying, *asked: object) -> object:
        rows = await chunk(self, *asked)  # type: ignore[arg-type]
        async with world.office.service.store.work() as session:
            sealed = await world.parts.vault.seal(known.card_key, "unblock-secret", fresh)
            mine = update(UnblockSecretRow).where(UnblockSecretRow.card == known.card)  # type: ignore[arg-type]
            await session.exec(mine.values(**vars(sealed)))
        return rows

    monkeypatch.setattr(Rekeying, "_chunk", then_replaced)
    await all_of(work)
    monkeypatch.undo()
    assert await opened(world, known.card) == fresh


async def opened(world: World, card: int) -> SecretBytes:
    """A card's unblock secret, as a kiosk opens it."""
    rows = {row.card: row for row in await world.rows(UnblockSecretRow)}
    known = await world.known(world.ann)
    row = rows[card]
    return await world.parts.vault.open(known.card_key, "unblock-secret", as_sealed(row))


async def test_a_secret_that_does_not_open_is_told_and_stays_as_it_is(
    world: World, stack: AsyncExitStack, cabinet: KeyCabinet
) -> None:
    known = await world.known(world.ann)
    async with world.office.service.store.work() as session:
        row = await session.get_one(UnblockSecretRow, known.card)
        row.ciphertext = bytes(len(row.ciphertext))
    work = await office(world, stack, cabinet)
    await work.prepare()
    assert (await all_of(work))[-1].shut == 1
    assert [row.outcome for row in await world.events("vault.rekeyed")] == ["ok", "alarm"]
    world.ann.lock()
    await world.visit(world.ann, refused_for_its_secret(world))


async def test_kiosks_unlock_while_it_runs(world: World, stack: AsyncExitStack, cabinet: KeyCabinet) -> None:
    work = await office(world, stack, cabinet)
    await work.prepare()

    async def unlock_again_and_again() -> None:
        for new in ("739164", "958473", "640281"):
            world.ann.lock()
            world.hands.forward(minutes=2)
            await world.visit(world.ann, unlocking(world, new))

    await asyncio.gather(all_of(work), unlock_again_and_again())
    assert len(await world.events("card.unlocked")) == 3
