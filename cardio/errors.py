"""What can go wrong with a card or its reader.

CardIOError
├── ReaderError            the reader or the card service, not the card
│   ├── ReaderGone         no reader, or the card service (pcscd) is not there
│   ├── ReaderBusy         another program holds the card
│   └── ReaderBroken       a command never came back; only a restart helps
├── CardRemoved            the card of this session is no longer in the reader
├── CardReset              somebody else reset the card; select and prove again
├── OutcomeUnknown         a write was sent and its answer never came: ask the card
└── CardError              the card answered, and the answer was a refusal
    ├── WrongPasscode      tries_left says how many remain, None where the card does not tell
    ├── PasscodeLocked     the passcode's try counter is at zero
    ├── WrongUnblockSecret tries_left as above
    ├── UnblockSecretLocked
    ├── PasscodeRefused    wrong length or alphabet, found before sending or by the card
    ├── NotGenuine         the card could not prove that it is the one enrolled
    │   └── NoProof        it knows no such proof, and was given nothing to find one out with
    ├── CardUnsupported    no family here understands this card, or it has no identity
    └── ProtocolError      an answer no standard allows

No message or argument of any of these holds a secret.
"""


class CardIOError(Exception):
    """Root of everything that cardio raises on purpose."""


class ReaderError(CardIOError):
    """The reader or the card service failed, not the card."""


class ReaderGone(ReaderError):
    """The reader was unplugged, or the card service is not running."""


class ReaderBusy(ReaderError):
    """Another program holds the card and has not let go of it."""


class ReaderBroken(ReaderError):
    """A command has not returned within its limit; the thread that waits for it is lost."""


class CardRemoved(CardIOError):
    """The card that this session belonged to has left the reader."""


class CardReset(CardIOError):
    """The card was reset under this session; nothing secret may follow before a new identification."""


class OutcomeUnknown(CardIOError):
    """A command that changes the card was sent, and its answer was lost.

    The card may or may not have changed: ask it at its next insertion, never repeat.
    """


class CardError(CardIOError):
    """The card answered with a refusal. ``sw`` is its status word (ISO 7816-4, 5.6), 0 if none was sent."""

    secret_accepted = False
    """Whether the unblock secret was right, and the refusal is of what followed it."""

    def __init__(self, message: str = "", *, sw: int = 0) -> None:
        super().__init__(message or f"status word {sw:04X}")
        self.sw = sw


class _Counted(CardError):
    def __init__(self, tries_left: int | None = None, *, sw: int = 0) -> None:
        super().__init__(f"status word {sw:04X}, tries left: {tries_left}", sw=sw)
        self.tries_left = tries_left


class WrongPasscode(_Counted):
    """The passcode was not right."""


class PasscodeLocked(CardError):
    """The passcode's try counter is at zero."""


class WrongUnblockSecret(_Counted):
    """The unblock secret was not right."""


class UnblockSecretLocked(CardError):
    """The unblock secret's own counter is at zero: only its issuer can help."""


class PasscodeRefused(CardError):
    """The passcode's length or alphabet is not one this card takes."""


class NotGenuine(CardError):
    """The card did not prove possession of the key pinned for it."""


class NoProof(NotGenuine):
    """The card knows no proof of this kind; nothing that it could count was sent."""


class CardUnsupported(CardError):
    """No configured family understands this card, or it carries no identity."""


class ProtocolError(CardError):
    """The card's answer breaks the standard: bad TLV, endless 61xx, a length that lies."""
