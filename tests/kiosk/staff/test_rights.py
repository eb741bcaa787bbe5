"""Every method of every room says who may call it, and is called by nobody else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kiosk.staff.account import NotAllowed, Role
from kiosk.staff.rooms.session import StaffSession
from tests.kiosk.staff.conftest import Staffed

NOBODYS = {"let_go"}  # what ends a stay, whoever it was


def methods(session: StaffSession) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public method of every room."""
    for name, room in vars(session).items():
        if name.startswith("_") or name == "account":
            continue
        for what, method in inspect.getmembers(room, inspect.ismethod):
            if not what.startswith("_") and what not in NOBODYS:
                yield f"{name}.{what}", method


async def call(method: Callable[..., Any]) -> None:
    """With arguments that mean nothing: the role is looked at first."""
    count = len(inspect.signature(method).parameters)
    called = method(*[""] * count)
    if inspect.isasyncgen(called):
        await anext(called)
    else:
        await called


@pytest.mark.parametrize("role", Role)
async def test_nobody_does_what_is_not_theirs(staffed: Staffed, role: Role) -> None:
    session = await staffed.session(role)
    seen = 0
    for name, method in methods(session):
        assert hasattr(method, "roles"), name
        if role not in method.roles:
            with pytest.raises(NotAllowed):
                await call(method)
        seen += 1
    assert seen >= 30, "or the walk has lost its way"


async def test_whose_the_tools_are(staffed: Staffed) -> None:
    session = await staffed.session(Role.OFFICER)
    roles = {name: getattr(method, "roles", None) for name, method in methods(session)}
    assert roles["mail.drop"] == {Role.OFFICER}
    desk = {name: allowed for name, allowed in roles.items() if name.startswith("desk.")}
    assert desk == {
        f"desk.{name}": {Role.OFFICER}
        for name in ("elsewhere", "find", "page", "reader", "foresee", "carry_out")
    }
    accounts = {name: allowed for name, allowed in roles.items() if name.startswith("accounts.")}
    assert accounts == {
        f"accounts.{name}": {Role.ADMINISTRATOR}
        for name in ("elsewhere", "all", "free", "weakness", "reader", "foresee", "carry_out")
    }
    technicians = {Role.TECHNICIAN, Role.ADMINISTRATOR}
    for name in (
        "reader.inspect",
        "reader.trace",
        "mail.send_test",
        "selftest.run",
        "log.lines",
        "settings.all",
    ):
        assert roles[name] == technicians, name
