"""A real SMTP server for the demo and the tests: STARTTLS, AUTH, and an inbox in memory.

It runs in the caller's event loop, on 127.0.0.1, with a certificate of its own made at start. The
kiosk's client verifies that certificate through `DemoMailServer.settings`, as it would any other.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Literal
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from kiosk.settings import Mail

_HOST = "127.0.0.1"
_USER = "kiosk"
_LIFE = timedelta(days=1)  # of the certificate

Encryption = Literal["starttls", "tls", "off"]  # as in kiosk.toml


@dataclass(frozen=True)
class ReceivedMail:
    """A mail as it arrived. ``text`` is its plain-text part; ``at`` is UTC."""

    at: datetime
    sender: str
    recipient: str
    subject: str
    text: str
    message: EmailMessage


class Inbox:
    """Takes every mail. A test's misbehaving server is a subclass of this (aiosmtpd's handler hooks)."""

    def __init__(self) -> None:
        self.mails: list[ReceivedMail] = []
        self.on_change: Callable[[], None] = lambda: None

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Nobody sends without having signed in."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail, once for each recipient."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, _class=EmailMessage, policy=SMTP_POLICY)
        body = message.get_body(("plain",))
        text = body.get_content().replace("\r\n", "\n") if body else ""
        for recipient in envelope.rcpt_tos:
            self.mails.append(
                ReceivedMail(
                    at=datetime.now(UTC),
                    sender=envelope.mail_from or "",
                    recipient=recipient,
                    subject=str(message["Subject"] or ""),
                    text=text,
                    message=message,
                )
            )
        self.on_change()
        return "250 2.0.0 Taken"


class DemoMailServer:
    """Start it, point a mailer at `settings` and `password`, read `inbox`, stop it."""

    def __init__(
        self,
        scratch: Path,
        *,
        encryption: Encryption = "starttls",
        handler: Inbox | None = None,
        life: timedelta = _LIFE,
    ) -> None:
        """``scratch``: an existing folder, of this user alone, for the certificate, which lasts ``life``."""
        self._scratch = scratch
        self._life = life
        self._encryption = encryption
        self._handler = handler or Inbox()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._sessions: WeakSet[_Session] = WeakSet()
        self.password = SecretStr(secrets.token_urlsafe(24))

    @property
    def inbox(self) -> list[ReceivedMail]:
        """The mails, oldest first."""
        return self._handler.mails

    def on_change(self, call: Callable[[], None]) -> None:
        """Have ``call`` called, in the event loop, whenever a mail has arrived."""
        self._handler.on_change = call

    @property
    def settings(self) -> Mail:
        """The ``[mail]`` table that leads here. Raises RuntimeError unless started."""
        if self._server is None:
            raise RuntimeError("the demo's mail server is not running")
        return Mail(
            host=_HOST,
            port=self._port,
            tls=self._encryption,
            ca_file=self._ca_file,
            username=_USER,
            sender="self-service@kiosk.example",
        )

    async def start(self) -> None:
        """Listen on a port of the system's choice; started again, on the same. Raises OSError."""
        # aiosmtpd logs whole commands, addresses and all.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        context = await asyncio.to_thread(_make_context, self._ca_file, self._life)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: self._session(context),
            _HOST,
            self._port,
            ssl=context if self._encryption == "tls" else None,
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and hang up on whoever is connected."""
        if self._server is not None:
            self._server.close()
            for session in list(self._sessions):
                await session.hang_up()
            await self._server.wait_closed()
            self._server = None

    @property
    def _ca_file(self) -> Path:
        return self._scratch / "mail-ca.pem"

    def _session(self, context: ssl.SSLContext) -> _Session:
        session = _Session(
            self._handler,
            hostname="localhost",  # by default it is asked of DNS, which may hang
            tls_context=context if self._encryption == "starttls" else None,
            require_starttls=self._encryption == "starttls",
            auth_require_tls=self._encryption == "starttls",
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.add(session)
        return session

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object
    ) -> AuthResult:
        right = (
            isinstance(login, LoginPassword)
            and login.login == _USER.encode()
            and hmac.compare_digest(login.password, self.password.get_secret_value().encode())
        )
        # handled=False has aiosmtpd answer 535; without it the client would wait for ever.
        return AuthResult(success=right, handled=right)


class _Session(SMTP):
    """One connection, which can be ended from this side."""

    async def hang_up(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        if self._handler_coroutine is not None:
            # Whose TLS handshake failed is never told that the connection is lost.
            self._handler_coroutine.cancel()
            await asyncio.wait({self._handler_coroutine})


def _make_context(ca_file: Path, life: timedelta) -> ssl.SSLContext:
    """A server context with a fresh self-signed certificate, which is written to ``ca_file``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(_HOST))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(Encoding.PEM)
    ca_file.write_bytes(public)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The ssl module takes a private key from a file only; it is gone as soon as it is read.
    key_file = ca_file.with_suffix(".key")
    key_file.touch(mode=0o600)
    try:
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + public)
        context.load_cert_chain(key_file)
    finally:
        key_file.unlink()
    return context
