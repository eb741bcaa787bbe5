"""The log says what went wrong, and not who was there: whoever reads it looks after machines."""

from __future__ import annotations

import logging
import re

import pytest

from cardio.virtual.piv import PivCard
from kiosk import notices
from kiosk.dialogue import Gone
from kiosk.refusals import Why
from kiosk.steps import AnswerQuestions, CodeNotSent, SeeRA, Welcome
from kiosk.storage.models import CardRow, HolderRow
from tests.stories.plots import block, unlock
from tests.stories.script import see
from tests.stories.world import ANSWERS, PIN, RA_EMAIL, World, in_order


async def test_of_whoever_was_there_nothing_is_told(
    registered: World, caplog: pytest.LogCaptureFixture
) -> None:
    """At the lowest level neither, and by no key that leads to them."""
    caplog.set_level(logging.DEBUG, "kiosk")
    world, card = registered, registered.ann
    world.hands.forward(minutes=2)
    card.lock()
    world.post.down = True
    script = await world.visit(
        card, [see(AnswerQuestions, in_order), see(CodeNotSent, False), see(SeeRA, why=Why.MAIL)]
    )
    end = script.seen[-1]
    assert isinstance(end, SeeRA)
    assert f"visit {end.reference}: the code was not sent: connection refused" in caplog.text
    await world.service.notices.send_due()
    world.hands.forward(seconds=notices.GIVE_UP_AFTER.total_seconds() + 60)
    await world.service.notices.send_due()
    world.post.down = False
    await unlock(world, card)
    await block(world, card)
    await world.visit(PivCard(), [see(SeeRA, why=Why.UNKNOWN_CARD)])
    await world.holder("H2", "Bob Smith", "bob@nhs.net")
    await world.visit(await world.card("H2"), [see(Welcome, Gone.STOPPED)])
    cards = await world.rows(CardRow)
    keys = [one.audit_key for one in await world.rows(HolderRow)]
    keys += [key for one in cards for key in (one.audit_key, one.serial)]
    personal = ["H1", "H2", "Ann", "Jones", "Bob", RA_EMAIL, "nhs.net", PIN, *ANSWERS.values(), *keys]
    assert [one for one in personal if re.search(rf"\b{re.escape(one)}\b", caplog.text, re.IGNORECASE)] == []
