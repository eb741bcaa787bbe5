"""What whoever is signed in may expect to go wrong, in words that say what to do."""

from __future__ import annotations

from cardio.errors import CardError, CardIOError
from kiosk.enrolment import EnrolmentError
from kiosk.keys import KeyProblem
from kiosk.mail import MailNotSent
from kiosk.staff.accounts import StaffProblem
from kiosk.staff.rights import NotAllowed
from kiosk.storage.database import StoreUnavailable


def in_words(error: BaseException) -> str:
    """The trouble in one sentence; empty for what nobody expected."""
    match error:
        case StaffProblem() | EnrolmentError() | NotAllowed():
            text = str(error)
        case StoreUnavailable():
            text = f"the store cannot be reached, and nothing was changed ({error})"
        case MailNotSent():
            text = f"the mail server did not take it: {error.reason}"
        case KeyProblem():
            text = f"a key is missing: {error}"
        case CardIOError() | CardError():
            text = f"the card: {type(error).__name__}; take it out, and try again"
        case _:
            return ""
    return text[:1].upper() + text[1:]
