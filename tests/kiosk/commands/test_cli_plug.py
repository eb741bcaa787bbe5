"""`kiosk card plug` as a process: against a driver of the test's own, and against the real one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from cardio.applets.piv import PivFamily
from cardio.card import identify
from cardio.pcsc import PcscReader
from cardio.reader import State
from cardio.virtual.reader import VirtualReader
from cardio.virtual.vpcd import VPCD_PORT
from kiosk.cli import app
from kiosk.commands import plug
from kiosk.office.inspecting import every_family
from kiosk.office.plugs import Misfit, Plugged, Wanted, make
from tests.cardio import cards
from tests.kiosk.commands.shell import GUID, OFFICER, PASSWORD, PUK, Shell
from tests.pcscd import READER, PcscService

# Where no vpcd listens but ours: an address for each worker, for they run beside each other.
HOST, SLOT = f"127.0.0.{3 + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])}", 7
SELECT_PIV = bytes.fromhex("00A4040005A000000308")
PATIENCE = 20.0  # seconds


@asynccontextmanager
async def kiosk(*arguments: str) -> AsyncIterator[Process]:
    """The command in a process of its own, ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "kiosk", *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def ended(process: Process, typed: bytes | None = None) -> tuple[int | None, str, str]:
    """Exit code, output and errors of a process that ends."""
    async with asyncio.timeout(PATIENCE):
        out, error = await process.communicate(typed)
    return process.returncode, out.decode(), error.decode()


async def until(reader: PcscReader, state: State) -> int:
    """Wait for a state of the reader, but not for ever; the insertion number."""
    async with asyncio.timeout(PATIENCE):
        return await cards.until(reader, state)


class Driver:
    """What vpcd does with the card that calls it."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A card is there."""
        await self.calls.put((reader, writer))

    async def card(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Wait for a card."""
        async with asyncio.timeout(PATIENCE):
            return await self.calls.get()


@pytest.fixture
async def driver() -> AsyncIterator[Driver]:
    """A driver that listens as vpcd does."""
    driver = Driver()
    async with await asyncio.start_server(driver.called, HOST, VPCD_PORT + SLOT):
        yield driver
        while not driver.calls.empty():
            driver.calls.get_nowait()[1].close()


async def say(card: tuple[asyncio.StreamReader, asyncio.StreamWriter], frame: bytes) -> bytes:
    """Send the card a frame and return its answer."""
    reader, writer = card
    writer.write(len(frame).to_bytes(2, "big") + frame)
    async with asyncio.timeout(PATIENCE):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


PLUG = ("card", "plug", "--host", HOST, "--slot", str(SLOT))


def test_slots_begin_where_the_driver_begins() -> None:
    assert plug._FIRST_PORT == VPCD_PORT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_card_is_in_until_it_is_taken_out(driver: Driver, number: signal.Signals) -> None:
    async with kiosk(*PLUG, "--guid", GUID.lower(), "--pin", "502917", "--puk", PUK) as process:
        card = await driver.card()
        assert (await say(card, b"\x04")).startswith(b"\x3b")  # its answer to reset
        card[1].write(b"\x00\x01\x01")  # power on
        assert (await say(card, SELECT_PIV)).endswith(b"\x90\x00")
        assert await say(card, b"\x00\x20\x00\x80\x08502917\xff\xff") == b"\x90\x00"
        process.send_signal(number)
        code, told, errors = await ended(process)
        card[1].close()
    assert (code, errors) == (0, "")
    lines = told.splitlines()
    assert (
        lines[0]
        == f"A virtual PIV card in Virtual PCD ({HOST}, port {VPCD_PORT + SLOT}). Ctrl-C takes it out."
    )
    assert f"  number  piv:guid:{GUID}" in lines
    assert "  PIN     502917, 3 tries left" in lines
    assert f"  PUK     {PUK}, 3 tries left" in lines
    assert 'yubico-piv-tool --reader="Virtual PCD" --action=status' in told
    assert lines[-1] == "The card is out."


@pytest.mark.parametrize(
    ("options", "command", "answer"),
    [
        (["--locked"], "00200080", "6983"),
        (["--pin-tries-left", "1", "--tries", "5"], "00200080", "63c1"),
        (["--no-metadata"], "00f70081", "6d00"),
        (["--no-serial"], "00f8000000", "6d00"),
        (["--serial", "66"], "00f8000000", "000000429000"),
        (["--no-chuid"], "00cb3fff055c035fc102", "6a82"),
        (["--card-key", "none"], "00cb3fff055c035fc101", "6a82"),
        (["--sign-in", "none"], "00cb3fff055c035fc105", "6a82"),
        (["--quirk", "wrong=6300"], "0020008008313131313131ffff", "6300"),
        (["--quirk", "only_short_aid", "--quirk", "locked=6984", "--locked"], "00200080", "6984"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
async def test_the_card_is_as_it_was_asked_for(
    driver: Driver, options: Sequence[str], command: str, answer: str
) -> None:
    async with kiosk(*PLUG, *options):
        card = await driver.card()
        card[1].write(b"\x00\x01\x01")
        assert (await say(card, SELECT_PIV)).endswith(b"\x90\x00")
        assert (await say(card, bytes.fromhex(command))).hex() == answer
        card[1].close()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--family", "cac"], "there are piv, openpgp, gids"),
        (["--slot", "29573"], "--slot"),
        (["--slot", "-1"], "--slot"),
        (["--pin", "123"], "no such card can be"),
        (["--admin-key", "00" * 24], "a card of the family piv has no such thing"),
        (["--serial", "0"], "a number from 1 to 4294967295"),
        (["--card-key", "ed25519"], "--card-key"),
        (["--family", "openpgp", "--puk", "12345678"], "a card of the family openpgp has no such thing"),
        (["--family", "openpgp", "--no-chuid"], "--no-chuid"),
        (["--family", "openpgp", "--card-version", "1.1"], "--card-version"),
        (["--family", "openpgp", "--admin-pin", "1234567"], "no such card can be"),
        (["--family", "gids", "--admin-key", "xyz"], "hexadecimal"),
        (["--family", "gids", "--admin-key", "0011"], "no such card can be"),
        (["--family", "gids", "--quirk", "pin_status=1"], "--quirk"),
        (["--puk", "123456789"], "no such card can be"),
        (["--tries", "3", "--pin-tries-left", "4"], "no such card can be"),
        (["--guid", "1234"], "32 hexadecimal digits"),
        (["--expires", "soon"], "--expires"),
        (["--quirk", "kindness"], "--quirk"),
        (["--quirk", "wrong=zz"], "--quirk"),
        (["--quirk", "only_short_aid=1"], "--quirk"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_card_that_cannot_be_is_a_mistake_in_usage(options: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["card", "plug", *options])
    assert done.exit_code == 2
    assert told in done.stderr


PROFILE = """
[cards]
families = ["student", "piv"]
[cards.profiles.student]
aid = "F0 4B 49 4F 53 4B 01"
serial = { data_object = "5A" }
passcode = { reference = "81", min_length = 4, max_length = 4, status_query = true }
puk = { reset_p1 = "00", reference = "82", lengths = [10] }
"""


def plugged(shell: Shell, family: str, **wanted: Any) -> Plugged:
    return make(family, Wanted(**wanted), READER, shell.settings)


@pytest.mark.parametrize(
    ("family", "wanted", "facts"),
    [
        ("piv", {"no_chuid": True, "serial": "66"}, {"number": "piv:yubikey-serial:66"}),
        ("piv", {"no_chuid": True, "no_serial": True}, {"number": "none: no kiosk takes it"}),
        ("openpgp", {"serial": "255"}, {"number": "openpgp:serial:FFFE000000FF", "resetting code": "none"}),
        (
            "openpgp",
            {"resetting_code": "87654321", "code_tries_left": 1, "locked": True},
            {"PIN": "123456, 0 tries left, locked", "resetting code": "87654321, 1 tries left"},
        ),
        ("gids", {"guid": GUID}, {"number": f"gids:card-id:{GUID}", "PIN": "123456, 3 tries left"}),
        ("gids", {"admin_key": "01" * 16, "cipher": "aes"}, {"admin key": f"{'01' * 16}, no limit"}),
        ("gids", {"admin_tries": 5, "admin_tries_left": 2, "pin": "4711"}, {"PIN": "4711, 3 tries left"}),
        (
            "student",
            {"serial": "0a0b"},
            {"number": "student:serial:0A0B", "PIN": "1234, 3 tries left", "PUK": "1234567890, 3 tries left"},
        ),
        ("student", {"puk": "0000000000", "puk_tries_left": 1}, {"PUK": "0000000000, 1 tries left"}),
    ],
)
def test_every_family_can_be_asked_for(
    bare_shell: Shell, family: str, wanted: dict[str, Any], facts: dict[str, str]
) -> None:
    bare_shell.add_settings(PROFILE)
    told = dict(plugged(bare_shell, family, **wanted).facts)
    assert {name: told[name] for name in facts} == facts


@pytest.mark.parametrize("family", ["piv", "openpgp", "gids", "student"])
async def test_what_it_tells_is_what_the_card_takes(bare_shell: Shell, family: str) -> None:
    bare_shell.add_settings(PROFILE)
    made = plugged(bare_shell, family)
    facts = {name: value.partition(",")[0] for name, value in made.facts}
    reader = VirtualReader()
    reader.insert(made.card)
    async with reader.session(1) as channel:
        card = await identify(channel, every_family(bare_shell.settings))
        assert str(card.id) == facts["number"]
        await card.verify(SecretStr(facts["PIN"]))


@pytest.mark.parametrize(
    ("wanted", "option"),
    [
        ({"guid": GUID}, "--guid"),
        ({"serial": "0000"}, "--serial"),
        ({"serial": "xyz"}, "--serial"),
        ({"puk": "123"}, ""),
        ({"quirk": ("kindness",)}, "--quirk"),
    ],
)
def test_a_profile_holds_its_cards_to_what_it_says(
    bare_shell: Shell, wanted: dict[str, Any], option: str
) -> None:
    bare_shell.add_settings(PROFILE)
    with pytest.raises(Misfit) as refused:
        plugged(bare_shell, "student", **wanted)
    assert refused.value.option == option


@pytest.mark.xdist_group("pcscd")
@pytest.mark.parametrize("family", ["openpgp", "gids", "student"])
async def test_each_family_behind_the_real_driver_is_inspected_and_traced(
    pcsc_service: PcscService, bare_shell: Shell, family: str
) -> None:
    bare_shell.add_settings(PROFILE.replace('["student", "piv"]', '["student", "gids", "openpgp"]'))
    on_it = ("--config", str(bare_shell.config), "card")
    slot = ("--slot", str(pcsc_service.slot))
    reader = PcscReader(READER)
    async with kiosk(*on_it, "plug", "--family", family, *slot, "--locked") as card:
        await until(reader, State.CARD)
        async with kiosk(*on_it, "inspect", "--reader", READER, "--json") as inspecting:
            code, told, _ = await ended(inspecting)
        seen = json.loads(told)
        assert (code, seen["family"], seen["reader"]) == (0, family, READER)
        (chosen,) = (one for one in seen["families"] if one["name"] == family)
        assert chosen["passcode_tries"] == 0
        async with kiosk(*on_it, "trace", "--reader", READER) as tracing:
            code, traced, _ = await ended(tracing)
        assert code == 0
        assert f"  {family}: {seen['card']}" in traced
        card.send_signal(signal.SIGINT)
        code, told, _ = await ended(card)
        assert code == 0
        assert f"  number{' ' * (told.index(seen['card']) - told.index('number') - 6)}{seen['card']}" in told
        await until(reader, State.EMPTY)
    await reader.aclose()


@pytest.mark.xdist_group("pcscd")
async def test_behind_the_real_driver_it_is_seen_and_enrolled(
    pcsc_service: PcscService, shell: Shell
) -> None:
    await asyncio.to_thread(shell.ok, "holder", "add", "40017", "Ann Jones")
    on_it = ("--config", str(shell.config))
    enrol = (*on_it, "card", "enrol", "40017", "--reader", READER, "--secret-stdin", "--as", OFFICER)
    reader = PcscReader(READER)
    async with kiosk("card", "plug", "--slot", str(pcsc_service.slot), "--guid", GUID) as plugged:
        async with reader.session(await until(reader, State.CARD)) as channel:
            assert (await identify(channel, [PivFamily()])).id.serial == GUID
        async with kiosk(*enrol) as enrolling:
            code, told, errors = await ended(enrolling, f"{PASSWORD}\n12345678\n".encode())
        assert (code, errors) == (0, "")
        assert f"Card piv:guid:{GUID} is enrolled for Ann Jones (40017)." in told
        assert "proven just now" in told
        async with kiosk(*on_it, "doctor", "--json", "--reader", READER) as doctor:
            _, told, _ = await ended(doctor)
        findings = {one["name"]: one for one in json.loads(told)}
        assert findings["card service"]["level"] == "ok"
        assert findings["reader"] == {"name": "reader", "level": "ok", "detail": READER, "advice": ""}
        plugged.send_signal(signal.SIGINT)
        assert (await ended(plugged))[0] == 0
        await until(reader, State.EMPTY)
    await reader.aclose()
