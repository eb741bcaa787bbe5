"""The card families of the configuration, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ValidationError

from cardio.card import Family
from kiosk.card_settings import BUILT_IN, Cards
from kiosk.settings import Settings, SettingsError

GROUP = "kiosk.card_families"
"""The entry points by which other packages bring card families."""

Factory = Callable[[Mapping[str, object]], Family]
"""What such an entry point names: makes the family from the keys of its own in kiosk.toml."""


def families(settings: Settings) -> tuple[Family, ...]:
    """The configured card families, in their order.

    Raises SettingsError for one that nobody provides, and for keys that its package refuses.
    """
    return tuple(_family(name, settings.cards) for name in settings.cards.families)


def by_name(known: Iterable[Family], name: str) -> Family:
    """The family of that name. Raises KeyError."""
    for family in known:
        if family.name == name:
            return family
    raise KeyError(name)


def _family(name: str, cards: Cards) -> Family:
    """Each is imported only where it is wanted: a start loads no family that nobody configured."""
    if name == "piv":
        from cardio.applets.piv import PivFamily

        return PivFamily()
    if name == "openpgp":
        from cardio.applets.openpgp import OpenPgpFamily

        return OpenPgpFamily(unlock_with=cards.openpgp.unlock_with)
    if name == "gids":
        from cardio.applets.gids import GidsFamily

        return GidsFamily()
    if name in cards.profiles:
        from cardio.applets.iso7816 import ProfileFamily

        return ProfileFamily(cards.profiles[name].profile(name))
    return _from_package(name, cards)


def _from_package(name: str, cards: Cards) -> Family:
    """A family that an installed package provides. Raises SettingsError."""
    entry = _entry(name, cards)
    try:
        factory: Factory = entry.load()
        family = factory(cards.other(name).options)
    except ValidationError as refused:
        raise SettingsError("\n".join(_complaints(name, refused))) from None
    except ValueError as refused:
        raise SettingsError(f"cards.{name}: {refused}") from None
    except Exception as failed:  # whatever the import of a stranger's package raises
        raise SettingsError(f"cards.families: {name!r} cannot be loaded: {entry.value}: {failed!r}") from None
    given = getattr(family, "name", None)
    if given != name:
        raise SettingsError(f"cards.families: {entry.value} was to provide {name!r}, and gives {given!r}")
    return family


def _entry(name: str, cards: Cards) -> EntryPoint:
    found = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    if len(found) > 1:
        values = ", ".join(entry.value for entry in found)
        raise SettingsError(f"cards.families: several installed packages provide {name!r}: {values}")
    if not found:
        known = ", ".join(
            sorted({*BUILT_IN, *cards.profiles, *(entry.name for entry in entry_points(group=GROUP))})
        )
        raise SettingsError(
            f"cards.families: there is no card family {name!r}; there are {known}. Install a package that "
            f"provides it (entry point {GROUP}), or describe the card in [cards.profiles.{name}]"
        )
    return found[0]


def _complaints(name: str, refused: ValidationError) -> list[str]:
    """One line a key; never the value, which may be a password in the wrong place."""
    errors: list[Any] = refused.errors(include_input=False, include_url=False)
    return [".".join(["cards", name, *map(str, error["loc"])]) + f": {error['msg']}" for error in errors]
