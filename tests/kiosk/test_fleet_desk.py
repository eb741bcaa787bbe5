"""The officer's desk in a fleet: the office's role may do all of it."""

from __future__ import annotations

from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from kiosk.settings import Settings
from kiosk.staff.desk import Act, How
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.wiring import open_desk
from kiosk.storage.models import CardState
from tests.kiosk.staff.conftest import Staffed, staffed
from tests.kiosk.staff.desk import FACTORY, ME, PASSWORD, carry_out, enrol, read
from tests.kiosk.test_fleet_staff import database, officers
from tests.stories.conftest import with_ann
from tests.stories.plots import block
from tests.stories.world import identity

__all__ = ["database", "officers", "staffed"]


async def every_deed(officer: StaffSession, reader: VirtualReader, old: PivCard, new: PivCard) -> None:
    """All that is done at a desk; Ann, who is blocked, has the old card."""
    card = str(identity(old))
    await carry_out(officer, Act.ADD, holder="H2", name="Bob Smith")
    await carry_out(officer, Act.CLEAR_BLOCK)
    await carry_out(officer, Act.ASSIST)
    await carry_out(officer, Act.SET_EMAIL, email="ann@gov.uk")
    await carry_out(officer, Act.SUSPEND, card=card)
    await carry_out(officer, Act.ACTIVATE, card=card)
    await carry_out(officer, Act.CLEAR_SECRET, card=card)
    bobs = await read(reader, officer, PivCard(puk=FACTORY))
    await enrol(officer, bobs, How.FRESH, FACTORY, holder="H2")
    seen = await read(reader, officer, new)
    await enrol(officer, seen, How.FRESH, FACTORY, Act.REPLACE, card=card)
    await carry_out(officer, Act.WITHDRAW)
    await carry_out(officer, Act.REVOKE, card=bobs.number, holder="H2")


async def test_the_offices_role_may_do_every_deed(staffed: Staffed, officers: Settings) -> None:
    world, reader = await with_ann(staffed.world), VirtualReader()
    await block(world, world.ann)
    new = PivCard(puk=FACTORY)
    async with open_desk(officers, reader=reader) as lobby:
        assert lobby.enter()
        officer = await lobby.by_password(ME, PASSWORD)
        assert isinstance(officer, StaffSession)
        assert await officer.desk.elsewhere() == ""
        assert [one.holder_id for one in await officer.desk.find("jones")] == ["H1"]
        await every_deed(officer, reader, world.ann, new)
        page = await officer.desk.page("H1")
    assert (page.registered_at, page.email) == (None, "ann@gov.uk")
    assert [one.state for one in page.cards] == ["revoked", "active"]
    assert (await world.known(new)).state is CardState.ACTIVE
    told = [one.event for one in await world.events() if one.actor == ME and "released" not in one.event]
    assert told == [
        "staff.signed-in",
        "holder.added",
        "holder.block-cleared",
        "assistance.issued",
        "holder.email-set",
        "card.state-set",
        "card.state-set",
        "unblock-secret.cleared",
        "card.enrolled",
        "unblock-secret.replaced",
        "card.enrolled",
        "card.state-set",
        "unblock-secret.replaced",
        "registration.withdrawn",
        "card.state-set",
        "staff.signed-out",
    ]
