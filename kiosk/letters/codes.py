"""The letter that carries a code."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from pydantic import SecretStr

from kiosk.i18n import Phrase, Words
from kiosk.letters.paper import Paper, local, plain
from kiosk.settings import Mail, Site
from kiosk.steps import Purpose

_ASKED: dict[Purpose, Phrase] = {
    Purpose.REGISTER: lambda _: _("You asked at {kiosk} for a code to register for self-service."),
    Purpose.UNLOCK: lambda _: _("You asked at {kiosk} for a code to unlock your smartcard."),
    Purpose.CHANGE_DETAILS: lambda _: _("You asked at {kiosk} for a code to change your questions or email."),
    Purpose.CHANGE_EMAIL: lambda _: _("You asked at {kiosk} for a code to confirm this email address."),
    Purpose.WITHDRAW: lambda _: _("You asked at {kiosk} for a code to leave self-service."),
}


def code_letter(
    purpose: Purpose,
    code: SecretStr,
    *,
    name: str,
    until: datetime,
    site: Site,
    mail: Mail,
    words: Words,
) -> EmailMessage:
    """The mail with a code: for what, which kiosk, until when, and whom to tell if it was not asked for.

    ``until`` is aware and shown in local time. Raises KeyError for a purpose that has no code.
    """
    _ = words
    paper = Paper(site, mail, words)
    paragraphs: list[str | SecretStr] = [
        paper.greeting(name),
        _ASKED[purpose](words).format(kiosk=plain(site.kiosk_name)),
        _("Type it in at the kiosk. It works until {time} and only with your own card:").format(
            time=f"{local(until):%H:%M}"
        ),
        code,
        _("You may take your card with you and come back before that time."),
        _("Nobody will ask you for this code, on the phone or in a mail. Do not give it to anyone."),
        _("If you did not ask for it, somebody may have your card. Tell {contact}.").format(
            contact=paper.contact()
        ),
        *paper.close(),
    ]
    return paper.message(_("Your code from {service}").format(service=plain(site.service_name)), paragraphs)
