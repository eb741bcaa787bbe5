"""Everything a journey may use, put together by `kiosk.wiring`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.assistance import Assistance
from kiosk.attempts import Attempts
from kiosk.cardwork import CardWork
from kiosk.codes import Codes
from kiosk.holders import Holders
from kiosk.journal import Journal
from kiosk.notices import Notices
from kiosk.pendings import Pendings
from kiosk.registrations import Registrations
from kiosk.reports.mailing import ReportMail
from kiosk.retention import Retention
from kiosk.settings import Settings
from kiosk.steps import Proof, Purpose
from kiosk.store import Store
from kiosk.visit import Visit


@dataclass(frozen=True)
class Service:
    """The services, each one method per unit of work.

    ``address`` turns what was typed into one approved address or raises EmailRefused.
    """

    store: Store
    holders: Holders
    cards: CardWork
    pendings: Pendings
    attempts: Attempts
    codes: Codes
    registrations: Registrations
    assistance: Assistance
    notices: Notices
    journal: Journal
    retention: Retention
    report_mail: ReportMail
    address: Callable[[str], str]

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.store.settings

    def proofs(self, *, assisted: bool = False) -> tuple[Proof, ...]:
        """What an unlock asks for, in the site's order.

        ``assisted``: with an assistance code in place of the questions, also where the site asks none.
        """
        proofs = tuple(map(Proof, self.settings.unlock.proofs))
        return (Proof.QUESTIONS, *proofs) if assisted and Proof.QUESTIONS not in proofs else proofs

    def proofs_still_missing(self, visit: Visit, *, assisted: bool = False) -> tuple[Proof, ...]:
        """Of these proofs, what is not on record yet: fewer when coming back."""
        pending = visit.pending(Purpose.UNLOCK)
        answered = pending is not None and pending.questions_at is not None
        if pending is not None and assisted and not pending.assisted:
            answered = False  # they were answered before the holder was blocked
        return tuple(
            proof for proof in self.proofs(assisted=assisted) if not (answered and proof is Proof.QUESTIONS)
        )

    async def refreshed(self, visit: Visit) -> Visit:
        """The visit with what the store says now. Raises StoreUnavailable."""
        known = await self.holders.find(visit.known.id)
        return visit if known is None else visit.with_known(known)
