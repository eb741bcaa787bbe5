"""What the officer's desk asks and says before anything is done, and where it does nothing at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event
from kiosk.dialogue import Gone
from kiosk.enrolment import EnrolmentError, NewHolder
from kiosk.staff.account import NotAllowed, Role, StaffProblem
from kiosk.staff.desk import Act, Deed, Foreseen, Grounds
from kiosk.staff.rooms.session import StaffSession
from kiosk.steps import AnswerQuestions
from kiosk.storage.models import (
    AssistanceRow,
    CardState,
    HolderRow,
    RegistrationRow,
    SecurityAnswerRow,
)
from tests.kiosk.reports.conftest import happened, write
from tests.kiosk.staff.conftest import Staffed
from tests.kiosk.staff.desk import WHY
from tests.stories.conftest import with_ann
from tests.stories.plots import block, register
from tests.stories.script import see
from tests.stories.world import PUK, World, identity, wrong

NEW = "ann@gov.uk"


# -- what is asked first ------------------------------------------------------------------------

DEEDS: dict[Act, dict[str, Any]] = {
    Act.CLEAR_BLOCK: {},
    Act.SET_EMAIL: {"email": NEW},
    Act.ASSIST: {},
    Act.WITHDRAW: {},
    Act.SUSPEND: {"card": "CARD"},
    Act.REVOKE: {"card": "CARD"},
    Act.CLEAR_SECRET: {"card": "CARD"},
}


async def state_of(world: World) -> list[str]:
    """Everything a deed could have changed."""
    tables = (HolderRow, RegistrationRow, AssistanceRow, SecurityAnswerRow)
    rows = [repr(row.model_dump()) for table in tables for row in await world.rows(table)]
    return [*rows, (await world.known(world.ann)).state.value, str(len(await world.events()))]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", "the reason is empty"),
        (" \t", "the reason is empty"),
        ("x" * 201, "the reason is longer than 200"),
        ("Mrs Jones asked", "names the person"),
        ("Mrs \uff2aones asked", "names the person"),  # a J as wide as two letters
        ("card CARD is lost", "names the person"),
        ("Mrs J\u00f3n\u00e9s asked", "names the person"),
    ],
)
async def test_no_deed_without_a_reason_that_may_stay(
    ann: World, officer: StaffSession, reason: str, said: str
) -> None:
    await block(ann, ann.ann)
    guid = ann.ann.guid.hex().upper()
    before = await state_of(ann)
    for act, more in DEEDS.items():
        given: dict[str, Any] = {
            name: value.replace("CARD", f"piv:guid:{guid}") for name, value in more.items()
        }
        with pytest.raises(StaffProblem, match=said):
            await officer.desk.carry_out(
                Deed(act, "H1", **given), Grounds(reason.replace("CARD", guid), "H1")
            )
    assert await state_of(ann) == before


@pytest.mark.parametrize("typed", ["", "H2", "H"])
async def test_what_is_dangerous_wants_the_holders_id(ann: World, officer: StaffSession, typed: str) -> None:
    card = str(identity(ann.ann))
    before = await state_of(ann)
    for act in (Act.SET_EMAIL, Act.WITHDRAW, Act.REVOKE):
        deed = Deed(act, "H1", card=card, email=NEW)
        assert (await officer.desk.foresee(deed)).dangerous
        with pytest.raises(StaffProblem, match="type the holder's id as it stands on the page"):
            await officer.desk.carry_out(deed, Grounds(WHY, typed))
    assert await state_of(ann) == before
    assert not (await officer.desk.foresee(Deed(Act.SUSPEND, "H1", card=card))).dangerous


async def test_it_is_taken_in_capitals_or_without(ann: World, officer: StaffSession) -> None:
    await officer.desk.carry_out(Deed(Act.REVOKE, "H1", card=str(identity(ann.ann))), Grounds(WHY, " h1 "))
    assert (await ann.known(ann.ann)).state is CardState.REVOKED


async def test_what_was_revoked_is_taken_back_by_the_holders_id_alone(
    ann: World, officer: StaffSession
) -> None:
    take_back = Deed(Act.ACTIVATE, "H1", card=str(identity(ann.ann)))
    await ann.set_state(ann.ann, CardState.SUSPENDED)
    assert not (await officer.desk.foresee(take_back)).dangerous
    await ann.set_state(ann.ann, CardState.REVOKED)
    will_be = await officer.desk.foresee(take_back)
    assert will_be.dangerous
    assert "as lost, broken or given back" in " ".join(will_be.lines)
    with pytest.raises(StaffProblem, match="type the holder's id"):
        await officer.desk.carry_out(take_back, Grounds(WHY))


async def test_what_will_happen_is_true_for_that_very_holder(ann: World, officer: StaffSession) -> None:
    async def told(act: Act, **more: Any) -> str:
        return " ".join((await officer.desk.foresee(Deed(act, "H1", **more))).lines)

    card = str(identity(ann.ann))
    assert "They have no other card in use." in await told(Act.REVOKE, card=card)
    other = await ann.card()
    assert "no other card" not in await told(Act.REVOKE, card=card)
    assert "cannot be unlocked" not in await told(Act.ASSIST)
    for one in (ann.ann, other):
        await ann.set_state(one, CardState.SUSPENDED)
    assert "none of their cards can be unlocked" in await told(Act.ASSIST)
    assert "block" not in await told(Act.WITHDRAW)
    await ann.set_state(ann.ann, CardState.ACTIVE)
    await ann.visit(ann.ann, [see(AnswerQuestions, wrong), see(AnswerQuestions, Gone.CARD_OUT)])
    assert "now they have 2." in await told(Act.CLEAR_BLOCK)
    assert "Their attempts and their block stay as they are." in await told(Act.WITHDRAW)


async def test_nothing_begins_once_somebody_has_left(
    ann: World, officer: StaffSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They leave while it is being looked at what the deed would do."""
    before, looks = await state_of(ann), officer.desk._foresee

    async def leaves(deed: Deed) -> Foreseen:
        foreseen = await looks(deed)
        officer.shut()
        await officer.close()
        return foreseen

    monkeypatch.setattr(officer.desk, "_foresee", leaves)
    with pytest.raises(NotAllowed, match="you are signed out"):
        await officer.desk.carry_out(Deed(Act.ASSIST, "H1"), Grounds(WHY))
    assert await state_of(ann) == before


async def test_who_was_shut_out_helps_nobody_in_the_seconds_until_they_are_put_out(
    ann: World, officer: StaffSession
) -> None:
    await ann.office.accounts.disable("officer", "has left", by="administrator")
    before = await state_of(ann)
    for act, typed in ((Act.ASSIST, ""), (Act.WITHDRAW, "H1")):
        with pytest.raises(NotAllowed, match="your own account was changed meanwhile"):
            await officer.desk.carry_out(Deed(act, "H1"), Grounds(WHY, typed))
    assert await state_of(ann) == before


@pytest.mark.parametrize("detail", ["{", "[1]", '{"kind": ["x"]}', "[" * 60_000, r'{"kind": "\ud800"}'])
async def test_what_a_kiosk_has_written_closes_nobodys_page(
    ann: World, officer: StaffSession, detail: str
) -> None:
    """A kiosk in the wrong hands writes what it likes about anybody."""
    key = (await ann.known(ann.ann)).holder_key
    now = f"{ann.hands.wall:%Y-%m-%d %H:%M}"
    await write(ann, [happened(now, Event.NOTICE_SENT)._replace(holder_key=key, detail=detail)])
    page = await officer.desk.page("H1")
    assert (page.events[0].event, page.events[0].detail) == ("notice.sent", "")


# -- where it may be done -----------------------------------------------------------------------


async def test_a_kiosk_of_a_fleet_sends_officers_to_their_own_machine(staffed: Staffed) -> None:
    session = await staffed.session(Role.OFFICER)
    await with_ann(staffed.world)
    if not staffed.world.guarded:
        assert await session.desk.elsewhere() == ""
        assert await session.desk.find("H1") != ()
        return
    assert "'kiosk desk'" in await session.desk.elsewhere()
    deed = Deed(Act.ASSIST, "H1")
    for attempt in (
        session.desk.find("H1"),
        session.desk.page("H1"),
        session.desk.foresee(deed),
        session.desk.carry_out(deed, Grounds(WHY)),
        anext(aiter(session.desk.reader())),
    ):
        with pytest.raises(StaffProblem, match="on the RA's own machine"):
            await attempt


async def test_the_ras_own_machine_says_nothing_of_the_kind(officer: StaffSession) -> None:
    assert await officer.desk.elsewhere() == ""


def test_who_it_is_about_is_in_no_repr() -> None:
    deed = Deed(Act.ADD, "40017", name="Ann Jones", email=NEW, card="piv:guid:1", new_card="piv:guid:2")
    grounds = Grounds(WHY, "40017", SecretStr(PUK))
    told = repr(deed) + repr(grounds)
    assert [one for one in ("40017", "Ann", NEW, "guid", PUK) if one in told] == []


async def test_two_officers_who_add_the_same_person_at_once(
    ann: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look, find nobody of that id, and write: the second is told what the first has done."""
    enrolment, looked = ann.office.enrolment, asyncio.Barrier(2)
    find = enrolment._holder

    async def look(session: AsyncSession, holder_id: str) -> HolderRow | None:
        found = await find(session, holder_id)
        if not ann.office.database.backend.one_at_a_time:
            await looked.wait()
        return found

    monkeypatch.setattr(enrolment, "_holder", look)
    new = NewHolder("H7", "Bob Smith", "")
    both = (enrolment.add_holder(new, by="olga"), enrolment.add_holder(new, by="olga"))
    told = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(map(repr, told)) == sorted(
        map(repr, (None, EnrolmentError("there is a holder 'H7' already")))
    )
    assert [one.holder_id for one in await ann.rows(HolderRow)] == ["H1", "H7"]


async def test_a_reason_does_not_name_the_address_that_they_have_registered(
    staffed: Staffed, officer: StaffSession
) -> None:
    await staffed.world.holder()
    await register(staffed.world, await staffed.world.card(), email="kestrel7@mod.uk")
    with pytest.raises(StaffProblem, match="names the person"):
        await officer.desk.carry_out(Deed(Act.WITHDRAW, "H1"), Grounds("wrote from kestrel7", "H1"))
