"""A new vault key for a fleet: what each machine may, has to have, and is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretBytes
from typer.testing import CliRunner

from cardio.card import CardId
from kiosk import rekeying as chunks
from kiosk.audit import Event, Subject
from kiosk.cli import app
from kiosk.enrolment import NewCard, NewHolder
from kiosk.keys import KeyProblem, create_key
from kiosk.office import fleets, rekeying
from kiosk.office.doctor import keys
from kiosk.office.doctor.finding import Level
from kiosk.office.office import office
from kiosk.settings import Settings
from kiosk.storage.database import NotAllowed
from kiosk.storage.roles import OFFICE
from tests import postgres

CARDS = 3
OFFICER = "officer_jones"


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of a store on a server, as its owner has it."""
    url = postgres.server().fresh()
    with psycopg.connect(url, autocommit=True) as owner:
        if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OFFICER]).fetchone():
            owner.execute(f"CREATE ROLE {OFFICER} LOGIN IN ROLE {OFFICE}".encode())
    yield url
    postgres.server().drop(url)


@dataclass(frozen=True)
class Machine:
    """One of a fleet: its state directory, and the role that it signs in with."""

    folder: Path
    settings: Settings

    @property
    def files(self) -> dict[str, bytes]:
        """All that is in its state directory."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    async def rekey(self, *, alone: bool = False) -> str:
        """`kiosk vault rekey`: what it said."""
        said: list[str] = []
        await rekeying.rekey(self.settings, said.append, lambda *_: None, by="test", alone=alone)
        return "\n".join(said)

    async def prepare(self) -> str:
        """`kiosk vault rekey --prepare`: what it said."""
        return await rekeying.prepare(self.settings)

    def hand(self, name: str, other: Machine, new: str = "") -> None:
        """Carry a key over, for its owner alone."""
        shutil.copy2(self.folder / name, other.folder / (new or name))


@dataclass(frozen=True)
class Everybody:
    """An officer, another one, and a kiosk, on one store; ``url`` is its owner's."""

    officer: Machine
    second: Machine
    kiosk: Machine
    url: str

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Rows, as the owner."""
        with psycopg.connect(self.url, autocommit=True) as owner:
            asked = owner.execute(statement.encode())
            return asked.fetchall() if asked.description else []

    def keys(self) -> set[object]:
        """The ids of the keys that anything is under."""
        found = self.ask("SELECT key_id FROM unblock_secret UNION ALL SELECT key_id FROM data_key")
        assert len(found) == CARDS + 1
        return {key for (key,) in found}

    def events(self) -> int:
        """How many there are."""
        return len(self.ask("SELECT seq FROM audit_event"))


@pytest.fixture
async def fleet(tmp_path: Path, database: str) -> Everybody:
    """With some cards' secrets in the store."""
    office_url = database.replace(f"//{postgres.ACCOUNT}@", f"//{OFFICER}@")
    plain = Settings()
    machines = []
    for name, url in (
        ("officer", office_url),
        ("second", office_url),
        ("kiosk", postgres.as_kiosk(database, plain)),
    ):
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        machines.append(Machine(folder, plain.changed(state={"directory": folder}, database={"url": url})))
    officer, second, kiosk = machines
    for key in ("vault.key", "pepper.key"):
        create_key(officer.folder / key)
        officer.hand(key, second)
        officer.hand(key, kiosk)
    async with office(officer.settings) as parts:
        await parts.enrolment.add_holder(NewHolder("1", "Ann Jones", ""), by="test")
        for number in range(CARDS):
            card = NewCard(CardId("piv", "guid", f"{number:032X}"), SecretBytes(b"48215077"), None)
            await parts.enrolment.enrol("1", card, by="test")
    return Everybody(officer, second, kiosk, database)


# -- who may --------------------------------------------------------------------------------------


async def test_an_officer_may(fleet: Everybody) -> None:
    (before,) = fleet.keys()
    await fleet.officer.prepare()
    await fleet.officer.rekey()
    (after,) = fleet.keys()
    assert after != before
    assert "vault.key.next" not in fleet.officer.files


@pytest.mark.parametrize(
    "right",
    [
        "UPDATE ON data_key",
        "UPDATE ON unblock_secret",
        "UPDATE ON next_unblock_secret",
        "INSERT ON audit_event",
    ],
)
async def test_where_a_right_is_missing_nothing_is_changed(fleet: Everybody, right: str) -> None:
    """Half a rekey would leave the secrets under a key that one machine alone has."""
    await fleet.officer.prepare()
    fleet.ask(f"REVOKE {right} FROM {OFFICE}")
    under, events, files = fleet.keys(), fleet.events(), fleet.officer.files
    with pytest.raises(NotAllowed, match=r"permission denied for table .*Nothing was changed"):
        await fleet.officer.rekey()
    assert (fleet.keys(), fleet.events(), fleet.officer.files) == (under, events, files)


async def test_a_kiosk_may_not(fleet: Everybody) -> None:
    under, events, files = fleet.keys(), fleet.events(), fleet.kiosk.files
    with pytest.raises(NotAllowed, match="for a new one: the role kiosk_kiosk_1 may not do this"):
        await fleet.kiosk.rekey(alone=True)
    assert (fleet.keys(), fleet.events(), fleet.kiosk.files) == (under, events, files)


# -- first on one machine, with the next key on all of them --------------------------------------


async def test_what_nobody_else_has_is_not_gone_over_to(fleet: Everybody) -> None:
    under, events, files = fleet.keys(), fleet.events(), fleet.officer.files
    with pytest.raises(KeyProblem, match="--prepare"):
        await fleet.officer.rekey()
    assert (fleet.keys(), fleet.events(), fleet.officer.files) == (under, events, files)


async def test_a_machine_that_is_alone_can_say_so(fleet: Everybody) -> None:
    before = fleet.keys()
    assert "other machine" not in await fleet.officer.rekey(alone=True)
    assert fleet.keys().isdisjoint(before)


async def test_it_says_what_comes_next(fleet: Everybody) -> None:
    assert "copy it to every other machine" in await fleet.officer.prepare()
    assert "On every other machine" in await fleet.officer.rekey()


def test_whoever_revokes_a_kiosk_is_told_so_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def done(*_: object, **__: object) -> None:
        """The kiosk is shut out."""

    monkeypatch.setattr(fleets, "revoke", done)
    (tmp_path / "kiosk.toml").write_text("")
    command = ["--config", str(tmp_path / "kiosk.toml"), "fleet", "revoke", "Library", "--reason", "stolen"]
    assert "kiosk vault rekey --prepare" in CliRunner().invoke(app, command).stdout


# -- then on the others ---------------------------------------------------------------------------


async def test_the_others_only_put_the_key_in_place(fleet: Everybody) -> None:
    await fleet.officer.prepare()
    for other in (fleet.second, fleet.kiosk):
        fleet.officer.hand("vault.key.next", other)
    with pytest.raises(NotAllowed, match="A kiosk only puts the next key in place"):
        await fleet.kiosk.rekey()  # too early
    assert "vault.key.next" in fleet.kiosk.files
    await fleet.officer.rekey()
    under, events = fleet.keys(), fleet.events()
    for other in (fleet.kiosk, fleet.second):
        assert "is the new key" in await other.rekey()
        assert other.files["vault.key"] == fleet.officer.files["vault.key"]
        assert "vault.key.next" not in other.files
    with pytest.raises(NotAllowed, match="is the newest key already"):
        await fleet.kiosk.rekey()
    assert (fleet.keys(), fleet.events()) == (under, events)


async def test_a_run_that_was_cut_off_before_its_last_event_is_finished_first(fleet: Everybody) -> None:
    await fleet.officer.prepare()
    fleet.officer.hand("vault.key.next", fleet.kiosk)
    async with office(fleet.officer.settings) as parts:
        await parts.vault.refresh()
        work = chunks.Rekeying(parts.service.store, parts.vault)
        key = parts.vault.keys.newest.key_id
        _ = [progress async for progress in work.run(by="test")]
        about = Subject(actor="test")
        await parts.service.store.record(Event.VAULT_REKEYED, about, reason="begun", key=key, secrets=0)
    with pytest.raises(NotAllowed):
        await fleet.kiosk.rekey()
    await fleet.officer.rekey()
    last = fleet.ask("SELECT reason FROM audit_event ORDER BY seq DESC LIMIT 1")
    assert last == [("done",)]
    assert "is the new key" in await fleet.kiosk.rekey()


async def test_a_machine_without_the_new_key_is_told_to_copy_it(fleet: Everybody) -> None:
    await fleet.officer.prepare()
    await fleet.officer.rekey()
    for other in (fleet.kiosk, fleet.second):
        files = other.files
        for command in (other.rekey, other.prepare):
            with pytest.raises(KeyProblem, match=r"which is not here: copy it .* as .*vault\.key\.next"):
                await command()
        assert other.files == files
        fleet.officer.hand("vault.key", other, "vault.key.next")
        assert "is the new key" in await other.rekey()


async def test_nobody_begins_with_another_key_half_way(
    fleet: Everybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 1)
    await fleet.officer.prepare()
    async with office(fleet.officer.settings) as parts:
        await parts.vault.refresh()
        steps = chunks.Rekeying(parts.service.store, parts.vault).run(by="test")
        await anext(steps)
        await steps.aclose()  # type: ignore[attr-defined]
    assert len(fleet.keys()) == 2
    files = fleet.second.files
    for command in (fleet.second.prepare, fleet.second.rekey):
        with pytest.raises(KeyProblem, match="which is not here"):
            await command()
    assert fleet.second.files == files
    await fleet.officer.rekey()
    assert len(fleet.keys()) == 1


async def test_a_run_whose_key_is_lost_can_be_given_up(fleet: Everybody) -> None:
    async with office(fleet.second.settings) as parts:
        about = Subject(actor="officer")
        await parts.service.store.record(Event.VAULT_REKEYED, about, reason="begun", key="f00d", secrets=3)
    fleet.ask("UPDATE unblock_secret SET key_id = 'f00d' WHERE card = (SELECT min(card) FROM unblock_secret)")
    with pytest.raises(KeyProblem, match="--alone, if no machine has it"):
        await fleet.officer.prepare()
    await rekeying.prepare(fleet.officer.settings, alone=True)
    assert "1 secrets do not open" in await fleet.officer.rekey(alone=True)


async def test_secrets_that_do_not_open_keep_no_kiosk_from_its_key(fleet: Everybody) -> None:
    fleet.ask("UPDATE unblock_secret SET key_id = 'f00d' WHERE card = (SELECT min(card) FROM unblock_secret)")
    await fleet.officer.prepare()
    fleet.officer.hand("vault.key.next", fleet.kiosk)
    assert "1 secrets do not open" in await fleet.officer.rekey()
    assert "is the new key" in await fleet.kiosk.rekey()


async def test_a_key_that_all_is_under_is_not_handed_round_as_the_next(fleet: Everybody) -> None:
    """Whoever has it, a thief too, would have the next one as well."""
    await fleet.officer.prepare()
    fleet.officer.hand("vault.key.next", fleet.second)
    await fleet.officer.rekey()
    present = fleet.officer.files["vault.key"]
    assert "is the new key" in await fleet.second.prepare()
    assert fleet.second.files["vault.key"] == present
    assert fleet.second.files["vault.key.next"] != present


# -- what doctor says at a kiosk, whose role cannot read a secret ----------------------------------


async def test_doctor_is_content_with_the_right_key(fleet: Everybody) -> None:
    for machine in (fleet.kiosk, fleet.officer):
        assert (await keys.vault_key(machine.settings)).level is not Level.FAIL


async def test_doctor_fails_with_a_key_that_opens_nothing(fleet: Everybody) -> None:
    await fleet.officer.prepare()
    await fleet.officer.rekey()
    found = await keys.vault_key(fleet.kiosk.settings)
    assert (found.level, "it is sealed with key" in found.detail) == (Level.FAIL, True)
    assert "copy it from the machine where 'kiosk vault rekey' was run" in found.advice


async def test_doctor_fails_where_the_data_key_does_not_open(fleet: Everybody) -> None:
    fleet.ask("UPDATE data_key SET wrapped_key = decode(repeat('00', 40), 'hex')")
    found = await keys.vault_key(fleet.kiosk.settings)
    assert (found.level, "its data key was altered" in found.detail) == (Level.FAIL, True)


@pytest.mark.parametrize("table", ["unblock_secret", "next_unblock_secret"])
async def test_doctor_fails_where_a_secret_is_under_another_key(fleet: Everybody, table: str) -> None:
    fleet.ask(
        "INSERT INTO next_unblock_secret"
        " (card, key_id, wrapped_key, nonce, ciphertext, fingerprint, kiosk, at)"
        " SELECT card, key_id, wrapped_key, nonce, ciphertext, fingerprint, 'Kiosk 1', now()"
        " FROM unblock_secret LIMIT 1"
    )
    fleet.ask(f"UPDATE {table} SET key_id = 'f00d' WHERE card = (SELECT min(card) FROM {table})")  # noqa: S608
    found = await keys.vault_key(fleet.kiosk.settings)
    assert (found.level, "it is sealed with key 'f00d'" in found.detail) == (Level.FAIL, True)
