"""Which roles may call a method of the maintenance side: said where the method is, checked at every call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar, cast

from kiosk.staff.account import Account, NotAllowed, Role

F = TypeVar("F", bound=Callable[..., Any])

EVERYBODY = frozenset(Role)
TECHNICIANS = frozenset({Role.TECHNICIAN, Role.ADMINISTRATOR})
OFFICERS = frozenset({Role.OFFICER})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


class Room:
    """A part of a session: its methods are for some roles only, and for as long as they stay."""

    account: Account
    shut = False  # they are leaving, or have left


def for_roles(roles: frozenset[Role]) -> Callable[[F], F]:
    """Let only these roles call a coroutine method, or an asynchronous generator. Raises NotAllowed."""

    def guarded(method: F) -> F:
        @functools.wraps(method)
        async def once(self: Room, *arguments: Any, **named: Any) -> Any:
            _check(self, roles, method)
            return await method(self, *arguments, **named)

        @functools.wraps(method)
        async def streamed(self: Room, *arguments: Any, **named: Any) -> AsyncIterator[Any]:
            _check(self, roles, method)
            async for one in method(self, *arguments, **named):
                yield one

        wrapped = streamed if inspect.isasyncgenfunction(method) else once
        vars(wrapped)["roles"] = roles
        return cast(F, wrapped)

    return guarded


def _check(room: Room, roles: frozenset[Role], method: Callable[..., Any]) -> None:
    if room.shut:
        raise NotAllowed("you are signed out")
    if room.account.role not in roles:
        raise NotAllowed(f"{method.__qualname__} is not for the role {room.account.role.value}")
