"""Which new passcodes a holder may choose."""

from __future__ import annotations

from pydantic import SecretStr

from cardio.card import PasscodeFormat
from kiosk.refusals import PasscodeRule
from kiosk.settings import Passcode

# The most used of those that no other rule refuses: patterns on the keypad, counting, mirrors.
COMMON = frozenset(
    """
    112233 789456 159753 123321 147258 159357 456123 147852 142536 246810
    102030 741852 010203 987456 258456 963852 111222 112211 11223344 14789632
    """.split()  # noqa: SIM905 - a table reads better than a column of twenty lines
)

_RUN = 4  # digits that make a run
_UP = "0123456789012"  # 9 is followed by 0, as on a keypad's last row
_DOWN = _UP[::-1]
_SHORTEST_ID = 4  # digits: an id with fewer would refuse too many passcodes that merely contain it


def check(
    new: SecretStr,
    again: SecretStr,
    *,
    fmt: PasscodeFormat,
    code: SecretStr | None,
    own_id: str,
    present: SecretStr | None,
) -> PasscodeRule | None:
    """The first rule that a new passcode breaks, None if it may be used.

    ``fmt`` comes from `narrow`. ``code`` is the code mailed in this visit, ``present`` the
    passcode it replaces; None where there is none.
    """
    entered = new.get_secret_value()
    rule = _form(entered, fmt) or _pattern(entered)
    if rule is not None:
        return rule
    if code is not None and _overlap(entered, code.get_secret_value()):
        return PasscodeRule.EMAILED_CODE
    digits = "".join(c for c in own_id if c in "0123456789")
    if len(digits) >= _SHORTEST_ID and _overlap(entered, digits):
        return PasscodeRule.OWN_ID
    if present is not None and entered == present.get_secret_value():
        return PasscodeRule.SAME
    return None if entered == again.get_secret_value() else PasscodeRule.MISMATCH


def narrow(site: Passcode, card: PasscodeFormat) -> PasscodeFormat:
    """What site and card both allow. Raises ValueError where that is nothing."""
    both = PasscodeFormat(
        max(site.min_length, card.min_length),
        min(site.max_length, card.max_length),
        "".join(digit for digit in "0123456789" if digit in card.alphabet),
    )
    if both.min_length > both.max_length or not both.alphabet:
        raise ValueError(
            f"kiosk.toml asks for passcodes of {site.min_length} to {site.max_length} digits, "
            f"the card takes {card.min_length} to {card.max_length} of {card.alphabet!r}"
        )
    return both


def _form(entered: str, fmt: PasscodeFormat) -> PasscodeRule | None:
    if any(character not in fmt.alphabet for character in entered):
        return PasscodeRule.NOT_DIGITS
    if len(entered) < fmt.min_length:
        return PasscodeRule.TOO_SHORT
    return PasscodeRule.TOO_LONG if len(entered) > fmt.max_length else None


def _pattern(entered: str) -> PasscodeRule | None:
    if len(set(entered)) == 1:
        return PasscodeRule.ALL_ONE
    fours = [entered[i : i + _RUN] for i in range(len(entered) - _RUN + 1)]
    if any(four in _UP or four in _DOWN for four in fours):
        return PasscodeRule.RUN
    if any(entered[period:] == entered[:-period] for period in (2, 3)):
        return PasscodeRule.REPEATED
    return PasscodeRule.COMMON if entered in COMMON else None


def _overlap(entered: str, known: str) -> bool:
    """One is, or lies within, the other: six digits of the code are as good as known."""
    return entered in known or known in entered
