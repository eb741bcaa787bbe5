"""The CAs that vouch for the cards of a family, as the site configures them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cardio.certificates import Trust
from kiosk.settings import Settings, SettingsError

_LARGEST = 1_000_000  # bytes: a wrong path may lead to a huge file


def trusts(settings: Settings, at: datetime) -> Mapping[str, Trust]:
    """The families with CAs, and what checks a certificate of theirs.

    ``at`` is now: CAs that have ended are told at once. Raises SettingsError, which names the file.
    """
    file = settings.cards.piv.ca_file
    if file is None or "piv" not in settings.cards.families:
        return {}
    from cardio.applets.piv_certificate import piv_trust

    try:
        with file.open("rb") as opened:
            return {"piv": piv_trust(opened.read(_LARGEST), at)}
    except OSError as error:
        raise SettingsError(f"cards.piv.ca_file: {file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"cards.piv.ca_file: {file}: {error}") from None
