"""Signing in: by password or card; failures cost time; nobody learns which names there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlmodel import select

from cardio.apdu import Command
from cardio.virtual.piv import PivCard
from kiosk.staff.account import Account, Role, StaffProblem
from kiosk.staff.door import staff_card
from kiosk.staff.entry import Refused, Why
from kiosk.storage.staff import StaffDelayRow
from tests.kiosk.staff.conftest import PASSCODE, PASSWORD, Staffed, by_card, card_of, door_of

WRONG = SecretStr("quite another password")
TECHNICIAN = Role.TECHNICIAN.value


async def why(answer: Account | Refused) -> Why | None:
    return answer.why if isinstance(answer, Refused) else None


async def test_a_name_and_its_password(staffed: Staffed) -> None:
    entered = await staffed.door.by_password(" Technician ", PASSWORD)
    assert isinstance(entered, Account)
    assert (entered.name, entered.role) == (TECHNICIAN, Role.TECHNICIAN)
    (event,) = await staffed.world.events("staff.signed-in")
    assert (event.actor, event.outcome) == (TECHNICIAN, "ok")
    assert "password" in event.detail


@pytest.mark.parametrize("name", [TECHNICIAN, "nobody.there", "", "\0", "x" * 5000, "'; --", "Ŝ"])
async def test_a_wrong_one_is_told_as_little_whoever_it_is(staffed: Staffed, name: str) -> None:
    assert await staffed.door.by_password(name, WRONG) == Refused(Why.WRONG)
    again = await staffed.door.by_password(name, WRONG)
    assert isinstance(again, Refused)
    assert again.why is Why.WAIT


async def test_what_was_typed_for_a_name_is_kept_nowhere(staffed: Staffed) -> None:
    """People type their passwords into the wrong field."""
    await staffed.door.by_password("my secret 4711", WRONG)
    (refused,) = await staffed.world.events("staff.refused")
    assert refused.actor == ""
    assert all(
        "4711" not in repr(row) and b"4711" not in row.name for row in await staffed.world.rows(StaffDelayRow)
    )


async def test_failures_slow_down_that_name_at_that_kiosk(staffed: Staffed) -> None:
    hands, door = staffed.world.hands, staffed.door
    for minutes in (1, 5, 15, 15):
        assert await why(await door.by_password(TECHNICIAN, WRONG)) is Why.WRONG
        late = await door.by_password(TECHNICIAN, PASSWORD)
        assert late == Refused(Why.WAIT, hands.wall + timedelta(minutes=minutes)), "not even the right one"
        assert await why(await door.by_password("officer", WRONG)) in (Why.WRONG, Why.WAIT), (
            "nobody else waits"
        )
        hands.forward(minutes=minutes)
    assert isinstance(await door.by_password(TECHNICIAN, PASSWORD), Account)
    assert await why(await door.by_password(TECHNICIAN, WRONG)) is Why.WRONG
    hands.forward(minutes=1, seconds=1)
    assert isinstance(await door.by_password(TECHNICIAN, PASSWORD), Account), "they began anew"


async def test_ten_failures_an_hour_are_an_alarm(staffed: Staffed) -> None:
    for number in range(9):
        await staffed.door.by_password(f"nobody{number}", WRONG)
    assert not await staffed.world.events("staff.many-refused")
    await staffed.door.by_password("nobody9", WRONG)
    (alarm,) = await staffed.world.events("staff.many-refused")
    assert alarm.outcome == "alarm"
    for number in range(9):
        await staffed.door.by_password(f"somebody{number}", WRONG)
    assert len(await staffed.world.events("staff.many-refused")) == 1, "once an hour"
    staffed.world.hands.forward(hours=1, minutes=1)
    for number in range(9):
        await staffed.door.by_password(f"anybody{number}", WRONG)
    assert len(await staffed.world.events("staff.many-refused")) == 1


async def test_who_is_disabled_is_told_nothing(staffed: Staffed) -> None:
    await staffed.accounts.disable(TECHNICIAN, "left", by="administrator")
    assert await staffed.door.by_password(TECHNICIAN, PASSWORD) == Refused(Why.WRONG)
    staffed.world.reader.insert(staffed.cards[Role.TECHNICIAN])
    assert await by_card(staffed, PASSCODE) == Refused(Why.NOT_STAFF)
    await staffed.accounts.reset(TECHNICIAN, None, None, by="administrator")
    staffed.world.hands.forward(minutes=2)
    assert isinstance(await staffed.door.by_password(TECHNICIAN, PASSWORD), Account)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMINISTRATOR])
async def test_at_a_kiosk_they_need_their_card(staffed: Staffed, role: Role) -> None:
    assert await staffed.door.by_password(role.value, PASSWORD) == Refused(Why.WRONG), "told as little"
    (refused,) = await staffed.world.events("staff.refused")
    assert (refused.actor, refused.reason) == (role.value, "card-needed")
    staffed.world.hands.forward(minutes=2)
    desk = door_of(staffed.world, at_kiosk=False)
    assert isinstance(await desk.by_password(role.value, PASSWORD), Account)
    staffed.world.reader.insert(staffed.cards[role])
    entered = await by_card(staffed, PASSCODE)
    assert isinstance(entered, Account)
    assert entered.role is role
    staffed.world.reader.remove()


async def test_a_wrong_passcode(staffed: Staffed) -> None:
    card = staffed.cards[Role.TECHNICIAN]
    staffed.world.reader.insert(card)
    refused = await by_card(staffed, SecretStr("111111"))
    assert refused == Refused(Why.PASSCODE_WRONG, tries_left=2)
    assert await why(await by_card(staffed, PASSCODE)) is Why.WAIT
    assert card.state().pin_tries_left == 2, "nobody tries on"
    staffed.world.hands.forward(minutes=1, seconds=1)
    assert isinstance(await by_card(staffed, PASSCODE), Account)


async def test_the_last_try_is_never_used_unasked(staffed: Staffed) -> None:
    card = staffed.cards[Role.OFFICER]
    wrong = Command(0, 0x20, 0, 0x80, b"111111\xff\xff")
    for _ in range(2):
        card.process(wrong)
    staffed.world.reader.insert(card)
    for _ in range(2):
        assert await by_card(staffed, PASSCODE) == Refused(Why.LAST_TRY, tries_left=1), (
            "nor is it slowed down"
        )
        assert card.state().pin_tries_left == 1
    insertion = staffed.world.reader.presence.insertion
    assert isinstance(await staffed.door.by_card(PASSCODE, insertion, last_try=True), Account)
    assert card.state().pin_tries_left == 3


async def test_a_copy_with_the_right_passcode_proves_nothing(staffed: Staffed) -> None:
    real = staffed.cards[Role.OFFICER]
    staffed.world.reader.insert(PivCard(pin=PASSCODE.get_secret_value(), guid=real.guid))
    assert await by_card(staffed, PASSCODE) == Refused(Why.NOT_GENUINE)
    (alarm,) = await staffed.world.events("card.not-genuine")
    assert (alarm.outcome, alarm.actor) == ("alarm", "officer")


async def test_a_card_that_is_nobodys_is_sent_no_passcode(staffed: Staffed) -> None:
    stranger = PivCard(pin="999999")
    staffed.world.reader.insert(stranger)
    assert await by_card(staffed, PASSCODE) == Refused(Why.NOT_STAFF)
    assert stranger.state().pin_tries_left == 3


async def test_a_card_that_was_swapped_is_sent_no_passcode(staffed: Staffed) -> None:
    hands, other = staffed.world.reader, staffed.cards[Role.OFFICER]
    hands.insert(staffed.cards[Role.TECHNICIAN])
    typed_for = hands.presence.insertion
    hands.remove()
    hands.insert(other)
    assert await staffed.door.by_card(SecretStr("999999"), typed_for) == Refused(Why.CARD_FAILED)
    assert other.state().pin_tries_left == 3


async def test_no_card_at_all(staffed: Staffed) -> None:
    assert await by_card(staffed, PASSCODE) == Refused(Why.CARD_FAILED)


async def test_one_card_is_one_accounts(staffed: Staffed) -> None:
    card = card_of(staffed.cards[Role.OFFICER])
    with pytest.raises(Exception, match="another account"):
        await staffed.accounts.add("second", Role.OFFICER, None, card, by="administrator")
    async with staffed.world.office.service.store.work() as session:
        assert (await session.exec(select(StaffDelayRow))).all() == []


class Careless(PivCard):
    """Its 9A signs for whoever asks (a YubiKey's ``pin-policy=never``)."""

    _verified = property(lambda _: True, lambda *_: None)


async def test_a_card_whose_key_signs_without_a_passcode_is_no_staff_card(staffed: Staffed) -> None:
    card = PivCard(pin=PASSCODE.get_secret_value())
    staffed.world.reader.insert(card)
    reader, families = staffed.world.reader, staffed.world.parts.families
    pinned = await staff_card(reader, families, PASSCODE, reader.presence.insertion)
    assert pinned.public_key == card.sign_in_der
    reader.remove()
    reader.insert(Careless(pin=PASSCODE.get_secret_value()))
    with pytest.raises(StaffProblem, match="without a passcode"):
        await staff_card(reader, families, PASSCODE, reader.presence.insertion)
