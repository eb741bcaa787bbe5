"""The RA's own machine, put together from a configuration alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from kiosk.office import people
from kiosk.office.initialising import initialise
from kiosk.office.office import office
from kiosk.settings import Settings
from kiosk.staff.account import Role
from kiosk.staff.desk import Act, Deed, Grounds
from kiosk.staff.rooms.session import StaffSession
from kiosk.staff.roster import AccountAct, AccountDeed, AccountGrounds, Opens
from kiosk.staff.wiring import open_desk
from kiosk.storage.models import NoticeRow
from kiosk.storage.schema import StoreOutOfDate
from kiosk.storage.trail import AuditRow

PASSWORD = SecretStr("violet tractor umbrella")


async def test_it_works_with_the_office_and_leaves_mails_for_a_kiosk(tmp_path: Path) -> None:
    reader = VirtualReader()
    made = Settings().changed(state={"directory": tmp_path / "state"}, hashing={"cost": 10})
    await asyncio.to_thread(list, initialise(made))
    async with office(made) as parts:
        await parts.accounts.add("olga", Role.OFFICER, PASSWORD, None, by="adam")
        await parts.accounts.add("adam", Role.ADMINISTRATOR, PASSWORD, None, by="init")
    await people.add(made, "40017", "Ann Jones", "ann@nhs.net", by="adam")
    async with open_desk(made, reader=reader) as lobby:
        assert lobby.enter()
        session = await lobby.by_password("olga", PASSWORD)
        assert isinstance(session, StaffSession)
        assert await session.desk.elsewhere() == ""
        reader.insert(PivCard(puk="48215077"))
        assert (await anext(aiter(session.desk.reader()))).card is not None
        deed = Deed(Act.SET_EMAIL, "40017", email="ann@gov.uk")
        await session.desk.carry_out(deed, Grounds("T-5512", "40017"))
    async with open_desk(made, reader=reader) as lobby:
        assert lobby.enter()
        session = await lobby.by_password("adam", PASSWORD)
        assert isinstance(session, StaffSession)
        assert await session.accounts.elsewhere() == ""
        again = AccountDeed(AccountAct.RESET, "olga", opens=Opens.PASSWORD)
        await session.accounts.carry_out(again, AccountGrounds(password=SecretStr("copper lantern meadow")))
    async with office(made) as parts, parts.service.store.work() as session_:
        kinds = (await session_.exec(select(NoticeRow.kind).order_by(col(NoticeRow.id)))).all()
        last = (await session_.exec(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(1))).one()
    assert kinds == ["email-set-by-ra", "email-is-this"]
    assert (last.event, last.actor, last.reason) == ("staff.signed-out", "adam", "closing")


async def test_without_a_store_it_says_what_to_do(tmp_path: Path) -> None:
    nowhere = Settings().changed(state={"directory": tmp_path})
    with pytest.raises(StoreOutOfDate):
        async with open_desk(nowhere, reader=VirtualReader()):
            pass
