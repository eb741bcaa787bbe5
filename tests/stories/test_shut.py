"""What is kept of card or holder was altered, moved or has lost its key: the RA helps, all else works on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretBytes
from sqlalchemy import text, update
from sqlmodel import SQLModel, col

from kiosk.dialogue import Gone
from kiosk.keyring import ring_in_memory
from kiosk.keys import KeyProblem
from kiosk.letters import NoticeKind
from kiosk.refusals import Why
from kiosk.steps import (
    AnswerQuestions,
    EnterCode,
    EnterPasscode,
    Finished,
    NewPasscode,
    Offer,
    SeeRA,
    Welcome,
)
from kiosk.storage.models import HolderRow, NoticeRow, PendingRow, RegistrationRow, UnblockSecretRow
from tests.stories.plots import NEW_PIN, refused_for_its_secret, registration, unlocking
from tests.stories.script import see
from tests.stories.world import PEPPER, PIN, RA_EMAIL, World, in_order, new_world, twice

LEAVES = Gone.CARD_OUT


def flipped(content: bytes) -> bytes:
    """Another last bit."""
    return content[:-1] + bytes([content[-1] ^ 1])


def cut(content: bytes) -> bytes:
    """One byte less."""
    return content[:-1]


def emptied(_: bytes) -> bytes:
    """Nothing is left."""
    return b""


def as_text(_: bytes) -> object:
    """Something that is no bytes: SQLite keeps it all the same."""
    return text("'text'")


ALTER = pytest.mark.parametrize("alter", [flipped, cut, emptied, as_text], ids=lambda alter: alter.__name__)


async def change(world: World, table: type[SQLModel], column: str, alter: Callable[[bytes], Any]) -> None:
    """Alter a column of every row of a table, as somebody with the database alone can."""
    rows = await world.rows(table)
    async with world.office.service.store.work() as session:
        for row in rows:
            key = next(iter(table.__table__.primary_key))  # type: ignore[attr-defined]
            changed = update(table).where(key == getattr(row, key.name))
            await session.exec(changed.values({column: alter(getattr(row, column))}))


async def alarms(world: World) -> list[tuple[str, str]]:
    """What the audit trail says of it: what does not open, and whose it is."""
    return [(row.reason, row.holder_key) for row in await world.events("vault.does-not-open")]


@ALTER
@pytest.mark.parametrize("column", ["wrapped_key", "nonce", "ciphertext"])
async def test_a_secret_that_was_altered_sends_its_holder_to_the_ra(
    registered: World, column: str, alter: Callable[[bytes], Any]
) -> None:
    world = registered
    other = await world.card()
    await change(
        world, UnblockSecretRow, column, lambda content: content
    )  # a change of nothing harms nothing
    known = await world.known(world.ann)
    async with world.office.service.store.work() as session:
        mine = await session.get_one(UnblockSecretRow, known.card)
        setattr(mine, column, alter(getattr(mine, column)))
    world.ann.lock()
    world.hands.forward(minutes=2)
    await world.visit(world.ann, refused_for_its_secret(world))
    assert [holder for _, holder in await alarms(world)] == [known.holder_key]
    assert world.ann.state().puk_tries_left == 3, "nothing was sent"
    other.lock()
    world.hands.forward(minutes=2)
    await world.visit(other, unlocking(world))  # another card of theirs works on


async def test_a_secret_copied_from_another_card_is_refused(registered: World) -> None:
    world = registered
    other = await world.card()
    known, another = await world.known(world.ann), await world.known(other)
    async with world.office.service.store.work() as session:
        mine = await session.get_one(UnblockSecretRow, known.card)
        copied = await session.get_one(UnblockSecretRow, another.card)
        for column in ("key_id", "wrapped_key", "nonce", "ciphertext"):
            setattr(mine, column, getattr(copied, column))
    world.ann.lock()
    world.hands.forward(minutes=2)
    await world.visit(world.ann, refused_for_its_secret(world))
    assert [holder for _, holder in await alarms(world)] == [known.holder_key]


async def test_with_a_key_that_is_missing_what_needs_no_secret_works_on(registered: World) -> None:
    world = registered
    async with world.office.service.store.work() as session:
        await session.exec(update(UnblockSecretRow).values(key_id="00000000"))
    change_passcode = [
        see(Welcome, Offer.CHANGE_PASSCODE, note=Why.NO_UNBLOCK),
        see(EnterPasscode, PIN),
        see(NewPasscode, twice(NEW_PIN)),
        see(Finished),
    ]
    await world.visit(world.ann, change_passcode)
    assert [reason for reason, _ in await alarms(world)] == ["unblock-secret"]
    world.ann.lock()
    await world.visit(world.ann, [see(SeeRA, why=Why.NO_UNBLOCK)])
    assert len(await alarms(world)) == 2, "once for each visit"


@ALTER
@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        (HolderRow, "name", "name"),
        (HolderRow, "ra_email", "ra-email"),
        (RegistrationRow, "email", "own-email"),
    ],
)
async def test_a_name_or_address_that_was_altered_sends_its_holder_to_the_ra(
    registered: World, table: type[SQLModel], column: str, told: str, alter: Callable[[bytes], Any]
) -> None:
    world = registered
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    bob = await world.card("H2")
    known = await world.known(world.ann)
    async with world.office.service.store.work() as session:
        row = await session.get_one(table, known.holder)
        setattr(row, column, alter(getattr(row, column)))
    world.ann.lock()
    await world.visit(world.ann, [see(SeeRA, why=Why.RECORD_SHUT)])
    assert await alarms(world) == [(told, known.holder_key)]
    assert world.ann.state().puk_tries_left == 3
    await world.visit(bob, [see(Welcome, LEAVES)])


async def test_a_name_copied_from_another_person_is_refused(registered: World) -> None:
    world = registered
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    known = await world.known(world.ann)
    one, other = await world.rows(HolderRow)
    async with world.office.service.store.work() as session:
        mine = update(HolderRow).where(col(HolderRow.id) == one.id)
        await session.exec(mine.values(name=other.name, ra_email=other.ra_email))
    await world.visit(world.ann, [see(SeeRA, why=Why.RECORD_SHUT)])
    assert await alarms(world) == [("name, ra-email", known.holder_key)]


async def test_an_address_cannot_be_moved_between_fields(registered: World) -> None:
    """The address that somebody else's code goes to is not what they typed once."""
    world = registered
    world.ann.lock()
    await world.visit(world.ann, [*unlocking(world)[:1], see(EnterCode, LEAVES)])
    (pending,), (kept,) = await world.rows(PendingRow), await world.rows(RegistrationRow)
    async with world.office.service.store.work() as session:
        await session.exec(update(PendingRow).values(email=kept.email))
    await world.visit(world.ann, [see(SeeRA, why=Why.RECORD_SHUT)])
    assert [reason for reason, _ in await alarms(world)] == ["pending-email"]
    assert pending.email != kept.email


async def test_an_answer_altered_in_the_middle_of_a_visit_ends_it_at_the_ra(world: World) -> None:
    """The draft of a registration is opened only when its code is right."""
    await world.holder()
    card = await world.card()
    *lines, code, _ = registration(world)

    async def altered(step: Any) -> Any:
        await change(world, PendingRow, "draft", flipped)
        return code.reply(step) if callable(code.reply) else code.reply

    await world.visit(card, [*lines, see(EnterCode, altered), see(SeeRA, why=Why.RECORD_SHUT)])
    (alarm,) = await world.events("vault.does-not-open")
    assert "pending-draft" in alarm.reason
    assert await world.rows(RegistrationRow) == []


async def test_a_notice_that_does_not_open_holds_up_no_other(registered: World) -> None:
    world = registered
    await world.notices()
    known = await world.known(world.ann)
    async with world.office.service.store.work() as session:
        for kind in (NoticeKind.BLOCKED, NoticeKind.UNLOCKED):
            await world.service.notices.queue(session, kind, known, RA_EMAIL, "en")
    first, _ = await world.rows(NoticeRow)
    async with world.office.service.store.work() as session:
        broken = update(NoticeRow).where(col(NoticeRow.id) == first.id)
        await session.exec(broken.values(recipient=flipped(first.recipient or b"")))
    before = len(world.post.mails)
    await world.notices()
    assert [to for to, _ in world.post.mails[before:]] == [RA_EMAIL]
    world.hands.forward(days=4)
    await world.notices()
    assert [(row.state, row.recipient) for row in await world.rows(NoticeRow)] == [("given-up", None)]
    (given_up,) = await world.events("notice.given-up")
    assert "notice-recipient" in given_up.reason


async def test_without_the_vaults_key_nothing_is_told_of_anybody(registered: World) -> None:
    """The database of a stolen kiosk, opened with a key of one's own: every holder is sent to the RA."""
    world = registered
    folder = world.settings.state_directory
    keys = ring_in_memory(SecretBytes(b"x" * 32), PEPPER)
    async with new_world(folder, beside=world, keys=keys) as stranger:
        stranger.ann = world.ann
        world.ann.lock()
        await stranger.visit(world.ann, [see(SeeRA, why=Why.RECORD_SHUT)])
        ((told, _),) = await alarms(stranger)
        assert told.split(", ") == ["unblock-secret", "name", "ra-email", "own-email"]
    await world.visit(world.ann, unlocking(world))  # it has harmed nothing


async def test_a_token_pulled_out_in_the_middle_costs_no_attempt(registered: World) -> None:
    world = registered
    world.ann.lock()
    pepper = Unplugged()
    whole = world.parts.hasher._pepper

    def pulled(step: Any) -> Any:
        world.parts.hasher._pepper = pepper
        return in_order(step)

    await world.visit(world.ann, [see(AnswerQuestions, pulled), see(SeeRA, why=Why.RECORD_SHUT)])
    assert [reason for reason, _ in await alarms(world)] == ["the token is gone"]
    assert (await world.known(world.ann)).attempts_left == 3
    world.parts.hasher._pepper = whole
    await world.visit(world.ann, unlocking(world))


class Unplugged:
    """A pepper in a token that was pulled out."""

    def digest(self, content: bytes) -> bytes:
        """Raise KeyProblem."""
        raise KeyProblem("the token is gone")
