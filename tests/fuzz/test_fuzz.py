"""Every target: with the corpus, with what hypothesis makes up, with what atheris finds by coverage."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.corpus import FOLDER, kept, seeds
from tests.fuzz.tape import MOST_COMMANDS, Endless, Tape, TapeChannel, recorded
from tests.fuzz.targets import TARGETS
from tests.sampling import LONG, SEED, sample

RUNS = 500_000 if LONG else 100
STATUS_WORDS = st.sampled_from(
    ["9000", "6100", "61FF", "6C00", "6CFF", "6300", "63C0", "6983", "6A82", "6F00"]
)


@st.composite
def tapes(draw: st.DrawFn) -> bytes:
    """Answers that end in a status word, as a hostile card gives them that wants to be listened to."""
    answers = draw(st.lists(st.tuples(st.binary(max_size=300), STATUS_WORDS), max_size=30))
    return recorded([data + bytes.fromhex(sw) for data, sw in answers])


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus(target: str) -> None:
    found = seeds(target)
    assert len(found) > len(kept("any")) - 1
    for data in found:
        TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_what_hypothesis_makes_up(target: str) -> None:
    @given(st.binary(max_size=600) | tapes())
    def never_raises(data: bytes) -> None:
        TARGETS[target](data)

    never_raises()


@pytest.mark.timeout(3600 if LONG else 180)
@pytest.mark.parametrize("target", sample(TARGETS, 4))
def test_what_atheris_finds(target: str) -> None:
    """The line that it prints belongs into the corpus, with a remark."""
    command = [sys.executable, "-m", "tests.fuzz.hunt", target, f"--runs={RUNS}", f"--seed={SEED}"]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ, errors="replace")
    found = [line for line in run.stderr.splitlines() if line.startswith("found for")]
    assert run.returncode == 0, "\n".join(found) or run.stderr[-2000:]
    done = re.search(r"number_of_executed_units: (\d+)", run.stderr)
    assert done, run.stderr[-2000:]
    assert int(done[1]) >= RUNS


def test_every_file_of_the_corpus_belongs_to_a_target() -> None:
    assert {file.stem for file in FOLDER.glob("*")} <= {"any", *TARGETS}
    assert len(kept("any")) > 15


async def test_a_tape_plays_what_was_recorded_and_then_its_last_answer() -> None:
    tape = Tape(recorded([b"\x90\x00", bytes(300) + b"\x61\x01"]))
    assert [await tape.send(b"") for _ in range(3)] == [b"\x90\x00", *[bytes(300) + b"\x61\x01"] * 2]


async def test_a_card_that_is_asked_on_and_on_is_noticed() -> None:
    tape = Tape(recorded([b"\x90\x00"]))
    for _ in range(MOST_COMMANDS):
        await tape.send(b"")
    with pytest.raises(Endless):
        await tape.send(b"")


def test_the_channel_is_one_as_readers_have() -> None:
    assert TapeChannel(Tape(b"")).atr
