"""`kiosk card inspect` and `kiosk card trace`, as a technician calls them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cardio.virtual.card import VirtualCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_ca import CardCa
from cardio.virtual.reader import VirtualReader
from cardio.virtual.unknown import UnknownCard
from kiosk import wiring
from kiosk.commands import trace
from kiosk.ownership import own_reader
from kiosk.persons import Personal
from kiosk.settings import Settings
from tests.kiosk.commands.shell import GUID, PUK, Shell

NUMBER = f"piv:guid:{GUID}"
INSPECT = ("card", "inspect")


class Bench:
    """A shell, a reader, and the card in it."""

    def __init__(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shell = shell
        self.reader = VirtualReader()
        monkeypatch.setattr(wiring, "pcsc_reader", lambda _: self.reader)

    def put(self, card: VirtualCard) -> None:
        """That card and no other."""
        self.reader.remove()
        self.reader.insert(card)

    def inspect(self, card: VirtualCard) -> Any:
        """What `inspect --json` says of it."""
        self.put(card)
        return self.shell.json(*INSPECT)


@pytest.fixture
def bench(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(shell, monkeypatch)


def piv(**features: Any) -> PivCard:
    return PivCard(guid=bytes.fromhex(GUID), puk=PUK, **features)


@pytest.fixture
def card(bench: Bench) -> PivCard:
    """Ann's card, enrolled, in the reader."""
    bench.shell.ok("holder", "add", "40017", "Ann Jones", "--email", "ann.jones@nhs.net")
    bench.put(card := piv())
    bench.shell.ok("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    return card


def registered(bench: Bench) -> None:
    ((holder_key,),) = bench.shell.query("SELECT audit_key FROM holder")
    bench.shell.query(
        "INSERT INTO registration (holder, email, own_email, privacy_version, registered_at, usable_from) "
        "SELECT id, ?, 0, '1', '2026-01-01 00:00:00', '2026-01-01 00:00:00' FROM holder",
        bench.shell.seal(holder_key, Personal.OWN_EMAIL, "ann.jones@nhs.net"),
    )


def test_what_a_technician_reads_in_ten_seconds(bench: Bench) -> None:
    bench.put(piv(expires=datetime(2031, 5, 1, tzinfo=UTC)))
    told = bench.shell.ok(*INSPECT).splitlines()
    assert max(map(len, told)) <= 80
    assert len(told) <= 24
    for line in (
        "Reader          Virtual reader",
        f"Card            {NUMBER}",
        "Family          piv: chosen, the first in cards.families that knows this card",
        "Passcode        3 tries left",
        "PUK             3 tries left",
        "Key             ECC P-256, needs no passcode, certified, it signs",
        "Certificate     ends 2031-05-01 00:00 UTC",
        "Applications    PIV",
        "Unlock here     no: the store does not know it: enrol or import it",
    ):
        assert line in told
    assert "issuer's data: YubiKey" in "\n".join(told)


def test_it_needs_no_store(bare_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(bare_shell, monkeypatch)
    bench.put(piv())
    done = bare_shell.run(*INSPECT)
    assert done.exit_code == 0
    assert f"Card            {NUMBER}" in done.stdout
    assert "Unlock here     no: there is no store to ask" in done.stdout
    assert "only the card is looked at" in done.stderr
    assert not bare_shell.state.exists()


def test_json_has_keys_that_stay(bench: Bench, card: PivCard) -> None:
    seen = bench.inspect(card)
    assert list(seen) == [
        "reader", "atr", "family", "card", "families", "applications", "ef_dir", "store", "unlockable", "why"
    ]  # fmt: skip
    assert list(seen["atr"]) == ["hex", "protocols", "interface", "historical", "faults"]
    assert list(seen["families"][0]) == [
        "name", "configured", "answer", "reason", "card", "passcode_tries", "unblock_secret",
        "unblock_tries", "certificate_ends", "keys",
    ]  # fmt: skip
    assert list(seen["families"][0]["keys"][0]) == [
        "use", "algorithm", "sha256", "certified", "signs", "vouched"
    ]  # fmt: skip
    assert list(seen["store"]) == ["state", "unblock_secret", "offers", "proof"]
    assert [one["name"] for one in seen["families"]] == ["piv", "openpgp", "gids"]
    assert seen["applications"] == [{"name": "PIV", "aid": "A000000308"}]


def test_neither_secret_nor_holder_is_told(bench: Bench, card: PivCard) -> None:
    registered(bench)
    for told in (bench.shell.ok(*INSPECT), bench.shell.ok(*INSPECT, "--json")):
        for hidden in (PUK, "123456", "Ann", "Jones", "40017", "nhs.net"):
            assert hidden not in told


def test_a_card_that_can_be_unlocked(bench: Bench, card: PivCard) -> None:
    registered(bench)
    card.lock()
    seen = bench.inspect(card)
    assert (seen["unlockable"], seen["why"]) == (True, "")
    assert seen["store"] == {
        "state": "active",
        "unblock_secret": "kept",
        "offers": ["unlock"],
        "proof": "signs with the key pinned for it",
    }
    assert "Unlock here     yes" in bench.shell.ok(*INSPECT)
    assert "Passcode        LOCKED" in bench.shell.ok(*INSPECT)


@pytest.mark.parametrize(
    ("prepare", "features", "why"),
    [
        ("UPDATE card SET state = 'suspended'", {}, "it is suspended"),
        ("UPDATE card SET state = 'revoked'", {}, "it is revoked"),
        ("DELETE FROM registration", {}, "its holder has not registered"),
        ("DELETE FROM unblock_secret", {}, "there is no unblock secret for it"),
        ("UPDATE card SET unblock_state = 'failed'", {}, "the card refused its unblock secret once"),
        ("UPDATE holder SET blocked_at = '2026-01-01 00:00:00'", {}, "its holder is blocked"),
        ("UPDATE registration SET usable_from = '2999-01-01 00:00:00'", {}, "register.hold_hours"),
        ("", {"puk_tries_left": 1}, "too few tries left: 1, and 2 are needed"),
        ("", {"expires": datetime.now(UTC) - timedelta(days=1)}, "its certificate has expired"),
    ],
)
def test_why_a_card_cannot_be_unlocked(
    bench: Bench, card: PivCard, prepare: str, features: dict[str, Any], why: str
) -> None:
    registered(bench)
    if prepare:
        bench.shell.query(prepare)
    other = piv(pin_tries_left=0, **features)
    other._keys[0x9E] = card._keys[0x9E]  # the key that is pinned
    seen = bench.inspect(other)
    assert not seen["unlockable"]
    assert why in seen["why"]
    assert why.split()[-1] in " ".join(bench.shell.ok(*INSPECT).split())


def test_a_copy_is_not_unlocked(bench: Bench, card: PivCard) -> None:
    registered(bench)
    seen = bench.inspect(piv(pin_tries_left=0))
    assert "it may be a copy" in seen["why"]
    assert seen["store"]["proof"] == "does not sign with the key pinned for it"
    assert bench.shell.query("SELECT count(*) FROM audit_event WHERE outcome = 'alarm'") == [(0,)]


def test_a_family_that_is_not_configured(bench: Bench) -> None:
    seen = bench.inspect(OpenPgpCard(serial=255))
    assert (seen["family"], seen["card"], seen["store"]) == (None, None, None)
    assert seen["why"] == "its family, openpgp, is not in cards.families"
    told = bench.shell.ok(*INSPECT)
    assert "openpgp: answers too (openpgp:serial:FFFE000000FF)" in told
    assert "Passcode        3 tries left" in told


def test_a_card_nobody_knows(bench: Bench) -> None:
    bench.put(UnknownCard(bytes.fromhex("3B0548")))
    told = bench.shell.ok(*INSPECT)
    assert "FAULT: cut short" in told
    assert "Card            none that a kiosk of this configuration knows" in told
    assert "Unlock here     no: a kiosk cannot read it" in told


def test_beside_a_running_kiosk_it_says_who_holds_the_reader(bench: Bench) -> None:
    bench.put(piv())
    with own_reader(bench.shell.settings, "kiosk run"):
        assert "in use by 'kiosk run'" in bench.shell.fails(*INSPECT)
        assert "in use by 'kiosk run'" in bench.shell.fails("card", "trace")


@pytest.mark.parametrize("command", ["inspect", "trace"])
def test_a_card_that_leaves_is_an_error(bench: Bench, command: str) -> None:
    bench.put(piv())
    bench.reader.faults.pull_before(2)
    assert "taken out too early" in bench.shell.fails("card", command)


def test_a_trace_for_people(bench: Bench) -> None:
    bench.put(piv())
    told = bench.shell.ok("card", "trace").splitlines()
    assert told[0] == "Family piv"
    assert told[1].endswith("ms  SELECT: PIV")
    assert told[-1] == f"  piv: {NUMBER}"
    assert max(map(len, told)) <= 80


def test_a_trace_for_programs(bench: Bench) -> None:
    bench.put(piv())
    told = bench.shell.ok("card", "trace", "--json", "--all").splitlines()
    lines = [json.loads(line) for line in told]
    assert len(lines) == len(bench.reader.faults.trace)
    assert list(lines[0]) == [
        "at", "took", "application", "command", "header", "data", "answer", "sw", "status"
    ]  # fmt: skip
    assert (lines[0]["command"], lines[0]["sw"]) == ("SELECT: PIV", "9000")
    assert "SELECT: FIDO" in [line["command"] for line in lines]


async def test_a_trace_goes_on_with_the_next_card(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = VirtualReader()
    monkeypatch.setattr(wiring, "pcsc_reader", lambda _: reader)
    told, heard = "", asyncio.Event()

    class Printer(trace.Printer):
        def heading(self, text: str) -> None:
            nonlocal told
            told += f"{text}\n"
            heard.set()

    async def until(text: str) -> None:
        async with asyncio.timeout(10):
            while text not in told:
                heard.clear()
                await heard.wait()

    tracing = asyncio.create_task(
        trace.follow_cards(Settings(), Printer(as_json=False), everything=False, follow=True)
    )
    reader.insert(piv())
    await until(f"  piv: {NUMBER}")
    reader.remove()
    reader.faults.pull_before(2)
    reader.insert(piv())
    await until("Not read to its end: CardRemoved")
    reader.insert(PivCard(guid=bytes(15) + b"\x01"))
    await until("  piv: piv:guid:00000000000000000000000000000001")
    tracing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tracing
    assert "SELECT: PIV" in capsys.readouterr().out


def test_with_cas_it_says_whether_they_vouch_for_the_card(bench: Bench) -> None:
    ours, other = CardCa(), CardCa("Another CA")
    file = bench.shell.folder / "cas.pem"
    file.write_bytes(ours.pem)
    bench.shell.add_settings(f'[cards.piv]\nca_file = "{file}"\n')
    keys = bench.inspect(piv(issuer=ours, name="Ann Jones"))["families"][0]["keys"]
    assert [key["vouched"] for key in keys] == [True, True]
    assert "a configured CA vouches for it" in " ".join(bench.shell.ok(*INSPECT).split())
    keys = bench.inspect(piv(issuer=other, name="Ann Jones"))["families"][0]["keys"]
    assert [key["vouched"] for key in keys] == [False, False]
    told = " ".join(bench.shell.ok(*INSPECT).split())
    assert "NOT VOUCHED FOR: no configured CA vouches for the card" in told
    assert "Ann" not in told
