"""The health board with more to say than there is room for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kiosk.levels import ELSEWHERE, Finding, Level
from screens.widgets.keys import Key
from tests.screens.hall import wait_until
from tests.screens.maintenance.fakes import FakeSession, Feed, Office, office

GOOD = [Finding(f"good {number}", Level.OK, f"detail {number}") for number in range(12)]
STOPPED = Finding("service", Level.WARN, "out of service, by tess: " + "back soon " * 9 + "END", "S, then F5")


MOST = 30  # lines that are ever below


def bad(name: str, advice: str, level: Level = Level.FAIL) -> Finding:
    return Finding(name, level, "away", advice)


def session(*findings: Finding) -> FakeSession:
    """Somebody whose board says this."""
    made = FakeSession()
    made.health.board = Feed[tuple[Finding, ...]](findings)
    return made


def keys(there: Office) -> Sequence[str]:
    """What stands on the keys below the board."""
    return [key.said for key in there.screen.query("#more Key").results(Key) if key.said]


async def test_where_all_fits_there_is_no_key() -> None:
    async with office(session(STOPPED, *GOOD), size=(120, 40)) as there:
        await there.sees("service       see to it", "detail 11", "service: S, then F5")
        assert not there.screen.query_one("#more").display


async def test_what_has_to_be_mended_is_told_whole() -> None:
    async with office(session(STOPPED)) as there:
        await there.sees("END")


async def test_what_to_do_comes_before_the_last_of_what_is_good() -> None:
    async with office(session(STOPPED, *GOOD, bad("a", "mend it"), bad("b", "see b"))) as there:
        await there.sees("a: mend it", "b: see b", "service: S, then F5")
        await wait_until(lambda: len(keys(there)) == 1)
        assert "detail 11" not in there.drawn
        (down,) = keys(there)
        assert down.startswith("Down ")
        assert "more, all good:" in down
        assert "good 11" in down


@pytest.mark.parametrize("by", ["keys", "touch"])
async def test_the_rest_is_a_key_away(by: str) -> None:
    async with office(session(*GOOD, *(bad(f"bad {n}", f"mend {n}") for n in range(6)))) as there:

        async def press(name: str) -> None:
            (key,) = [key for key in there.screen.query("#more Key").results(Key) if key.key == name]
            if by == "touch":
                await there.there.touch(key)
            else:
                await there.press(name)
            await there.there.settle()

        await wait_until(lambda: bool(keys(there)))
        assert "detail 11" not in there.drawn
        for _ in range(MOST):
            await press("down")
        assert keys(there) == ["Up"]
        assert "detail 11" in there.drawn
        for _ in range(MOST):
            await press("up")
        assert "detail 0" in there.drawn
        assert len(keys(there)) == 1


async def test_more_that_is_broken_than_fits_is_announced() -> None:
    async with office(session(*(bad(f"bad {n}", f"mend {n}") for n in range(14)))) as there:
        await wait_until(lambda: keys(there) == ["Down there is more to see to"])
        for _ in range(MOST):
            await there.press("down")
        assert "bad 13: mend 13" in there.drawn


async def test_the_same_advice_is_said_once_and_none_where_another_line_has_it() -> None:
    board = (
        bad("card service", "start it"),
        bad("reader", ELSEWHERE),
        bad("vault key", "bind them", Level.RISK),
        bad("pepper key", "bind them", Level.RISK),
    )
    async with office(session(*board)) as there:
        await there.sees("card service: start it", "vault key, pepper key: bind them")
        assert there.drawn.count("bind them") == 1
        assert ELSEWHERE not in there.drawn


async def test_what_is_mended_takes_its_advice_along() -> None:
    async with office(session(*GOOD, *(bad(f"bad {n}", f"mend {n}") for n in range(6)))) as there:
        await wait_until(lambda: bool(keys(there)))
        there.session.health.board.put((Finding("store", Level.OK, "is there again"),))
        await there.sees("is there again")
        await wait_until(lambda: not there.screen.query_one("#more").display)
        assert "mend" not in there.drawn
