from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from cardio.errors import CardUnsupported, NotGenuine, ReaderBroken
from cardio.reader import State
from cardio.virtual.card import VirtualCard
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm, CardKey
from cardio.virtual.reader import VirtualReader
from cardio.virtual.unknown import UnknownCard
from kiosk import wiring
from kiosk.enrolment import EnrolmentError
from kiosk.office.enrolling import read_card
from kiosk.ownership import own_reader
from kiosk.settings import Settings
from tests.kiosk.commands.shell import AN_OFFICER, GUID, PUK, Shell


class Desk:
    """A shell at the RA's desk: Ann is in the store, her card lies in the reader."""

    def __init__(self, shell: Shell, card: VirtualCard, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shell = shell
        self.reader = VirtualReader()
        self.reader.insert(card)
        self.asked_for: list[str] = []

        def reader_of(settings: Settings) -> VirtualReader:
            self.asked_for.append(settings.reader.name)
            return self.reader

        monkeypatch.setattr(wiring, "pcsc_reader", reader_of)
        shell.ok("holder", "add", "40017", "Ann Jones")

    def swap(self, card: VirtualCard) -> None:
        """Another card instead of the one in the reader."""
        self.reader.remove()
        self.reader.insert(card)


@pytest.fixture
def card() -> PivCard:
    return PivCard(guid=bytes.fromhex(GUID), puk=PUK)


@pytest.fixture
def desk(shell: Shell, card: PivCard, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(shell, card, monkeypatch)


def test_the_card_in_the_reader_is_tied_to_a_holder(desk: Desk, card: PivCard) -> None:
    told = desk.shell.ok("card", "enrol", "40017", typed=f"{PUK}\n{PUK}\n")
    assert f"Card piv:guid:{GUID} is enrolled for Ann Jones (40017)." in told
    assert "proven just now" in told
    assert PUK not in told
    (listed,) = desk.shell.json("card", "list")
    del listed["created_at"]
    assert listed == {
        "card": f"piv:guid:{GUID}",
        "holder_id": "40017",
        "holder_name": "Ann Jones",
        "state": "active",
        "unblock_secret": "kept",
        "proves_itself": "always",
    }
    assert desk.shell.query("SELECT public_key FROM card") == [(card.card_key_der,)]
    assert desk.shell.query("SELECT actor FROM audit_event WHERE event = 'card.enrolled'") == [(AN_OFFICER,)]


def test_it_spends_no_try_and_sends_no_secret(desk: Desk, card: PivCard) -> None:
    desk.shell.ok("card", "enrol", "40017", typed=f"{PUK}\n{PUK}\n")
    state = card.state()
    assert (state.pin_tries_left, state.puk_tries_left) == (3, 3)
    sent = [(exchange.header[1], exchange.lc) for exchange in desk.reader.faults.trace]
    assert (0x20, 0) in sent  # VERIFY without data asks for the counter
    assert not [length for instruction, length in sent if instruction == 0x20 and length]
    assert not {0x24, 0x2C} & {instruction for instruction, _ in sent}  # neither CHANGE nor RESET


def test_the_secret_is_sealed(desk: Desk) -> None:
    desk.shell.ok("card", "enrol", "40017", typed=f"{PUK}\n{PUK}\n")
    stored = b"".join(path.read_bytes() for path in desk.shell.state.iterdir())
    assert PUK.encode() not in stored


def test_the_secret_has_to_be_typed_the_same_twice(desk: Desk) -> None:
    told = desk.shell.run("card", "enrol", "40017", typed=f"{PUK}\n48215078\n{PUK}\n{PUK}\n")
    assert told.exit_code == 0
    assert "do not match" in told.output
    assert PUK not in told.output


def test_the_secret_from_a_file(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "puk"
    file.write_text(f"{PUK}\n")
    file.chmod(0o644)
    assert f"chmod 600 {file}" in desk.shell.fails("card", "enrol", "40017", "--secret-file", str(file))
    file.chmod(0o600)
    desk.shell.ok("card", "enrol", "40017", "--secret-file", str(file))
    assert desk.shell.json("card", "list")[0]["unblock_secret"] == "kept"


def test_the_secret_from_standard_input(desk: Desk) -> None:
    told = desk.shell.ok("card", "enrol", "40017", "--secret-stdin", typed=f"{PUK}\n")
    assert "Unblock secret" not in told
    assert desk.shell.json("card", "list")[0]["unblock_secret"] == "kept"


def test_one_way_to_give_the_secret_is_enough(desk: Desk, tmp_path: Path) -> None:
    desk.shell.fails("card", "enrol", "40017", "--secret-stdin", "--secret-file", str(tmp_path), code=2)


@pytest.mark.parametrize("secret", ["", "4821507", "482150777", "4821507é", "48215077\n48215077", "\xff" * 8])
def test_what_cannot_be_a_puk_is_refused_and_not_repeated(desk: Desk, secret: str) -> None:
    told = desk.shell.fails("card", "enrol", "40017", "--secret-stdin", typed=secret)
    assert "PUK must" in told or "unblock secret as one line" in told
    assert not secret or secret not in told
    assert desk.shell.json("card", "list") == []


def test_a_holder_nobody_knows_is_told_before_the_card_is_asked_for(desk: Desk) -> None:
    assert "there is no holder '9'" in desk.shell.fails("card", "enrol", "9")
    assert desk.asked_for == []


def test_the_reader_can_be_chosen(desk: Desk) -> None:
    desk.shell.ok("card", "enrol", "40017", "--reader", "Omnikey*", "--secret-stdin", typed=PUK)
    assert desk.asked_for == ["Omnikey*"]


def test_enrolled_again_it_says_what_changed(desk: Desk) -> None:
    enrol = ("card", "enrol", "40017", "--secret-stdin")
    desk.shell.ok(*enrol, typed=PUK)
    assert "was enrolled already, just so, for Ann Jones" in desk.shell.ok(*enrol, typed=PUK)
    assert "secret and key are renewed for Ann" in desk.shell.ok(*enrol, typed="00000001")
    assert len(desk.shell.json("card", "list")) == 1


def test_only_another_secret_makes_a_refused_one_usable_again(desk: Desk) -> None:
    enrol = ("card", "enrol", "40017", "--secret-stdin")
    desk.shell.ok(*enrol, typed=PUK)
    desk.shell.query("UPDATE card SET unblock_state = 'failed'")
    desk.shell.ok(*enrol, typed=PUK)
    assert desk.shell.json("card", "list")[0]["unblock_secret"] == "refused"
    desk.shell.ok(*enrol, typed="00000001")
    assert desk.shell.json("card", "list")[0]["unblock_secret"] == "kept"


def test_a_card_with_another_key_than_the_pinned_one_needs_an_option(desk: Desk, card: PivCard) -> None:
    enrol = ("card", "enrol", "40017", "--secret-stdin")
    desk.shell.ok(*enrol, typed=PUK)
    desk.swap(anew := PivCard(guid=bytes.fromhex(GUID), puk=PUK))
    told = desk.shell.fails(*enrol[:-1])
    assert "this card shows another key than the one pinned for it: it may be a copy" in told
    assert "if the card was given a new key, --replace-key" in told
    assert "Unblock secret (PUK)" not in told, "it is asked for nothing"
    assert "and pinned" not in told
    assert desk.shell.query("SELECT public_key FROM card") == [(card.card_key_der,)]
    alarms = "SELECT actor, outcome FROM audit_event WHERE event = 'card.not-genuine'"
    assert desk.shell.query(alarms) == [(AN_OFFICER, "alarm")]
    assert "secret and key are renewed" in desk.shell.ok(*enrol, "--replace-key", typed=PUK)
    assert desk.shell.query("SELECT public_key FROM card") == [(anew.card_key_der,)]
    assert desk.shell.query(alarms) == [(AN_OFFICER, "alarm")]


def test_a_secret_that_is_held_back_is_said_to_be(desk: Desk) -> None:
    """Two were sent in vain to a card that does not tell its tries."""
    enrol = ("card", "enrol", "40017", "--secret-stdin")
    desk.shell.ok(*enrol, typed="00000001")
    desk.shell.query("UPDATE card SET unblock_state = 'failed', unproven_sends = 2")
    told = desk.shell.ok(*enrol, typed=PUK)
    assert "is enrolled for Ann Jones" in told
    assert "The PUK is kept, and not sent before 'kiosk card clear-secret'" in told
    assert desk.shell.json("card", "list")[0]["unblock_secret"] == "refused"
    desk.shell.ok("card", "clear-secret", GUID, "--reason", "looked")
    assert desk.shell.json("card", "list")[0]["unblock_secret"] == "kept"


def test_anothers_card_stays_anothers(desk: Desk) -> None:
    desk.shell.ok("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    desk.shell.ok("holder", "add", "2", "Bob Smith")
    told = desk.shell.fails("card", "enrol", "2", "--secret-stdin", typed=PUK)
    assert "belongs to another holder" in told
    assert desk.shell.json("card", "list")[0]["holder_id"] == "40017"


def test_a_card_without_a_key_is_enrolled_unless_the_site_demands_one(desk: Desk) -> None:
    desk.swap(PivCard(card_key=None, puk=PUK))
    told = desk.shell.ok("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    assert "none: a copy of this card could not be told from it" in told
    assert desk.shell.json("card", "list")[0]["proves_itself"] == "after the passcode"
    desk.shell.add_settings('[cards.piv]\ncard_authentication = "required"\n')
    desk.swap(PivCard(card_key=None, puk=PUK))
    assert "demands one" in desk.shell.fails("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    assert len(desk.shell.json("card", "list")) == 1


class Copy(PivCard):
    """Shows the certificate of another card's key."""

    def __init__(self) -> None:
        super().__init__(puk=PUK)
        assert self._certificates
        self._keys[0x9E] = CardKey(Algorithm.ECC_P256)


def test_a_copy_is_not_enrolled(desk: Desk) -> None:
    desk.swap(Copy())
    assert "it may be a copy" in desk.shell.fails("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    assert desk.shell.json("card", "list") == []


@pytest.mark.parametrize("card", [UnknownCard(), PivCard(chuid=False, serial=None)])
def test_a_card_that_cannot_be_told_apart_is_not_enrolled(
    shell: Shell, card: VirtualCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(shell, card, monkeypatch)
    told = desk.shell.fails("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    assert "this card cannot be used" in told


def test_beside_a_running_kiosk_it_says_who_holds_the_reader(desk: Desk) -> None:
    enrol = ("card", "enrol", "40017", "--secret-stdin")
    with own_reader(desk.shell.settings, "kiosk run"):
        told = desk.shell.fails(*enrol, typed=PUK)
        desk.shell.ok(*enrol, "--reader", "another", typed=PUK)
    assert f"in use by 'kiosk run' (process {os.getpid()}, since " in told
    assert "end that first" in told
    desk.shell.ok(*enrol, typed=PUK)


class Listener:
    """What a command says while it waits, and a way to wait for it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._more = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.said.append(line)
        self._more.set()

    async def next(self) -> str:
        """The next thing it says."""
        async with asyncio.timeout(10):
            await self._more.wait()
        self._more.clear()
        return self.said[-1]


async def test_it_waits_for_service_reader_and_card_and_says_so(card: PivCard) -> None:
    reader, said = VirtualReader(), Listener()
    reader.stop_service()
    reading = asyncio.create_task(read_card(Settings(), reader, said))
    assert "pcscd" in await said.next()
    reader.unplug()
    reader.start_service()
    assert "no reader" in await said.next()
    reader.plug()
    assert "Put the card in the reader" in await said.next()
    reader.insert(card)
    seen = await reading
    assert (seen.id.serial, seen.key, seen.family.name) == (GUID, card.card_key_der, "piv")
    assert (seen.passcode_tries, seen.unblock_tries) == (3, 3)


async def test_a_reader_that_is_lost_ends_the_wait() -> None:
    reader = VirtualReader()
    reader.break_down()
    assert reader.presence.state is State.BROKEN
    with pytest.raises(ReaderBroken):
        await read_card(Settings(), reader, Listener())


async def test_reading_raises_what_the_card_is_at_fault_for() -> None:
    for wrong, error in ((Copy(), NotGenuine), (UnknownCard(), CardUnsupported)):
        reader = VirtualReader()
        reader.insert(wrong)
        with pytest.raises(error):
            await read_card(Settings(), reader, Listener())
    reader = VirtualReader()
    reader.insert(PivCard(card_key=None))
    required = Settings().changed(cards={"piv": {"card_authentication": "required"}})
    with pytest.raises(EnrolmentError):
        await read_card(required, reader, Listener())


def test_a_card_is_suspended_taken_back_and_revoked(desk: Desk) -> None:
    shell = desk.shell
    shell.ok("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    for command, serial, state in (
        ("suspend", f"piv:guid:{GUID}", "suspended"),
        ("activate", f"guid:{GUID.lower()}", "active"),
        ("revoke", GUID, "revoked"),
    ):
        assert state in shell.ok("card", command, serial, "--reason", f"because {state}")
        assert shell.json("card", "list")[0]["state"] == state
    audited = shell.query("SELECT actor, reason FROM audit_event WHERE event = 'card.state-set' ORDER BY seq")
    assert audited == [
        (AN_OFFICER, "because suspended"),
        (AN_OFFICER, "because active"),
        (AN_OFFICER, "because revoked"),
    ]


@pytest.mark.parametrize("command", ["suspend", "revoke", "activate"])
def test_a_state_needs_a_card_and_a_reason(shell: Shell, command: str) -> None:
    assert f"there is no card piv:guid:{GUID}" in shell.fails("card", command, GUID, "--reason", "x")
    assert "is not the number of a PIV card" in shell.fails("card", command, "12", "--reason", "x")
    assert "the reason is empty" in shell.fails("card", command, GUID, "--reason", "")
    shell.fails("card", command, GUID, code=2)


def test_cards_are_listed_by_holder(desk: Desk) -> None:
    desk.shell.ok("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    desk.shell.ok("holder", "add", "2", "Bob Smith")
    assert desk.shell.json("card", "list", "--holder", "2") == []
    assert len(desk.shell.json("card", "list", "--holder", "40017")) == 1
    assert "there is no holder '9'" in desk.shell.fails("card", "list", "--holder", "9")
    assert GUID in desk.shell.ok("card", "list")
    assert GUID in desk.shell.ok("holder", "show", "40017")
