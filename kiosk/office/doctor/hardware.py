"""Card service and reader."""

from __future__ import annotations

from cardio.errors import ReaderGone
from kiosk.office.doctor.finding import Finding, Level, aside
from kiosk.settings import Settings


async def card_service(settings: Settings) -> Finding:
    """Whether pcscd answers."""
    name = "card service"
    try:
        await aside(_readers)
    except ReaderGone as error:
        advice = "install pcscd, or start it: systemctl start pcscd.socket; see that this account may use it"
        return Finding(name, Level.FAIL, f"pcscd does not answer ({error})", advice)
    except ImportError as error:
        return Finding(
            name, Level.FAIL, f"pyscard cannot be loaded ({error.name})", "install the kiosk again"
        )
    return Finding(name, Level.OK, "pcscd answers")


async def reader(settings: Settings) -> Finding:
    """Whether exactly one contact reader fits reader.name."""
    name, pattern = "reader", settings.reader.name
    try:
        names, fitting = await aside(lambda: _fitting(pattern))
    except (ReaderGone, ImportError):
        return Finding(name, Level.FAIL, "cannot be seen without the card service", "see above")
    if len(fitting) == 1:
        return Finding(name, Level.OK, fitting[0])
    if fitting:
        advice = "set reader.name to a part of one's name, or unplug the others"
        return Finding(name, Level.FAIL, f"several fit: {'; '.join(fitting)}", advice)
    if names:
        detail = f"no contact reader fits {pattern!r}; there are: {'; '.join(names)}"
        return Finding(name, Level.FAIL, detail, "mend reader.name; a contactless interface cannot be used")
    return Finding(name, Level.FAIL, "none is plugged in", "plug one in; see that its driver is installed")


def _readers() -> list[str]:
    from cardio.pcsc import list_readers

    return list_readers()


def _fitting(pattern: str) -> tuple[list[str], tuple[str, ...]]:
    from cardio.pcsc import contact_readers

    names = _readers()
    return names, contact_readers(names, pattern)
