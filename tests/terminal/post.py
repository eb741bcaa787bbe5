"""A mail server that takes some mails only later, and what staff do about them at the kiosk."""

from __future__ import annotations

import re
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, Envelope, Session

from kiosk.demo.smtp import Inbox
from kiosk.notices import FIRST_RETRY
from tests.terminal.terminal import F8, Terminal

MAIL = "Maintenance: mail"
TIMEOUT = 4  # seconds: of a kiosk at which nobody has to wait long until a mail can be tried again
_UNDER_WAY = TIMEOUT + 6  # seconds in which it may be, and one more


class Picky(Inbox):
    """Takes no mail for now that has one of these texts in its subject."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        subject = str(message_from_bytes(content)["Subject"])
        if any(text in subject for text in self.refused):
            return "451 4.3.0 Not now"
        return await super().handle_DATA(server, session, envelope)


def send(kiosk: Terminal, post: Picky, kind: str, subject: str) -> None:
    """Let a mail through that waits, and have it tried at once.

    F8 leaves alone what may still be under way; and what is soon due the kiosk would send without it.
    """

    def between_two_tries() -> bool:
        waits = re.search(rf"{kind} .* (\d+) +in (\d+) s$", kiosk.screen, re.MULTILINE)
        if waits is None:
            return False
        tries, left = map(int, waits.groups())
        return 5 <= left <= (FIRST_RETRY.seconds << tries - 1) - _UNDER_WAY

    kiosk.wait_until(between_two_tries, "mail between two tries", deadline=90)
    post.refused.remove(subject)
    kiosk.keys(F8)
    kiosk.wait_for("Being tried now:")
    kiosk.wait_until(lambda: not kiosk.shows(kind), f"list without {kind}")
