"""Where the site has named the CAs of its PIV cards, what they vouch for is what a card has to prove."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from cardio.apdu import Command, Response
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_ca import CardCa, CardNumbers
from kiosk.dialogue import Gone
from kiosk.refusals import Why
from kiosk.settings import SettingsError
from kiosk.steps import EnterPasscode, Offer, Privacy, SeeRA, Welcome
from kiosk.storage.models import CardRow, PendingRow
from tests.stories.conftest import OpenWorld
from tests.stories.plots import NEW_PIN, register, unlock
from tests.stories.script import see
from tests.stories.world import PIN, World

LEAVES = Gone.CARD_OUT
VERIFY, GET_DATA = 0x20, 0xCB
REFUSED = see(SeeRA, why=Why.NOT_GENUINE)
AT_THE_PASSCODE = [see(Welcome, Offer.REGISTER), see(Privacy), see(EnterPasscode, PIN), REFUSED]


class Site:
    """A world that believes one CA, and cards of that CA that nobody has enrolled with a key."""

    def __init__(self, world: World, ca: CardCa) -> None:
        self.world, self.ca = world, ca

    async def card(self, **card: Any) -> PivCard:
        """A card whose key is in no list."""
        return await self.world.card(**{"issuer": self.ca, "pinned": False, **card})

    async def row(self) -> CardRow:
        """What the store has of it."""
        (row,) = await self.world.rows(CardRow)
        return row

    async def alarms(self) -> list[str]:
        """The reasons of the alarms so far."""
        return [event.reason for event in await self.world.events("card.not-genuine")]


@pytest.fixture
async def site(open_world: OpenWorld, tmp_path: Path) -> Site:
    ca = CardCa()
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    world = await open_world(cards={"piv": {"ca_file": tmp_path / "ca.pem"}})
    await world.holder()
    return Site(world, ca)


async def test_a_vouched_card_registers_unlocks_and_is_pinned(site: Site) -> None:
    card = await site.card()
    await register(site.world, card)
    row = await site.row()
    assert (row.public_key, row.passcode_key) == (card.card_key_der, card._keys[0x9A].public_der)
    card.lock()
    site.world.hands.forward(minutes=2)
    puk = card.state().puk
    await unlock(site.world, card)
    assert (card.state().pin, card.state().puk) == (NEW_PIN, puk), "proven, so its PUK stays"
    assert await site.alarms() == []


async def test_a_vouched_card_that_never_registered_proves_itself_as_it_goes_in(site: Site) -> None:
    card = await site.card()
    await site.world.visit(card, [see(Welcome, LEAVES)])
    assert site.world.reader.faults.count([0x87]) == 1


@pytest.mark.parametrize("issuer", [None, CardCa("Another CA")], ids=["self-signed", "another-ca"])
async def test_a_copy_that_nobody_vouches_for_is_not_registered(site: Site, issuer: CardCa | None) -> None:
    card = await site.card()
    copy = await site.world.card(enrolled=False, guid=card.guid, issuer=issuer)
    await site.world.visit(copy, AT_THE_PASSCODE)
    assert await site.world.rows(PendingRow) == []
    assert await site.alarms() == ["no key that a CA vouches for"]
    await register(site.world, card)


async def test_a_copy_of_a_locked_card_is_asked_nothing(site: Site) -> None:
    card = await site.card()
    await register(site.world, card)
    copy = PivCard(guid=card.guid, pin_tries_left=0)
    await site.world.visit(copy, [REFUSED])
    assert await site.alarms() == ["proof failed"]


async def test_a_locked_card_that_no_ca_vouches_for_is_refused(site: Site) -> None:
    await site.world.visit(await site.card(card_key=None, pin_tries_left=0), [REFUSED])
    assert await site.alarms() == ["no key that a CA vouches for"]


async def test_another_cards_certificate_does_not_vouch_for_this_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy may sign with a genuine key of its own: the certificate names another card."""
    card, genuine = await site.card(), PivCard(issuer=site.ca)
    monkeypatch.setattr(genuine, "_guid", card.guid)
    genuine._certificates  # noqa: B018 - issued for the number it had
    copy = await site.world.card(enrolled=False, guid=bytes(range(16)), issuer=site.ca)
    copy._certify()
    monkeypatch.setattr(copy, "_guid", card.guid)
    await site.world.visit(copy, AT_THE_PASSCODE)
    assert await site.alarms() == ["no key that a CA vouches for"]


async def test_a_certificate_that_has_ended_does_not_vouch(site: Site) -> None:
    ended = datetime.now(UTC) - timedelta(days=1)
    card = await site.card(expires=ended)
    site.world.hands.wall = datetime.now(UTC)
    await site.world.visit(card, [see(SeeRA, why=Why.CERTIFICATE_EXPIRED)])
    locked = await site.world.card(enrolled=False, guid=card.guid, expires=ended, pin_tries_left=0)
    await site.world.visit(locked, [REFUSED])


async def test_a_card_with_9a_alone_registers_and_is_believed_when_it_locks(site: Site) -> None:
    """What the CA vouches for is pinned at the registration; a locked card cannot show it again."""
    card = await site.card(card_key=None)
    await register(site.world, card)
    row = await site.row()
    assert (row.public_key, row.passcode_key) == (None, card._keys[0x9A].public_der)
    card.lock()
    site.world.hands.forward(minutes=2)
    puk = card.state().puk
    await unlock(site.world, card)
    assert card.state().pin == NEW_PIN
    assert card.state().puk != puk, "sent before anything was proven, so it is replaced"


async def test_a_card_that_cannot_be_vouched_for_has_no_registration_though_it_is_pinned_nowhere(
    site: Site,
) -> None:
    card = await site.card(card_key=None, sign_in=None)
    await site.world.visit(card, AT_THE_PASSCODE)
    assert await site.alarms() == ["no key that a CA vouches for"]


async def test_a_ca_file_that_cannot_be_read_keeps_the_kiosk_from_starting(
    open_world: OpenWorld, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"cards\.piv\.ca_file"):
        await open_world(cards={"piv": {"ca_file": tmp_path / "ca.pem"}})


async def test_a_shim_that_hides_the_key_after_the_passcode_registers_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """9E signs for whoever asks; that a passcode was right shows 9A alone."""
    card = await site.card()
    honest = card.process

    def shim(command: Command) -> Response:
        if command.ins == VERIFY and command.data:
            return Response(b"", 0x9000)
        if command.ins == GET_DATA and command.data.endswith(bytes.fromhex("5FC105")):
            return Response(b"", 0x6A82)
        return honest(command)

    monkeypatch.setattr(card, "process", shim)
    await site.world.visit(card, AT_THE_PASSCODE)
    assert await site.alarms() == ["no key that a CA vouches for"]
    assert await site.world.rows(PendingRow) == []


async def test_the_key_that_signs_for_anybody_is_not_taken_for_the_one_after_the_passcode(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates without an extended key usage fit both."""
    card = await site.card()
    free = card._keys[0x9E]
    numbers = CardNumbers(card.guid)
    names = (x509.SubjectAlternativeName(numbers.alternative_names()), False)
    plain = site.ca.issue(free.public, numbers.subject(), datetime.now(UTC) + timedelta(days=900), [names])
    monkeypatch.setattr(card, "_certificates", {0x9E: plain, 0x9A: plain})
    monkeypatch.setattr(card, "_keys", {0x9E: free, 0x9A: free})
    await site.world.visit(card, AT_THE_PASSCODE)
    assert await site.alarms() == ["one key for both uses"]
