"""The officer's desk: whom it finds, what a page tells, what each deed says before, does and has recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cardio.virtual.piv import PivCard
from kiosk.dialogue import Gone
from kiosk.refusals import CodeRefusal, Why
from kiosk.staff.account import StaffProblem
from kiosk.staff.desk import Act, Deed, Grounds
from kiosk.staff.rooms import desk
from kiosk.staff.rooms.session import StaffSession
from kiosk.steps import AnswerQuestions, EnterCode, SeeRA
from kiosk.storage.models import (
    AssistanceRow,
    CardState,
    HolderRow,
    PendingRow,
    RegistrationRow,
    SecurityAnswerRow,
)
from kiosk.storage.trail import AuditRow
from tests.kiosk.staff.conftest import Staffed, card_of
from tests.kiosk.staff.desk import ME, WHY, carry_out
from tests.stories.conftest import with_ann
from tests.stories.plots import block, register, unlock
from tests.stories.script import see
from tests.stories.world import ANSWERS, PIN, PUK, RA_EMAIL, World, identity, in_order, tries

NEW, OWN = "ann@gov.uk", "ann.home@mod.uk"


async def last(world: World, event: str) -> AuditRow:
    """The newest of these events."""
    return (await world.events(event))[-1]


# -- finding and looking ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["H1", "jones", " Ann.Jones@NHS.net ", "ann jones", "CARD", "guid:CARD", "piv:guid:CARD"]
)
async def test_a_holder_is_found_by_what_is_known_of_them(
    ann: World, officer: StaffSession, text: str
) -> None:
    await ann.holder("H2", "Bob Smith", "bob@nhs.net")
    (found,) = await officer.desk.find(text.replace("CARD", ann.ann.guid.hex()))
    assert (found.holder_id, found.name, found.email, found.blocked_at) == ("H1", "Ann Jones", RA_EMAIL, None)


async def test_nobody_is_found_by_what_nobody_has_and_everybody_by_nothing(
    ann: World, officer: StaffSession
) -> None:
    assert await officer.desk.find("Smith") == ()
    assert await officer.desk.find("0" * 32) == ()
    with pytest.raises(StaffProblem, match="say who is looked for"):
        await officer.desk.find(" ")
    with pytest.raises(StaffProblem, match="there is no holder 'H7': add them first"):
        await officer.desk.page("H7")


async def test_of_very_many_so_many_are_found_as_somebody_can_look_through(
    staffed: Staffed, officer: StaffSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST", 2)
    for number in "321":
        await staffed.world.holder(f"H{number}", "Bob Smith", "")
    assert [one.holder_id for one in await officer.desk.find("smith")] == ["H1", "H2"]


async def test_a_page_tells_all_but_secrets(staffed: Staffed, officer: StaffSession) -> None:
    world = staffed.world
    await world.holder()
    world.ann = await world.card()
    await register(world, world.ann, email=OWN)
    await block(world, world.ann)
    assistance = await carry_out(officer, Act.ASSIST)
    page = await officer.desk.page("H1")
    assert (page.name, page.email, page.own_email) == ("Ann Jones", RA_EMAIL, "a····e@mod.uk")
    assert (page.attempts_left, page.attempts) == (0, 3)
    assert page.blocked_at is not None
    assert page.registered_at is not None
    assert page.assistance_ends == assistance.ends
    (card,) = page.cards
    assert (card.number, card.state) == (str(identity(world.ann)), "active")
    assert (card.unblock_secret, card.proves_itself) == ("kept", "always")
    newest = page.events[0]
    assert (newest.event, newest.actor, newest.reason) == ("assistance.issued", ME, WHY)
    failed = [one for one in page.events if (one.event, one.outcome) == ("answers.checked", "refused")]
    assert [one.detail for one in failed] == [f"attempts_left {left}" for left in (0, 1, 2)], (
        "the newest first"
    )
    assert failed[0].card == card.number
    told = repr(page) + "".join(map(str, vars(page).values()))
    assert assistance.code is not None
    secrets = [PIN, PUK, world.post.code(), assistance.code.get_secret_value(), *ANSWERS.values(), OWN]
    assert [secret for secret in secrets if secret.casefold() in told.casefold()] == []


async def test_a_card_that_told_a_kiosk_of_too_few_tries_is_not_said_to_be_unlocked(
    ann: World, officer: StaffSession
) -> None:
    async def secret() -> str:
        (card,) = (await officer.desk.page("H1")).cards
        return card.unblock_secret

    spent = ann.ann.state().puk_tries_left
    await ann.visit(ann.ann, [see(AnswerQuestions, Gone.CARD_OUT)])
    assert await secret() == "kept"
    tries(ann.ann, puk=1)
    await ann.visit(ann.ann, [see(SeeRA, why=Why.NO_UNBLOCK)])
    assert await secret() == "nearly spent"
    tries(ann.ann, puk=spent)
    await ann.visit(ann.ann, [see(AnswerQuestions, Gone.CARD_OUT)])
    assert await secret() == "kept", "as it told last"


async def test_a_held_registration_and_what_cannot_be_read_are_told(
    staffed: Staffed, officer: StaffSession
) -> None:
    world = await with_ann(staffed.world)
    (row,) = await world.rows(RegistrationRow)
    held = row.usable_from + timedelta(hours=5)
    async with world.office.service.store.work() as session:
        registration = await session.get_one(RegistrationRow, row.holder)
        registration.usable_from = held
    assert (await officer.desk.page("H1")).may_unlock_from == held
    world.change("UPDATE holder SET name = ra_email")
    page = await officer.desk.page("H1")
    assert (page.name, page.shut) == ("(cannot be read)", ("name",))
    for act in (Act.ASSIST, Act.WITHDRAW, Act.SET_EMAIL):
        with pytest.raises(StaffProblem, match="cannot be read: tell your administrator"):
            await officer.desk.foresee(Deed(act, "H1", email=NEW))


# -- what is done for people --------------------------------------------------------------------


async def test_a_block_is_cleared(ann: World, officer: StaffSession) -> None:
    with pytest.raises(StaffProblem, match="they are not blocked, and have all attempts"):
        await carry_out(officer, Act.CLEAR_BLOCK)
    await block(ann, ann.ann)
    lines = (await officer.desk.foresee(Deed(Act.CLEAR_BLOCK, "H1"))).lines
    assert "The block ends: they can use self-service again." in lines
    await carry_out(officer, Act.CLEAR_BLOCK)
    known = await ann.known(ann.ann)
    assert (known.blocked, known.attempts_left) == (False, 3)
    event = await last(ann, "holder.block-cleared")
    assert (event.actor, event.reason) == (ME, WHY)


async def test_an_address_is_set_and_old_and_new_are_told(staffed: Staffed, officer: StaffSession) -> None:
    world = staffed.world
    await world.holder()
    world.ann = await world.card()
    await register(world, world.ann, email=OWN)
    world.ann.lock()
    world.post.mails.clear()
    await world.notices()
    world.post.mails.clear()
    done = await carry_out(officer, Act.SET_EMAIL, email=f" {NEW.upper()} ")
    assert done.lines == (
        f"Codes go to {NEW} now.",
        "They are mailed there, and at a····e@mod.uk, and at a····s@nhs.net.",
    )
    known = await world.known(world.ann)
    assert (known.ra_email, known.own_email, known.registered) == (NEW, NEW, True)
    assert known.questions, "their questions stay"
    assert [row.own_email for row in await world.rows(RegistrationRow)] == [False]
    changed, now_here = "Your email address was changed", "Codes for your smartcard now come to this address"
    assert sorted(await world.notices()) == sorted(
        [f"{OWN}: {changed}", f"{RA_EMAIL}: {changed}", f"{NEW}: {now_here}"]
    )
    event = await last(world, "holder.email-set")
    assert (event.actor, event.reason, event.detail) == (ME, WHY, '{"own_email": true}')
    assert [one.holder_id for one in await officer.desk.find(NEW)] == ["H1"]
    assert await officer.desk.find(OWN) == await officer.desk.find(RA_EMAIL) == ()
    await unlock(world, world.ann)
    assert [to for to, mail in world.post.mails if "code" in str(mail["Subject"]).lower()][-1] == NEW


async def test_a_code_to_the_old_address_is_void(ann: World, officer: StaffSession) -> None:
    await ann.visit(ann.ann, [see(AnswerQuestions, in_order), see(EnterCode, Gone.CARD_OUT)])
    old = ann.post.code()
    await carry_out(officer, Act.SET_EMAIL, email=NEW)
    assert await ann.rows(PendingRow) == []
    ann.hands.forward(minutes=2)
    await ann.visit(
        ann.ann,
        [
            see(AnswerQuestions, in_order),
            see(EnterCode, old),
            see(EnterCode, Gone.CARD_OUT, refusal=CodeRefusal.WRONG),
        ],
    )
    assert ann.post.mails[-1][0] == NEW


async def test_somebody_without_a_card_or_an_address_is_given_one(
    staffed: Staffed, officer: StaffSession
) -> None:
    await staffed.world.holder(email="")
    done = await carry_out(officer, Act.SET_EMAIL, email=NEW)
    assert done.lines[1] == "They are mailed there."
    assert (await officer.desk.page("H1")).email == NEW
    assert len(await staffed.world.notices()) == 1
    with pytest.raises(StaffProblem, match="that is the address of holder 'H1' already"):
        await carry_out(officer, Act.SET_EMAIL, email=NEW)


@pytest.mark.parametrize("email", ["", "ann@example.com", "ann@evilgov.uk", "a@nhs.net, b@nhs.net"])
async def test_no_other_address_is_set(ann: World, officer: StaffSession, email: str) -> None:
    deed = Deed(Act.SET_EMAIL, "H1", email=email)
    for attempt in (officer.desk.foresee(deed), officer.desk.carry_out(deed, Grounds(WHY, "H1"))):
        with pytest.raises(StaffProblem, match="the email address "):
            await attempt
    assert (await ann.known(ann.ann)).ra_email == RA_EMAIL


async def test_a_code_helps_once_and_is_shown_once(ann: World, officer: StaffSession) -> None:
    done = await carry_out(officer, Act.ASSIST)
    assert done.code is not None
    code = done.code.get_secret_value()
    assert (len(code), code.isdigit()) == (10, True)
    assert done.ends == ann.hands.wall + timedelta(minutes=60)
    assert code not in repr(done)
    assert f"{RA_EMAIL}: An assistance code was issued for your smartcard" in await ann.notices()
    event = await last(ann, "assistance.issued")
    assert (event.actor, event.reason) == (ME, WHY)
    lines = (await officer.desk.foresee(Deed(Act.ASSIST, "H1"))).lines
    assert "The code that you or a colleague issued before is void." in lines
    (row,) = await ann.rows(AssistanceRow)
    assert code not in row.model_dump_json()


async def test_who_has_no_card_or_no_address_gets_no_code(staffed: Staffed, officer: StaffSession) -> None:
    await staffed.world.holder(email="")
    with pytest.raises(StaffProblem, match="they have no card"):
        await carry_out(officer, Act.ASSIST)
    await staffed.world.card()
    with pytest.raises(StaffProblem, match="they have no email address"):
        await carry_out(officer, Act.ASSIST)


@pytest.mark.parametrize(
    ("act", "said"),
    [(Act.ASSIST, "issues a code for themselves"), (Act.SET_EMAIL, "sets an address of their own")],
)
async def test_nobody_helps_themselves_to_a_code_or_an_address(
    staffed: Staffed, officer: StaffSession, act: Act, said: str
) -> None:
    world = await with_ann(staffed.world)
    await world.office.accounts.reset(ME, None, card_of(PivCard(pin=PIN, guid=world.ann.guid)), by="init")
    deed = Deed(act, "H1", email=NEW)
    for attempt in (officer.desk.foresee(deed), officer.desk.carry_out(deed, Grounds(WHY, "H1"))):
        with pytest.raises(StaffProblem, match=f"nobody {said}: ask another officer"):
            await attempt
    assert await world.rows(AssistanceRow) == []
    assert (await world.known(world.ann)).ra_email == RA_EMAIL


@pytest.mark.parametrize("holder", [ME, f" {ME.upper()} "])
async def test_nobody_adds_themselves_with_an_address(
    staffed: Staffed, officer: StaffSession, holder: str
) -> None:
    deed = Deed(Act.ADD, holder, name="Olga Orr", email="olga@nhs.net")
    for attempt in (officer.desk.foresee(deed), officer.desk.carry_out(deed, Grounds(WHY))):
        with pytest.raises(StaffProblem, match="nobody sets an address of their own: ask another officer"):
            await attempt
    assert await staffed.world.rows(HolderRow) == []
    await carry_out(officer, Act.ADD, holder=holder, name="Olga Orr", email="")
    with pytest.raises(StaffProblem, match="nobody sets an address of their own"):
        await carry_out(officer, Act.SET_EMAIL, holder=holder.strip(), email="olga@nhs.net")


async def test_a_registration_is_ended_and_block_and_attempts_stay(
    staffed: Staffed, officer: StaffSession
) -> None:
    world = staffed.world
    await world.holder()
    world.ann = await world.card()
    await register(world, world.ann, email=OWN)
    await block(world, world.ann)
    await world.notices()
    world.post.mails.clear()
    await carry_out(officer, Act.WITHDRAW)
    for table in (RegistrationRow, SecurityAnswerRow, PendingRow):
        assert await world.rows(table) == []
    known = await world.known(world.ann)
    assert (known.blocked, known.attempts_left, known.email) == (True, 0, RA_EMAIL)
    ended = "Your self-service registration was ended"
    assert sorted(await world.notices()) == sorted([f"{OWN}: {ended}", f"{RA_EMAIL}: {ended}"])
    event = await last(world, "registration.withdrawn")
    assert (event.actor, event.reason, event.visit) == (ME, WHY, "")
    with pytest.raises(StaffProblem, match="they are not registered"):
        await carry_out(officer, Act.WITHDRAW)


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (Act.SUSPEND, CardState.SUSPENDED),
        (Act.REVOKE, CardState.REVOKED),
        (Act.ACTIVATE, CardState.ACTIVE),
    ],
)
async def test_a_card_gets_its_state(ann: World, officer: StaffSession, act: Act, state: CardState) -> None:
    if act is Act.ACTIVATE:
        await ann.set_state(ann.ann, CardState.SUSPENDED)
    card = str(identity(ann.ann))
    await carry_out(officer, act, card=card)
    assert (await ann.known(ann.ann)).state is state
    event = await last(ann, "card.state-set")
    assert (event.actor, event.reason) == (ME, WHY)
    with pytest.raises(StaffProblem, match=r"this card is .* already"):
        await carry_out(officer, act, card=card)
    with pytest.raises(StaffProblem, match="they have no such card"):
        await carry_out(officer, act, card="piv:guid:" + "0" * 32)


async def test_a_secret_that_failed_may_be_sent_again(ann: World, officer: StaffSession) -> None:
    ann.change("UPDATE card SET unblock_state = 'failed'")
    assert (await officer.desk.page("H1")).cards[0].unblock_secret == "refused"
    await carry_out(officer, Act.CLEAR_SECRET, card=str(identity(ann.ann)))
    assert (await officer.desk.page("H1")).cards[0].unblock_secret == "kept"
    event = await last(ann, "unblock-secret.cleared")
    assert (event.actor, event.reason) == (ME, WHY)


async def test_a_holder_is_added(staffed: Staffed, officer: StaffSession) -> None:
    deed = Deed(Act.ADD, "H9", name="Bob Smith", email="bob@nhs.net")
    assert (await officer.desk.foresee(deed)).lines[0] == "Bob Smith is added under the id H9."
    await officer.desk.carry_out(deed, Grounds(WHY))
    assert [one.name for one in await officer.desk.find("smith")] == ["Bob Smith"]
    event = await last(staffed.world, "holder.added")
    assert (event.actor, event.reason) == (ME, WHY)
    with pytest.raises(StaffProblem, match="there is a holder 'H9' already"):
        await officer.desk.carry_out(deed, Grounds(WHY))
    with pytest.raises(StaffProblem, match="the name is empty"):
        await officer.desk.foresee(replace(deed, name=" "))
