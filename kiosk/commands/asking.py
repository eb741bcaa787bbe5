"""Asking for what nobody may see: hidden on a terminal, else the next line of standard input.

Never an argument or a variable of the environment: other programs can read those.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pydantic import SecretStr

_LONGEST = 1024  # bytes of a line: more than any password has


def secret(question: str, *, twice: bool = False) -> SecretStr:
    """Ask on the terminal, ``twice`` for what is new; or take a line. Raises StaffProblem."""
    from pydantic import SecretStr

    from kiosk.staff.account import StaffProblem

    text = _asked(question, twice=twice) if at_terminal() else _line()
    if not text:  # raised out here: the error of a decoder has in it what was typed
        raise StaffProblem(
            f"{question}: none was given (where there is no terminal: a line of standard input)"
        )
    return SecretStr(text)


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(question: str, *, twice: bool) -> str:
    from getpass import GetPassWarning, getpass  # it asks on the terminal, wherever output goes

    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)  # rather than show what is typed
        try:
            while True:
                typed = getpass(f"{question}: ")
                if not twice or getpass("The same again: ") == typed:
                    return typed
                typer.echo("That was not the same: once more, please.", err=True)
        except (GetPassWarning, UnicodeError):
            return ""


def _line() -> str:
    """One line, and no byte more: the rest is for others. Empty where there is none."""
    stream = getattr(sys.stdin, "buffer", None)
    try:
        line = stream.readline(_LONGEST) if stream else b""
        if len(line) == _LONGEST and not line.endswith(b"\n"):
            return ""  # what follows would be taken for the next answer
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        return ""
