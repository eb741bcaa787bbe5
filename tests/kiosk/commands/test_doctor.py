from __future__ import annotations

import asyncio
import base64
import json
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from cardio.errors import ReaderGone
from kiosk.keys import create_key
from kiosk.office.doctor import CHECKS, Finding, Level, examine, hardware, keys, storing
from kiosk.office.doctor.finding import aside
from kiosk.settings import Settings
from kiosk.storage.sqlite import Sqlite
from tests.kiosk.commands.shell import GUID, PUK, Shell

OK, WARN, RISK, FAIL = Level.OK, Level.WARN, Level.RISK, Level.FAIL


def plugged_in(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(hardware, "_readers", lambda: list(names))


# -- the command ----------------------------------------------------------------------------------


def test_it_prints_each_finding_with_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged_in(monkeypatch)
    done = shell.run("doctor")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "ok    service       nobody has taken it out of service"
    assert lines[1] == "ok    card service  pcscd answers"
    assert lines[2] == "fail  reader        none is plugged in"
    assert lines[3].startswith(" " * 20 + "plug it in; try another socket, another cable;")
    assert "ok    schema" in done.stdout


def test_as_json_it_has_stable_keys(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged_in(monkeypatch, "Gemalto PC Twin")
    done = shell.run("doctor", "--json")
    found = json.loads(done.stdout)
    assert [one["name"] for one in found] == [
        name for name, _ in CHECKS if name not in ("terminal", "database role")
    ]
    assert all(set(one) == {"name", "level", "detail", "advice"} for one in found)
    assert {one["level"] for one in found} <= {"ok", "warn", "risk", "fail"}
    assert all(one["advice"] for one in found if one["level"] != "ok")
    assert done.exit_code == (1 if "fail" in {one["level"] for one in found} else 0)


def test_where_nothing_fails_it_ends_well(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fine(_: Settings) -> Finding:
        return Finding("mail server", WARN, "fine")

    plugged_in(monkeypatch, "Gemalto PC Twin")
    for name in ("vault", "pepper"):  # as systemd hands them over
        (shell.state / f"{name}.key").rename(tmp_path / f"{name}-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    checks = [(name, fine if name == "mail server" else check) for name, check in CHECKS]
    monkeypatch.setattr(examine, "__defaults__", (checks, 14.0))
    assert shell.run("doctor").exit_code == 0


def test_on_a_machine_that_nobody_has_prepared(bare_shell: Shell) -> None:
    found = {one["name"]: one for one in json.loads(bare_shell.run("doctor", "--json").stdout)}
    assert {found[name]["level"] for name in ("store", "schema", "vault key", "pepper key")} == {"fail"}
    assert "kiosk init" in found["store"]["advice"]
    assert not bare_shell.state.exists()  # it changes nothing


async def test_each_check_has_its_time_and_spoils_no_other() -> None:
    never = threading.Event()

    async def hangs(_: Settings) -> Finding:
        await aside(never.wait)
        raise AssertionError("nobody sets that event")

    async def breaks(_: Settings) -> Finding:
        raise ZeroDivisionError

    async def fine(_: Settings) -> Finding:
        return Finding("fine", OK, "")

    async def does_not_apply(_: Settings) -> None:
        return None

    checks = [("hangs", hangs), ("breaks", breaks), ("fine", fine), ("not here", does_not_apply)]
    found = await examine(Settings(), checks, limit=0.05)
    assert [(one.name, one.level) for one in found] == [("hangs", FAIL), ("breaks", FAIL), ("fine", OK)]
    assert "no answer within 0.05 s" in found[0].detail
    assert "ZeroDivisionError" in found[1].detail
    never.set()


# -- service --------------------------------------------------------------------------------------


def test_a_kiosk_that_somebody_has_stopped(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged_in(monkeypatch)
    kiosk = shell.settings.site.kiosk_name
    stopped = "INSERT INTO service_stop VALUES (?, 'Back at two', 'tess', '2026-11-28 09:30:00.000000')"
    shell.query(stopped, kiosk)
    found = json.loads(shell.run("doctor", "--json").stdout)[0]
    assert (found["name"], found["level"]) == ("service", "warn")
    assert found["detail"] == "out of service since 2026-11-28 09:30 UTC, by tess: Back at two"
    assert found["advice"] == "ask a technician at the kiosk: S, then F5 puts it back into service"
    assert "service " not in shell.run("doctor", "--office").stdout


# -- card service and reader ----------------------------------------------------------------------


async def test_a_card_service_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> list[str]:
        raise ReaderGone("PC/SC error 8010001D")

    monkeypatch.setattr(hardware, "_readers", away)
    service, reader = await hardware.card_service(Settings()), await hardware.reader(Settings())
    assert (service.level, reader.level) == (FAIL, FAIL)
    assert "8010001D" in service.detail
    assert "systemctl start pcscd" in service.advice


@pytest.mark.parametrize(
    ("names", "pattern", "level", "told"),
    [
        (["Gemalto PC Twin"], "", OK, "Gemalto PC Twin"),
        (["Gemalto PC Twin", "Omnikey 3121"], "omni", OK, "Omnikey 3121"),
        (["Gemalto PC Twin", "Omnikey 3121"], "", FAIL, "several fit: Gemalto PC Twin; Omnikey 3121"),
        (["Omnikey 5422 CL"], "", FAIL, "no contact reader fits ''; there are: Omnikey 5422 CL"),
        (["Gemalto PC Twin"], "omni", FAIL, "no contact reader fits 'omni'"),
        ([], "", FAIL, "none is plugged in"),
    ],
)
async def test_exactly_one_contact_reader_has_to_fit(
    names: Sequence[str], pattern: str, level: Level, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged_in(monkeypatch, *names)
    found = await hardware.reader(Settings().changed(reader={"name": pattern}))
    assert found.level is level
    assert told in found.detail


# -- store and keys -------------------------------------------------------------------------------


async def test_a_store_that_is_well(shell: Shell) -> None:
    before = (shell.state / "kiosk.db").read_bytes()
    assert (await storing.store(shell.settings)).level is OK
    assert (await storing.schema(shell.settings)).level is OK
    assert (shell.state / "kiosk.db").read_bytes() == before


async def test_a_store_that_takes_no_writes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Sqlite.plain
    monkeypatch.setattr(Sqlite, "plain", lambda self, write: plain(self, write=False))
    found = await storing.store(shell.settings)
    assert found.level is FAIL
    assert "readonly" in found.detail


async def test_a_file_that_is_no_database(shell: Shell) -> None:
    (shell.state / "kiosk.db").write_text("a letter to my aunt, of some length\n" * 50)
    found = await storing.store(shell.settings)
    assert (found.level, "not a database" in found.detail) == (FAIL, True)


@pytest.mark.parametrize("name", [".", "kiosk.db"])
async def test_a_store_that_others_can_read(shell: Shell, name: str) -> None:
    (shell.state / name).chmod(0o755)
    found = await storing.store(shell.settings)
    assert found.level is WARN
    assert found.advice.startswith("chmod go= ")


@pytest.mark.parametrize(
    ("revision", "told"), [("0000", "kiosk db upgrade"), ("9999", "install the newer release")]
)
async def test_another_schema(shell: Shell, revision: str, told: str) -> None:
    shell.query("UPDATE alembic_version SET version_num = ?", revision)
    found = await storing.schema(shell.settings)
    assert found.level is FAIL
    assert told in found.advice


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("megabytes", "level"), [(10, FAIL), (100, WARN), (1000, OK)])
async def test_a_disk_that_fills_up(
    shell: Shell, megabytes: int, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, megabytes * 1_000_000))
    found = await storing.disk(shell.settings)
    assert found.level is level
    assert bool(found.advice) is (level is not OK)


async def test_keys_beside_the_database_are_red(shell: Shell) -> None:
    for found in (await keys.vault_key(shell.settings), await keys.pepper_key(shell.settings)):
        assert found.level is RISK
        assert "whoever takes this disk has everything" in found.detail
        assert "LoadCredentialEncrypted=" in found.advice


async def test_plain_keys_are_red_wherever_the_store_is(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "sqlite_file", lambda _: None)  # as on a server
    for found in (await keys.vault_key(shell.settings), await keys.pepper_key(shell.settings)):
        assert found.level is RISK
        assert "whoever takes this disk has the key" in found.detail
        assert "LoadCredentialEncrypted=" in found.advice


@pytest.mark.parametrize("left", ["vault.key", "vault.key.old-0123abcd"])
async def test_plain_keys_beside_those_that_systemd_hands_over_are_red(
    shell: Shell, tmp_path: Path, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shell.state / "vault.key").rename(tmp_path / "vault-key")
    shutil.copy(tmp_path / "vault-key", shell.state / left)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    found = await keys.vault_key(shell.settings)
    assert found.level is RISK
    assert f"{left} is still there" in found.detail
    assert ("'kiosk vault status'" in found.advice) is ("old" in left)
    assert "shred -u" in found.advice


async def test_keys_that_systemd_hands_over_are_well(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("vault", "pepper"):
        (shell.state / f"{name}.key").rename(tmp_path / f"{name}-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert (await keys.vault_key(shell.settings)).level is OK
    assert (await keys.pepper_key(shell.settings)).level is OK


async def test_a_key_that_others_can_read(shell: Shell) -> None:
    (shell.state / "vault.key").chmod(0o644)
    (shell.state / "pepper.key").unlink()
    vault, pepper = await keys.vault_key(shell.settings), await keys.pepper_key(shell.settings)
    assert (vault.level, "chmod 600" in vault.detail) == (FAIL, True)
    assert (pepper.level, "is missing" in pepper.detail) == (FAIL, True)


def test_a_vault_key_that_opens_nothing(shell: Shell) -> None:
    head = "holder_id,name,email,family,serial,unblock_secret"
    shell.ok("card", "import", "-", typed=f"{head}\n1,Ann Jones,,piv,{GUID},{PUK}\n")
    assert asyncio.run(keys.vault_key(shell.settings)).level is RISK  # it does open it
    (shell.state / "vault.key").unlink()
    create_key(shell.state / "vault.key")
    found = asyncio.run(keys.vault_key(shell.settings))
    assert found.level is FAIL
    assert "does not open what is in the store" in found.detail
    assert base64.b64decode((shell.state / "vault.key").read_text()).hex() not in str(found)


@pytest.mark.parametrize(
    ("rule", "level", "told"),
    [
        ("if-possible", WARN, "1 active card has an unblock secret but no pinned key: a copy"),
        ("required", WARN, "1 active card has an unblock secret but no pinned key: refused here"),
        ("off", WARN, "every card is believed by its serial"),
    ],
)
def test_cards_that_a_copy_could_stand_in_for(shell: Shell, rule: str, level: Level, told: str) -> None:
    head = "holder_id,name,email,family,serial,unblock_secret"
    shell.ok("card", "import", "-", typed=f"{head}\n1,Ann Jones,,piv,{GUID},{PUK}\n")
    shell.add_settings(f'[cards.piv]\ncard_authentication = "{rule}"\n')
    found = asyncio.run(storing.card_keys(shell.settings))
    assert (found.level, told in found.detail) == (level, True), found
    assert found.advice
    shell.query("UPDATE card SET public_key = x'00'")
    assert asyncio.run(storing.card_keys(shell.settings)).level is (WARN if rule == "off" else OK)


@pytest.mark.parametrize(
    ("change", "level", "told"),
    [
        (
            "UPDATE card SET passcode_key = x'00'",
            OK,
            "1 card can be proven after the passcode only: a locked one is sent",
        ),
        ("UPDATE card SET mutual_proven = 1", OK, "pinned for every active card"),
        ("UPDATE card SET state = 'revoked'", OK, "pinned for every active card"),
    ],
)
def test_cards_that_prove_themselves_later(shell: Shell, change: str, level: Level, told: str) -> None:
    head = "holder_id,name,email,family,serial,unblock_secret"
    shell.ok("card", "import", "-", typed=f"{head}\n1,Ann Jones,,piv,{GUID},{PUK}\n")
    shell.query(change)
    found = asyncio.run(storing.card_keys(shell.settings))
    assert (found.level, told in found.detail) == (level, True), found


def test_cards_that_share_an_unblock_secret(shell: Shell) -> None:
    head = "holder_id,name,email,family,serial,unblock_secret"
    rows = [f"{number},Ann Jones,,piv,{number:032X},{PUK}" for number in (1, 2, 3)]
    shell.ok("card", "import", "-", typed="\n".join([head, *rows, ""]))
    shell.query("UPDATE card SET passcode_key = x'00'")
    found = asyncio.run(storing.card_keys(shell.settings))
    assert found.level is WARN
    assert "3 cards with the unblock secret of another card: it is not sent" in found.detail
    assert "--fresh" in found.advice


async def test_card_keys_before_there_is_a_store(bare_shell: Shell) -> None:
    assert (await storing.card_keys(bare_shell.settings)).level is OK
