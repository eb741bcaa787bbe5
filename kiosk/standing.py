"""What was true when the card went in must still be true when something is kept.

A visit may last for minutes, and the RA, another kiosk or the clock do not wait for it.
"""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.pendings import ProofMissing
from kiosk.persons import Personal
from kiosk.storage.models import CardRow, CardState, HolderRow, RegistrationRow
from kiosk.store import Store
from kiosk.visit import Visit


async def require_standing(
    session: AsyncSession, store: Store, visit: Visit, *, blocked_may: bool = False
) -> CardRow:
    """The card's row, if it is still active, its holder not blocked, and the clock to be believed.

    ``blocked_may``: the holder may be blocked (Change passcode, or an assistance code). Raises
    ProofMissing, so that nothing of the transaction is kept.
    """
    card = await session.get(CardRow, visit.known.card)
    holder = await session.get(HolderRow, visit.known.holder)
    if card is None or holder is None:  # forgotten while they stood here
        raise ProofMissing
    blocked = holder.blocked_at is not None and not blocked_may
    if card.state != CardState.ACTIVE.value or blocked or not store.clock.is_believable():
        raise ProofMissing
    return card


async def require_same_addresses(session: AsyncSession, store: Store, visit: Visit) -> RegistrationRow | None:
    """The holder's registration, if it and both their addresses are as when the card went in.

    Where the RA has set another address or ended the registration meanwhile, what was proven before counts no
    longer, or whoever reads the old mail could undo it. Raises ProofMissing.
    """
    known = visit.known
    registration = await session.get(RegistrationRow, known.holder)
    holder = await session.get(HolderRow, known.holder)
    person = await store.persons.opening(session, known.holder_key)
    ra_email = person.open(Personal.RA_EMAIL, holder.ra_email if holder else None)
    own_email = person.open(Personal.OWN_EMAIL, registration.email if registration else None)
    if (ra_email, own_email) != (known.ra_email, known.own_email):
        raise ProofMissing
    return registration
