"""`kiosk fleet`, by the owner of a database and by whoever is not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests import postgres
from tests.kiosk.commands.shell import GUID, PUK, Shell


@pytest.fixture
def owner(bare_shell: Shell) -> Iterator[Shell]:
    """The owner's machine; its fleet is set up, and has one kiosk, which nobody has seen."""
    url = postgres.server().fresh()
    bare_shell.add_settings(f'[database]\nurl = "{url}"\n')
    bare_shell.ok("init")
    postgres.as_kiosk(url, bare_shell.settings)
    yield bare_shell
    postgres.server().drop(url)


def as_role(shell: Shell, role: str) -> None:
    """From now on with that role."""
    shell.config.write_text(shell.config.read_text().replace(f"//{postgres.ACCOUNT}@", f"//{role}@"))


def add(shell: Shell, name: str, *more: str) -> tuple[str, ...]:
    """The arguments."""
    return ("fleet", "add", name, "--password-file", str(shell.folder / name), *more)


def states(shell: Shell) -> dict[str, str]:
    """What the table says of each kiosk, from the state on."""
    _, *rows = shell.ok("fleet").splitlines()
    return {row.split("  ")[0]: row.partition("  -  ")[2].strip() for row in rows}


def test_it_lists_kiosks_that_nobody_has_seen(owner: Shell) -> None:
    owner.ok(*add(owner, "Listed"))
    found = states(owner)
    assert found.keys() == {"Kiosk 1", "Listed"}
    assert found["Listed"].startswith("not seen yet")
    owner.ok("fleet", "revoke", "Listed", "--reason", "stolen, incident 77")
    assert states(owner)["Listed"].startswith("revoked")
    assert "shut out 20" in states(owner)["Listed"]
    first, second = owner.json("fleet", "list")
    assert (first["state"], first["seen_at"], first["revoked_at"]) == (None, None, None)
    assert (second["name"], second["version"]) == ("Listed", None)
    assert second["added_at"] <= second["revoked_at"]


def test_a_kiosks_role_is_not_told_of_the_others(owner: Shell) -> None:
    as_role(owner, "kiosk_kiosk_1")
    assert owner.ok("fleet").startswith("No kiosk has worked on this store yet")
    assert owner.json("fleet", "list") == []


def test_there_may_be_none(shell: Shell) -> None:
    assert shell.ok("fleet").startswith("No kiosk has worked on this store yet")


def password(shell: Shell, name: str) -> str:
    """As `kiosk fleet add` has written it; the file is gone then."""
    text = (shell.folder / name).read_text()
    (shell.folder / name).unlink()
    return text


def test_a_kiosk_that_works_keeps_its_password(owner: Shell) -> None:
    owner.ok(*add(owner, "Working"))
    first = password(owner, "Working")
    before = owner.json("fleet", "list")
    told = owner.fails(*add(owner, "Working"))
    assert "may sign in already: --new-password" in told
    assert not (owner.folder / "Working").exists()
    assert owner.json("fleet", "list") == before
    owner.ok(*add(owner, "Working", "--new-password"))
    assert password(owner, "Working") != first
    owner.ok("fleet", "revoke", "Working", "--reason", "stolen")
    owner.ok(*add(owner, "Working"))


def test_adding_comes_after_the_setup(owner: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.storage.roles.KIOSKS", "unlock_nobody")  # roles are of the whole server
    told = owner.fails(*add(owner, "Early"))
    assert told.endswith("has no roles of a fleet yet: run 'kiosk fleet setup' first\n")
    assert not (owner.folder / "Early").exists()


def test_a_role_is_told_that_it_may_not(owner: Shell) -> None:
    as_role(owner, "kiosk_kiosk_1")
    roll = f"holder_id,name,email,family,serial,unblock_secret\n1,Ann Jones,,piv,{GUID},{PUK}\n"
    for command in (("holder", "add", "40017", "Ann Jones"), ("card", "import", "-"), ("vault", "rekey")):
        told = owner.fails(*command, typed=roll)
        assert "the role kiosk_kiosk_1 may not do this" in told, command
        assert "(docs/fleet.md)" in told
        assert "kiosk doctor" not in told


def test_a_kiosk_of_another_name_is_told_so(owner: Shell) -> None:
    as_role(owner, "kiosk_kiosk_1")
    owner.add_settings('[site]\nkiosk_name = "Library"\n')
    told = owner.fails("audit", "export", str(owner.folder / "audit.jsonl"))
    assert "may not do this: this role is of the kiosk Kiosk 1, not of Library" in told


def test_the_doctor_takes_the_offices_machine_as_it_is(owner: Shell) -> None:
    told = owner.run("doctor", "--office", "--json")  # its keys are in plain files, which is a risk there too
    found = {one["name"]: one for one in json.loads(told.stdout)}
    assert {"store", "schema", "database role", "vault key", "pepper key", "card keys"} <= found.keys()
    assert not {"card service", "reader", "mail server", "terminal"} & found.keys()
    assert found["database role"]["detail"] == f"{postgres.ACCOUNT}: may do what officers do"
    as_role(owner, "kiosk_kiosk_1")
    done = owner.run("doctor", "--office")
    assert done.exit_code == 1
    assert "kiosk_kiosk_1: is neither the owner's nor an officer's" in done.stdout
