"""What the maintenance side shows in the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cardio.tracing import TraceLine
from kiosk.levels import Finding, Level
from kiosk.selftest.report import StepReport
from kiosk.staff.tools import LogLine, MailServer, Setting, Waiting, Weight
from tests.screens.gallery import NOW

_BIND = "ask whoever administers this machine: bind keys to the machine"
BOARD = (
    Finding(
        "service",
        Level.WARN,
        "out of service since 2026-11-28 09:30 UTC, by tess: The reader is being replaced.",
        "S, then F5 puts it back into service",
    ),
    Finding("card service", Level.OK, "pcscd answers"),
    Finding("reader", Level.OK, "Gemalto PC Twin Reader (A1B2C3D4) 00 00, in the third socket of the hub"),
    Finding("card in it", Level.WARN, "one that does not answer", "take it out; wipe the chip"),
    Finding(
        "store", Level.FAIL, "/var/lib/unlock-kiosk/kiosk.db: disk I/O error", "see that the disk is not full"
    ),
    Finding("mail server", Level.OK, "mail.example:587: TLSv1.3, signed in"),
    Finding("clock", Level.OK, "2026-11-28 09:32 UTC"),
    Finding("vault key", Level.RISK, "plain file: whoever takes this disk has everything: /var/lib/x", _BIND),
    Finding(
        "pepper key", Level.RISK, "plain file: whoever takes this disk has everything: /var/lib/y", _BIND
    ),
    Finding("disk", Level.OK, "82,616 MB free at /var/lib/unlock-kiosk"),
    Finding("notices", Level.OK, "0 waiting"),
    Finding("last unlock", Level.OK, "2026-11-28 09:12 UTC"),
    Finding("program", Level.OK, "0.1.0, running 12 h 03 min"),
)
TRACE = (
    TraceLine(0, 12.4, "", "SELECT: PIV", "00 A4 04 00", "A0 00 00 03 08", "61 11 4F 06", 0x9000, "done"),
    TraceLine(20, 31.0, "PIV", "GET DATA: CHUID", "00 CB 3F FF", "5C 03 5F C1 02", "53 3B", 0x9000, "done"),
    TraceLine(60, 55.2, "PIV", "VERIFY: PIN", "00 20 00 80", "[masked]", "", 0x63C2, "2 tries left"),
    TraceLine(120, 9.0, "PIV", "VERIFY: PIN", "00 20 00 80", "", "", None, "no answer: CardRemoved"),
)
CARD = (
    ("Card", "piv:guid:B197C1010AA33FEF65B176C155D55DED"),
    ("Family", "piv: chosen, the first in cards.families that knows this card"),
    ("Passcode", "LOCKED"),
    ("PUK", "3 tries left"),
)
SERVER = MailServer("mail.example", 587, "TLSv1.3", NOW + timedelta(days=90, hours=1), True)
OUTBOX = (
    Waiting(7, "unlocked", False, 3, NOW - timedelta(minutes=9), NOW + timedelta(minutes=4)),
    Waiting(8, "blocked", False, 0, NOW - timedelta(seconds=5), NOW),
    Waiting(5, "card-left-in", True, 80, NOW - timedelta(days=4), NOW - timedelta(hours=1)),
)
STEPS = (
    StepReport("prepare", True, 130.0),
    StepReport("register: enter-passcode", True, 0.4),
    StepReport("register: sending-mail", True, 528.0),
    StepReport("unlock: sending-mail", False, 10003.0, "MailNotSent: no answer in time"),
)
LOG = (
    LogLine(datetime(2026, 11, 24, 8, 0, tzinfo=UTC), Weight.NOTE, "kiosk.audit", "audit head 17:c9b876"),
    LogLine(
        datetime(2026, 11, 24, 8, 1, tzinfo=UTC), Weight.WARNING, "kiosk.notices", "notices wait: the store"
    ),
    LogLine(
        datetime(2026, 11, 24, 8, 2, tzinfo=UTC),
        Weight.ERROR,
        "kiosk.attendant",
        "visit K7PX: incident\nValueError\n  unlock.py:12 in unlock",
    ),
    LogLine(
        datetime(2026, 11, 24, 8, 3, tzinfo=UTC),
        Weight.NOTE,
        "kiosk.staff.rooms.service",
        "back in service, by tess",
    ),
)
SETTINGS = (
    Setting("site.service_name", '"Smartcard self-service"', "default"),
    Setting("site.kiosk_name", '"Ward 7"', "/etc/unlock-kiosk/kiosk.toml, line 6"),
    Setting("codes.minutes", "15", "default"),
    Setting(
        "mail.password_file", '"/etc/unlock-kiosk/smtp-password"', "/etc/unlock-kiosk/kiosk.toml, line 31"
    ),
)
