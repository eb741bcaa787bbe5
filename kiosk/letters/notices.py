"""Notices: something happened that the holder should know of. They carry no code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from enum import Enum

from kiosk.i18n import Phrase, Words
from kiosk.letters.paper import Paper, local, plain
from kiosk.settings import Mail, Site


class NoticeKind(Enum):
    """What a notice tells; the values are stored with those still waiting."""

    REGISTERED = "registered"
    REGISTERED_ELSEWHERE = "registered-elsewhere"  # to the RA's address: another one was registered
    UNLOCKED = "unlocked"
    PASSCODE_CHANGED = "passcode-changed"
    QUESTIONS_CHANGED = "questions-changed"
    EMAIL_CHANGED = "email-changed"  # to the old and to the new address
    EMAIL_SET_BY_RA = "email-set-by-ra"  # to the old address
    EMAIL_IS_THIS = "email-is-this"  # to the new address that the RA set
    WITHDRAWN = "withdrawn"
    WITHDRAWN_BY_RA = "withdrawn-by-ra"
    BLOCKED = "blocked"
    CARD_LEFT_IN = "card-left-in"
    ASSISTANCE_ISSUED = "assistance-issued"
    ASSISTANCE_USED = "assistance-used"
    LAPSED = "lapsed"
    AUDIT_HEAD = "audit-head"  # to whoever keeps the heads, about nobody
    REPORT = "report"  # to staff, about nobody; `kiosk.letters.report` has its words


@dataclass(frozen=True)
class _Notice:
    subject: Phrase
    happened: Phrase  # may use {kiosk}, {when} and {head}
    meaning: Phrase
    otherwise: Phrase = lambda _: _("If this was not you, tell us at once: {contact}.")


_NOTICES = {
    NoticeKind.REGISTERED: _Notice(
        lambda _: _("You are registered for self-service"),
        lambda _: _("You registered for self-service at {kiosk} on {when}."),
        lambda _: _("If your smartcard locks, you can unlock it yourself at any kiosk."),
    ),
    NoticeKind.REGISTERED_ELSEWHERE: _Notice(
        lambda _: _("Another email address was registered for your smartcard"),
        lambda _: _(
            "Somebody with your smartcard and its passcode registered for self-service at {kiosk} on {when}, "
            "with another email address than this one."
        ),
        lambda _: _("Codes to unlock your smartcard now go to that other address."),
    ),
    NoticeKind.UNLOCKED: _Notice(
        lambda _: _("Your smartcard was unlocked"),
        lambda _: _("Your smartcard was unlocked at {kiosk} on {when}."),
        lambda _: _("It has a new passcode, chosen at the kiosk."),
    ),
    NoticeKind.PASSCODE_CHANGED: _Notice(
        lambda _: _("Your passcode was changed"),
        lambda _: _("The passcode of your smartcard was changed at {kiosk} on {when}."),
        lambda _: _("The old passcode no longer works."),
    ),
    NoticeKind.QUESTIONS_CHANGED: _Notice(
        lambda _: _("Your security questions were changed"),
        lambda _: _("Your security questions were changed at {kiosk} on {when}."),
        lambda _: _("The old answers no longer work."),
    ),
    NoticeKind.EMAIL_CHANGED: _Notice(
        lambda _: _("Your email address was changed"),
        lambda _: _("The email address for your smartcard was changed at {kiosk} on {when}."),
        lambda _: _("Codes go to the new address only from now on."),
    ),
    NoticeKind.EMAIL_SET_BY_RA: _Notice(
        lambda _: _("Your email address was changed"),
        lambda _: _("The RA set another email address for your smartcard on {when}."),
        lambda _: _("Codes no longer come to this address."),
        lambda _: _("If you did not ask for this, tell us at once: {contact}."),
    ),
    NoticeKind.EMAIL_IS_THIS: _Notice(
        lambda _: _("Codes for your smartcard now come to this address"),
        lambda _: _("The RA set this as the email address for your smartcard on {when}."),
        lambda _: _("Codes to unlock your smartcard come here from now on."),
        lambda _: _("If you did not ask for this, tell us at once: {contact}."),
    ),
    NoticeKind.WITHDRAWN_BY_RA: _Notice(
        lambda _: _("Your self-service registration was ended"),
        lambda _: _("The RA ended your self-service registration on {when}."),
        lambda _: _("Your answers and the email address you gave were erased. You can register again."),
        lambda _: _("If you did not ask for this, tell us at once: {contact}."),
    ),
    NoticeKind.WITHDRAWN: _Notice(
        lambda _: _("You have left self-service"),
        lambda _: _("You left self-service at {kiosk} on {when}."),
        lambda _: _("Your answers and the email address you gave were erased."),
    ),
    NoticeKind.BLOCKED: _Notice(
        lambda _: _("Self-service is blocked for your smartcard"),
        lambda _: _("Security questions were answered wrongly too often, last at {kiosk} on {when}."),
        lambda _: _("Your smartcard cannot be unlocked at a kiosk until the RA has cleared this: {contact}."),
    ),
    NoticeKind.CARD_LEFT_IN: _Notice(
        lambda _: _("Your smartcard is still in the reader"),
        lambda _: _("Your smartcard was left in {kiosk} on {when}."),
        lambda _: _("Please fetch it."),
        lambda _: _("If it is no longer there, tell us at once: {contact}."),
    ),
    NoticeKind.ASSISTANCE_ISSUED: _Notice(
        lambda _: _("An assistance code was issued for your smartcard"),
        lambda _: _("The RA issued an assistance code for your smartcard on {when}."),
        lambda _: _(
            "With it and a code mailed to you, your smartcard can be unlocked without the questions."
        ),
        lambda _: _("If you did not ask for this, tell us at once: {contact}."),
    ),
    NoticeKind.ASSISTANCE_USED: _Notice(
        lambda _: _("Your assistance code was used"),
        lambda _: _("The assistance code for your smartcard was used at {kiosk} on {when}."),
        lambda _: _("It does not work a second time."),
    ),
    NoticeKind.LAPSED: _Notice(
        lambda _: _("Your self-service registration has ended"),
        lambda _: _("You have not used self-service for a long time, so your registration ended on {when}."),
        lambda _: _("Your answers and the email address you gave were erased. You can register again."),
        lambda _: _("If you have questions: {contact}."),
    ),
    NoticeKind.AUDIT_HEAD: _Notice(
        lambda _: _("Head of the audit trail"),
        lambda _: _(
            "On {when} the audit trail of {kiosk}, and of all that share its store, ended with: {head}"
        ),
        lambda _: _("Keep this mail: 'kiosk audit verify --head' shows whether the trail was cut off since."),
        lambda _: _("Such a mail comes every day. If one is missing, ask: {contact}."),
    ),
}


def notice_letter(
    kind: NoticeKind,
    *,
    name: str,
    at: datetime,
    kiosk: str,
    site: Site,
    mail: Mail,
    words: Words,
    head: str = "",
) -> EmailMessage:
    """The mail that tells what happened, where, when, and whom to tell if it should not have.

    ``at`` is when it happened, aware, shown in local time; ``kiosk`` the name of the kiosk where;
    ``head`` that of the audit trail, in the notice that tells it.
    """
    paper = Paper(site, mail, words)
    text = _NOTICES[kind]
    facts = {
        "kiosk": plain(kiosk),
        "when": f"{local(at):%d/%m/%Y %H:%M}",
        "contact": paper.contact(),
        "head": head,
    }
    sentences = [phrase(words).format(**facts) for phrase in (text.happened, text.meaning, text.otherwise)]
    return paper.message(text.subject(words), [paper.greeting(name), *sentences, *paper.close()])
