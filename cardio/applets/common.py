"""What the card applications share: commands that change a card, and passcodes as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from cardio.apdu import Command, Response
from cardio.card import PasscodeFormat
from cardio.errors import CardError, CardIOError, OutcomeUnknown, PasscodeRefused
from cardio.reader import Channel

MAYBE_WRITTEN = (0x65, 0x6F)  # SW1: memory was changed, or the card cannot say what happened


async def write(channel: Channel, command: Command) -> Response:
    """Send a command that changes the card. Raises OutcomeUnknown if its answer was lost.

    A loss before the command went out counts as well: asking the card settles both.
    """
    try:
        response = await channel.transmit(command)
    except CardIOError as error:
        raise OutcomeUnknown(f"no answer to {command.ins:02X}") from error
    if response.sw >> 8 in MAYBE_WRITTEN:
        raise OutcomeUnknown(f"{command.ins:02X} was answered {response.sw:04X}")
    return response


@contextmanager
def secret_accepted() -> Iterator[None]:
    """Around what follows an unblock secret that the card has accepted: a refusal there does not blame it."""
    try:
        yield
    except CardError as refusal:
        refusal.secret_accepted = True
        raise


def passcode_bytes(passcode: SecretStr, rules: PasscodeFormat) -> bytes:
    """The passcode in ASCII, unpadded. Raises PasscodeRefused: a wrong format costs a try on some cards."""
    value = passcode.get_secret_value()
    if not rules.min_length <= len(value) <= rules.max_length or set(value) - set(rules.alphabet):
        raise PasscodeRefused(f"{rules.min_length} to {rules.max_length} characters this card takes")
    return value.encode("ascii")
