"""What is to be brought into the store: holders, cards, the rows of a roll, and why a row cannot be.

A roll may have millions of rows, so nothing here keeps them: whoever goes through a roll does so twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydantic import SecretBytes

from cardio.card import CardId

CHUNK = 500  # rows in a unit of work: kiosks get their turn in between, and memory stays flat
_64_BITS = 2**64 - 1


class Stage(Enum):
    """What is done with a roll, one after the other."""

    CHECKING = "Checking"
    BRINGING_IN = "Bringing in"


Told = Callable[[Stage, int], None]
"""Is told after each chunk which line of the file was reached."""


class EnrolmentError(Exception):
    """What was to be brought in does not fit what is there. The message is for the person who tried."""


@dataclass(frozen=True)
class NewHolder:
    """A holder as the RA knows them; ``email`` may be empty."""

    holder_id: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True)
class NewCard:
    """A card of a holder. ``secret`` None: none is kept for it.

    ``public_key`` (which proves without a passcode) and ``passcode_key`` are pinned: DER
    SubjectPublicKeyInfo. ``secret_proven``: the card has proven just now that it knows this very secret.
    ``replace_keys``: what is pinned and not given here is pinned no longer.
    """

    id: CardId
    secret: SecretBytes | None
    public_key: bytes | None = field(default=None, repr=False)
    secret_proven: bool = False
    passcode_key: bytes | None = field(default=None, repr=False)
    replace_keys: bool = False


@dataclass(frozen=True)
class NewRow:
    """One card and its holder, and the line of the file they stand in."""

    line: int
    holder: NewHolder
    card: NewCard


@dataclass(frozen=True, order=True)
class RowFault:
    """Why a line cannot be taken in."""

    line: int
    reason: str


class RowsRefused(EnrolmentError):
    """Rows do not fit, so none was brought in. ``faults`` has each, by line."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__("\n".join(f"line {fault.line}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)


class Change(Enum):
    """What became of a card, and of the unblock secret that was given for it."""

    ADDED = "added"
    RENEWED = "renewed"  # another unblock secret or key than before
    UNCHANGED = "unchanged"
    KEPT = "kept"  # another unblock secret was given, but the card has accepted the one that is kept
    REFUSED = "refused"  # the card has refused the one that was given before: it was not taken
    HELD = "held"  # it was taken, but is not sent before an officer has looked: too many were sent in vain


class Contradictions:
    """Tells where rows do not agree with an earlier one.

    Of each row it keeps two hashes of 64 bits, salted anew by each process, and the line: some 230 bytes.
    """

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self._cards: dict[int, int] = {}

    def of(self, row: NewRow) -> Iterator[RowFault]:
        """What speaks against this row, which is kept in mind for those that follow."""
        same = row.line << 64 | hash((row.holder.name, row.holder.email)) & _64_BITS
        first = self._holders.setdefault(hash(row.holder.holder_id), same)
        if (first ^ same) & _64_BITS:
            yield RowFault(row.line, f"this holder has another name or email address in line {first >> 64}")
        earlier = self._cards.setdefault(hash(row.card.id), row.line)
        if earlier != row.line:
            yield RowFault(row.line, f"this card is in line {earlier} already")


def consistent(rows: Iterable[NewRow | RowFault], faults: list[RowFault]) -> Iterator[NewRow]:
    """The rows; what is none, or does not agree with an earlier one, is added to the faults."""
    contradictions = Contradictions()
    for row in rows:
        if isinstance(row, RowFault):
            faults.append(row)
        else:
            faults += contradictions.of(row)
            yield row


def faultless(rows: Iterable[NewRow | RowFault]) -> Iterator[NewRow]:
    """The rows, which were checked. Raises RowsRefused if the file was changed since."""
    for row in rows:
        if isinstance(row, RowFault):
            raise RowsRefused([row])
        yield row


def chunks(rows: Iterable[NewRow]) -> Iterator[list[NewRow]]:
    """The rows of one unit of work after another."""
    chunk: list[NewRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def silent(stage: Stage, line: int) -> None:
    """Tell nobody how far it is."""
