"""The other ends of a journey: what the kiosk cannot help with, and a change of mind."""

from kiosk.refusals import Why


class CannotHelp(Exception):
    """The journey ends at the RA's contact."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class SomethingElse(Exception):
    """The holder would rather do something else: back to what this card offers."""
