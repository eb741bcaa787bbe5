"""Why something a person entered was not accepted, or why the kiosk cannot help: data, not words.

The views and the mail templates put these into sentences at drawing time.
"""

from enum import Enum


class PasscodeRule(Enum):
    """The rule a new passcode breaks."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    NOT_DIGITS = "alphabet"
    ALL_ONE = "all-one-digit"
    RUN = "run"
    REPEATED = "repeated-group"
    COMMON = "common"
    EMAILED_CODE = "emailed-code"
    OWN_ID = "own-id"
    SAME = "same-as-present"
    MISMATCH = "mismatch"
    CARD = "refused-by-card"


class AnswerRule(Enum):
    """The rule a new security answer breaks."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    SAME_QUESTION = "same-question"
    SAME_ANSWER = "same-answer"
    KEY_WORD = "key-word"
    OWN_NAME = "own-name"
    OWN_ADDRESS = "own-address"


class EmailRule(Enum):
    """The rule an email address breaks."""

    NOT_ONE_ADDRESS = "not-one-address"
    DOMAIN = "domain-not-approved"
    TOO_LONG = "too-long"
    SAME = "same-as-present"


class CodeRefusal(Enum):
    """Why an emailed or assistance code was not accepted."""

    WRONG = "wrong"
    EXPIRED = "expired"
    VOID = "void"  # five wrong entries, or replaced
    WAIT = "wait"  # a mail went out just now; the next one may in a moment
    TOO_MANY = "too-many-mails"  # no further mail in this visit or hour


class Why(Enum):
    """Why the kiosk cannot do it here, or not all of it."""

    UNREADABLE = "unreadable"
    UNKNOWN_CARD = "unknown-card"  # unknown, suspended or revoked: one wording
    RECORD_SHUT = "record-shut"  # what is kept of the holder was altered, or its key is not here
    NOT_GENUINE = "not-genuine"
    CERTIFICATE_EXPIRED = "certificate-expired"
    NO_UNBLOCK = "no-unblock-secret"  # missing, nearly spent or marked as failed
    BLOCKED = "blocked"
    PROOF_MISSING = "proof-missing"
    HOLD = "hold"  # registered a short time ago with an address of one's own
    NO_PROOF = "no-proof"  # can give neither answers nor a code
    MAIL = "mail"
    CARD_FAILED = "card-failed"
    PASSCODE_LOCKED = "passcode-locked"  # by wrong entries just now
    PUT_BACK = "put-back"  # take the card out and put it in again: the kiosk then asks it what is true
    PROOF_EXPIRED = "proof-expired"  # too long since the questions were answered: start again
    UNEXPECTED = "unexpected"


class OutOfService(Enum):
    """Why nobody can be served at the moment."""

    STARTING = "starting"
    NO_READER = "no-reader"
    SEVERAL_READERS = "several-readers"  # and reader.name does not say which
    CARD_SERVICE = "card-service"
    STORE = "store"
    SCHEMA = "schema"  # of the store: of another release
    CLOCK = "clock"
    TECHNICIAN = "technician"
