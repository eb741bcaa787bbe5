"""The PC/SC service as blocking calls, on pyscard's C layer alone.

pyscard's own monitors end for good when the service does, and cannot tell two like cards apart. The
`Watcher` here sees swaps by the service's event counter, and makes a new context whenever the service
comes back: a context whose service has died stays dead.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from smartcard import scard  # type: ignore[import-untyped]

from cardio.errors import CardIOError, CardRemoved, CardReset, ReaderBusy, ReaderGone
from cardio.reader import State

_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_CONTACTLESS = re.compile(r"contactless|picc|nfc|rfid|(\b|\d)cl\b", re.IGNORECASE)
_LOOK_SECONDS = 1.0  # how long one look at the reader lasts; a change ends it at once
_RETRY_SECONDS = 0.25  # between attempts to reach a service that is away
_SHARING_RETRY_SECONDS = 0.05
_STOP_RETRY_SECONDS = 0.02

_ERRORS: dict[int, type[CardIOError]] = {
    scard.SCARD_E_SHARING_VIOLATION: ReaderBusy,
    scard.SCARD_W_RESET_CARD: CardReset,
    scard.SCARD_W_REMOVED_CARD: CardRemoved,
    scard.SCARD_W_UNPOWERED_CARD: CardRemoved,
    scard.SCARD_W_UNRESPONSIVE_CARD: CardRemoved,
    scard.SCARD_E_NO_SMARTCARD: CardRemoved,
    scard.SCARD_E_NOT_TRANSACTED: CardRemoved,  # what a card pulled during a command looks like
    scard.SCARD_E_PROTO_MISMATCH: CardRemoved,  # and one pulled while connecting
}


@dataclass(frozen=True)
class Sighting:
    """One look at the service."""

    state: State
    name: str = ""
    candidates: tuple[str, ...] = ()
    counter: int = 0  # the service's count of insertions and removals in this reader
    atr: bytes = b""
    context: int = 0  # which connection to the service saw it: counters start again with each

    @property
    def occupied(self) -> bool:
        """Whether something is in the slot."""
        return self.state in (State.CARD, State.MUTE)


def list_readers() -> list[str]:
    """Return the names of all readers, contactless ones too. Blocks; raises ReaderGone without a service."""
    context = _establish()
    try:
        return _names(context)
    finally:
        scard.SCardReleaseContext(context)


def contact_readers(names: Sequence[str], name_filter: str = "") -> tuple[str, ...]:
    """Return the contact interfaces among ``names`` that contain ``name_filter``; ``*`` in it is any text.

    Contactless interfaces are left out: PIV forbids VERIFY over them, and a dual-interface reader
    shows its card twice.
    """
    pattern = re.compile(".*".join(map(re.escape, name_filter.split("*"))), re.IGNORECASE)
    return tuple(name for name in names if pattern.search(name) and not _CONTACTLESS.search(name))


class Connection:
    """An exclusive hold of the card of one sighting, with a context of its own."""

    def __init__(self, seen: Sighting, sharing_seconds: float) -> None:
        self._seen = seen
        self._sharing_seconds = sharing_seconds
        self._context: Any = None
        self._card: Any = None
        self._pci: Any = None

    def open(self) -> None:
        """Connect, and make sure that it is the card that was seen.

        Raises CardRemoved, ReaderGone, or ReaderBusy if another program does not let go in time.
        """
        self._context = _establish()
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        patience = time.monotonic() + self._sharing_seconds
        while True:
            hresult, card, protocol = scard.SCardConnect(
                self._context, self._seen.name, scard.SCARD_SHARE_EXCLUSIVE, protocols
            )
            if _code(hresult) != scard.SCARD_E_SHARING_VIOLATION or time.monotonic() >= patience:
                break
            time.sleep(_SHARING_RETRY_SECONDS)
        _check(hresult)
        self._card = card
        self._pci = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        # Connecting just after a swap succeeds, to the other card: only the counter tells.
        state, counter, _ = _decode(*_status(self._context, self._seen.name))
        if state is not State.CARD or counter != self._seen.counter:
            raise CardRemoved

    def transmit(self, apdu: bytes) -> bytes:
        """Carry one APDU to the card and its answer back; may block without limit.

        Raises CardRemoved, CardReset or ReaderGone.
        """
        hresult, answer = scard.SCardTransmit(self._card, self._pci, list(apdu))
        _check(hresult)
        if len(answer) < 2:  # a card pulled meanwhile can show as success without an answer
            raise CardRemoved
        return bytes(answer)

    def close(self) -> None:
        """Reset the card, so that nothing verified here remains, and let go of it. Never raises."""
        if self._card is not None:
            scard.SCardDisconnect(self._card, scard.SCARD_RESET_CARD)
        if self._context is not None:
            scard.SCardReleaseContext(self._context)
        self._card = self._context = None


class Watcher(threading.Thread):
    """Looks at the service for ever, and reports each sighting that differs from the last."""

    def __init__(self, name_filter: str, report: Callable[[Sighting], None]) -> None:
        super().__init__(name="reader watcher", daemon=True)
        self._name_filter = name_filter
        self._report = report
        self._last: Sighting | None = None
        self._stopping = threading.Event()
        self._context: Any = None
        self._contexts = 0

    def stop(self) -> None:
        """End the thread and wait for it. Blocks for a moment; a second where the service hangs."""
        self._stopping.set()
        give_up = time.monotonic() + 2 * _LOOK_SECONDS
        while self.is_alive() and time.monotonic() < give_up:
            context = self._context
            if context is not None:  # in vain while the thread is just not waiting: hence again and again
                scard.SCardCancel(context)
            self.join(_STOP_RETRY_SECONDS)

    def run(self) -> None:
        """Watch until stopped, over as many lives of the service as it takes."""
        while not self._stopping.is_set():
            try:
                self._context = _establish()
            except ReaderGone:
                self._tell(Sighting(State.NO_SERVICE, context=self._contexts))
                self._stopping.wait(_RETRY_SECONDS)
                continue
            self._contexts += 1
            with suppress(ReaderGone):
                self._watch(self._context)
            context, self._context = self._context, None
            scard.SCardReleaseContext(context)

    def _watch(self, context: Any) -> None:
        """Look until stopped. Raises ReaderGone when the service has gone."""
        while not self._stopping.is_set():
            names = _names(context)
            candidates = contact_readers(names, self._name_filter)
            waited_for: list[tuple[str, int]] = [(_PLUG_AND_PLAY, len(names) << 16)]
            none = State.SEVERAL if candidates else State.NO_READER
            sighting = Sighting(none, candidates=candidates, context=self._contexts)
            if len(candidates) == 1:
                flags, atr = _status(context, candidates[0])
                state, counter, atr = _decode(flags, atr)
                sighting = Sighting(state, candidates[0], candidates, counter, atr, self._contexts)
                waited_for.append((candidates[0], flags & ~scard.SCARD_STATE_CHANGED))
            self._tell(sighting)
            _wait(context, waited_for)

    def _tell(self, sighting: Sighting) -> None:
        if sighting != self._last:
            self._last = sighting
            self._report(sighting)


def _establish() -> Any:
    hresult, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    _check(hresult)
    return context


def _names(context: Any) -> list[str]:
    hresult, names = scard.SCardListReaders(context, [])
    if _code(hresult) == scard.SCARD_E_NO_READERS_AVAILABLE:
        return []
    _check(hresult)
    return list(names)


def _status(context: Any, name: str) -> tuple[int, bytes]:
    """Return the event state and ATR of a reader as they are now."""
    hresult, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
    if _code(hresult) == scard.SCARD_E_UNKNOWN_READER:
        return scard.SCARD_STATE_UNKNOWN, b""
    if _code(hresult) != scard.SCARD_E_TIMEOUT:
        _check(hresult)
    _, flags, atr = states[0]
    return _code(flags), bytes(atr)


def _decode(flags: int, atr: bytes) -> tuple[State, int, bytes]:
    """Return state, event counter (the high word of dwEventState) and ATR."""
    counter = flags >> 16
    if flags & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE):
        return State.NO_READER, counter, b""
    if flags & scard.SCARD_STATE_MUTE:
        return State.MUTE, counter, b""
    if flags & scard.SCARD_STATE_PRESENT:
        return State.CARD, counter, atr
    return State.EMPTY, counter, b""


def _wait(context: Any, waited_for: list[tuple[str, int]]) -> None:
    """Wait for a change of any of these, or for `_LOOK_SECONDS`. Raises ReaderGone."""
    hresult, _ = scard.SCardGetStatusChange(context, int(1000 * _LOOK_SECONDS), waited_for)
    if _code(hresult) not in (
        scard.SCARD_E_TIMEOUT,
        scard.SCARD_E_CANCELLED,
        scard.SCARD_E_UNKNOWN_READER,  # unplugged since the list was made
        scard.SCARD_E_READER_UNAVAILABLE,
    ):
        _check(hresult)


def _code(value: int) -> int:
    """The unsigned 32 bits of what the C layer returns as a signed or a longer integer."""
    return value & 0xFFFFFFFF


def _check(hresult: int) -> None:
    """Raise what a failed call means; whatever names no card is the reader's or the service's end."""
    code = _code(hresult)
    if code != scard.SCARD_S_SUCCESS:
        raise _ERRORS.get(code, ReaderGone)(f"PC/SC error {code:08X}")
