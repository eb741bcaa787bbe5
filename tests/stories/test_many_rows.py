"""Many rows at once: a roll is brought in whole or not, in few statements, and read again page by page."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from pydantic import SecretBytes

from cardio.card import CardId
from kiosk import arrivals, enrolment
from kiosk.arrivals import Change, Contradictions, NewCard, NewHolder, NewRow, RowFault, RowsRefused, Stage
from kiosk.office.believed import believed
from kiosk.safe import as_sealed
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import CardRow, HolderRow, UnblockSecretRow
from kiosk.unblock import FIELD
from tests.stories.conftest import OpenWorld
from tests.stories.world import World

CARDS = 60  # of half as many holders; more than PostgreSQL's COPY begins with


def number(card: int) -> CardId:
    return CardId("piv", "guid", f"{card + 1:032X}")


def roll(secret: int = 0) -> list[NewRow]:
    return [
        NewRow(
            card + 2,
            NewHolder(f"H{card % (CARDS // 2):03}", f"Ann Jones{card % (CARDS // 2)}", ""),
            NewCard(number(card), SecretBytes(f"{card + secret:08}".encode()) if card % 5 else None),
        )
        for card in range(CARDS)
    ]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "CHUNK", 25)
    monkeypatch.setattr(enrolment, "_PAGE", 7)


async def test_a_roll_is_whole_in_the_store(world: World) -> None:
    told: list[tuple[Stage, int]] = []
    counts = await world.parts.enrolment.import_all(
        roll(), by="roll", told=lambda stage, line: told.append((stage, line))
    )
    assert counts == Counter({Change.ADDED: CARDS})
    assert told == [(stage, line) for stage in Stage for line in (26, 51, 61)]
    assert len(await world.rows(HolderRow)) == CARDS / 2
    kept = {row.card for row in await world.rows(UnblockSecretRow)}
    assert kept == {row.id for row in await world.rows(CardRow) if int(row.serial, 16) % 5 != 1}
    known = await world.found(number(31))
    assert (known.holder_id, known.name, known.has_unblock_secret) == ("H001", "Ann Jones1", True)
    (sealed,) = [row for row in await world.rows(UnblockSecretRow) if row.card == known.card]
    assert await world.parts.vault.open(known.card_key, FIELD, as_sealed(sealed)) == SecretBytes(b"00000031")
    (found,) = await world.parts.enrolment.find("jones1")
    assert found.row.holder_id == "H001"
    assert len(await world.events("holder.added", "card.enrolled")) == CARDS * 3 / 2
    assert (await world.parts.trail.verify(None, lambda _: None)).fault is None


async def test_again_it_changes_nothing_and_another_secret_only_that(world: World) -> None:
    await world.parts.enrolment.import_all(roll(), by="roll")
    before = await world.events()
    assert await world.parts.enrolment.import_all(roll(), by="roll") == Counter({Change.UNCHANGED: CARDS})
    assert await world.events() == before
    counts = await world.parts.enrolment.import_all(roll(1000), by="roll")
    assert counts == Counter({Change.RENEWED: CARDS * 4 // 5, Change.UNCHANGED: CARDS // 5})


async def test_a_file_that_changes_meanwhile_is_left_at_a_whole_chunk(world: World) -> None:
    class Changing:
        passes = 0

        def __iter__(self) -> Iterator[NewRow | RowFault]:
            self.passes += 1
            rows = roll()
            yield from rows[:30]
            yield RowFault(32, "is another than before") if self.passes > 1 else rows[30]

    with pytest.raises(RowsRefused, match="line 32: is another"):
        await world.parts.enrolment.import_all(Changing(), by="roll")
    assert len(await world.rows(CardRow)) == 25


async def test_two_who_bring_in_the_same_roll_at_once(open_world: OpenWorld) -> None:
    one = await open_world()
    other = await open_world(beside=one)
    done = await asyncio.gather(
        *(world.parts.enrolment.import_all(roll(), by="roll") for world in (one, other)),
        return_exceptions=True,
    )
    assert all(isinstance(each, Counter | StoreUnavailable) for each in done)
    again = await one.parts.enrolment.import_all(roll(), by="roll")
    assert again[Change.ADDED] + again[Change.UNCHANGED] == CARDS
    assert len(await one.rows(CardRow)) == CARDS
    assert len(await one.events("card.enrolled")) == CARDS
    assert (await one.parts.trail.verify(None, lambda _: None)).fault is None


async def test_every_card_and_holder_is_listed_once_and_in_order(world: World) -> None:
    await world.parts.enrolment.import_all(roll(), by="roll")
    holders = [
        one.row.holder_id for page in [p async for p in world.parts.enrolment.all_holders()] for one in page
    ]
    cards = [one for page in [p async for p in world.parts.enrolment.all_cards()] for one in page]
    assert holders == sorted({row.holder.holder_id for row in roll()})
    assert [one.holder_id for one in cards] == [holder for holder in holders for _ in range(2)]
    assert {one.card.serial for one in cards} == {row.card.id.serial for row in roll()}
    assert {one.holder_name for one in cards} == {row.holder.name for row in roll()}


async def test_cards_believed_by_their_number_are_counted(world: World) -> None:
    await world.parts.enrolment.import_all(roll(), by="roll")
    found = await asyncio.to_thread(believed, world.settings)
    assert (found.unpinned, found.shared) == (CARDS * 4 // 5, 0)


def test_contradictions_are_told_with_the_earlier_line() -> None:
    first, second = roll()[:2]
    contradictions = Contradictions()
    assert not [*contradictions.of(first), *contradictions.of(second)]
    renamed = NewRow(9, NewHolder(first.holder.holder_id, "Bob", ""), second.card)
    assert list(contradictions.of(renamed)) == [
        RowFault(9, "this holder has another name or email address in line 2"),
        RowFault(9, "this card is in line 3 already"),
    ]
