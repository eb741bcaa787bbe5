"""Asking for a login prompt on another virtual terminal: of a service of systemd's, which runs as root.

The kiosk itself may do nothing of the kind, and the prompt is none of its account: deploy/login_vt.py.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from kiosk.staff.account import StaffProblem

_PATIENCE = 10.0  # seconds
_LONGEST = 200  # characters of an answer


async def ask_for_prompt(socket: Path) -> None:
    """Ask, and wait until it is in front. Raises StaffProblem where there is none, or one already."""
    try:
        async with asyncio.timeout(_PATIENCE):
            said = await _call(socket)
    except OSError as error:  # TimeoutError is one
        why = error.strerror or "no answer"
        raise StaffProblem(f"no login prompt: {socket}: {why}; is unlock-kiosk-login.socket on?") from error
    if not said:
        raise StaffProblem("no login prompt: there is one already, or its service failed (see the journal)")
    if said != "shown":
        raise StaffProblem(f"no login prompt: {said}")


async def _call(socket: Path) -> str:
    answers, call = await asyncio.open_unix_connection(str(socket), limit=_LONGEST)
    try:
        with suppress(ConnectionError):
            answer = await answers.read(_LONGEST)
            text = answer.decode("ascii", "replace").strip()
            return "".join(sign for sign in text if sign.isprintable())
        return ""
    finally:
        call.close()
