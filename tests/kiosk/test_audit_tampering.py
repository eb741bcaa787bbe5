"""Whatever is done to the trail by somebody without the pepper, `verify` names the first bad link."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kiosk.audit import Event, Outcome, Subject
from kiosk.chain import Chain, Head
from kiosk.office import exporting
from kiosk.office.exporting import Format
from kiosk.verification import Fault, Flaw, Verified
from tests.kiosk.tampering import tamper
from tests.stories.world import World, new_world

COUNT = 8
TEXTS = ("kiosk", "visit", "event", "outcome", "reason", "holder_key", "card_key", "actor", "detail")
SEQ = st.integers(1, COUNT)
examples = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def _eight(world: World) -> None:
    for number in range(COUNT):
        world.hands.forward(hours=1, minutes=7, seconds=3.000451)
        about = Subject("h" * 32, "c" * 32, f"VIS-{number}", "officer")
        await world.service.store.record(
            Event.CARD_STATE_SET, about, Outcome.OK, f"ticket {number}", state="active"
        )


class Scene:
    """A store of eight events, as it was and as it is tampered with; the keys; and an export."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain: Chain
        self.export = folder / "export.jsonl"
        asyncio.run(self._make())
        self.before = (folder / "kiosk.db").read_bytes()
        (folder / "before.db").write_bytes(self.before)

    async def _make(self) -> None:
        async with new_world(self.folder) as world:
            await _eight(world)
            self.chain = world.service.store.audit.chain
            await exporting.write(self.export, Format.JSONL, world.parts.trail.pages(), lambda _: None)

    def tampered(self, *statements: tuple[str, dict[str, Any]]) -> Verified:
        """What is found after these statements."""

        async def verify() -> Verified:
            async with new_world(self.folder) as world:
                (self.folder / "kiosk.db").write_bytes(self.before)
                tamper(world.backend, *statements)
                return await world.parts.trail.verify(None, lambda _: None)

        return asyncio.run(verify())

    def value(self, column: str, seq: int) -> Any:
        """What a column holds before."""
        with closing(sqlite3.connect(self.folder / "before.db")) as connection:
            query = f"SELECT {column} FROM audit_event WHERE seq = ?"  # noqa: S608 - our own names
            return connection.execute(query, (seq,)).fetchone()[0]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """One for all examples."""
    return Scene(tmp_path_factory.mktemp("trail"))


def test_untouched_it_is_whole(scene: Scene) -> None:
    found = scene.tampered()
    assert (found.count, found.fault) == (COUNT, None)


@examples
@given(column=st.sampled_from([*TEXTS, "at", "previous", "mac"]), seq=SEQ, data=st.data())
def test_a_character_changed_anywhere(scene: Scene, column: str, seq: int, data: st.DataObject) -> None:
    text = scene.value(column, seq)
    at = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.characters(min_codepoint=1, max_codepoint=0x2FF, exclude_characters=text[at]))
    assume(column != "at" or at != 10)  # between date and time anything may stand: it is read as the same
    changed = text[:at] + new + text[at + 1 :]
    sql = f"UPDATE audit_event SET {column} = :new WHERE seq = :seq"  # noqa: S608 - our own names
    found = scene.tampered((sql, {"new": changed, "seq": seq}))
    assert found.fault is not None
    assert found.fault.seq == seq
    assert found.fault.flaw in (Flaw.ALTERED, Flaw.UNREADABLE)
    assert found.count == seq - 1


@examples
@given(
    column=st.sampled_from([*TEXTS, "at", "previous", "mac"]), seq=SEQ, blob=st.binary(min_size=1, max_size=9)
)
def test_bytes_that_are_no_text(scene: Scene, column: str, seq: int, blob: bytes) -> None:
    sql = f"UPDATE audit_event SET {column} = CAST(:blob AS TEXT) WHERE seq = :seq"  # noqa: S608 - our own names
    found = scene.tampered((sql, {"blob": blob, "seq": seq}))
    assert found.fault is not None
    assert (found.fault.seq, found.count) == (seq, seq - 1)


@given(seq=SEQ)
@examples
def test_a_mark_of_the_self_test_set(scene: Scene, seq: int) -> None:
    found = scene.tampered(("UPDATE audit_event SET selftest = 1 WHERE seq = :seq", {"seq": seq}))
    assert found.fault == Fault(seq, Flaw.ALTERED)


@given(first=st.integers(1, COUNT - 1), more=st.integers(0, COUNT))
@examples
def test_events_taken_out(scene: Scene, first: int, more: int) -> None:
    last = min(first + more, COUNT - 1)
    found = scene.tampered(
        ("DELETE FROM audit_event WHERE seq BETWEEN :first AND :last", {"first": first, "last": last})
    )
    assert found.fault == Fault(first, Flaw.MISSING)


@given(first=SEQ, second=SEQ)
@examples
def test_two_events_exchanged(scene: Scene, first: int, second: int) -> None:
    assume(first != second)
    move = "UPDATE audit_event SET seq = :to WHERE seq = :seq"
    found = scene.tampered(
        (move, {"seq": first, "to": 99}),
        (move, {"seq": second, "to": first}),
        (move, {"seq": 99, "to": second}),
    )
    assert found.fault == Fault(min(first, second), Flaw.ALTERED)


@given(seq=SEQ)
@examples
def test_an_event_put_in_between(scene: Scene, seq: int) -> None:
    names = ", ".join(("at", "selftest", "mac", *TEXTS))
    found = scene.tampered(
        ("UPDATE audit_event SET seq = -seq - 1 WHERE seq >= :seq", {"seq": seq}),
        ("UPDATE audit_event SET seq = -seq WHERE seq < 0", {}),
        (
            f"INSERT INTO audit_event (seq, previous, {names}) "  # noqa: S608 - our own names
            f"SELECT :seq, 'forged', {names} FROM audit_event WHERE seq = 1 OR seq = 2 LIMIT 1",
            {"seq": seq},
        ),
    )
    assert found.fault == Fault(seq, Flaw.ALTERED)


@given(seq=SEQ)
@examples
def test_an_event_added_at_the_end(scene: Scene, seq: int) -> None:
    names = ", ".join(("at", "selftest", "mac", *TEXTS))
    sql = (
        f"INSERT INTO audit_event (seq, previous, {names}) "  # noqa: S608 - our own names
        f"SELECT :new, (SELECT mac FROM audit_event WHERE seq = :last), {names} FROM audit_event "
        "WHERE seq = :seq"
    )
    found = scene.tampered((sql, {"new": COUNT + 1, "last": COUNT, "seq": seq}))
    assert found.fault == Fault(COUNT + 1, Flaw.ALTERED)


# -- the same in an export -------------------------------------------------------------------------


def exported(scene: Scene, change: Callable[[list[bytes]], None]) -> Verified:
    """What is found in the export after a change to its lines."""
    lines = scene.export.read_bytes().splitlines(keepends=True)
    change(lines)
    changed = scene.folder / "changed.jsonl"
    changed.write_bytes(b"".join(lines))
    return exporting.verify(changed, scene.chain, None, lambda _: None).verified


def test_an_untouched_export_is_whole(scene: Scene) -> None:
    found = exported(scene, lambda _: None)
    assert (found.count, found.start.seq, found.fault) == (COUNT, 0, None)


@examples
@given(seq=st.integers(2, COUNT), data=st.data())
def test_a_bit_of_an_export_flipped(scene: Scene, seq: int, data: st.DataObject) -> None:
    def flip(lines: list[bytes]) -> None:
        line = bytearray(lines[seq - 1])
        line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        lines[seq - 1] = bytes(line)

    found = exported(scene, flip)
    assert found.fault is not None
    assert found.count == seq - 1


@given(start=st.integers(2, COUNT))
@examples
def test_a_segment_may_begin_anywhere(scene: Scene, start: int) -> None:
    def cut(lines: list[bytes]) -> None:
        del lines[: start - 1]

    found = exported(scene, cut)
    before = json.loads(scene.export.read_bytes().splitlines()[start - 2])
    assert (found.start, found.count, found.fault) == (
        Head(start - 1, before["mac"]),
        COUNT - start + 1,
        None,
    )


@given(seq=st.integers(2, COUNT - 1))
@examples
def test_a_line_taken_out_or_there_twice(scene: Scene, seq: int) -> None:
    assert exported(scene, lambda lines: lines.__delitem__(seq - 1)).fault == Fault(seq, Flaw.MISSING)
    twice = exported(scene, lambda lines: lines.insert(seq, lines[seq - 1]))
    assert twice.fault == Fault(seq, Flaw.OUT_OF_ORDER)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"[]\n", b"[" * 50_000, b'{"seq": 1}\n', b"\xff\xfe", b"1\n"]
)
def test_what_is_no_export(scene: Scene, content: bytes) -> None:
    file = scene.folder / "none.jsonl"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="is no export of an audit trail"):
        exporting.verify(file, scene.chain, None, lambda _: None)
