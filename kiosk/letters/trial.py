"""The letter that a technician sends to see whether mail arrives."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from kiosk.i18n import words
from kiosk.letters.paper import Paper, local, plain
from kiosk.settings import Mail, Site


def trial_letter(*, by: str, at: datetime, site: Site, mail: Mail) -> EmailMessage:
    """A mail that says which kiosk sent it, when, and who had it sent. In English, as all that staff see."""
    paper = Paper(site, mail, words("en"))
    kiosk = plain(site.kiosk_name)
    paragraphs = [
        paper.greeting(""),
        f"This is a test. {plain(by)}, who looks after {kiosk}, sent it on {local(at):%d/%m/%Y at %H:%M}.",
        "If it arrived, the kiosk can send mail to this address. You need do nothing.",
        f"If you do not know of any test: {paper.contact()}.",
        *paper.close(),
    ]
    return paper.message(f"Test mail from {kiosk}", paragraphs)
