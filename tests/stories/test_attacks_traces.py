"""Mails and disk: no flood of codes, and nothing left of somebody who has gone."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from kiosk.dialogue import Gone
from kiosk.mail import MailNotSent
from kiosk.notices import GIVE_UP_AFTER, LAST_RETRY
from kiosk.refusals import Why
from kiosk.steps import AnswerQuestions, CodeNotSent, EnterCode, SeeRA
from kiosk.storage.models import CodeMailRow, NoticeRow, RegistrationRow
from kiosk.storage.sqlite import Sqlite
from tests.stories.disk import on_disk
from tests.stories.plots import changing_email, register, withdrawing
from tests.stories.script import see
from tests.stories.world import World, in_order

LEAVES = Gone.CARD_OUT
ADDRESS = "secret.address@gov.uk"


async def settled(world: World) -> World:
    """Ann, registered with an address of her own, and all notices of that sent."""
    await world.holder()
    world.ann = await world.card()
    await register(world, world.ann, email=ADDRESS)
    world.hands.forward(minutes=2)
    await world.notices()
    return world


def as_it_lies_on_disk(world: World) -> bytes:
    """The database with its write-ahead log, as somebody finds it who takes the disk away now.

    A server's dead rows go when it vacuums; here its live ones are looked at.
    """
    if not isinstance(world.backend, Sqlite):
        return on_disk(world)
    path = world.backend.path
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


@pytest.mark.parametrize(("perhaps", "delivered"), [(True, 3), (False, 12)])
async def test_a_mail_that_may_have_arrived_counts_against_the_rates(
    registered: World, monkeypatch: pytest.MonkeyPatch, perhaps: bool, delivered: int
) -> None:
    """A server that takes each mail and answers too late would else deliver one for every "try again"."""
    world = registered
    world.ann.lock()
    world.hands.forward(hours=2)
    honest, tried = world.post.send, 0

    async def too_late(message: EmailMessage, recipient: str) -> None:
        nonlocal tried
        tried += 1
        await honest(message, recipient)
        raise MailNotSent("no answer in time", perhaps=perhaps)

    def try_again(_: CodeNotSent) -> bool:
        world.hands.forward(minutes=2)
        return True

    monkeypatch.setattr(world.post, "send", too_late)
    again = [see(CodeNotSent, try_again) for _ in range(delivered - 1)]
    end = see(CodeNotSent, try_again) if perhaps else see(CodeNotSent, LEAVES)
    over = [see(SeeRA, why=Why.MAIL)] if perhaps else []
    await world.visit(world.ann, [see(AnswerQuestions, in_order), *again, end, *over])
    assert tried == delivered
    counted = [mail for mail in await world.rows(CodeMailRow) if mail.purpose == "unlock"]
    assert len(counted) == (delivered if perhaps else 0)


async def test_a_mail_that_surely_did_not_leave_costs_nothing(registered: World) -> None:
    world = registered
    world.ann.lock()
    world.hands.forward(hours=2)
    world.post.down = True

    def mended(_: CodeNotSent) -> bool:
        world.post.down = False
        return True

    failed = [see(CodeNotSent, True)] * 5
    lines = [see(AnswerQuestions, in_order), *failed, see(CodeNotSent, mended), see(EnterCode, LEAVES)]
    await world.visit(world.ann, lines)


async def test_a_notice_that_was_given_up_keeps_nobodys_name(world: World) -> None:
    await settled(world)
    await world.visit(world.ann, withdrawing())
    queued = [one for row in await world.rows(NoticeRow) for one in (row.recipient, row.name) if one]
    assert all(one in as_it_lies_on_disk(world) for one in queued), "or the search finds nothing ever"
    world.post.down = True
    for _ in range(round(GIVE_UP_AFTER / LAST_RETRY) + 20):
        world.hands.forward(seconds=LAST_RETRY.total_seconds() + 60)
        await world.service.notices.send_due()
    assert [(row.state, row.recipient, row.name) for row in await world.rows(NoticeRow)] == [
        ("given-up", None, None)
    ]
    assert queued
    assert not any(one in as_it_lies_on_disk(world) for one in queued)


async def test_after_a_withdrawal_and_its_notice_the_address_is_nowhere_on_disk(world: World) -> None:
    await settled(world)
    (kept,) = await world.rows(RegistrationRow)
    assert kept.email in as_it_lies_on_disk(world), "or the search finds nothing ever"
    await world.visit(world.ann, withdrawing())
    assert f"{ADDRESS}: You have left self-service" in await world.notices()
    on_disk = as_it_lies_on_disk(world)
    assert ADDRESS.encode() not in on_disk
    assert kept.email not in on_disk, "nor as it was sealed"
    assert b"$2b$04$" not in on_disk, "nor is any answer's hash"


async def test_an_address_that_was_replaced_is_nowhere_on_disk_once_both_were_told(world: World) -> None:
    await settled(world)
    (kept,) = await world.rows(RegistrationRow)
    before = kept.email
    await world.visit(world.ann, changing_email(world, "ann.new@gov.uk"))
    await world.notices()
    assert before not in as_it_lies_on_disk(world)
