"""The card families of the configuration, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cardio.applets.piv import PivFamily
from cardio.card import Family
from kiosk.settings import Settings, SettingsError

_BUILT_IN: dict[str, Callable[[], Family]] = {"piv": PivFamily}


def families(settings: Settings) -> tuple[Family, ...]:
    """The configured card families, in their order. Raises SettingsError for one that nobody provides."""
    return tuple(_family(name) for name in settings.cards.families)


def _family(name: str) -> Family:
    if name not in _BUILT_IN:
        raise SettingsError(f"cards.families: there is no card family {name!r}")
    return _BUILT_IN[name]()


def by_name(known: Iterable[Family], name: str) -> Family:
    """The family of that name. Raises KeyError."""
    for family in known:
        if family.name == name:
            return family
    raise KeyError(name)
