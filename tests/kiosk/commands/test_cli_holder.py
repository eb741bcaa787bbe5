from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from kiosk.audit import Event, Subject
from kiosk.office.office import office
from kiosk.persons import Personal
from tests.kiosk.commands.shell import AN_OFFICER, GUID, ME, OFFICER, PUK, Shell

CSV = "holder_id,name,email,family,serial,unblock_secret\n"


@pytest.fixture
def ann(shell: Shell) -> Shell:
    """A store with Ann, her address and her card."""
    shell.ok("card", "import", "-", typed=f"{CSV}40017,Ann Jones,ann.jones@nhs.net,piv,{GUID},{PUK}\n")
    return shell


def visited(shell: Shell, reference: str, holder_key: str) -> None:
    """A card was in a kiosk: the holder's, or with "" one that is unknown."""

    async def work() -> None:
        async with office(shell.settings) as parts:
            await parts.service.store.record(Event.CARD_SEEN, Subject(holder_key, visit=reference))

    asyncio.run(work())


def events(shell: Shell, name: str) -> list[tuple[str, ...]]:
    """Who caused these events, and why."""
    return shell.query("SELECT actor, reason FROM audit_event WHERE event = ? ORDER BY seq", name)


def test_a_holder_is_added_listed_and_shown(shell: Shell) -> None:
    assert "kiosk card enrol 40017" in shell.ok(
        "holder", "add", "40017", "Ann Jones", "--email", "Ann.Jones@NHS.net"
    )
    (listed,) = shell.json("holder", "list")
    added = datetime.fromisoformat(listed.pop("created_at").replace("Z", "+00:00"))
    assert abs(datetime.now(UTC) - added) < timedelta(minutes=1)
    assert listed == {
        "id": "40017",
        "name": "Ann Jones",
        "email": "ann.jones@nhs.net",
        "failed_attempts": 0,
        "blocked_at": None,
    }
    shown = shell.json("holder", "show", "40017")
    assert (shown["holder"]["id"], shown["registered"], shown["cards"]) == ("40017", False, [])
    for words in (shell.ok("holder", "list"), shell.ok("holder", "show", "40017")):
        assert "Ann Jones" in words
        assert "ann.jones@nhs.net" in words


def test_lists_are_by_id_and_empty_ones_are_lists(shell: Shell) -> None:
    assert shell.json("holder", "list") == []
    for one in ("30", "10", "20"):
        shell.ok("holder", "add", one, "Somebody")
    assert [one["id"] for one in shell.json("holder", "list")] == ["10", "20", "30"]


def test_an_id_is_taken_once(shell: Shell) -> None:
    shell.ok("holder", "add", "1", "Ann Jones")
    assert "there is a holder '1' already" in shell.fails("holder", "add", "1", "Bob Smith")
    shell.ok("holder", "add", "A17", "Bob Smith")
    told = shell.fails("holder", "add", "a17", "Cy Li")
    assert "there is a holder 'A17' already" in told
    assert [one["name"] for one in shell.json("holder", "list")] == ["Ann Jones", "Bob Smith"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["", "Ann"], "the id is empty"),
        (["1" * 65, "Ann"], "the id is longer than 64"),
        (["1", " "], "the name is empty"),
        (["1", "Ann\x1b[2J"], "the name contains control characters"),
        (["1", "Ann", "--email", "ann@example.com"], "not at an approved domain (nhs.net, gov.uk, mod.uk)"),
        (["1", "Ann", "--email", "ann@evilgov.uk"], "not at an approved domain"),
        (["1", "Ann", "--email", "a@nhs.net, b@nhs.net"], "is not one plain email address"),
    ],
)
def test_what_cannot_stand_is_refused_with_the_reason(shell: Shell, arguments: list[str], told: str) -> None:
    assert told in shell.fails("holder", "add", *arguments)
    assert shell.json("holder", "list") == []


def test_nobody_is_not_shown(shell: Shell) -> None:
    assert "there is no holder '7': add one with 'kiosk holder add'" in shell.fails("holder", "show", "7")


def test_the_holders_of_a_self_test_are_nobodys_business(ann: Shell) -> None:
    ann.query("UPDATE holder SET selftest = 1")
    assert ann.json("holder", "list") == []
    assert ann.json("card", "list") == []
    assert "there is no holder" in ann.fails("holder", "show", "40017")


def test_what_a_store_says_cannot_command_the_terminal(ann: Shell) -> None:
    ((holder_key,),) = ann.query("SELECT audit_key FROM holder")
    ann.query("UPDATE holder SET name = ?", ann.seal(holder_key, Personal.NAME, "Ann\x1b]0;x\x07"))
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", ann.ok("holder", "list") + ann.ok("holder", "show", "40017")
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("40017", ["40017"]),
        ("40018", ["40018"]),
        ("  Ann.JONES@nhs.net ", ["40017"]),
        ("JONES", ["40017", "40018"]),
        ("jones ann", ["40017"]),
        ("Jose", ["40018"]),
        ("smith", ["40018"]),
        ("d7", ["D7"]),
        ("smith-jones", ["40018"]),
        ("Ann Smith", []),
        ("Jon", []),
        ("ann.jones@gov.uk", []),
        ("!!!", []),
    ],
)
def test_a_holder_is_found_by_id_address_or_words_of_the_name(
    ann: Shell, text: str, found: list[str]
) -> None:
    ann.ok("holder", "add", "40018", "José Smith-Jones")
    ann.ok("holder", "add", "D7", "Zoë Lark")
    assert [one["id"] for one in ann.json("holder", "find", text)] == found
    if found:
        assert found[0] in ann.ok("holder", "find", text)
    else:
        assert "Nobody" in ann.ok("holder", "find", text)


def test_a_holder_is_found_by_the_reference_of_a_visit(ann: Shell) -> None:
    ((holder_key,),) = ann.query("SELECT audit_key FROM holder")
    visited(ann, "B9M-9ZK", holder_key)
    visited(ann, "H4K-92Q", "")
    assert [one["id"] for one in ann.json("holder", "find", "b9m9zk")] == ["40017"]
    assert "Ann Jones" in ann.ok("holder", "find", "B9M-9ZK")
    assert [one["visit"] for one in ann.json("audit", "show", "--visit", "b9m9zk")] == ["B9M-9ZK"]
    assert "visit H4K-92Q was of a card that nobody is known by" in ann.fails("holder", "find", "h4k-92q")
    assert "'kiosk audit show --visit H4K-92Q'" in ann.fails("holder", "find", "h4k-92q", "--json")
    assert "Nobody has this id, address or reference" in ann.ok("holder", "find", "B9M-9ZJ")
    ann.ok("holder", "forget", "40017", "--reason", "T-1", "--yes")
    assert "visit B9M-9ZK was of somebody who has been erased" in ann.fails("holder", "find", "B9M-9ZK")


def test_a_record_that_does_not_open_is_told_in_lists_and_crashes_nothing(ann: Shell) -> None:
    ann.ok("holder", "add", "40018", "Bob Smith", "--email", "bob@nhs.net")
    ann.query("UPDATE holder SET name = (SELECT name FROM holder WHERE holder_id = '40018')")
    listed = {one["id"]: (one["name"], one["email"]) for one in ann.json("holder", "list")}
    assert listed == {
        "40017": ("(cannot be read)", "ann.jones@nhs.net"),
        "40018": ("Bob Smith", "bob@nhs.net"),
    }
    assert "(cannot be read)" in ann.ok("holder", "show", "40017")
    assert ann.json("card", "list")[0]["holder_name"] == "(cannot be read)"
    assert "do not open" in ann.fails("holder", "assist", "40017", "--reason", "x")
    assert "cannot be read" in ann.fails(
        "card", "import", "-", typed=f"{CSV}40017,Ann Jones,,piv,{GUID},{PUK}\n"
    )


def test_a_block_is_cleared_and_the_audit_trail_says_by_whom_and_why(ann: Shell) -> None:
    ann.query("UPDATE holder SET attempts = 3, blocked_at = '2026-11-20 10:00:00'")
    assert "2026-11-20 10:00 UTC" in ann.ok("holder", "list")
    ann.ok("holder", "clear-block", "40017", "--reason", "seen in person")
    (listed,) = ann.json("holder", "list")
    assert (listed["failed_attempts"], listed["blocked_at"]) == (0, None)
    assert events(ann, "holder.block-cleared") == [(AN_OFFICER, "seen in person")]


def test_nothing_to_clear_is_told(ann: Shell) -> None:
    assert "is not blocked" in ann.fails("holder", "clear-block", "40017", "--reason", "x")
    assert events(ann, "holder.block-cleared") == []


@pytest.mark.parametrize("command", ["clear-block", "assist"])
def test_without_a_reason_nothing_is_done(ann: Shell, command: str) -> None:
    assert "--reason" in ann.fails("holder", command, "40017", code=2)
    assert "the reason is empty" in ann.fails("holder", command, "40017", "--reason", " ")


def test_an_assistance_code_is_shown_once_and_kept_as_a_hash(ann: Shell) -> None:
    told = ann.ok("holder", "assist", "40017", "--reason", "ticket 5513")
    code = re.search(r"^Assistance code: (\d{5}) (\d{5})$", told, re.MULTILINE)
    assert code is not None
    digits = code[1] + code[2]
    ((hashed, state, by),) = ann.query("SELECT code_hash, state, issued_by FROM assistance")
    assert hashed.startswith("$2b$10$")
    assert (state, by) == ("usable", AN_OFFICER)
    assert events(ann, "assistance.issued") == [(AN_OFFICER, "ticket 5513")]
    assert ann.query("SELECT kind, state FROM notice") == [("assistance-issued", "queued")]
    stored = b"".join(path.read_bytes() for path in ann.state.glob("kiosk.db*"))
    assert digits.encode() not in stored


def test_the_audit_trail_names_who_called_sudo(ann: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "nobody")
    ann.ok("holder", "assist", "40017", "--reason", "x")
    monkeypatch.setenv("SUDO_USER", "somebody who is no account")
    monkeypatch.setenv("USER", "nobody")
    ann.ok("holder", "assist", "40017", "--reason", "y")
    assert events(ann, "assistance.issued") == [(f"{OFFICER} (nobody)", "x"), (AN_OFFICER, "y")]


@pytest.mark.parametrize("own", [OFFICER.upper(), ME.upper()])
def test_nobody_issues_a_code_for_themselves(ann: Shell, own: str) -> None:
    ann.query("UPDATE holder SET holder_id = ?", own)
    assert "ask another officer" in ann.fails("holder", "assist", own, "--reason", "x")
    assert ann.query("SELECT * FROM assistance") == []


def test_nor_for_the_card_that_they_sign_in_with(ann: Shell) -> None:
    card = f"piv:guid:{GUID}"
    ann.query("UPDATE staff SET card = ?, card_key = x'78' WHERE name = ?", card, OFFICER)
    assert "ask another officer" in ann.fails("holder", "assist", "40017", "--reason", "x")
    assert ann.query("SELECT * FROM assistance") == []
    ann.query("UPDATE staff SET card = NULL, card_key = NULL")
    ann.query("UPDATE staff SET card = ?, card_key = x'78' WHERE name = 'tess'", card)
    ann.ok("holder", "assist", "40017", "--reason", "x")


def test_who_has_no_address_or_no_card_cannot_be_assisted(ann: Shell) -> None:
    ((holder_key,),) = ann.query("SELECT audit_key FROM holder")
    ann.query("UPDATE holder SET ra_email = ?", ann.seal(holder_key, Personal.RA_EMAIL, ""))
    assert "has no email address" in ann.fails("holder", "assist", "40017", "--reason", "x")
    ann.ok("holder", "add", "2", "Bob Smith", "--email", "bob@nhs.net")
    assert "has no card" in ann.fails("holder", "assist", "2", "--reason", "x")


@pytest.mark.parametrize("text", ["", "  "])
def test_nobody_is_everybody(shell: Shell, text: str) -> None:
    assert "say who is looked for" in shell.fails("holder", "find", text)
