"""The tables. Rows are not validated by SQLModel, so every rule stands as a CHECK constraint too.

Whatever names a person or opens something stays out of a row's repr. Counters are never changed
through these objects, only by ``UPDATE ... RETURNING`` (a read followed by a write loses counts).
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


def _one_of(column: str, values: type[Enum]) -> CheckConstraint:
    allowed = ", ".join(f"'{member.value}'" for member in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


def row_id(row: HolderRow | CardRow | PendingRow | CardWriteRow) -> int:
    """The primary key of a row that was read or flushed. Raises LookupError for one that was not."""
    if row.id is None:
        raise LookupError("this row is not stored yet")
    return row.id


class CardState(Enum):
    """Set by the RA."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class UnblockState(Enum):
    """Whether the unblock secret may be sent."""

    USABLE = "usable"
    FAILED = "failed"  # the card refused it once: not sent again until somebody has looked


class CodeState(Enum):
    """The life of an emailed or assistance code."""

    NONE = "none"
    SENDING = "sending"  # hashed and stored; nobody can use it before the mail server took the mail
    USABLE = "usable"
    USED = "used"
    VOID = "void"


class WriteState(Enum):
    """The life of a card write in the journal."""

    INTENT = "intent"  # committed before the command goes out
    UNKNOWN = "unknown"  # the answer was lost
    ANSWERED = "answered"  # "done", by what has still to prove that it is the enrolled card
    DONE = "done"
    NOT_DONE = "not-done"  # the card was asked: it did not change
    REFUSED = "refused"  # the card answered with a refusal
    OPEN_ENDED = "open-ended"  # it can no longer be found out, and no longer matters


class NoticeState(Enum):
    """A notice waits until the mail server has taken it; then its row is deleted."""

    QUEUED = "queued"
    GIVEN_UP = "given-up"


class DataKeyRow(SQLModel, table=True):
    """A data key that many values are under, wrapped by the vault's key (see `kiosk.persons`)."""

    __tablename__ = "data_key"

    name: str = Field(primary_key=True)
    key_id: str  # of the key-encrypting key
    wrapped_key: bytes = Field(repr=False)


class HolderRow(SQLModel, table=True):
    """The person whose card it is, who has the attempts and blocks. Name and address are sealed."""

    __tablename__ = "holder"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("length(holder_id) BETWEEN 1 AND 64", name="holder_id_length"),
    )

    id: int | None = Field(default=None, primary_key=True)
    holder_id: str = Field(unique=True, repr=False)
    audit_key: str = Field(unique=True)
    name: bytes = Field(repr=False)
    ra_email: bytes = Field(repr=False)  # sealed too where it is empty
    ra_email_index: bytes | None = Field(default=None, index=True, repr=False)
    attempts: int = 0
    blocked_at: datetime | None = None
    created_at: datetime
    selftest: bool = False


class HolderWordRow(SQLModel, table=True):
    """A word of a holder's name, as a keyed hash."""

    __tablename__ = "holder_word"

    holder: int = Field(foreign_key="holder.id", primary_key=True, ondelete="CASCADE")
    word: bytes = Field(primary_key=True, index=True, repr=False)


class CardRow(SQLModel, table=True):
    """One physical card."""

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("family", "kind", "serial", name="card_identity"),
        _one_of("state", CardState),
        _one_of("unblock_state", UnblockState),
    )

    id: int | None = Field(default=None, primary_key=True)
    holder: int = Field(foreign_key="holder.id", index=True)
    audit_key: str = Field(unique=True)
    family: str
    kind: str
    serial: str = Field(repr=False)
    state: str = CardState.ACTIVE.value
    public_key: bytes | None = Field(default=None, repr=False)  # proves without a passcode
    passcode_key: bytes | None = Field(default=None, repr=False)  # proves after the right passcode
    unblock_state: str = UnblockState.USABLE.value
    secret_proven: bool = False  # the card has accepted the unblock secret kept for it
    mutual_proven: bool = False  # by mutual authentication with it: the card knows how to
    unproven_sends: int = 0  # of the unblock secret since it last worked, where its tries are not told
    created_at: datetime


class _SealedSecret(SQLModel):
    key_id: str
    wrapped_key: bytes = Field(repr=False)
    nonce: bytes = Field(repr=False)
    ciphertext: bytes = Field(repr=False)


class UnblockSecretRow(_SealedSecret, table=True):
    """A card's unblock secret under a data key of its own (see `kiosk.vault`)."""

    __tablename__ = "unblock_secret"

    card: int = Field(foreign_key="card.id", primary_key=True, ondelete="CASCADE")
    fingerprint: bytes = Field(index=True, repr=False)  # keyed: tells which cards share one secret
    made_by: str | None = None  # the kiosk of a fleet that wrote it; set by the database


class NextSecretRow(_SealedSecret, table=True):
    """The unblock secret that is to take the present one's place: stored before the card is written.

    While it is there nobody knows which of the two the card holds. ``tries_before`` are the tries of
    what the replacement was sent with; ``probed_tries`` those before the check that finds out.
    """

    __tablename__ = "next_unblock_secret"

    card: int = Field(foreign_key="card.id", primary_key=True, ondelete="CASCADE")
    fingerprint: bytes = Field(repr=False)
    tries_before: int | None = None
    probed_tries: int | None = None
    kiosk: str
    at: datetime


class RefusedSecretRow(SQLModel, table=True):
    """A secret that a card has refused, by the card's number: it need not be in the store (yet).

    ``refused`` False: it was sent at an officer's desk, and no answer came; ``sends`` counts those.
    """

    __tablename__ = "refused_secret"

    card: str = Field(primary_key=True, repr=False)  # "family:kind:serial"
    fingerprint: bytes = Field(primary_key=True, repr=False)  # keyed, as that of a secret that is kept
    refused: bool = True
    sends: int = 0


class RegistrationRow(SQLModel, table=True):
    """A completed registration: the address is confirmed, the answers are in `security_answer`."""

    __tablename__ = "registration"

    holder: int = Field(foreign_key="holder.id", primary_key=True)
    email: bytes = Field(repr=False)  # sealed
    email_index: bytes | None = Field(default=None, index=True, repr=False)
    own_email: bool  # another address than the RA's
    privacy_version: str
    registered_at: datetime
    usable_from: datetime


class SecurityAnswerRow(SQLModel, table=True):
    """A security question by id, and its answer hashed."""

    __tablename__ = "security_answer"
    __table_args__ = (CheckConstraint("position BETWEEN 0 AND 3", name="position_range"),)

    holder: int = Field(foreign_key="registration.holder", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    question: str = Field(repr=False)
    normaliser: int
    hash: str = Field(repr=False)


class PendingRow(SQLModel, table=True):
    """What a journey has reached: proofs given, the code sent, the draft that the code will confirm.

    One per card and purpose; a new code takes the place of the old one. ``email`` and ``draft`` (JSON
    with hashed answers only) are sealed.
    """

    __tablename__ = "pending"
    __table_args__ = (
        UniqueConstraint("card", "purpose", name="pending_purpose"),
        CheckConstraint("code_wrong >= 0", name="code_wrong_not_negative"),
        _one_of("code_state", CodeState),
    )

    id: int | None = Field(default=None, primary_key=True)
    card: int = Field(foreign_key="card.id", ondelete="CASCADE")
    purpose: str
    visit: str
    kiosk: str
    created_at: datetime
    email: bytes | None = Field(default=None, repr=False)
    draft: bytes | None = Field(default=None, repr=False)
    code_hash: str = Field(default="", repr=False)
    code_state: str = CodeState.NONE.value
    code_sent_at: datetime | None = None
    code_expires_at: datetime | None = None
    code_wrong: int = 0
    questions_at: datetime | None = None
    assisted: bool = False
    email_at: datetime | None = None


class CodeMailRow(SQLModel, table=True):
    """One mail with a code, for the rates per visit and per hour; old rows are swept away."""

    __tablename__ = "code_mail"
    __table_args__ = (Index("code_mail_of_holder", "holder", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    holder: int = Field(foreign_key="holder.id")
    visit: str
    purpose: str
    at: datetime


class AssistanceRow(SQLModel, table=True):
    """An assistance code of the RA; a new one takes the old one's place."""

    __tablename__ = "assistance"
    __table_args__ = (
        CheckConstraint("wrong >= 0", name="wrong_not_negative"),
        _one_of("state", CodeState),
    )

    holder: int = Field(foreign_key="holder.id", primary_key=True)
    code_hash: str = Field(repr=False)
    state: str = CodeState.USABLE.value
    wrong: int = 0
    issued_by: str
    issued_at: datetime
    expires_at: datetime


class CardWriteRow(SQLModel, table=True):
    """The journal of card writes: intent before the command, outcome after it."""

    __tablename__ = "card_write"
    __table_args__ = (_one_of("state", WriteState), Index("card_write_open", "card", "state"))

    id: int | None = Field(default=None, primary_key=True)
    card: int = Field(foreign_key="card.id")
    visit: str
    kiosk: str
    purpose: str
    was_locked: bool
    unblock_tries: int | None = None  # of the unblock secret before the write, None where not told
    state: str = WriteState.INTENT.value
    at: datetime
    settled_at: datetime | None = None  # of a write that is done: when its holder was told at the kiosk
    language: str = "en"


class NoticeRow(SQLModel, table=True):
    """A mail that nobody waits for. Recipient and name are sealed, and erased when it is given up."""

    __tablename__ = "notice"
    __table_args__ = (_one_of("state", NoticeState), CheckConstraint("tries >= 0", name="tries_not_negative"))

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    holder: int | None = Field(default=None, foreign_key="holder.id")
    recipient: bytes | None = Field(repr=False)
    name: bytes | None = Field(repr=False)
    language: str
    kiosk: str
    state: str = NoticeState.QUEUED.value
    tries: int = 0
    next_at: datetime
    created_at: datetime
    selftest: bool = False


class KioskRow(SQLModel, table=True):
    """A kiosk's last sign of life. One row for each process: two machines may have one name by mistake."""

    __tablename__ = "kiosk"

    instance: str = Field(primary_key=True)
    name: str = Field(index=True)
    version: str
    state: str  # what it does: "waiting", "visit", "stopped", or why it is out of service
    started_at: datetime
    seen_at: datetime = Field(index=True)  # the newest is looked up all the time
    clock_error: float = 0.0  # seconds that its own clock is ahead of the store's
