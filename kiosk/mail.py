"""Sending mail: one message to one recipient, over TLS, accepted by the server or an error.

Nothing is queued here. Whoever waits for a code learns within `timeout` whether it was sent.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from pydantic import SecretStr

from kiosk.settings import Mail

log = logging.getLogger(__name__)

_GOODBYE = 1.0  # seconds for QUIT, once the mail is accepted


class MailNotSent(Exception):
    """The mail server did not take the mail. ``reason`` is for logs: no address, no code in it.

    ``perhaps``: it was being handed over, and no refusal came back, so it may arrive all the same.
    ``recipient``: it is the address that was refused, so other mails may well be taken.
    """

    def __init__(self, reason: str, *, perhaps: bool = False, recipient: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.perhaps = perhaps
        self.recipient = recipient


@dataclass(frozen=True)
class MailFacts:
    """What a connection to the mail server showed. ``tls`` None: in clear; times are UTC."""

    host: str
    port: int
    tls: str | None
    certificate_expires: datetime | None
    signed_in: bool


class Mailer(Protocol):
    """Something that sends mail."""

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Return once a server has accepted the message, which names no recipient of its own.

        Raises MailNotSent.
        """


class SmtpMailer:
    """Sends through the configured server (RFC 6409), with TLS and AUTH as the settings demand."""

    def __init__(self, settings: Mail, password: SecretStr | None) -> None:
        self._settings = settings
        self._password = password
        self._context: ssl.SSLContext | None = None
        self._told = ""  # what went wrong with the last mail

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Address the message to this one recipient and hand it over. Raises MailNotSent.

        After a time-out the server may have the mail nevertheless: send a new code, not the same.
        """
        addressed = _addressed(message, recipient)

        async def hand_over(client: SMTP) -> None:
            refused, _ = await client.send_message(
                addressed, sender=self._settings.sender, recipients=[recipient]
            )
            if refused:
                raise SMTPException("recipient refused")

        try:
            await self._converse(hand_over)
        except MailNotSent as failure:
            if not failure.recipient:  # anybody may mistype an address
                self._tell(failure.reason)
            raise
        self._tell("")

    async def probe(self) -> MailFacts:
        """Connect, secure and sign in as for a mail, but send none. Raises MailNotSent."""
        found: list[MailFacts] = []

        async def look(client: SMTP) -> None:
            tls = client.get_transport_info("ssl_object")
            found.append(
                MailFacts(
                    host=self._settings.host,
                    port=self._settings.port,
                    tls=tls.version() if tls else None,
                    certificate_expires=_expiry(tls) if tls else None,
                    signed_in=bool(self._settings.username),
                )
            )

        await self._converse(look)
        return found[0]

    def _tell(self, trouble: str) -> None:
        """Into the log, once until it changes: it is tried again every few seconds."""
        if trouble == self._told:
            return
        self._told = trouble
        server = f"{self._settings.host}:{self._settings.port}"
        if trouble:
            log.warning("mail is not taken by %s: %s", server, trouble)
        else:
            log.info("mail is taken again by %s", server)

    async def _converse(self, work: Callable[[SMTP], Awaitable[None]]) -> None:
        """Connect, do the work and say goodbye; the first two within the timeout."""
        problem = ""
        handing_over = perhaps = recipient = False
        client: SMTP | None = None
        try:
            async with asyncio.timeout(self._settings.timeout):
                client = await self._client()
                await client.connect()
                handing_over = True
                await work(client)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            problem = _reason(error)
            recipient = isinstance(error, SMTPRecipientsRefused)
            perhaps = handing_over and not isinstance(error, SMTPResponseException | SMTPRecipientsRefused)
        else:
            # The mail is accepted: a server that dawdles over the goodbye changes nothing.
            with suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=_GOODBYE)
        finally:
            if client is not None and isinstance(client.transport, asyncio.WriteTransport):
                client.transport.abort()  # close() would wait for the server's part of the TLS goodbye
        if problem:  # raised out here, so that the library's error, addresses and all, is not its context
            raise MailNotSent(problem, perhaps=perhaps, recipient=recipient)

    async def _client(self) -> SMTP:
        settings = self._settings
        if self._context is None and settings.tls != "off":
            self._context = await asyncio.to_thread(_tls_context, settings.ca_file)
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=socket.gethostname(),  # by default the name is asked of DNS, which may hang
            username=settings.username or None,
            password=self._password.get_secret_value() if self._password else None,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",  # never None: that would fall back to clear text
            tls_context=self._context,
            timeout=settings.timeout,
        )


@dataclass(frozen=True)
class Accepted:
    """A mail that a server has taken."""

    message: EmailMessage
    recipient: str


class RecordingMailer:
    """Keeps what the mailer within has sent, once the server accepted it. For the self-test alone."""

    def __init__(self, inner: Mailer) -> None:
        self._inner = inner
        self.accepted: list[Accepted] = []

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Send through the mailer within. Raises MailNotSent as it does."""
        await self._inner.send(message, recipient)
        self.accepted.append(Accepted(message, recipient))


def _addressed(message: EmailMessage, recipient: str) -> EmailMessage:
    """A copy with ``recipient``, one plain address, in To. Raises MailNotSent if anybody else is named."""
    if any(message[header] for header in ("To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")):
        raise MailNotSent("the message names recipients of its own")
    try:
        recipient.encode("ascii")
        address = Address(addr_spec=recipient)  # a list, a group or a comment is not an addr-spec
    except (HeaderParseError, ValueError, IndexError):
        address = None
    if address is None or address.addr_spec != recipient or not recipient.isprintable():
        raise MailNotSent("not one plain address")
    addressed = deepcopy(message)
    addressed["To"] = address
    return addressed


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates and host name are checked, TLS 1.2 at least. Reads files: not in the event loop."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _expiry(tls: ssl.SSLObject) -> datetime | None:
    ends = (tls.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None


def _reason(error: Exception) -> str:
    """The error in a few words, without anything the server said: servers quote addresses."""
    kind = type(error).__name__
    if isinstance(error, SMTPRecipientsRefused):
        return f"recipient refused ({', '.join(str(one.code) for one in error.recipients)})"
    if isinstance(error, SMTPResponseException):
        return f"{kind} {error.code}"
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {cause.verify_message}"
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    text = cause.strerror or str(cause) if isinstance(cause, OSError) else str(cause)
    return kind if "@" in text or isinstance(error, ValueError) else f"{kind}: {text}"
