"""The mail room: a test mail, and the outbox, in which nobody's address is seen."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from kiosk.letters import NoticeKind
from kiosk.mail import MailNotSent
from kiosk.staff.account import Role, StaffProblem
from kiosk.staff.tools import Waiting
from kiosk.storage.models import NoticeRow
from tests.kiosk.staff.conftest import Staffed

ANN = "ann.jones@nhs.net"


async def wait(staffed: Staffed, *kinds: NoticeKind) -> None:
    """Queue notices to Ann."""
    store, notices = staffed.world.service.store, staffed.world.service.notices
    async with store.work() as session:
        for kind in kinds:
            await notices.queue(session, kind, None, ANN, "en")


async def test_a_test_mail(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    await session.mail.send_test(" Ann.Jones@NHS.net ")
    (recipient, mail), *_ = staffed.world.post.mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert (recipient, "technician" in body.get_content()) == (ANN, True)
    (event,) = await staffed.world.events("mail.tested")
    assert (event.actor, event.outcome, event.detail) == ("technician", "ok", "")


async def test_only_to_an_approved_domain(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    for address in ("ann@example.org", "ann", "ann@nhs.net, bob@nhs.net", ""):
        with pytest.raises(StaffProblem, match=r"nhs\.net"):
            await session.mail.send_test(address)
    assert not staffed.world.post.mails
    assert not await staffed.world.events("mail.tested")


async def test_a_server_that_does_not_take_it(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    staffed.world.post.down = True
    with pytest.raises(MailNotSent):
        await session.mail.send_test(ANN)
    (event,) = await staffed.world.events("mail.tested")
    assert (event.outcome, event.reason) == ("failed", "connection refused")


async def test_the_outbox_says_what_waits_and_never_for_whom(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    await wait(staffed, NoticeKind.UNLOCKED, NoticeKind.BLOCKED)
    waiting = await anext(session.mail.outbox())
    assert [one.kind for one in waiting] == ["unlocked", "blocked"]
    assert {field.name for field in fields(Waiting)} == {
        *("number", "kind", "given_up", "tries", "created_at", "next_at")
    }


async def test_all_are_tried_again_now_but_for_what_is_under_way(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    await wait(staffed, NoticeKind.UNLOCKED, NoticeKind.BLOCKED)
    staffed.world.post.down = True
    notices, hands = staffed.world.service.notices, staffed.world.hands
    for seconds in (31, 61):
        await notices.send_due()
        hands.forward(seconds=seconds)
    await notices.send_due()  # the third try: the next follows after two minutes
    assert await session.mail.retry() == 0, "it has just been handed to the server"
    hands.forward(seconds=20)
    staffed.world.post.down = False
    assert await notices.send_due() == 0
    assert await session.mail.retry() == 2
    assert await notices.send_due() == 2
    *_, event = await staffed.world.events("notice.hurried")
    assert (event.actor, json.loads(event.detail)) == ("technician", {"notices": 2})


async def test_an_officer_drops_one_for_a_reason(staffed: Staffed) -> None:
    session = await staffed.session(Role.OFFICER)
    await wait(staffed, NoticeKind.UNLOCKED, NoticeKind.BLOCKED)
    first, second = await anext(session.mail.outbox())
    for reason in ("", "  ", "x" * 500, "a\x1b[2J"):
        with pytest.raises(StaffProblem, match="why"):
            await session.mail.drop(first.number, reason)
    await session.mail.drop(first.number, "she was told in person")
    with pytest.raises(StaffProblem, match="not there any more"):
        await session.mail.drop(first.number, "again")
    assert [row.id for row in await staffed.world.rows(NoticeRow)] == [second.number]
    (event,) = await staffed.world.events("notice.dropped")
    assert (event.actor, event.reason) == ("officer", "she was told in person")
    assert json.loads(event.detail) == {"kind": "unlocked"}


async def test_a_mail_server_that_does_not_work_is_told_with_what_to_do(staffed: Staffed) -> None:
    session = await staffed.session(Role.TECHNICIAN)
    with pytest.raises(StaffProblem, match=r"localhost:587: .*; see mail\.host"):
        await session.mail.probe()
