"""What people see when something around the kiosk fails, and how it comes back."""

from __future__ import annotations

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from cardio.virtual.faults import Faults
from kiosk.demo.smtp import Inbox
from tests.sampling import LONG
from tests.terminal.terminal import ENTER
from tests.terminal.town import Town
from tests.terminal.visitor import Visitor

pytestmark = pytest.mark.xdist_group("pcscd")

NOT_SENT = "The mail could not be sent"


def test_the_card_service_dies_and_comes_back_in_the_middle(town: Town) -> None:
    kiosk, hands = town.kiosk(), town.hands
    visitor = Visitor(kiosk, hands, town.registered(locked=True))
    visitor.put_in()
    kiosk.wait_for("security questions", "You have 3 attempts left")
    kiosk.keys("Hillside", ENTER, "Marsh")
    hands.pcsc.stop(kill=True)
    kiosk.wait_for("This kiosk is out of service", "The card reader does not answer", "RA desk can help you")
    visitor.assert_nothing_typed()
    hands.pcsc.start()
    kiosk.wait_for("security questions", "You have 3 attempts left", deadline=5)
    visitor.assert_nothing_typed()
    visitor.answer()
    visitor.code()
    kiosk.wait_for("Choose a new passcode")
    visitor.pull()


class BusyAtFirst(Inbox):
    """Takes no mail at the first attempt, as a server under load does."""

    refused = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if not self.refused:
            self.refused = True
            return "451 4.3.2 Try again later"
        return await super().handle_DATA(server, session, envelope)


def test_a_mail_that_was_not_taken_can_be_sent_again(town: Town) -> None:
    kiosk = town.kiosk(mail=town.mail_server("busy", handler=BusyAtFirst()))
    visitor = Visitor(kiosk, town.hands, town.registered(locked=True))
    visitor.put_in()
    visitor.answer()
    kiosk.wait_for(NOT_SENT, "No code is on its way")
    visitor.choose("Try again")
    visitor.code()
    kiosk.wait_for("Choose a new passcode")
    visitor.pull()


def test_a_mail_server_without_starttls_is_refused(town: Town) -> None:
    taken = Inbox()
    kiosk = town.kiosk(mail=town.mail_server("clear", "off", taken))
    visitor = Visitor(kiosk, town.hands, town.registered(locked=True))
    visitor.put_in()
    visitor.answer()
    kiosk.wait_for(NOT_SENT, "No code is on its way")
    visitor.choose("Stop, and see who can help")
    kiosk.wait_for(NOT_SENT, "RA desk can help you", "Tell them this reference")
    visitor.pull()
    assert taken.mails == []


@pytest.mark.skipif(not LONG, reason="a command is given up after a minute")
def test_a_reader_that_hangs_ends_the_kiosk_for_its_supervisor(town: Town) -> None:
    kiosk = town.kiosk()
    town.hands.insert(town.newcomer().card, Faults(delay=3600))
    assert kiosk.wait_for_end(deadline=120) == 75
    kiosk.assert_restored()
    town.hands.pcsc.stop(kill=True)  # it still waits for the card
