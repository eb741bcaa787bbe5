"""Mail servers for tests: a good one, and some that misbehave as real ones do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from kiosk.demo.smtp import DemoMailServer, Encryption, Inbox


class RefusesRecipient(Inbox):
    """Knows nobody, and quotes the address in its answer."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return f"550 5.1.1 <{address}> unknown"


class Hangs(Inbox):
    """Takes the mail in and never answers."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")


class HangsUp(Inbox):
    """Ends the connection where the answer to the mail should be."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(server.transport, asyncio.WriteTransport)
        server.transport.abort()
        return "250 2.0.0 Nobody hears this"


class DawdlesOverGoodbye(Inbox):
    """Takes the mail, then leaves QUIT unanswered."""

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")


@asynccontextmanager
async def mail_server(
    scratch: Path, *, encryption: Encryption = "starttls", handler: Inbox | None = None
) -> AsyncIterator[DemoMailServer]:
    """A server that runs while the body does."""
    server = DemoMailServer(scratch, encryption=encryption, handler=handler)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
