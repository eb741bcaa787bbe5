"""The names of the audit trail in words, for the staff's screens and reports.

The trail keeps names that do not change with the words (docs/audit.md); staff read these instead. They are
in English, as everything that staff alone read.
"""

from __future__ import annotations

_WORDS = {
    # Why the kiosk could not help (`kiosk.refusals.Why`), and the state of a card that is not in use.
    "unreadable": "it cannot be read",
    "unknown-card": "not in the store",
    "suspended": "suspended",
    "revoked": "revoked",
    "record-shut": "what is kept cannot be read",
    "not-genuine": "it could not prove itself",
    "certificate-expired": "its certificate has expired",
    "no-unblock-secret": "no unblock secret that may be sent",
    "blocked": "blocked",
    "proof-missing": "not registered, or no address",
    "hold": "registered too short a time ago",
    "no-proof": "neither answers nor an address to check",
    "mail": "a mail could not be sent",
    "card-failed": "the card failed",
    "passcode-locked": "the passcode has just locked",
    "put-back": "the card had to be put in again",
    "proof-expired": "too long after the questions",
    "unexpected": "something unexpected",
    # Why a code was not taken (`kiosk.refusals.CodeRefusal`).
    "wrong": "not the right one",
    "expired": "too late",
    "void": "no longer valid",
    "wait": "asked for again too soon",
    "too-many-mails": "too many mails",
    # How a visit came to its end too early (`kiosk.dialogue.Gone`).
    "card-out": "card taken out",
    "reader": "the reader was gone",
    "patience": "nobody was there any more",
    "stopped": "they stopped",
    "store": "the store was away",
    "closing": "the kiosk was stopped",
    "complete": "done",
    # Errors of card and reader (`cardio.errors`), and of the unblock secret.
    "ReaderError": "the reader failed",
    "ReaderGone": "the reader was gone",
    "ReaderBusy": "another program had the card",
    "ReaderBroken": "the reader did not answer",
    "CardRemoved": "card taken out",
    "CardReset": "another program reset the card",
    "OutcomeUnknown": "the card's answer was lost",
    "CardError": "the card refused",
    "WrongPasscode": "wrong passcode",
    "PasscodeLocked": "the passcode is locked",
    "WrongUnblockSecret": "wrong unblock secret",
    "UnblockSecretLocked": "the unblock secret is locked",
    "PasscodeRefused": "the card takes no such passcode",
    "NotGenuine": "it could not prove itself",
    "NoProof": "it could not prove itself",
    "CardUnsupported": "no card that is known here",
    "ProtocolError": "the card's answer made no sense",
    "UnblockNotPossible": "no unblock secret that may be sent",
    "ProofMissing": "too long after the questions",
}
_NOTICES = {  # of at most 25 characters
    "registered": "registered",
    "registered-elsewhere": "other address registered",
    "unlocked": "card unlocked",
    "passcode-changed": "passcode changed",
    "questions-changed": "questions changed",
    "email-changed": "address changed",
    "email-set-by-ra": "new address, to the old",
    "email-is-this": "new address, to itself",
    "withdrawn": "withdrawn",
    "withdrawn-by-ra": "ended by the RA",
    "blocked": "blocked",
    "card-left-in": "card left in",
    "assistance-issued": "assistance code issued",
    "assistance-used": "assistance code used",
    "lapsed": "registration ended",
    "audit-head": "head of the audit trail",
    "report": "report",
}
_PURPOSES = {
    "change-passcode": "change the passcode",
    "change-details": "change questions or address",
    "change-email": "change the address",
    "settle": "find out what a card holds",
}


def counted(number: int, what: str) -> str:
    """A number of things: "1 card", "2,000 cards"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def in_words(name: str) -> str:
    """A reason of the program's own, as staff read it; a name that is not known here stays."""
    return _WORDS.get(name, name)


def notice_in_words(kind: str) -> str:
    """What a notice tells a holder (`kiosk.letters.notices.NoticeKind`), in a few words."""
    return _NOTICES.get(kind, kind)


def purpose_in_words(purpose: str) -> str:
    """What a code or a passcode was for (`kiosk.steps.Purpose`), as it follows "to"."""
    return _PURPOSES.get(purpose, purpose)
