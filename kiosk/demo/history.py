"""Some months of made-up history, so that the demo's reports have something to show.

The events are those that real visits leave, in the store's own chain, and by a seed the same every time.
They go into an empty trail alone, and only the demo calls this, on its scratch store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any

from kiosk.audit import Event, Outcome
from kiosk.chain import Entry
from kiosk.reports.periods import DAY, day_of, midnight
from kiosk.reports.report import Place
from kiosk.store import Store

DAYS = 182
AT_ONCE = 5000  # events in one unit of work
_OPENS, _CLOSES = 7, 19  # o'clock
_TRUST, _PRACTICE = "Aire Valley Trust", "Otley Practice"
_KIOSKS = (  # with the visits of a working day, at first and at last: people get used to them
    (Place("Demo kiosk", _TRUST), 9, 16),
    (Place("Main entrance", _TRUST), 12, 22),
    (Place("Library", _TRUST), 4, 9),
    (Place("Otley surgery", _PRACTICE), 2, 6),
)
_WEEKEND = 0.2  # as many visits as on a working day
_MONDAY = 1.4  # after two days off passcodes are forgotten
_KINDS = ("unlock", "register", "passcode", "answers", "blocked", "assisted", "refused", "mail", "gone")
_SHARES = (46, 17, 9, 8, 2, 4, 8, 1, 5)
_REFUSED = ("unknown-card", "suspended", "no-unblock-secret", "no-proof", "certificate-expired")


async def write_history(store: Store, *, seed: int = 1, days: int = DAYS) -> int:
    """Fill an empty audit trail with the days before today; returns how many events.

    Raises ValueError where anything has happened in that store.
    """
    if (await store.head()).seq:
        raise ValueError("made-up history is for an empty store alone")
    entries, count = _entries(Random(seed), day_of(store.clock.now()), days), 0  # noqa: S311 - no secret
    while some := list(islice(entries, AT_ONCE)):
        async with store.work() as session:
            await store.audit.chain.append(session, some)
        count += len(some)
    return count


def _entries(dice: Random, today: date, days: int) -> Iterator[Entry]:
    """Day after day, in the order of time: as a trail grows."""
    for number in range(days):
        day = today - (days - number) * DAY
        made: list[Entry] = []
        for place, first, last in _KIOSKS:
            busy = first + (last - first) * number / days
            busy *= _WEEKEND if day.weekday() > 4 else _MONDAY if day.weekday() == 0 else 1
            for _ in range(round(dice.gauss(busy, busy / 5))):
                made += _Visit(dice, place, day).events()
        yield from sorted(made, key=lambda entry: entry.at)


class _Visit:
    """One visit of somebody, whose keys lead to nobody."""

    def __init__(self, dice: Random, place: Place, day: date) -> None:
        self._dice = dice
        self._place = place
        opens = midnight(day) + timedelta(hours=_OPENS)
        at = dice.triangular(0, (_CLOSES - _OPENS) * 3600, 2 * 3600)  # most come in the morning
        self._begun = self._at = opens + timedelta(seconds=round(at))
        self._reference = f"{dice.randrange(16**6):06X}"
        self._holder, self._card = f"{dice.getrandbits(128):032x}", f"{dice.getrandbits(128):032x}"

    def events(self) -> Sequence[Entry]:
        """All that it leaves in the trail, and what an officer does about it."""
        kind = self._dice.choices(_KINDS, _SHARES)[0]
        middle = self._middle(kind)
        self._at += timedelta(seconds=self._dice.randrange(3, 12))
        reason = "patience" if kind == "gone" else self._dice.choice(("complete", "card-out"))
        seconds = round((self._at - self._begun).total_seconds())
        place: dict[str, Any] = {"seconds": seconds, "organisation": self._place.organisation}
        ended = self._tell(Event.VISIT_ENDED, 0, Outcome.OK, reason, **place)
        if kind != "blocked" or self._dice.random() < 0.2:
            return [*middle, ended]
        return [*middle, ended, self._tell(Event.BLOCK_CLEARED, 1800, reason="spoke to them", actor="olga")]

    def _middle(self, kind: str) -> list[Entry]:
        if kind == "refused":
            return [self._tell(Event.CARD_REFUSED, 3, Outcome.REFUSED, self._dice.choice(_REFUSED))]
        locked = kind not in ("register", "passcode")
        seen = self._tell(Event.CARD_SEEN, 2, locked=locked, tries_left=0 if locked else 3)
        tell: dict[str, Callable[[], list[Entry]]] = {
            "unlock": self._unlock,
            "register": self._register,
            "passcode": self._passcode,
            "answers": self._wrong,
            "blocked": self._blocked,
            "assisted": self._assisted,
            "mail": self._mail,
            "gone": self._gone,
        }
        return [seen, *tell[kind]()]

    def _unlock(self) -> list[Entry]:
        wrong = self._dice.choices((0, 1, 2), (80, 15, 5))[0]
        tries = [self._answers(left) for left in range(2, 2 - wrong, -1)]
        return [*tries, self._tell(Event.ANSWERS_CHECKED, 25), *self._by_code(), *self._written()]

    def _assisted(self) -> list[Entry]:
        issued = self._tell(Event.ASSISTANCE_ISSUED, 5, reason="spoke to them", actor="olga")
        return [
            issued,
            self._tell(Event.ASSISTANCE_CHECKED, 30),
            *self._by_code(),
            *self._written(assisted=True),
        ]

    def _register(self) -> list[Entry]:
        own = self._dice.random() < 0.12
        code = self._code_sent("register", 90)
        checked = self._tell(Event.CODE_CHECKED, 40, purpose="register")
        done = self._tell(Event.REGISTERED, 0, own_email=own, privacy_version="1")
        return [self._tell(Event.PASSCODE_CHECKED, 15, purpose="register"), code, checked, done]

    def _passcode(self) -> list[Entry]:
        return [
            self._tell(Event.PASSCODE_CHECKED, 12, purpose="change-passcode"),
            self._tell(Event.PASSCODE_CHANGED, 25),
        ]

    def _answers(self, left: int) -> Entry:
        return self._tell(Event.ANSWERS_CHECKED, 30, Outcome.REFUSED, attempts_left=left)

    def _wrong(self) -> list[Entry]:
        return [self._answers(left) for left in (2, 1)]

    def _blocked(self) -> list[Entry]:
        tries = [self._answers(left) for left in (2, 1, 0)]
        return [*tries, self._tell(Event.HOLDER_BLOCKED, 0, reason="attempts")]

    def _mail(self) -> list[Entry]:
        self._at += timedelta(seconds=30)
        return [self._tell(Event.CODE_SENT, 10, Outcome.FAILED, "no answer in time", purpose="unlock")]

    def _gone(self) -> list[Entry]:
        return [self._tell(Event.ANSWERS_CHECKED, 28), self._code_sent("unlock", 1)]

    def _by_code(self) -> list[Entry]:
        sent = [self._code_sent("unlock", 1)]
        if self._dice.random() < 0.06:
            sent.append(
                self._tell(Event.CODE_CHECKED, 30, Outcome.REFUSED, "wrong", purpose="unlock", tries_left=4)
            )
        return [*sent, self._tell(Event.CODE_CHECKED, 35, purpose="unlock")]

    def _code_sent(self, purpose: str, after: float) -> Entry:
        return self._tell(Event.CODE_SENT, after, purpose=purpose)

    def _written(self, *, assisted: bool = False) -> list[Entry]:
        return [
            self._tell(Event.CARD_WRITE_BEGUN, 22, purpose="unlock", was_locked=True),
            self._tell(Event.CARD_WRITE_ENDED, 1),
            self._tell(Event.UNLOCKED, 0, assisted=assisted),
        ]

    def _tell(
        self,
        event: Event,
        after: float,
        outcome: Outcome = Outcome.OK,
        reason: str = "",
        actor: str = "",
        **detail: Any,
    ) -> Entry:
        """An event about so many seconds after the one before; 0: at the same time."""
        if after:
            self._at += timedelta(seconds=max(1, round(self._dice.gauss(after, after / 3))))
        return Entry(
            at=self._at,
            kiosk=self._place.kiosk,
            visit=self._reference,
            event=event.value,
            outcome=outcome.value,
            reason=reason,
            holder_key=self._holder,
            card_key=self._card,
            actor=actor,
            detail=json.dumps(detail, sort_keys=True) if detail else "",
            selftest=False,
        )
