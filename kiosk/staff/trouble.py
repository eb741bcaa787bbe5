"""What whoever is signed in may expect to go wrong, in words that say what to do."""

from __future__ import annotations

from cardio.errors import CardError, CardIOError
from kiosk.staff.account import NotAllowed, StaffProblem


def in_words(error: BaseException) -> str:
    """The trouble in one sentence; empty for what nobody expected.

    By name where importing the error would bring in what raises it.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, StaffProblem | NotAllowed) or "EnrolmentError" in kinds:
        text = str(error)
    elif "StoreUnavailable" in kinds:
        text = f"the store cannot be reached, and nothing was changed ({error})"
    elif "MailNotSent" in kinds:
        text = f"the mail server did not take it: {error}"
    elif "KeyProblem" in kinds:
        text = f"a key is missing: {error}"
    elif isinstance(error, CardIOError | CardError):
        text = f"the card: {type(error).__name__}; take it out, and try again"
    else:
        return ""
    return text[:1].upper() + text[1:]
