"""A whole kiosk without a screen: real store, real services, a virtual card, a mailer that keeps mails."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from pydantic import SecretBytes, SecretStr
from sqlalchemy import text
from sqlmodel import SQLModel, col, select

from cardio.card import CardId
from cardio.virtual.card import VirtualCard
from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from kiosk.clock import BUILT, Clock
from kiosk.dialogue import Abandoned
from kiosk.enrolment import NewCard, NewHolder
from kiosk.journeys.reception import receive
from kiosk.keyring import KeyRing, ring_in_memory
from kiosk.mail import MailNotSent
from kiosk.proofs.hashing import Hasher
from kiosk.safe import as_sealed
from kiosk.settings import Settings
from kiosk.steps import Answered
from kiosk.storage.models import (
    CardRow,
    CardState,
    NextSecretRow,
    SecurityAnswerRow,
    UnblockSecretRow,
)
from kiosk.storage.place import sqlite_file
from kiosk.storage.schema import upgrade
from kiosk.storage.sqlite import Sqlite
from kiosk.storage.trail import AuditRow
from kiosk.unblock import FIELD, NEXT_FIELD
from kiosk.visit import Known, new_reference
from kiosk.wiring import Parts, put_together
from tests import postgres
from tests.stories.script import Script, See

T = TypeVar("T", bound=SQLModel)

PIN, PUK = "502917", "48215077"
VAULT_KEY, PEPPER = SecretBytes(b"v" * 32), SecretBytes(b"p" * 32)
RA_EMAIL = "ann.jones@nhs.net"
ANSWERS = {
    "first-school": "Hillside",
    "childhood-street": "Marsh Lane",
    "first-car": "Rover",
    "first-manager": "Okafor",
}


class Post:
    """A mailer that keeps what it is given; ``down`` makes it fail, ``meanwhile`` happens once during it."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.down = False
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self._arrived = asyncio.Event()

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Keep the mail, or fail as an unreachable server does."""
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        if self.down:
            raise MailNotSent("connection refused")
        self.mails.append((recipient, message))
        self._arrived.set()

    async def until(self, subject: str) -> None:
        """Wait for a mail with that subject."""
        while not any(mail["Subject"] == subject for _, mail in self.mails):
            self._arrived.clear()
            await self._arrived.wait()

    def code(self) -> str:
        """The code in the newest mail that holds one."""
        for _, mail in reversed(self.mails):
            body = mail.get_body(("plain",))
            if body and (found := re.search(r"\b(\d{4}) (\d{4})\b", body.get_content())):
                return found[1] + found[2]
        raise AssertionError("no mail with a code")


class Hands:
    """The wall clock and the monotonic clock, moved by the test."""

    def __init__(self) -> None:
        self.wall = BUILT + timedelta(days=30)
        self.monotonic = 1000.0

    def forward(self, **delta: float) -> None:
        """Let time pass."""
        step = timedelta(**delta)
        self.wall += step
        self.monotonic += step.total_seconds()


class HandClock(Clock):
    """A clock that the test moves, whatever a server's shows."""

    def __init__(self, hands: Hands) -> None:
        super().__init__(lambda: hands.wall, lambda: hands.monotonic)

    def heed(self, at: datetime, age: float = 0.0) -> None:
        """Stay as it is."""


class World:
    """The kiosk, its holder, card, mails and time."""

    def __init__(self, parts: Parts, office: Parts, reader: VirtualReader, post: Post, hands: Hands) -> None:
        """``office``: on the same store, by a role that may do more than a kiosk's."""
        self.parts, self.office = parts, office
        self.reader, self.post, self.hands = reader, post, hands
        self.settings = office.service.store.settings
        self.backend = office.database.backend
        self.service = parts.service
        self.ann: PivCard  # the registered holder's card, in worlds that begin with one

    @property
    def guarded(self) -> bool:
        """Whether the kiosk's role is given unblock secrets one at a time."""
        return self.parts is not self.office

    async def holder(self, holder_id: str = "H1", name: str = "Ann Jones", email: str = RA_EMAIL) -> None:
        """Add a holder."""
        await self.parts.enrolment.add_holder(NewHolder(holder_id, name, email), by="test")

    async def card(
        self,
        holder_id: str = "H1",
        *,
        enrolled: bool = True,
        secret: str | None = PUK,
        pinned: bool = True,
        **card: Any,
    ) -> PivCard:
        """Make a card, and enrol it."""
        made = PivCard(**{"pin": PIN, "puk": PUK, **card})
        if enrolled:
            new = NewCard(
                identity(made),
                SecretBytes(secret.encode()) if secret else None,
                made.card_key_der if pinned else None,
            )
            await self.parts.enrolment.enrol(holder_id, new, by="test")
        return made

    async def visit(self, card: VirtualCard, lines: list[See], *, script: Script | None = None) -> Script:
        """One visit: card in, the story's lines, card out. Ends without complaint if the person goes."""
        self.reader.remove()
        self.reader.insert(card)
        script = script or Script()
        script.lines = list(lines)
        try:
            await receive(new_reference(), self.reader.presence.insertion, script, self.service)
        except Abandoned as gone:
            if script.gone is not gone.reason:
                raise
        self.reader.remove()
        script.finish()
        return script

    async def set_state(self, card: PivCard, state: CardState) -> None:
        """As an officer does."""
        await self.parts.enrolment.set_card_state(identity(card), state, by="test", reason="lost")

    def change(self, statement: str) -> None:
        """Change the store beside the kiosk, as another program would."""
        if isinstance(self.backend, Sqlite):
            with closing(sqlite3.connect(self.backend.path)) as store, store:
                store.execute("PRAGMA foreign_keys = ON")
                store.execute(statement)
            return
        engine = self.backend.plain(write=True)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    async def rows(self, table: type[T]) -> list[T]:
        """Every row of a table."""
        async with self.office.service.store.work() as session:
            return list((await session.exec(select(table))).all())

    async def known(self, card: PivCard) -> Known:
        """What the store says of the card now."""
        return await self.found(identity(card))

    async def found(self, card: CardId) -> Known:
        """What the store says of the card of that number now."""
        known = await self.service.holders.find(card)
        assert known is not None
        return known

    async def only_card(self) -> Known:
        """What the store says of the only card in it."""
        (row,) = await self.rows(CardRow)
        return await self.found(CardId(row.family, row.kind, row.serial))

    async def secrets(self) -> list[SecretBytes]:
        """What the vault holds for the only card: the present secret, and one begun to replace it."""
        (row,) = await self.rows(CardRow)
        vault = self.parts.vault
        kept, begun = await self.rows(UnblockSecretRow), await self.rows(NextSecretRow)
        present = [await vault.open(row.audit_key, FIELD, as_sealed(each)) for each in kept]
        return present + [await vault.open(row.audit_key, NEXT_FIELD, as_sealed(each)) for each in begun]

    async def events(self, *events: str) -> list[AuditRow]:
        """The audit trail, or these events of it, in order."""
        query = select(AuditRow).order_by(col(AuditRow.seq))
        async with self.office.service.store.work() as session:
            rows = (await session.exec(query)).all()
        return [row for row in rows if not events or row.event in events]

    async def notices(self) -> list[str]:
        """Send what is queued; the recipients and subjects of all notices sent so far."""
        await self.service.notices.send_due()
        return [f"{to}: {mail['Subject']}" for to, mail in self.post.mails]

    async def answers(self, known: Known) -> list[SecurityAnswerRow]:
        """The stored answers of a holder."""
        async with self.office.service.store.work() as session:
            query = select(SecurityAnswerRow).where(SecurityAnswerRow.holder == known.holder)
            return list((await session.exec(query)).all())


def identity(card: PivCard) -> CardId:
    """The card's identity, as the PIV family reads it."""
    return CardId("piv", "guid", card.guid.hex().upper())


def answered(answers: dict[str, str] | None = None) -> tuple[Answered, ...]:
    """Rows as the SetQuestions screen gives them."""
    given = ANSWERS if answers is None else answers
    return tuple(Answered(question=question, answer=SecretStr(text)) for question, text in given.items())


def in_order(step: Any, answers: dict[str, str] | None = None) -> tuple[SecretStr, ...]:
    """The right answers in the order the step asks for them."""
    given = ANSWERS if answers is None else answers
    return tuple(SecretStr(given[question]) for question in step.questions)


def wrong(step: Any) -> tuple[SecretStr, ...]:
    """Answers of which none is right."""
    return tuple(SecretStr("nonsense") for _ in step.questions)


def tries(card: PivCard, *, pin: int | None = None, puk: int | None = None) -> None:
    """Set the card's counters, as wrong and right entries elsewhere would."""
    card._pin.left = card._pin.left if pin is None else pin
    card._puk.left = card._puk.left if puk is None else puk


def twice(passcode: str) -> tuple[SecretStr, SecretStr]:
    """A new passcode, entered twice."""
    return SecretStr(passcode), SecretStr(passcode)


@cache
def empty_database() -> bytes:
    """A database file with every table; migrations take too long to run for each story."""
    with TemporaryDirectory() as directory:
        upgrade(Sqlite(Path(directory) / "kiosk.db"))
        return (Path(directory) / "kiosk.db").read_bytes()


@asynccontextmanager
async def new_world(
    directory: Path,
    settings: Settings | None = None,
    *,
    beside: World | None = None,
    masters: Mapping[str, SecretBytes] | None = None,
    keys: KeyRing | None = None,
    hands: Hands | None = None,
) -> AsyncIterator[World]:
    """A kiosk on an empty store; or one on the store of ``beside``, in the same time and post.

    The store is a file in ``directory``, an empty one if there is none, unless the settings name an (empty)
    database of a server.
    ``masters``: the master keys of the families whose unblock secrets are derived; ``keys``: all of them.
    """
    hands, post = (beside.hands, beside.post) if beside else (hands or Hands(), Post())
    reader = VirtualReader()
    chosen = (settings or Settings()).changed(state={"directory": directory})
    if beside is not None:
        chosen = chosen.changed(database={"url": beside.settings.database.url})
    elif (file := sqlite_file(chosen)) and not file.exists():
        (directory / "kiosk.db").write_bytes(empty_database())
    keys = keys or ring_in_memory(VAULT_KEY, PEPPER, masters)
    hasher = Hasher(keys.pepper, 4)

    def parts_of(settings: Settings, *, guarded: bool = False) -> Parts:
        return put_together(
            settings,
            reader=reader,
            keys=keys,
            mailer=post,
            clock=HandClock(hands),
            hasher=hasher,
            guarded=guarded,
            patience=None,  # the machine may be busy
        )

    office = parts_of(chosen)
    parts = office
    if (url := chosen.database.url).startswith(f"postgresql://{postgres.ACCOUNT}@"):
        kiosk = await asyncio.to_thread(postgres.as_kiosk, url, chosen)
        parts = with_office(parts_of(chosen.changed(database={"url": kiosk}), guarded=True), office)
    try:
        yield World(parts, office, reader, post, hands)
    finally:
        await parts.close()
        await office.database.close()


def with_office(kiosk: Parts, office: Parts) -> Parts:
    """A kiosk of a fleet, whose role may not do what an officer does: that is done by another role."""
    theirs = ("enrolment", "helping", "rotation", "trials", "trail")
    return replace(kiosk, **{name: getattr(office, name) for name in theirs})
