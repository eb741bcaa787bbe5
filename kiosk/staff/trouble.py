"""What whoever is signed in may expect to go wrong, in words that say what to do."""

from __future__ import annotations

from cardio.errors import (
    CardIOError,
    CardRemoved,
    CardReset,
    CardUnsupported,
    NotGenuine,
    ReaderBroken,
    ReaderBusy,
    ReaderGone,
)
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
    elif isinstance(error, CardIOError):
        text = card_in_words(error)
    else:
        return ""
    return text[:1].upper() + text[1:]


_CARD = {
    ReaderBusy: "another program holds the card: close it, then try again",
    ReaderBroken: "the reader no longer answers: unplug it, plug it in again, then try again",
    ReaderGone: "the reader or the card service went away: the health board and 'kiosk doctor' say which",
    CardRemoved: "the card was taken out too early: put it in again, then try again",
    CardReset: "another program reset the card: close it, then try again",
    NotGenuine: "the card cannot sign with the key it shows: it may be a copy",
}


def card_in_words(error: Exception) -> str:
    """What is wrong with a card or its reader, and what to do."""
    for kind, message in _CARD.items():
        if isinstance(error, kind):
            return message
    if isinstance(error, CardUnsupported):
        return f"this card cannot be used: {error}"
    return f"the card answered with an error: {str(error) or type(error).__name__}"
