"""The officer's desk takes the reference that a kiosk has shown: whose visit it was."""

from __future__ import annotations

import pytest

from cardio.virtual.piv import PivCard
from kiosk import erasure
from kiosk.audit import Event, Subject
from kiosk.dialogue import Gone
from kiosk.refusals import Why
from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.rooms.session import StaffSession
from kiosk.steps import AnswerQuestions, SeeRA
from kiosk.storage.models import CardState, HolderRow, row_id
from kiosk.storage.trail import AuditRow
from tests.kiosk.staff.conftest import Staffed
from tests.stories.plots import block
from tests.stories.script import Script, see
from tests.stories.world import World

REFERENCE = "B9M-9ZK"


def shown(script: Script) -> str:
    """The reference on the last screen of a visit."""
    step = script.seen[-1]
    assert isinstance(step, SeeRA)
    return step.reference


async def ids(officer: StaffSession, text: str) -> list[str]:
    """Whom the desk finds."""
    return [one.holder_id for one in await officer.desk.find(text)]


async def test_the_reference_on_the_screen_leads_to_whose_visit_it_was(
    ann: World, officer: StaffSession
) -> None:
    await ann.holder("H2", "Bob Smith", "bob@nhs.net")
    reference = shown(await block(ann, ann.ann))
    for typed in (
        reference,
        reference.lower(),
        f" {reference.replace('-', '')} ",
        reference.replace("-", " "),
    ):
        assert await ids(officer, typed) == ["H1"]


async def test_that_of_a_card_which_was_refused_does_too(ann: World, officer: StaffSession) -> None:
    await ann.set_state(ann.ann, CardState.SUSPENDED)
    script = await ann.visit(ann.ann, [see(SeeRA, why=Why.UNKNOWN_CARD)])
    assert await ids(officer, shown(script)) == ["H1"]


async def test_an_officer_who_looks_leaves_no_trace_as_ever(ann: World, officer: StaffSession) -> None:
    reference = shown(await block(ann, ann.ann))
    before = len(await ann.events())
    await officer.desk.find(reference)
    assert len(await ann.events()) == before


async def test_of_an_unknown_card_it_is_said_and_what_to_do(staffed: Staffed, officer: StaffSession) -> None:
    script = await staffed.world.visit(PivCard(), [see(SeeRA, why=Why.UNKNOWN_CARD)])
    reference = shown(script)
    with pytest.raises(StaffProblem, match="of a card that nobody is known by") as told:
        await officer.desk.find(reference.lower())
    assert f"'kiosk audit show --visit {reference}'" in str(told.value)


async def test_of_somebody_who_was_erased_it_is_said(ann: World, officer: StaffSession) -> None:
    reference = shown(await block(ann, ann.ann))
    (holder,) = await ann.rows(HolderRow)
    await erasure.forget(ann.office.service.store, row_id(holder), by="test", reason="T-1")
    with pytest.raises(StaffProblem, match=f"visit {reference} was of somebody who has been erased"):
        await officer.desk.find(reference)


async def test_that_of_no_visit_finds_nobody(ann: World, officer: StaffSession) -> None:
    assert await ids(officer, REFERENCE) == []


async def test_somebody_whose_id_it_is_is_found_as_well(ann: World, officer: StaffSession) -> None:
    reference = shown(await block(ann, ann.ann))
    await ann.holder(reference, "Bob Smith", "bob@nhs.net")
    assert sorted(await ids(officer, reference.lower())) == sorted(["H1", reference])
    await ann.holder(REFERENCE, "Cy Li", "cy@nhs.net")
    assert await ids(officer, REFERENCE.lower()) == [REFERENCE]


async def test_an_old_visit_with_the_same_reference_is_not_taken_for_it(
    ann: World, officer: StaffSession
) -> None:
    store = ann.office.service.store
    (holder,) = await ann.rows(HolderRow)
    await store.record(Event.CARD_SEEN, Subject(holder.audit_key, visit=REFERENCE))
    assert await ids(officer, REFERENCE) == ["H1"]
    ann.hands.forward(minutes=60 * 24 * 30)
    await store.record(Event.CARD_REFUSED, Subject(visit=REFERENCE))
    with pytest.raises(StaffProblem, match="of a card that nobody is known by"):
        await officer.desk.find(REFERENCE)


async def test_that_of_a_self_test_is_none(staffed: Staffed, officer: StaffSession) -> None:
    technician = await staffed.session(Role.TECHNICIAN)
    await technician.selftest.run(lambda _: None)
    visits = {event.visit for event in await staffed.world.rows(AuditRow) if event.selftest and event.visit}
    assert visits
    for reference in visits:
        assert await ids(officer, reference) == []


async def test_an_unknown_cards_visit_hides_nobody_who_has_that_id(
    staffed: Staffed, officer: StaffSession
) -> None:
    reference = shown(await staffed.world.visit(PivCard(), [see(SeeRA, why=Why.UNKNOWN_CARD)]))
    await staffed.world.holder(reference, "Bob Smith", "bob@nhs.net")
    assert await ids(officer, reference) == [reference]


async def test_of_two_visits_with_one_reference_the_newer_one_counts(
    ann: World, officer: StaffSession
) -> None:
    await ann.holder("H2", "Bob Smith", "bob@nhs.net")
    store = ann.office.service.store
    keys = {row.holder_id: row.audit_key for row in await ann.rows(HolderRow)}
    for whose in ("H2", "H1"):
        await store.record(Event.CARD_SEEN, Subject(keys[whose], visit=REFERENCE))
    await store.record(Event.INCIDENT, Subject(visit=REFERENCE))
    assert await ids(officer, REFERENCE) == ["H1"]


async def test_a_visit_that_goes_on_is_found_already(ann: World, officer: StaffSession) -> None:
    """The person may be standing there, with the officer on the phone."""
    await ann.visit(ann.ann, [see(AnswerQuestions, Gone.CARD_OUT)])
    seen = (await ann.events("card.seen"))[-1]
    assert await ids(officer, seen.visit) == ["H1"]
