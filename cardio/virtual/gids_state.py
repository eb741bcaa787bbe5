"""How a virtual GIDS card can differ from others, and what it shows of its inside."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardio.apdu import SW


@dataclass(frozen=True)
class Quirks:
    """How this card differs from the applet; each default is what the applet does."""

    wrong: int | None = None  # status word for a wrong passcode; None: 63Cx
    locked: int = SW.AUTHENTICATION_METHOD_BLOCKED
    bad_format: int | None = None  # for a passcode too short or too long; None: 63Cx
    bad_format_costs_a_try: bool = False
    admin_refusal: int = SW.SECURITY_STATUS_NOT_SATISFIED
    says_verified: bool = False  # an empty VERIFY is answered 9000 after the right passcode
    mute_status: int | None = None  # status word for every empty VERIFY, whatever the counter
    pin_status: bool = True  # whether there is the object 7F71
    version: int = 2
    select_refuses_le: bool = False
    empty_select_response: bool = False


@dataclass(frozen=True)
class GidsState:
    """The card's inside, for tests and for the demo's tray. Secrets are kept out of ``repr``.

    ``admin_tries_left`` is None on a card that counts no wrong answers.
    """

    pin_tries_left: int
    admin_tries_left: int | None
    verified: bool
    administrator: bool
    initialised: bool
    pin: str = field(repr=False)
    admin_key: bytes = field(repr=False)

    @property
    def locked(self) -> bool:
        """Whether the passcode's counter is at zero."""
        return self.pin_tries_left == 0
