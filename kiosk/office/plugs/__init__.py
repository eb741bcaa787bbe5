"""Virtual cards to plug in, made from what somebody asked for: one module per family.

```
wanted.py    what can be asked for, and what a family makes of it
piv.py  openpgp.py  gids.py  profile.py
```
"""

from __future__ import annotations

from kiosk.office.plugs.wanted import Misfit, Plugged, Wanted
from kiosk.settings import Settings

__all__ = ["Misfit", "Plugged", "Wanted", "make"]


def make(family: str, wanted: Wanted, reader: str, settings: Settings) -> Plugged:
    """The card of a built-in family, or of a profile of the configuration.

    ``reader`` is what the card service will call its reader. Raises Misfit for an option that the
    family has not, or that no such card could have.
    """
    if family == "piv":
        from kiosk.office.plugs.piv import piv

        return piv(wanted, reader)
    if family == "openpgp":
        from kiosk.office.plugs.openpgp import openpgp

        return openpgp(wanted, reader)
    if family == "gids":
        from kiosk.office.plugs.gids import gids

        return gids(wanted, reader)
    if family in settings.cards.profiles:
        from kiosk.office.plugs.profile import profile

        return profile(settings.cards.profiles[family].profile(family), wanted)
    profiles = "".join(f", {name}" for name in settings.cards.profiles)
    raise Misfit("--family", f"there are piv, openpgp, gids{profiles}; [cards.profiles] can describe more")
