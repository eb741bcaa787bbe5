"""A code to the holder's mailbox, and back by their hand: the proof that every journey can ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from kiosk.codes import Before, Sent, Then, TooManyMails
from kiosk.dialogue import Dialogue
from kiosk.journeys.endings import CannotHelp, SomethingElse
from kiosk.mail import MailNotSent
from kiosk.proofs.emails import mask
from kiosk.refusals import CodeRefusal, Why
from kiosk.service import Service
from kiosk.steps import Activity, Busy, CodeChoice, CodeNotSent, EnterCode, Place, Purpose
from kiosk.visit import Visit


async def by_emailed_code(
    visit: Visit,
    dialogue: Dialogue,
    service: Service,
    purpose: Purpose,
    place: Place,
    *,
    email: str | None = None,
    draft: str | None = None,
    then: Callable[[str], Then] | None = None,
    before: Before | None = None,
) -> SecretStr:
    """A code to the address, entered here; a code that is already under way is used.

    ``draft`` is what the code will confirm: where one is given, a code under way is replaced.
    ``then``, made for the language in force, runs in the transaction that consumes the code, ``before``
    when it is known to be right.
    Returns the code, which must not become the passcode.
    """
    pending = visit.pending(purpose) if draft is None else None
    address = (pending.email if pending else "") or email or visit.known.email
    post = _Post(visit, dialogue, service, purpose, place, address, draft)
    refusal: CodeRefusal | None = None
    left: int | None = None
    if pending is not None and pending.code_expires_at is not None:
        sent = Sent(pending.code_expires_at, await service.codes.resend_at(visit, purpose))
    else:
        sent, refusal = await post.send()
    while True:
        answer = await dialogue.ask(
            EnterCode(
                purpose=purpose,
                masked=mask(address),
                expires_at=sent.expires_at,
                resend_at=sent.resend_at,
                refusal=refusal,
                tries_left=left,
                something_else=pending is not None,
                place=place,
            )
        )
        if answer is CodeChoice.SOMETHING_ELSE:
            raise SomethingElse
        if answer is CodeChoice.SEND_AGAIN:
            left = None
            sent, refusal = await post.send(sent)
        elif isinstance(answer, SecretStr):
            async with dialogue.busy(Busy(Activity.CHECKING_CODE, place=place)):
                entry = await service.codes.check(
                    visit, purpose, answer, then and then(dialogue.language), before
                )
            if entry.refusal is None:
                return answer
            refusal, left = entry.refusal, entry.tries_left
            sent = await post.after(refusal, sent)


@dataclass(frozen=True)
class _Post:
    """Where the code goes and for what: the same at every sending."""

    visit: Visit
    dialogue: Dialogue
    service: Service
    purpose: Purpose
    place: Place
    address: str
    draft: str | None

    async def send(self, earlier: Sent | None = None) -> tuple[Sent, CodeRefusal | None]:
        """Mail a code, until the server takes it or the person gives up."""
        busy = Busy(Activity.SENDING_MAIL, mask(self.address), self.place)
        while True:
            try:
                async with self.dialogue.busy(busy):
                    return await self._send(), None
            except TooManyMails as limit:
                until = earlier.expires_at if earlier else self.service.store.clock.now()
                why = CodeRefusal.WAIT if earlier else CodeRefusal.VOID  # the last mail's code is of no use
                why = CodeRefusal.TOO_MANY if limit.again_at is None else why
                return self._or_the_ra(Sent(until, limit.again_at)), why
            except MailNotSent:
                step = CodeNotSent(masked=mask(self.address), place=self.place)
                if not await self.dialogue.ask(step):
                    raise CannotHelp(Why.MAIL) from None

    async def _send(self) -> Sent:
        codes, language = self.service.codes, self.dialogue.language
        return await codes.send(self.visit, self.purpose, self.address, language, self.draft)

    async def after(self, refusal: CodeRefusal, sent: Sent) -> Sent:
        """What is left of a code that was entered wrongly. Raises CannotHelp where nothing is."""
        again_at = await self.service.codes.resend_at(self.visit, self.purpose)
        over = refusal is not CodeRefusal.WRONG
        return self._or_the_ra(Sent(self.service.store.clock.now() if over else sent.expires_at, again_at))

    def _or_the_ra(self, sent: Sent) -> Sent:
        """Neither a code to enter nor a mail to come, in this visit or hour: the RA's contact."""
        if sent.resend_at is None and sent.expires_at <= self.service.store.clock.now():
            raise CannotHelp(Why.MAIL)
        return sent
