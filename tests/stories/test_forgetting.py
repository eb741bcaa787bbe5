"""A holder is forgotten: nothing of theirs stays but events with a bare key; nothing crashes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import SQLModel

from kiosk import erasure
from kiosk.dialogue import Gone
from kiosk.enrolment import EnrolmentError, NewCard
from kiosk.steps import Finished, SeeRA, Step
from kiosk.storage.members import MemberRow, RuleRow
from kiosk.storage.models import (
    CardRow,
    CardState,
    CardWriteRow,
    DataKeyRow,
    HolderRow,
    HolderWordRow,
    NoticeRow,
    RegistrationRow,
    WriteState,
)
from kiosk.storage.trail import AuditRow, AuditStoreRow, CheckpointRow
from tests.stories.conftest import OpenWorld, with_ann
from tests.stories.disk import on_disk
from tests.stories.plots import (
    NEW_PIN,
    changing_email,
    changing_passcode,
    changing_questions,
    register,
    unlocking,
    withdrawing,
)
from tests.stories.script import Script, See, see
from tests.stories.test_assistance import issue
from tests.stories.test_canary import OTHERS
from tests.stories.world import World, identity

STAYS = {AuditRow, AuditStoreRow, CheckpointRow, DataKeyRow, MemberRow, RuleRow}


async def forget(world: World, holder: int) -> int:
    """As an officer does."""
    return await erasure.forget(world.office.service.store, holder, by="officer", reason="ticket 5514")


async def test_nothing_stays_but_events(registered: World) -> None:
    ann = registered.ann
    registered.hands.forward(hours=2)
    await registered.visit(ann, changing_passcode())
    await issue(registered, ann)
    registered.post.down = True  # notices wait with name and address
    known = await registered.known(ann)
    events = len(await registered.events())
    stay = await forget(registered, known.holder)
    tables: list[type[SQLModel]] = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
    left = {table.__name__ for table in tables if table not in STAYS and await registered.rows(table)}
    assert left == set()
    kept = await registered.events()
    assert len(kept) == events + 1, "never an event"
    assert kept[-1].event == "holder.forgotten"
    assert (kept[-1].holder_key, kept[-1].actor, kept[-1].reason) == (
        known.holder_key,
        "officer",
        "ticket 5514",
    )
    assert stay == sum(event.holder_key == known.holder_key for event in kept)
    assert (await registered.parts.trail.verify(None, lambda _: None)).fault is None


async def test_no_byte_of_theirs_is_in_the_files(world: World) -> None:
    await world.holder("H-4711-Q", "Zebediah Quillfeather", "z.quillfeather@nhs.net")
    card = await world.card("H-4711-Q")
    await register(world, card, email="z.quillfeather@nhs.net")
    await world.notices()
    await issue(world, card)
    sealed = [row.name for row in await world.rows(HolderRow)]
    sealed += [row.email for row in await world.rows(RegistrationRow)]
    sealed += [row.word for row in await world.rows(HolderWordRow)]
    traces = [b"H-4711-Q", identity(card).serial.encode(), *sealed]
    before = on_disk(world)
    assert all(found(trace, before) for trace in traces), "or the search finds nothing ever"
    await forget(world, (await world.known(card)).holder)
    after = on_disk(world)
    assert [trace for trace in traces if found(trace, after)] == []


def found(trace: bytes, content: bytes) -> bool:
    """Whether it is there, as it is or as Python writes it."""
    return trace in content or repr(trace)[2:-1].encode() in content


async def test_others_keep_what_is_theirs(registered: World) -> None:
    await registered.holder("H2", "Bob Smith", "bob.smith@nhs.net")
    other = await registered.card("H2")
    await register(registered, other, email="bob.smith@nhs.net")
    await forget(registered, (await registered.known(registered.ann)).holder)
    known = await registered.known(other)
    assert (known.holder_id, known.registered, len(known.questions)) == ("H2", True, 4)
    assert known.has_unblock_secret


async def test_who_is_forgotten_can_come_again_as_somebody_new(registered: World) -> None:
    before = await registered.known(registered.ann)
    await forget(registered, before.holder)
    with pytest.raises(EnrolmentError, match="no such holder any more"):
        await forget(registered, before.holder)
    await registered.holder()
    await registered.parts.enrolment.enrol("H1", NewCard(identity(registered.ann), None, None), by="test")
    after = await registered.known(registered.ann)
    assert after.holder_key != before.holder_key
    assert after.card_key != before.card_key
    assert not after.registered


# -- open writes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [WriteState.INTENT, WriteState.UNKNOWN, WriteState.ANSWERED])
async def test_not_while_a_card_write_is_open(registered: World, state: WriteState) -> None:
    registered.hands.forward(hours=2)
    await registered.visit(registered.ann, changing_passcode())
    async with registered.office.service.store.work() as session:
        await session.exec(update(CardWriteRow).values(state=state.value, at=registered.hands.wall))
    holder = (await registered.known(registered.ann)).holder
    with pytest.raises(EnrolmentError, match="a write to this holder's card is open"):
        await forget(registered, holder)
    assert len(await registered.rows(HolderRow)) == 1
    await registered.set_state(registered.ann, CardState.REVOKED)
    with pytest.raises(EnrolmentError, match="is open"):
        await forget(registered, holder)  # it may be going on right now
    registered.hands.forward(minutes=11)
    await forget(registered, holder)
    assert await registered.rows(CardRow) == []


# -- while they stand at the kiosk -----------------------------------------------------------------


class Forgetful(Script):
    """Forgets the holder before the reply to one of the lines; then goes on as far as it is asked to."""

    def __init__(self, world: World, holder: int, number: int) -> None:
        super().__init__()
        self._world, self._holder, self._number = world, holder, number
        self._replies: dict[type, object] = {}

    async def ask(self, step: Step[Any]) -> Any:
        """Answer as the story says; the RA's contact is an end."""
        if len(self.seen) < self._number:
            return await super().ask(step)
        if len(self.seen) == self._number:
            self._replies = {line.step: line.reply for line in self.lines}
            await forget(self._world, self._holder)
        # Who is asked the same once more has had enough.
        reply = None if isinstance(step, SeeRA) else self._replies.pop(type(step), Gone.STOPPED)
        self.lines = [see(type(step), reply)]
        return await super().ask(step)


STORIES: dict[str, Callable[[World], list[See]]] = {
    "unlock": unlocking,
    "change passcode": lambda _: changing_passcode(),
    "change questions": lambda _: changing_questions(OTHERS),
    "change email": lambda world: changing_email(world, "ann.new@nhs.net"),
    "withdraw": lambda _: withdrawing(),
}


@pytest.mark.parametrize("story", STORIES)
async def test_forgotten_while_they_stand_there(open_world: OpenWorld, story: str) -> None:
    """At any question: the visit ends with the RA's contact, and nothing of theirs comes back."""
    world = await with_ann(await open_world())
    number, ended = 0, False
    while not ended:
        card = world.ann
        world.hands.forward(hours=2)
        if story == "unlock":
            card.lock()
        known = await world.known(card)
        script = Forgetful(world, known.holder, number)
        lines = STORIES[story](world)
        ended = number == len(lines) - 1
        await world.visit(card, lines, script=script)
        assert isinstance(script.seen[-1], Finished if ended else SeeRA) or script.gone, script.seen[-1]
        assert ended or card.state().pin != NEW_PIN, "nothing was written to the card"
        assert await world.rows(CardRow) == []
        assert await world.rows(NoticeRow) == [] or ended
        number += 1
        await world.holder(f"H{number}")
        world.ann = await world.card(f"H{number}")
        await register(world, world.ann)
    assert (await world.parts.trail.verify(None, lambda _: None)).fault is None
