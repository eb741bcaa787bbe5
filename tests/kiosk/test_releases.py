"""A store of every release is upgraded with what is in it, and its people notice nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretBytes

from cardio.virtual.piv import PivCard
from kiosk.dialogue import Gone
from kiosk.enrolment import NewCard
from kiosk.keyring import KeyRing, ring_in_memory
from kiosk.keys import KeyProblem
from kiosk.refusals import Why
from kiosk.steps import (
    AnswerQuestions,
    Ending,
    EnterCode,
    EnterPasscode,
    Finished,
    NewPasscode,
    SeeRA,
    Welcome,
)
from kiosk.storage.models import CardRow, HolderRow, NoticeRow, UnblockSecretRow
from kiosk.storage.schema import SCHEMA, other_rules, upgrade
from kiosk.storage.sqlite import Sqlite
from tests.stories.plots import NEW_PIN
from tests.stories.script import see
from tests.stories.world import PEPPER, PIN, VAULT_KEY, World, identity, in_order, new_world, twice

RELEASES = Path(__file__).parent.parent / "releases"
LATER = datetime(2030, 1, 1, 10, 10, tzinfo=UTC)  # ten minutes after the last event
EXPIRES = datetime(2040, 1, 1, tzinfo=UTC)
ANN_CODE, CY_CODE = "67698336", "81904780"  # in the mails that the release sent
IN_CLEAR = ["Ann Jones", "José Smith-Öz", "Cy Li", "ann.jones@nhs.net", "jose.smith@gov.uk", "cy.li@nhs.net"]
ALL = sorted(RELEASES.glob("*.sql"))


def ours() -> KeyRing:
    """The keys that the release worked with."""
    return ring_in_memory(VAULT_KEY, PEPPER)


def restored(release: Path, folder: Path) -> Path:
    """The database as the release left it."""
    path = folder / "kiosk.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(release.read_text(encoding="utf-8"))
    return path


@pytest.fixture(params=ALL, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The database of a release, not yet upgraded."""
    return restored(request.param, tmp_path)


@asynccontextmanager
async def kiosk(path: Path) -> AsyncIterator[World]:
    """A kiosk of this release on the upgraded store."""
    upgrade(Sqlite(path), keys=ours)
    async with new_world(path.parent) as world:
        world.hands.forward(seconds=(LATER - world.hands.wall).total_seconds())
        yield world


def card(number: int, pin: str = PIN) -> PivCard:
    """The card of the holder of that number, as the release has left it."""
    return PivCard(guid=bytes([number] * 16), pin=pin, puk=f"4821507{number}", expires=EXPIRES)


async def test_a_holder_goes_on_with_the_code_and_unlocks(path: Path) -> None:
    async with kiosk(path) as world:
        ann = card(1)
        ann.lock()
        lines = [
            see(EnterCode, ANN_CODE),
            see(NewPasscode, twice(NEW_PIN)),
            see(Finished, ending=Ending.UNLOCKED),
        ]
        await world.visit(ann, lines)
        assert not ann.state().locked
        assert ann.state().pin == NEW_PIN


async def test_a_registration_is_completed_with_the_draft_of_before(path: Path) -> None:
    async with kiosk(path) as world:
        cy = card(3)
        lines = [
            see(EnterPasscode, PIN),
            see(EnterCode, CY_CODE),
            see(Finished, ending=Ending.REGISTERED),
        ]
        await world.visit(cy, lines)
        known = await world.known(cy)
        assert (known.own_email, len(known.questions)) == ("cy.li@nhs.net", 4)
        cy.lock()
        world.hands.forward(minutes=2)
        await world.visit(cy, [see(AnswerQuestions, in_order), see(EnterCode, Gone.CARD_OUT)])
        assert world.post.mails[-1][0] == "cy.li@nhs.net"


async def test_attempts_names_addresses_and_secrets_are_kept(path: Path) -> None:
    async with kiosk(path) as world:
        known = await world.known(card(2))
        assert (known.name, known.ra_email, known.own_email) == (
            "José Smith-Öz",
            "jose@nhs.net",
            "jose.smith@gov.uk",
        )
        assert known.attempts_left == 1
        assert known.shut == ()
        assert known.has_unblock_secret
        assert not known.secret_shared
        for text in ("jose.smith@gov.uk", "oz", "H2", "jose smith"):
            assert [one.row.holder_id for one in await world.parts.enrolment.find(text)] == ["H2"]
        cards = {
            row.card.serial[:2]: row.source.value
            async for page in world.parts.enrolment.all_cards()
            for row in page
        }
        assert cards == {"01": "kept", "02": "kept", "03": "kept", "09": "none"}
        jose = card(2)
        jose.lock()
        await world.visit(
            jose, [see(AnswerQuestions, in_order), see(EnterCode, Gone.CARD_OUT)]
        )  # two had failed before, and the answers' hashes still match
        rows = [NewCard(identity(jose), SecretBytes(b"48215072"))]
        assert [(await world.parts.enrolment.enrol("H2", row, by="test")).value for row in rows] == [
            "unchanged"
        ]


async def test_a_notice_that_waited_is_sent(path: Path) -> None:
    async with kiosk(path) as world:
        assert await world.notices() == ["ann.jones@nhs.net: Your smartcard was unlocked"]
        assert await world.rows(NoticeRow) == []


def test_nothing_personal_stays_in_clear_in_the_file(path: Path) -> None:
    before = path.read_bytes()
    assert all(text.encode() in before for text in IN_CLEAR), "or the search finds nothing ever"
    upgrade(Sqlite(path), keys=ours)
    after = b"".join(file.read_bytes() for file in path.parent.glob("kiosk.db*"))
    assert [text for text in IN_CLEAR if text.encode() in after] == []


def test_its_rules_are_those_of_a_store_made_today(path: Path) -> None:
    """Or no backup of it could be put back."""
    upgrade(Sqlite(path), keys=ours)
    assert other_rules(path) == []


def test_without_the_keys_nothing_is_changed(path: Path) -> None:
    def other() -> KeyRing:
        return ring_in_memory(SecretBytes(b"x" * 32), PEPPER)

    before = Sqlite(path).revision()
    for keys, told in ((None, "kiosk init"), (other, "put back the right key")):
        with pytest.raises(KeyProblem, match=told):
            upgrade(Sqlite(path), keys=keys)
        assert Sqlite(path).revision() == before
    upgrade(Sqlite(path), keys=ours)
    assert Sqlite(path).revision() == SCHEMA


async def test_a_secret_that_did_not_open_before_does_not_stop_the_upgrade(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE unblock_secret SET ciphertext = zeroblob(24) WHERE card = 1")
        connection.commit()
    async with kiosk(path) as world:
        ann = card(1)
        ann.lock()
        await world.visit(ann, [see(SeeRA, why=Why.NO_UNBLOCK)])
        assert len(await world.rows(UnblockSecretRow)) == 3
        jose = card(2)
        await world.visit(jose, [see(Welcome, Gone.CARD_OUT)])


async def test_everybody_and_every_event_is_still_there(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT seq, event, holder_key, card_key FROM audit_event").fetchall()
    async with kiosk(path) as world:
        events = [(row.seq, row.event, row.holder_key, row.card_key) for row in await world.events()]
        assert events[: len(before)] == before
        assert len(await world.rows(HolderRow)) == 3
        assert len(await world.rows(CardRow)) == 4
