"""The canary: known secrets go through whole journeys, and are nowhere afterwards where they should not be.

Looked through are every log of the process at its lowest level, the statements of the database with
their parameters, every byte of the database's files, the audit trail, the trace of the card's
contacts, whatever was shown or kept in its repr, and the texts of exceptions.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import SQLModel

from cardio.virtual.piv import PivCard
from kiosk.audit import Event, Subject
from kiosk.dialogue import Gone
from kiosk.incidents import redacted
from kiosk.refusals import Why
from kiosk.steps import (
    AnswerQuestions,
    EnterCode,
    EnterPasscode,
    NewPasscode,
    Offer,
    Purpose,
    SeeRA,
    SetQuestions,
    Welcome,
)
from tests.stories.conftest import OpenWorld
from tests.stories.disk import on_disk
from tests.stories.plots import (
    block,
    changing_email,
    changing_passcode,
    changing_questions,
    registration,
    unlocking,
    withdrawing,
)
from tests.stories.script import Script, See, see
from tests.stories.test_assistance import helped, issue
from tests.stories.world import ANSWERS, PIN, PUK, RA_EMAIL, World, answered, twice

PASSCODES = {"first": PIN, "second": "739164", "third": "958473", "refused": "585858", "wrong": "640281"}
WRONG_PUK = "93750264"
OTHERS = {
    "first-pet": "Bramblewick",
    "dream-job": "Lamplighter",
    "first-film": "Dumbledore",
    "first-meal": "Kedgeree",
}
SLIPS = {"first-school": "Thornfield"}  # a wrong answer is often nearly a right one


@dataclass
class Traces:
    """Everything that journeys leave behind outside the person's own mailbox."""

    world: World
    logs: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def of(self, script: Script) -> None:
        """Keep what the visit showed."""
        self.shown += [repr(step) for step in script.seen] + [repr(work) for work in script.work]

    async def everything(self) -> dict[str, bytes]:
        """All of it by place."""
        tables: list[type[SQLModel]] = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
        rows = [repr(row) for table in tables for row in await self.world.rows(table)]
        audit = [row.model_dump_json() for row in await self.world.events()]
        return {
            "logs": "\n".join(self.logs).encode(),
            "screens": "\n".join(self.shown).encode(),
            "reprs of rows": "\n".join(rows).encode(),
            "audit": "\n".join(audit).encode(),
            "card traffic": "\n".join(map(str, self.world.reader.faults.trace)).encode()
            + repr(self.world.reader.faults).encode(),
            "database": on_disk(self.world),
            "parts": repr(self.world.parts).encode() + repr(self.world.service).encode(),
        }


class Listener(logging.Handler):
    """Hears every record, with its arguments and its exception's text."""

    def __init__(self, into: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._into = into
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self._into.append(self.format(record))


@pytest.fixture
def listening() -> Iterator[list[str]]:
    """Everything that is logged anywhere, at DEBUG."""
    heard: list[str] = []
    listener, root = Listener(heard), logging.getLogger()
    names = ["", "sqlalchemy.engine", "aiosqlite", "asyncio", "kiosk", "cardio"]
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    for logger, _ in before:
        logger.setLevel(logging.DEBUG)
    root.addHandler(listener)
    yield heard
    root.removeHandler(listener)
    for logger, level in before:
        logger.setLevel(level)


@pytest.fixture
async def traces(open_world: OpenWorld, listening: list[str]) -> Traces:
    """A kiosk that is listened to."""
    world = await open_world()
    await world.holder()
    return Traces(world, logs=listening)


def forms(secret: str) -> dict[str, bytes]:
    """A secret as it might be written down."""
    raw = secret.encode()
    padded = raw.ljust(8, b"\xff")
    return {
        "plain": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "spaced hex": raw.hex(" ").encode(),
        "padded": padded if len(raw) <= 8 else raw,
        "base64": base64.b64encode(raw).rstrip(b"="),
        "urlsafe": base64.urlsafe_b64encode(raw).rstrip(b"="),
        "utf-16": secret.encode("utf-16-le"),
        "reversed": raw[::-1],
        "grouped": f"{secret[:4]} {secret[4:]}".encode() if secret.isdigit() and len(secret) == 8 else raw,
        "normalised": secret.casefold().encode(),
        "list": str(list(raw)).encode(),
    }


async def search(traces: Traces, secrets: set[str]) -> list[str]:
    """Where which secret was found, in which form."""
    places = await traces.everything()
    assert all(places.values()), "every place has something to be searched"
    return [
        f"{secret} ({form}) in {place}"
        for secret in sorted(secrets)
        for form, written in forms(secret).items()
        for place, content in places.items()
        if written in content or (form == "normalised" and written in content.lower())
    ]


def codes(world: World) -> set[str]:
    """Every code that was mailed."""
    found = set()
    mails = list(world.post.mails)
    for _ in mails:
        try:
            found.add(world.post.code())
        except AssertionError:
            break
        world.post.mails.pop()
    world.post.mails = mails
    return found


async def live(traces: Traces) -> tuple[PivCard, set[str]]:
    """A holder's whole life with the kiosk; returns the card and the codes the RA read out."""
    world = traces.world
    card = await world.card()

    async def visit(lines: list[See], *, which: PivCard = card) -> None:
        traces.of(await world.visit(which, lines))
        world.hands.forward(minutes=20)

    refused = see(SetQuestions, answered({**ANSWERS, "first-manager": "Ann Jones"}))
    (menu, privacy, passcode, *rest) = registration(world)
    wrong_pin = see(EnterPasscode, PASSCODES["wrong"])
    await visit([menu, privacy, wrong_pin, passcode, refused, *rest])
    card.lock()
    (questions, code, _, finished) = unlocking(world)
    slip = see(AnswerQuestions, lambda step: tuple(SecretStr(SLIPS["first-school"]) for _ in step.questions))
    wrong_code = see(EnterCode, "64028193")
    new = [see(NewPasscode, twice(PASSCODES["refused"])), see(NewPasscode, twice(PASSCODES["second"]))]
    await visit([slip, questions, wrong_code, code, *new, finished])
    change = changing_passcode(PASSCODES["third"])
    change[1] = see(EnterPasscode, PASSCODES["second"])
    await visit(change)
    for plot in (changing_questions(OTHERS), changing_email(world, "ann@trust.nhs.net"), withdrawing()):
        with_passcode = [_known(line) for line in plot]
        await visit(with_passcode)
    await visit([_known(line) for line in registration(world)])
    world.hands.forward(hours=1)
    await block(world, card)
    read_out = await issue(world, card)
    await visit(helped(world, read_out))
    return card, {read_out}


def _known(line: See) -> See:
    """The same line for who has the third passcode by now, and other answers."""
    if line.step is EnterPasscode:
        return see(EnterPasscode, PASSCODES["third"])
    if line.step is AnswerQuestions:
        return see(AnswerQuestions, lambda step: tuple(SecretStr(_answer(each)) for each in step.questions))
    return line


def _answer(question: str) -> str:
    return {**ANSWERS, **OTHERS}[question]


async def test_no_secret_is_anywhere_it_should_not_be(traces: Traces) -> None:
    card, read_out = await live(traces)
    assert card.state().pin == PASSCODES["second"]
    await traces.world.notices()
    secrets = {*PASSCODES.values(), *ANSWERS.values(), *OTHERS.values(), *SLIPS.values(), PUK, *read_out}
    mailed = codes(traces.world)
    assert len(mailed) >= 4
    assert await search(traces, secrets | mailed | {"64028193"}) == []


async def test_nor_after_a_refused_unblock_secret_an_incident_and_a_lost_reply(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = traces.world
    card = await world.card(secret=WRONG_PUK)
    traces.of(await world.visit(card, registration(world)))
    card.lock()
    world.hands.forward(minutes=2)
    (*lines, _) = unlocking(world)
    traces.of(await world.visit(card, [*lines, see(SeeRA, why=Why.NO_UNBLOCK)]))
    other = await world.card()
    world.reader.faults.lose_reply(ins=0x24)
    change = changing_passcode(PASSCODES["third"])[1:3]
    lost = [see(Welcome, Offer.CHANGE_PASSCODE), *change, see(SeeRA, why=Why.PUT_BACK)]
    traces.of(await world.visit(other, lost))
    monkeypatch.setattr(world.service.notices, "queue", _breaks)
    settled = see(EnterPasscode, PASSCODES["third"], purpose=Purpose.SETTLE)
    with pytest.raises(RuntimeError) as incident:
        await world.visit(other, [settled])
    traces.logs += [redacted(incident.value), str(incident.value)]
    secrets = {*PASSCODES.values(), *ANSWERS.values(), PUK, WRONG_PUK, *codes(world)}
    assert await search(traces, secrets) == []


def _breaks(*arguments: Any) -> None:
    raise RuntimeError(f"a bug that prints what it was given: {arguments}")


@pytest.mark.parametrize("gone", [Gone.CARD_OUT, Gone.PATIENCE])
async def test_nor_of_somebody_who_went_away(traces: Traces, gone: Gone) -> None:
    world = traces.world
    card = await world.card()
    (*lines, _, _) = registration(world)
    traces.of(await world.visit(card, [*lines, see(EnterCode, gone)]))
    assert await search(traces, {PIN, *ANSWERS.values(), *codes(world)}) == []


async def test_the_canary_would_sing(traces: Traces) -> None:
    """Each place is really searched: a secret put there is found."""
    world = traces.world
    card = await world.card()
    traces.of(await world.visit(card, registration(world)))
    secret = "58392017"
    logging.getLogger("kiosk.codes").debug("the code is %s", secret)
    traces.shown.append(repr(see(EnterCode, secret)))
    await world.service.store.record(Event.INCIDENT, Subject(), reason=secret.encode().hex())
    found = await search(traces, {secret})
    places = {each.rpartition(" in ")[2] for each in found}
    assert {"logs", "screens", "database", "audit"} <= places


async def test_names_addresses_and_serials_are_not_in_the_audit_trail_or_the_log(traces: Traces) -> None:
    card, _ = await live(traces)
    world = traces.world
    audit = "\n".join(row.model_dump_json() for row in await world.events())
    personal = ["Ann", "Jones", "ann.jones", "nhs.net", card.guid.hex().upper(), card.guid.hex(), "H1"]
    assert [value for value in personal if f'"{value}"' in audit or (len(value) > 2 and value in audit)] == []
    heard = "\n".join(line for line in traces.logs if line.startswith(("kiosk", "cardio")))
    assert [value for value in personal if len(value) > 2 and value in heard] == []


async def test_names_and_addresses_are_in_the_database_for_nobody_without_the_keys(traces: Traces) -> None:
    card, _ = await live(traces)
    stored = on_disk(traces.world)
    assert [text for text in ("Jones", RA_EMAIL, "ann@trust", "nhs.net") if text.encode() in stored] == []
    known = await traces.world.known(card)
    assert (known.name, known.email) == ("Ann Jones", RA_EMAIL)
