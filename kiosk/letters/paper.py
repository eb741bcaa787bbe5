"""A letter as paragraphs, and its form as a message (RFC 5322, 2046, 3834)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from html import escape

from pydantic import SecretStr

from kiosk.i18n import Words
from kiosk.proofs.codes import grouped
from kiosk.settings import Mail, Site

_LONGEST = 200  # characters of anything put into a sentence
_NO_BREAK = "\u00a0"
_JOINERS = "\u200c\u200d"  # part of how some names are spelt, unlike other format characters

_HTML = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="format-detection" content="telephone=no">
<title>{title}</title>
</head>
<body style="font-family: Arial, sans-serif; font-size: 16px; line-height: 1.5; color: #212b32">
{body}
</body>
</html>
"""
_CODE = '<p style="font-size: 28px; font-weight: bold; letter-spacing: 3px">{}</p>'


@dataclass(frozen=True)
class Attached:
    """A text that goes with a letter as a file: its name, and its subtype of text."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Paper:
    """Who writes, in which language. To whom is for the mailer to say."""

    site: Site
    mail: Mail
    words: Words

    def message(self, subject: str, paragraphs: Sequence[str | SecretStr]) -> EmailMessage:
        """The message. A SecretStr among the paragraphs is a code, set apart and in groups."""
        return self.letter(subject, _text(paragraphs), _body(paragraphs))

    def letter(self, subject: str, text: str, body: str, attached: Attached | None = None) -> EmailMessage:
        """The message with that text, and the same as the inside of an HTML body."""
        sender = Address(plain(self.mail.sender_name or self.site.service_name), addr_spec=self.mail.sender)
        letter = EmailMessage(policy=SMTP)
        letter["From"] = sender
        letter["Subject"] = plain(subject)
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = make_msgid(domain=sender.domain)
        letter["Auto-Submitted"] = "auto-generated"
        letter["X-Auto-Response-Suppress"] = "All"  # Exchange: no out-of-office reply to a kiosk
        letter.set_content(text, cte="quoted-printable")
        letter.add_alternative(self._html(subject, body), subtype="html", cte="quoted-printable")
        if attached is not None:
            letter.add_attachment(
                attached.text, subtype=attached.kind, filename=attached.name, cte="quoted-printable"
            )
        # Last, since a Content-* header set earlier moves into the first part.
        letter["Content-Language"] = self.words.language
        return letter

    def contact(self) -> str:
        """Whom to tell: the RA's contact, in one line. A number stays in one piece where the line ends."""
        site = self.site
        phone = plain(site.ra_phone).replace(" ", _NO_BREAK)
        parts = (plain(site.ra_contact), phone, plain(site.ra_where), plain(site.ra_hours))
        return ", ".join(filter(None, parts))

    def greeting(self, name: str) -> str:
        """The first line; the name may be empty."""
        _ = self.words
        return _("Hello {name},").format(name=plain(name)) if plain(name) else _("Hello,")

    def close(self) -> list[str]:
        """The last lines."""
        _ = self.words
        return [
            _("This mail was sent by a machine. Nobody reads replies to it."),
            plain(self.site.service_name),
        ]

    def _html(self, title: str, body: str) -> str:
        return _HTML.format(language=escape(self.words.language), title=escape(plain(title)), body=body)


def plain(text: str) -> str:
    """Text from elsewhere as part of one line: no control or format characters, not too long."""
    shown = "".join(c if c in _JOINERS or unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(shown.split())[:_LONGEST]


def local(at: datetime) -> datetime:
    """A time in the kiosk's time zone. Raises ValueError on one without a zone of its own."""
    if at.tzinfo is None:
        raise ValueError("a time in a letter needs its time zone")
    return at.astimezone()


def _body(paragraphs: Sequence[str | SecretStr]) -> str:
    return "\n".join(
        _CODE.format(escape(grouped(part.get_secret_value())))
        if isinstance(part, SecretStr)
        else f"<p>{escape(part)}</p>"
        for part in paragraphs
    )


def _text(paragraphs: Sequence[str | SecretStr]) -> str:
    lines = (
        f"    {grouped(part.get_secret_value())}" if isinstance(part, SecretStr) else part
        for part in paragraphs
    )
    return "\n\n".join(lines) + "\n"
