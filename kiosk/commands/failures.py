"""What people are told when something expected goes wrong: one line, and what to do."""

from __future__ import annotations

import errno
from typing import Any

import typer
from typer.core import TyperGroup

FAILED, USAGE = 1, 2


class Commands(TyperGroup):
    """The root of the commands: an expected error ends any of them with a line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Errors that nobody expected go up as they are."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            explained = explain(error)
            if explained is None:
                raise
            message, code = explained
            typer.echo(f"kiosk: {message}", err=True)
            raise typer.Exit(code) from None


def explain(error: Exception) -> tuple[str, int] | None:
    """The message and exit code of an expected error, None for any other."""
    from cardio.errors import CardIOError
    from kiosk.settings import SettingsError

    if isinstance(error, SettingsError):
        return str(error), USAGE
    if isinstance(error, CardIOError):
        from kiosk.staff.trouble import card_in_words

        return card_in_words(error), FAILED
    if isinstance(error, OSError) and error.errno != errno.EPIPE:  # a closed pipe is the shell's own affair
        return f"{error.filename or 'the system'}: {error.strerror or type(error).__name__}", FAILED
    return _store(error)


def _store(error: Exception) -> tuple[str, int] | None:
    from kiosk.enrolment import EnrolmentError
    from kiosk.keys import KeyProblem
    from kiosk.office.initialising import InitProblem
    from kiosk.ownership import ReaderTaken
    from kiosk.staff.account import NotAllowed as NotTheirs
    from kiosk.staff.account import StaffProblem
    from kiosk.storage.database import NotAllowed, StoreUnavailable
    from kiosk.storage.roles import NoFleet, NotTheOwner, StillThere
    from kiosk.storage.schema import StoreOutOfDate
    from kiosk.vault import VaultError

    if isinstance(error, EnrolmentError | KeyProblem | StoreOutOfDate | InitProblem | ReaderTaken):
        return str(error), FAILED
    if isinstance(error, StaffProblem | NotTheirs):
        return str(error), FAILED
    if isinstance(error, NotTheOwner | NoFleet | NotAllowed | StillThere):
        return str(error), FAILED
    if isinstance(error, StoreUnavailable):
        return f"the database cannot be used ({error}): 'kiosk doctor' says why", FAILED
    if isinstance(error, VaultError):
        return f"an unblock secret cannot be opened: {error}; put back the vault key it was made with", FAILED
    return None
