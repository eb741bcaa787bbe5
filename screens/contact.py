"""Who helps where the kiosk cannot."""

from __future__ import annotations

from kiosk.i18n import Phrase, Words
from kiosk.settings import Site


def ways_to_reach(site: Site) -> Phrase:
    """Name, phone, place and hours of whoever helps, one to a line, as far as the site has set them."""

    def phrase(_: Words) -> str:
        lines = [_("{contact} can help you.").replace("{contact}", site.ra_contact)]
        if site.ra_phone:
            lines.append(_("Phone:") + " " + site.ra_phone)
        if site.ra_where:
            lines.append(_("Where:") + " " + site.ra_where)
        if site.ra_hours:
            lines.append(_("When:") + " " + site.ra_hours)
        return "\n".join(lines)

    return phrase
