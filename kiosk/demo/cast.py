"""The people and cards of the demo: who they are, and what must be true when it begins."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import SecretBytes, SecretStr
from sqlalchemy import delete

from cardio.card import CardId, PasscodeFormat
from cardio.virtual.card import VirtualCard
from cardio.virtual.piv import PivCard
from cardio.virtual.unknown import UnknownCard
from kiosk.enrolment import NewCard, NewHolder
from kiosk.genuine import ProvenKeys
from kiosk.i18n import Phrase
from kiosk.persons import Personal
from kiosk.proofs.questions import CATALOGUE
from kiosk.steps import Answered, Purpose
from kiosk.storage.models import CardState, CodeState, NoticeRow, PendingRow
from kiosk.visit import Sight, Visit
from kiosk.wiring import Parts

OFFICER = "demo"


@dataclass(frozen=True)
class Role:
    """One card of the tray. ``answers`` by question id; empty where nobody is registered."""

    card: VirtualCard
    title: Phrase
    try_this: Phrase
    name: str = ""
    email: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    state: CardState = CardState.ACTIVE

    @property
    def passcode(self) -> str:
        """The card's passcode at this moment; empty for what is not a card of the kiosk's."""
        return self.card.state().pin if isinstance(self.card, PivCard) else ""

    def crib(self) -> list[tuple[Phrase, str]]:
        """The answers to this person's questions: (question, answer); of nobody's card what enrols it."""
        if not self.name and isinstance(self.card, PivCard):
            return [(lambda _: "PUK", self.card.state().puk)]
        return [(CATALOGUE[question].text, answer) for question, answer in self.answers.items()]


def cast() -> list[Role]:
    """Every card of the tray, newly made."""
    return [*_registered(), *_enrolled(), *_strangers()]


def _registered() -> list[Role]:
    return [
        Role(
            PivCard(pin="502917", puk="20481357", pin_tries_left=0, name="Ben Adams"),
            lambda _: _("Locked card, registered"),
            lambda _: _("Answer, read the code in the mailbox, unlock"),
            "Ben Adams",
            "ben.adams@nhs.net",
            _answers("Hillside", "Rover", "Biscuit", "Marsh Lane"),
        ),
        Role(
            PivCard(pin="907352", puk="84106925", puk_tries_left=1, name="Eve Shaw", pin_tries_left=0),
            lambda _: _("Locked card, one unblock try left"),
            lambda _: _("The last try is never used"),
            "Eve Shaw",
            "eve.shaw@nhs.net",
            _answers("Castle Road", "Polo", "Jasper", "Mill Street"),
        ),
    ]


def _answers(school: str, car: str, pet: str, street: str) -> dict[str, str]:
    return {"first-school": school, "first-car": car, "first-pet": pet, "childhood-street": street}


def _enrolled() -> list[Role]:
    return [
        Role(
            PivCard(pin="739164", puk="61730284", name="Ann Jones"),
            lambda _: _("Working card, not registered"),
            lambda _: _("Register; or change the passcode"),
            "Ann Jones",
            "ann.jones@nhs.net",
        ),
        Role(
            PivCard(pin="284615", puk="95016273", name="Cerys Lloyd", pin_tries_left=0),
            lambda _: _("Locked card, never registered"),
            lambda _: _("See where the kiosk sends people it cannot help"),
            "Cerys Lloyd",
            "cerys.lloyd@nhs.net",
        ),
        Role(
            PivCard(pin="615083", puk="37592046", name="Dai Evans"),
            lambda _: _("Suspended card"),
            lambda _: _("The screen does not say why; the audit trail does"),
            "Dai Evans",
            "dai.evans@nhs.net",
            state=CardState.SUSPENDED,
        ),
    ]


def _strangers() -> list[Role]:
    return [
        Role(
            PivCard(pin="358024", name="Somebody"),
            lambda _: _("Card of another organisation"),
            lambda _: _("The kiosk does not know it"),
        ),
        Role(
            UnknownCard(),
            lambda _: _("Not a card for this kiosk"),
            lambda _: _("A bank card or a bus pass: it cannot be read here"),
        ),
        Role(
            PivCard(pin="916480", puk="30518274", name="Nobody"),
            lambda _: _("New card, nobody's yet"),
            lambda _: _("An officer enrols it: the page about a person, then N"),
        ),
    ]


async def enrol_cast(roles: list[Role], parts: Parts) -> None:
    """Bring the tray's people into the store, through the same services as anybody."""
    for number, role in enumerate(roles, 1):
        if not role.name or not isinstance(role.card, PivCard):
            continue
        holder_id = f"D{number:03}"
        card = CardId("piv", "guid", role.card.guid.hex().upper())
        await parts.enrolment.add_holder(NewHolder(holder_id, role.name, role.email), by=OFFICER)
        secret = SecretBytes(role.card.state().puk.encode())
        new = NewCard(card, secret, role.card.card_key_der)
        await parts.enrolment.enrol(holder_id, new, by=OFFICER)
        if role.state is not CardState.ACTIVE:
            await parts.enrolment.set_card_state(card, role.state, by=OFFICER, reason="demo")
        if role.answers:
            await _register(role, card, parts)
    async with parts.service.store.work() as session:
        await session.exec(delete(NoticeRow))  # the mailbox begins empty


async def _register(role: Role, card: CardId, parts: Parts) -> None:
    """What a registration leaves behind, made by the code that completes one."""
    service = parts.service
    known = await service.holders.find(card)
    if known is None:
        raise LookupError(f"{card} was not enrolled")
    visit = Visit("demo", 0, known, Sight(card, 3, None, PasscodeFormat(), None))
    answers = [Answered(question=q, answer=SecretStr(text)) for q, text in role.answers.items()]
    draft = service.registrations.draft(await service.registrations.hash_answers(visit, answers))
    async with service.store.work() as session:
        key = await service.store.persons.key(session)
        pending = PendingRow(
            card=known.card,
            purpose=Purpose.REGISTER.value,
            visit=visit.reference,
            kiosk=service.store.kiosk,
            created_at=service.store.clock.now(),
            email=key.seal(known.holder_key, Personal.PENDING_EMAIL, role.email),
            draft=key.seal(known.holder_key, Personal.PENDING_DRAFT, draft),
            code_state=CodeState.USED.value,
        )
        session.add(pending)
        await session.flush()
        await service.registrations.complete(visit, ProvenKeys(), "en")(session, pending)
