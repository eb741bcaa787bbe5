"""The officer's desk fits on its screen, looks as it did, and takes whatever people are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pytest
from rich.cells import cell_len

from kiosk.staff.account import Role
from kiosk.staff.desk import CardSeen
from tests.sampling import sample
from tests.screens.fitting import cut
from tests.screens.hall import wait_until
from tests.screens.maintenance.fake_desk import ANN, BLANK, FakeDesk, event
from tests.screens.maintenance.fakes import office, officer
from tests.screens.maintenance.gallery import ANNS_PAGE, DESK, Posed, go, stage

LONG_LINES = tuple(
    f"The {nth} thing that happens to them is said at such a length that it wraps, and takes two lines."
    for nth in "123456"
)
ODD = (
    "[/]",
    "[@click=app.quit]x[/]",
    "\x1b[2J\x1b]52;c;eA==\x07",
    "Ann " * 75,
    "界" * 200,
    "x" * 300,
    "\u202eevil\u2066\u200b",
    "e\u0301" * 60,
    "a\nb\tc",
)


SIZES = ((80, 24), (120, 40))


@pytest.mark.parametrize(
    ("name", "size", "touch"), sample(product(DESK, SIZES, (False, True)), 9, "fits"), ids=str
)
async def test_fits(name: str, size: tuple[int, int], touch: bool) -> None:
    desk = FakeDesk()
    async with office(officer(desk), size=size, touch=touch) as there:
        await go(there.there, desk, DESK[name])
        assert cut(there.there.app.screen) == []


async def test_what_does_not_fit_can_be_scrolled_to_and_that_is_said() -> None:
    desk = FakeDesk()
    desk.lines = LONG_LINES
    async with office(officer(desk)) as there:
        await go(there.there, desk, DESK["replace"])
        await there.sees("What will happen (Up and Down show the rest)", "The 1 thing", "The same again")
        assert "The 6 thing" not in there.drawn
        await there.press(*["down"] * 8)
        await there.sees("The 6 thing", "Type their id", "The reason stays on record")


ODD_ONES = sample(product(ODD, SIZES), 7, "odd")


def odd_desk(text: str) -> FakeDesk:
    """A desk where everything that people have typed is so."""
    card = replace(ANN.cards[0], number=text)
    told = tuple(event(one, "holder.block-cleared", reason=text, actor=text, kiosk=text) for one in range(30))
    page = replace(
        ANN, name=text, email=f"{text}@nhs.net", own_email=text, cards=(card,), events=told, shut=(text,)
    )
    desk = FakeDesk(page)
    desk.lines = (f"{text} is what it is about.", f"They are mailed at {text}.")
    return desk


@pytest.mark.parametrize(("text", "size"), ODD_ONES, ids=range(len(ODD_ONES)))
async def test_whatever_people_are_called_nothing_is_obeyed_and_all_keys_stay(
    text: str, size: tuple[int, int]
) -> None:
    for name in sample(DESK, 1, f"{size} {text}"):
        desk = odd_desk(text)
        seen: CardSeen = replace(BLANK, holder_name=text, holder_id=text, lines=((text, text),), trouble=text)
        async with office(officer(desk), size=size) as there:
            await go(there.there, desk, DESK[name])
            if "enrol" in name:
                desk.put(seen)
            await there.there.settle()
            drawn = there.drawn
            assert not {sign for sign in drawn if sign != "\n" and not sign.isprintable()} - {"\u0301"}, name
            assert all(cell_len(line) <= size[0] for line in drawn.splitlines())
            footer = drawn.splitlines()[-1]
            assert "Esc" in footer, name
            await there.there.pilot.click(offset=(10, 5))
            assert there.there.app.is_running


async def test_an_odd_reason_is_handed_on_as_it_was_typed() -> None:
    desk = FakeDesk()
    async with office(officer(desk)) as there:
        await go(there.there, desk, (*ANNS_PAGE, "b"))
        await there.type("[/] [@click=app.quit]x[/]")
        await there.sees("[/] [@click=app.quit]x[/]")
        await there.press("enter")
        await wait_until(lambda: bool(desk.done))
        assert desk.done[0][1].reason == "[/] [@click=app.quit]x[/]"


@pytest.mark.parametrize("name", DESK)
def test_looks_as_it_did(name: str, snap_compare: Callable[..., Any]) -> None:
    app, pose, _ = stage()
    posed = Posed(Role.OFFICER, DESK[name])
    assert snap_compare(app, run_before=partial(pose, posed=posed), terminal_size=(80, 24))
