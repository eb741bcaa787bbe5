"""Every journey as the moments that a person goes through, each with what could be typed and left there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.terminal.people import Person
from tests.terminal.terminal import DOWN, ENTER
from tests.terminal.town import Town
from tests.terminal.visitor import Visitor

MENU = "What would you like to do?"
PASSCODE = "Enter your passcode"
ANSWERS = "Answer your security questions"
CODE = "Enter the code we sent you"


@dataclass(frozen=True)
class Moment:
    """One screen. ``seen`` is how it is known, ``go_on`` what leads to the next.

    ``begun``: keys of an unfinished entry. ``asks_to_stop``: Esc asks once. ``final``: the journey is over.
    """

    seen: str
    go_on: Callable[[Visitor], None]
    begun: tuple[str, ...] = ()
    asks_to_stop: bool = False
    final: bool = False

    def arrive(self, visitor: Visitor) -> None:
        """Wait until it stands there."""
        visitor.kiosk.wait_for(self.seen)


@dataclass(frozen=True)
class Journey:
    """A journey's name, whose it is, and its moments."""

    name: str
    person: Callable[[Town], Person]
    moments: tuple[Moment, ...]

    def go(self, visitor: Visitor, to: int) -> Moment:
        """Put the card in, and go to a moment, counted from 0."""
        visitor.put_in()
        for moment in self.moments[:to]:
            moment.arrive(visitor)
            moment.go_on(visitor)
        self.moments[to].arrive(visitor)
        return self.moments[to]


def _press(*keys: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.kiosk.keys(*keys)


def _choose(label: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.choose(label)


def _menu(label: str) -> Moment:
    return Moment(MENU, _choose(label), (DOWN,))


def _end(title: str) -> Moment:
    return Moment(title, Visitor.confirm, final=True)


_PASSCODE = Moment(PASSCODE, Visitor.passcode, ("502",))
_ANSWER = Moment(ANSWERS, Visitor.answer, ("Hillside", ENTER, "Mars"), True)
_SET = Moment("Choose your security questions", Visitor.answer, ("Hillside", ENTER, DOWN, "Ok"), True)
_CODE = Moment(CODE, Visitor.code, ("48",))
_NEW = Moment("Choose a new passcode", Visitor.new_passcode, ("739164", ENTER, "73"), True)
_PROVE = (
    _PASSCODE,
    Moment("How do you want to show that it is you?", _choose("Answer my security questions"), (DOWN,)),
    _ANSWER,
)
_PROVE_BY_CODE = (
    _PASSCODE,
    Moment("How do you want to show that it is you?", _choose("Get a code by mail"), (DOWN,)),
    _CODE,
)
_DETAIL = "What do you want to change?"

REGISTER = Journey(
    "register",
    Town.newcomer,
    (
        _menu("Register for self-service"),
        Moment("What we keep about you, and why", _press(ENTER), (DOWN,)),
        _PASSCODE,
        _SET,
        Moment("Is this your email address?", _press(ENTER), ("zebra@nh",), True),
        _CODE,
        _end("You are registered"),
    ),
)
UNLOCK = Journey(
    "unlock",
    lambda town: town.registered(locked=True),
    (_ANSWER, _CODE, _NEW, _end("Your card is unlocked")),
)
CHANGE_PASSCODE = Journey(
    "change passcode",
    Town.registered,
    (_menu("Change my passcode"), _PASSCODE, _NEW, _end("Your passcode is changed")),
)
CHANGE_QUESTIONS = Journey(
    "change questions",
    Town.registered,
    (
        _menu("Change my questions or email"),
        *_PROVE,
        Moment(_DETAIL, _choose("My security questions"), (DOWN,)),
        _SET,
        _end("Your questions are changed"),
    ),
)


def _type_new_address(visitor: Visitor) -> None:
    visitor.person.email = f"new.{visitor.person.email}"
    visitor.kiosk.keys(visitor.person.email, ENTER)


CHANGE_EMAIL = Journey(
    "change email",
    Town.registered,
    (
        _menu("Change my questions or email"),
        *_PROVE_BY_CODE,
        Moment(_DETAIL, _choose("My email address"), (DOWN,)),
        Moment("What is your email address?", _type_new_address, ("zebra@nh",), True),
        _CODE,
        _end("Your email address is changed"),
    ),
)
WITHDRAW = Journey(
    "withdraw",
    Town.registered,
    (
        _menu("Delete my registration"),
        *_PROVE,
        Moment("Do you want to leave self-service?", _choose("Yes, delete my answers"), (DOWN,)),
        _end("You have left self-service"),
    ),
)

JOURNEYS = (REGISTER, UNLOCK, CHANGE_PASSCODE, CHANGE_QUESTIONS, CHANGE_EMAIL, WITHDRAW)
EVERY_STEP = [(journey, step) for journey in JOURNEYS for step in range(len(journey.moments))]


def told(journey: Journey, step: int) -> str:
    """The name of a case."""
    return f"{journey.name}-{step + 1} {journey.moments[step].seen}".replace(" ", "-")
