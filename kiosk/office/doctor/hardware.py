"""Card service and reader."""

from __future__ import annotations

from dataclasses import replace

from cardio.errors import ReaderGone
from kiosk.office.doctor.finding import Finding, Level, aside
from kiosk.settings import Settings
from kiosk.vitals import CARD_SERVICE, NO_CARD_SERVICE, NO_READER, PCSCD, READER, SEVERAL, UNSEEN


async def card_service(settings: Settings) -> Finding:
    """Whether pcscd answers."""
    try:
        await aside(_readers)
    except ReaderGone as error:
        return replace(NO_CARD_SERVICE, detail=f"{NO_CARD_SERVICE.detail} ({error})")
    except ImportError as error:
        detail = f"pyscard cannot be loaded ({error.name})"
        return Finding(PCSCD, Level.FAIL, detail, "install the kiosk again")
    return CARD_SERVICE


async def reader(settings: Settings) -> Finding:
    """Whether exactly one contact reader fits reader.name."""
    pattern = settings.reader.name
    try:
        names, fitting = await aside(lambda: _fitting(pattern))
    except (ReaderGone, ImportError):
        return UNSEEN
    if len(fitting) == 1:
        return Finding(READER, Level.OK, fitting[0])
    if fitting:
        return replace(SEVERAL, detail=f"{SEVERAL.detail}: {'; '.join(fitting)}")
    if names:
        detail = f"no contact reader fits {pattern!r}; there are: {'; '.join(names)}"
        return Finding(READER, Level.FAIL, detail, "mend reader.name; a contactless interface cannot be used")
    return NO_READER


def _readers() -> list[str]:
    from cardio.pcsc import list_readers

    return list_readers()


def _fitting(pattern: str) -> tuple[list[str], tuple[str, ...]]:
    from cardio.pcsc import contact_readers

    names = _readers()
    return names, contact_readers(names, pattern)
