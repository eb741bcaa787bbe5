"""The sentences for what the journeys say in enums: refusals, dead ends, endings, offers."""

from __future__ import annotations

from datetime import datetime

from cardio.card import PasscodeFormat
from kiosk.i18n import Words
from kiosk.refusals import AnswerRule, CodeRefusal, EmailRule, PasscodeRule, Why
from kiosk.steps import Ending, Offer, Purpose
from screens.look import Look


def join_with_or(words: tuple[str, ...], _: Words) -> str:
    """A, B or C."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " " + _("or") + " " + words[-1]


def when(moment: datetime, look: Look) -> str:
    """A day and a time, as people here read them: 24/11 14:32."""
    return moment.astimezone(look.zone).strftime("%d/%m %H:%M")


def digits_allowed(form: PasscodeFormat, _: Words) -> str:
    """How long a passcode may be."""
    if form.min_length == form.max_length:
        return _.n("{n} digit", "{n} digits", form.min_length)
    span = _("{least} to {most} digits")
    return span.replace("{least}", str(form.min_length)).replace("{most}", str(form.max_length))


def characters_allowed(form: PasscodeFormat, _: Words) -> str:
    """How long a passcode may be that need not be of digits."""
    if form.min_length == form.max_length:
        return _.n("{n} character", "{n} characters", form.min_length)
    span = _("{least} to {most} characters")
    return span.replace("{least}", str(form.min_length)).replace("{most}", str(form.max_length))


def offer(one: Offer, _: Words) -> str:
    """A journey, as a holder would ask for it."""
    offers = {
        Offer.REGISTER: _("Register for self-service"),
        Offer.UNLOCK: _("Unlock my card"),
        Offer.FORGOTTEN: _("I have forgotten my passcode"),
        Offer.CHANGE_PASSCODE: _("Change my passcode"),
        Offer.CHANGE_DETAILS: _("Change my questions or email"),
        Offer.WITHDRAW: _("Delete my registration"),
        Offer.ASSISTANCE: _("I have a code from the RA"),
    }
    return offers[one]


def passcode_rule(rule: PasscodeRule, form: PasscodeFormat, _: Words) -> str:
    """Why a new passcode is refused, and what to do."""
    rules = {
        PasscodeRule.TOO_SHORT: _("Too short: it needs {digits}."),
        PasscodeRule.TOO_LONG: _("Too long: it can have {digits}."),
        PasscodeRule.NOT_DIGITS: _("Only digits can be used."),
        PasscodeRule.ALL_ONE: _("Not the same digit all the time: choose another."),
        PasscodeRule.RUN: _("No digits in a row such as 4567 or 7654: choose another."),
        PasscodeRule.REPEATED: _("No pattern that repeats, such as 1212: choose another."),
        PasscodeRule.COMMON: _("Too many people use this one: choose another."),
        PasscodeRule.EMAILED_CODE: _("Not the code from the mail: choose another."),
        PasscodeRule.OWN_ID: _("No digits of your own number: choose another."),
        PasscodeRule.SAME: _("This is your present passcode: choose a new one."),
        PasscodeRule.MISMATCH: _("The two were not the same: type both again."),
        PasscodeRule.CARD: _("The card does not take this one: choose another."),
    }
    return rules[rule].replace("{digits}", digits_allowed(form, _))


def answer_rule(rule: AnswerRule, _: Words) -> str:
    """Why a new answer is refused; short, it stands in the border of its field."""
    rules = {
        AnswerRule.TOO_SHORT: _("Too short: at least 2 letters or digits"),
        AnswerRule.TOO_LONG: _("Too long: use fewer words"),
        AnswerRule.SAME_QUESTION: _("Chosen twice: take another question"),
        AnswerRule.SAME_ANSWER: _("Same answer as above: it must differ"),
        AnswerRule.KEY_WORD: _("Has a word of the question: leave it out"),
        AnswerRule.OWN_NAME: _("Has your name in it: choose another"),
        AnswerRule.OWN_ADDRESS: _("Has your email in it: choose another"),
    }
    return rules[rule]


def email_rule(rule: EmailRule, domains: tuple[str, ...], _: Words) -> str:
    """Why an address is refused, and what is allowed."""
    rules = {
        EmailRule.NOT_ONE_ADDRESS: _("This is not an email address, such as ann@nhs.net. Check it."),
        EmailRule.DOMAIN: _("We can only send to addresses that end in {domains}."),
        EmailRule.TOO_LONG: _("This address is too long. Check it, or use another."),
        EmailRule.SAME: _("This is the address we have already. Type the new one."),
    }
    return rules[rule].replace("{domains}", join_with_or(domains, _))


def code_refusal(refusal: CodeRefusal, tries_left: int | None, _: Words) -> str:
    """Why a code is refused, and how often it can be tried again."""
    refusals = {
        CodeRefusal.WRONG: _("That is not the code."),
        CodeRefusal.EXPIRED: _("This code has run out. It cannot be used any more."),
        CodeRefusal.VOID: _("This code cannot be used any more."),
        CodeRefusal.WAIT: _("The next mail can go in a moment."),
        CodeRefusal.TOO_MANY: _("No more mails can be sent now. Use the last code, or come back in an hour."),
    }
    said = refusals[refusal]
    if tries_left is not None and refusal is CodeRefusal.WRONG:
        said += " " + _.n("You can try {n} more time.", "You can try {n} more times.", tries_left)
    return said


def why(reason: Why, _: Words) -> str:
    """Why the kiosk cannot help here, in one or two sentences."""
    reasons = {
        Why.UNREADABLE: _("This card cannot be read here. Is it the right way round, chip first?"),
        Why.UNKNOWN_CARD: _("This card cannot be used here."),
        Why.RECORD_SHUT: _("What is kept about you or your card cannot be read."),
        Why.NOT_GENUINE: _("The kiosk could not make sure that this card is real."),
        Why.CERTIFICATE_EXPIRED: _("This card is out of date. You need a new one."),
        Why.NO_UNBLOCK: _("This card cannot be unlocked at a kiosk."),
        Why.BLOCKED: _("Wrong answers were given three times. Only the RA can help you now."),
        Why.PROOF_MISSING: _("You have not registered, so the kiosk cannot know that it is you."),
        Why.HOLD: _(
            "You registered a short time ago. For your safety you must wait before you can unlock here."
        ),
        Why.NO_PROOF: _("Without your answers or your mail, the kiosk cannot know that it is you."),
        Why.MAIL: _("The mail could not be sent. Try again later, or ask for help."),
        Why.CARD_FAILED: _("Your card stopped answering. It may be worn or dirty."),
        Why.PASSCODE_LOCKED: _("Your card is locked now: the passcode was wrong too often."),
        Why.PUT_BACK: _("The kiosk then looks at your card anew. If it comes to this again, ask for help."),
        Why.PROOF_EXPIRED: _("That took too long. Take your card out, put it in again and start anew."),
        Why.UNEXPECTED: _(
            "Something went wrong in the kiosk. It is not your fault. Nothing else was changed."
        ),
    }
    return reasons[reason]


def note(reason: Why, _: Words) -> str:
    """Why something is not on offer, in the choice of what to do."""
    notes = {
        Why.NO_UNBLOCK: _("This card cannot be unlocked at a kiosk. If it locks, ask the RA."),
        Why.BLOCKED: _("Wrong answers were given three times. To unlock here again, ask the RA."),
        Why.PROOF_MISSING: _("You have not registered. Ask the RA for a code to unlock your card."),
        Why.HOLD: _("You registered a short time ago. To unlock here you must wait a little."),
    }
    return notes.get(reason) or why(reason, _)


def ending(end: Ending, _: Words) -> tuple[str, str]:
    """What is now true, and what follows from it."""
    endings = {
        Ending.REGISTERED: (
            _("You are registered"),
            _("If your card ever locks, you can now unlock it here."),
        ),
        Ending.UNLOCKED: (_("Your card is unlocked"), _("Use your new passcode from now on.")),
        Ending.PASSCODE_CHANGED: (_("Your passcode is changed"), _("Use your new passcode from now on.")),
        Ending.QUESTIONS_CHANGED: (_("Your questions are changed"), _("Use your new answers from now on.")),
        Ending.EMAIL_CHANGED: (_("Your email address is changed"), _("Codes now go to your new address.")),
        Ending.WITHDRAWN: (
            _("You have left self-service"),
            _("Your answers and your own address are deleted. You can register again at any time."),
        ),
        Ending.CARD_WORKS: (_("Your card works"), _("Your new passcode was saved. Use it from now on.")),
        Ending.OLD_PASSCODE: (
            _("Your passcode has not changed"),
            _("The new one was not saved. Use the old passcode, or start again."),
        ),
    }
    return endings[end]


def passcode_wanted_for(purpose: Purpose, _: Words) -> str:
    """Why the present passcode is asked."""
    reasons = {
        Purpose.REGISTER: _("Your card checks it, so that only you can register."),
        Purpose.CHANGE_PASSCODE: _("Your card checks it. Then you choose a new one."),
        Purpose.CHANGE_DETAILS: _("Your card checks it, so that only you can change your details."),
        Purpose.CHANGE_EMAIL: _("Your card checks it, so that only you can change your details."),
        Purpose.WITHDRAW: _("Your card checks it, so that only you can do this."),
        Purpose.SETTLE: _("The last visit was cut off. Type the new passcode, to see if it was saved."),
    }
    return reasons.get(purpose, "")


def code_goes_on_to(purpose: Purpose, _: Words) -> str:
    """What the emailed code is for."""
    purposes = {
        Purpose.REGISTER: _("The code completes your registration."),
        Purpose.UNLOCK: _("The code lets you choose a new passcode."),
        Purpose.CHANGE_EMAIL: _("The code shows that the new address is yours."),
    }
    return purposes.get(purpose, _("The code shows that it is you."))
