"""Cards and readers that fail in the middle, and cards that lie."""

from __future__ import annotations

import pytest

from cardio.apdu import Command, Response
from cardio.virtual.piv import PivCard
from kiosk.dialogue import Gone
from kiosk.refusals import Why
from kiosk.steps import Ending, EnterPasscode, Finished, NewPasscode, Offer, Purpose, SeeRA, Welcome
from kiosk.storage.database import StoreUnavailable
from kiosk.storage.models import CardWriteRow
from tests.stories.plots import NEW_PIN, changing_passcode, unlocking
from tests.stories.script import see
from tests.stories.world import PIN, World, twice

LEAVES = Gone.CARD_OUT
VERIFY, CHANGE, RESET = 0x20, 0x24, 0x2C


class Answers:
    """Makes a card answer one instruction its own way; the command is carried out before, or not at all."""

    def __init__(self, patch: pytest.MonkeyPatch, card: PivCard) -> None:
        self._patch = patch
        self._card = card

    def to(self, ins: int, sw: int, *, carried_out: bool = False) -> None:
        """Answer ``ins`` with ``sw`` from now on; only where it carries data."""
        honest = self._card.process

        def process(command: Command) -> Response:
            if command.ins != ins or not command.data:
                return honest(command)
            if carried_out:
                honest(command)
            return Response(b"", sw)

        self._patch.setattr(self._card, "process", process)


async def test_a_worn_card_that_answers_nonsense(registered: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Answers(monkeypatch, registered.ann).to(VERIFY, 0x6400)
    lines = [see(Welcome, Offer.CHANGE_PASSCODE), see(EnterPasscode, PIN), see(SeeRA, why=Why.CARD_FAILED)]
    await registered.visit(registered.ann, lines)
    (event,) = await registered.events("card.refused")
    assert (event.outcome, event.reason) == ("failed", "CardError")


async def test_a_write_refused_for_no_known_reason_is_over(
    registered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Answers(monkeypatch, registered.ann).to(CHANGE, 0x6400)
    await registered.visit(registered.ann, [*changing_passcode()[:3], see(SeeRA, why=Why.CARD_FAILED)])
    (write,) = await registered.rows(CardWriteRow)
    assert write.state == "refused"


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_card_that_cannot_say_what_happened_is_asked_when_put_back(
    registered: World, monkeypatch: pytest.MonkeyPatch, carried_out: bool
) -> None:
    """6F00 after RESET RETRY COUNTER: it may have been carried out."""
    registered.ann.lock()
    registered.hands.forward(minutes=2)
    with monkeypatch.context() as patch:
        Answers(patch, registered.ann).to(RESET, 0x6F00, carried_out=carried_out)
        await registered.visit(registered.ann, [*unlocking(registered)[:3], see(SeeRA, why=Why.PUT_BACK)])
    registered.hands.forward(minutes=2)
    works = [see(Finished, ending=Ending.CARD_WORKS), see(Welcome, LEAVES)]
    await registered.visit(registered.ann, works if carried_out else unlocking(registered))
    assert registered.ann.state().pin == NEW_PIN


async def test_a_card_that_says_done_and_did_nothing(
    registered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new passcode is verified on the card: a lie is found out at once."""
    registered.ann.lock()
    registered.hands.forward(minutes=2)
    with monkeypatch.context() as patch:
        Answers(patch, registered.ann).to(RESET, 0x9000)
        await registered.visit(registered.ann, [*unlocking(registered)[:3], see(SeeRA, why=Why.PUT_BACK)])
    (write,) = await registered.rows(CardWriteRow)
    assert write.state == "unknown"
    assert await registered.events("card.unlocked") == []


async def test_a_settling_passcode_that_is_too_short_costs_no_try(
    registered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        Answers(patch, registered.ann).to(CHANGE, 0x6F00, carried_out=True)
        await registered.visit(registered.ann, [*changing_passcode()[:3], see(SeeRA, why=Why.PUT_BACK)])
    lines = [
        see(EnterPasscode, "12", purpose=Purpose.SETTLE, tries_left=3),
        see(EnterPasscode, NEW_PIN, purpose=Purpose.SETTLE, tries_left=3, too_short=True),
        see(Finished, ending=Ending.CARD_WORKS),
        see(Welcome, LEAVES),
    ]
    await registered.visit(registered.ann, lines)


async def test_a_settling_passcode_that_the_card_itself_refuses_is_asked_for_once(
    registered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its refusal of the format may cost a try."""
    with monkeypatch.context() as patch:
        Answers(patch, registered.ann).to(CHANGE, 0x6F00, carried_out=True)
        await registered.visit(registered.ann, [*changing_passcode()[:3], see(SeeRA, why=Why.PUT_BACK)])
    Answers(monkeypatch, registered.ann).to(VERIFY, 0x6A80)
    lines = [see(EnterPasscode, NEW_PIN, purpose=Purpose.SETTLE), see(Welcome, LEAVES)]
    await registered.visit(registered.ann, lines)
    (write,) = await registered.rows(CardWriteRow)
    assert write.state == "open-ended"


async def test_a_card_without_a_count_that_is_locked_when_it_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.holder()
    card = await world.card(metadata=False)
    with monkeypatch.context() as patch:
        Answers(patch, card).to(CHANGE, 0x6F00)
        await world.visit(card, [*changing_passcode()[:3], see(SeeRA, why=Why.PUT_BACK)])
    monkeypatch.setattr(card, "_status", lambda _: 0x6300)
    Answers(monkeypatch, card).to(VERIFY, 0x6983)
    lines = [see(EnterPasscode, NEW_PIN, tries_left=None), see(SeeRA, why=Why.PASSCODE_LOCKED)]
    await world.visit(card, lines)
    (write,) = await world.rows(CardWriteRow)
    assert write.state == "open-ended"


async def test_the_reader_is_unplugged_in_the_middle(registered: World) -> None:
    def unplug(_: NewPasscode) -> object:
        registered.reader.unplug()
        return twice(NEW_PIN)

    lines = [*changing_passcode()[:2], see(NewPasscode, unplug), see(SeeRA, why=Why.PUT_BACK)]
    await registered.visit(registered.ann, lines)
    registered.reader.plug()
    assert await registered.rows(CardWriteRow) == []
    await registered.visit(registered.ann, changing_passcode())


async def test_an_unlock_whose_outcome_cannot_be_written_down_is_settled_later(
    registered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes away in the middle of the card write; the intent is on record."""
    registered.ann.lock()
    registered.hands.forward(minutes=2)

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("OperationalError")

    with monkeypatch.context() as patch:
        patch.setattr(registered.service.journal, "done", away)
        with pytest.raises(StoreUnavailable):
            await registered.visit(registered.ann, unlocking(registered)[:3])
    assert registered.ann.state().pin == NEW_PIN
    (write,) = await registered.rows(CardWriteRow)
    assert write.state == "intent"
    works = [see(Finished, ending=Ending.CARD_WORKS), see(Welcome, LEAVES)]
    await registered.visit(registered.ann, works)
    assert (await registered.events("card.unlocked"))[0].outcome == "ok"
