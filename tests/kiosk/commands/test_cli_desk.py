"""What officers do from the command line: addresses, registrations, a new card for an old one; and JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cardio.virtual.piv import PivCard
from kiosk.persons import Personal
from tests.kiosk.commands.shell import AN_OFFICER, GUID, OFFICER, PUK, Shell
from tests.kiosk.commands.test_cli_card import Desk
from tests.kiosk.commands.test_cli_holder import ann, events

__all__ = ["ann"]

NEW, OWN = "ann@gov.uk", "ann.home@mod.uk"
WHY = ("--reason", "T-5512")
CARD = f"piv:guid:{GUID}"
OTHER = "0D5B1A6E0D4B4C1F9A5E7B3D2C4F6A53"
FACTORY = "12345678"


def register(shell: Shell, email: str = OWN) -> None:
    """Have Ann registered, as a kiosk would."""
    ((holder_key,),) = shell.query("SELECT audit_key FROM holder")
    sealed, now = shell.seal(holder_key, Personal.OWN_EMAIL, email), datetime.now(UTC).isoformat(" ")
    shell.query(
        "INSERT INTO registration (holder, email, own_email, privacy_version, registered_at, usable_from) "
        "SELECT id, ?, 1, '1', ?, ? FROM holder",
        sealed,
        now,
        now,
    )
    shell.query("INSERT INTO security_answer SELECT id, 0, 'first-car', 1, 'a hash' FROM holder")


def as_json(shell: Shell, *arguments: str, typed: str | None = None) -> Any:
    """What a command prints for programs."""
    return json.loads(shell.ok(*arguments, "--json", typed=typed))


def test_an_address_is_set_told_and_on_record(ann: Shell) -> None:
    register(ann)
    told = ann.ok("holder", "set-email", "40017", "Ann@GOV.uk", *WHY)
    assert told == (
        "Codes for holder 40017 go to ann@gov.uk now. "
        "It took the place of a····e@mod.uk and a····s@nhs.net.\n"
    )
    shown = ann.json("holder", "show", "40017")
    assert (shown["holder"]["email"], shown["own_email"], shown["registered"]) == (NEW, "a····n@gov.uk", True)
    assert events(ann, "holder.email-set") == [(AN_OFFICER, "T-5512")]
    kinds = [kind for (kind,) in ann.query("SELECT kind FROM notice ORDER BY id")]
    assert kinds == ["email-set-by-ra", "email-set-by-ra", "email-is-this"]
    assert [one["id"] for one in ann.json("holder", "find", NEW)] == ["40017"]
    assert ann.json("holder", "find", OWN) == []


def test_the_same_for_programs(ann: Shell) -> None:
    assert as_json(ann, "holder", "set-email", "40017", NEW, *WHY) == {
        "holder_id": "40017",
        "email": NEW,
        "replaced": ["a····s@nhs.net"],
    }
    assert "that is the address of holder '40017' already" in ann.fails(
        "holder", "set-email", "40017", NEW, *WHY
    )


@pytest.mark.parametrize("email", ["", "ann@example.com", "ann@evilgov.uk", "a@nhs.net, b@nhs.net"])
def test_an_address_that_may_not_be_is_not_set(ann: Shell, email: str) -> None:
    assert "the email address " in ann.fails("holder", "set-email", "40017", email, *WHY)
    assert events(ann, "holder.email-set") == ann.query("SELECT kind FROM notice") == []


def test_nobody_sets_their_own_address(ann: Shell) -> None:
    ann.query("UPDATE staff SET card = ?, card_key = x'78' WHERE name = ?", CARD, OFFICER)
    told = ann.fails("holder", "set-email", "40017", NEW, *WHY)
    assert "nobody sets an address of their own: ask another officer" in told
    assert events(ann, "holder.email-set") == []


@pytest.mark.parametrize("call", [("set-email", "40017", NEW), ("withdraw", "40017")])
@pytest.mark.parametrize(
    ("reason", "said"), [(" ", "the reason is empty"), ("Ann asked", "names the person")]
)
def test_a_reason_is_asked_for_that_may_stay(
    ann: Shell, call: tuple[str, ...], reason: str, said: str
) -> None:
    register(ann)
    assert "--reason" in ann.fails("holder", *call, code=2)
    assert said in ann.fails("holder", *call, "--reason", reason)
    assert ann.json("holder", "show", "40017")["registered"]
    assert events(ann, "holder.email-set") == []


def test_a_registration_is_ended(ann: Shell) -> None:
    register(ann)
    ann.query("UPDATE holder SET attempts = 3, blocked_at = created_at")
    told = as_json(ann, "holder", "withdraw", "40017", *WHY)
    assert told == {"holder_id": "40017", "told": ["a····e@mod.uk", "a····s@nhs.net"]}
    shown = ann.json("holder", "show", "40017")
    assert (shown["registered"], shown["registered_at"], shown["own_email"]) == (False, None, "")
    assert (shown["attempts_left"], shown["holder"]["failed_attempts"]) == (0, 3)
    assert ann.query("SELECT * FROM security_answer") == ann.query("SELECT * FROM registration") == []
    assert events(ann, "registration.withdrawn") == [(AN_OFFICER, "T-5512")]
    assert ann.query("SELECT kind FROM notice") == [("withdrawn-by-ra",), ("withdrawn-by-ra",)]
    assert "is not registered" in ann.fails("holder", "withdraw", "40017", *WHY)


def test_the_page_has_what_an_officer_needs_and_no_secret(ann: Shell) -> None:
    register(ann)
    code = as_json(ann, "holder", "assist", "40017", *WHY)
    ends = datetime.fromisoformat(code["valid_until"].replace("Z", "+00:00"))
    assert timedelta(minutes=59) < ends - datetime.now(UTC) < timedelta(minutes=61)
    shown = ann.json("holder", "show", "40017")
    assert shown["assistance_ends"] == code["valid_until"]
    assert shown["attempts_left"] == 3
    newest = shown["events"][0]
    assert (newest["event"], newest["actor"], newest["reason"]) == ("assistance.issued", AN_OFFICER, "T-5512")
    assert [one["event"] for one in shown["events"]][-1] == "holder.added"
    words = ann.ok("holder", "show", "40017")
    for expected in ("Assistance code: waits until", "assistance.issued", "T-5512", AN_OFFICER):
        assert expected in words
    for secret in (code["code"], PUK, OWN, "a hash"):
        assert secret not in words + json.dumps(shown)


@pytest.mark.parametrize("serial", [CARD, GUID.lower(), f"guid:{GUID}"])
def test_a_holder_is_found_by_a_card(ann: Shell, serial: str) -> None:
    assert [one["id"] for one in ann.json("holder", "find", "--card", serial)] == ["40017"]
    assert ann.json("holder", "find", "--card", OTHER) == []
    assert "The store does not know card" in ann.ok("holder", "find", "--card", OTHER)
    assert "is not the number of a PIV card" in ann.fails("holder", "find", "--card", "7")


def test_only_one_way_to_look_at_once(ann: Shell) -> None:
    assert "choose one of" in ann.fails("holder", "find", "ann", "--card", CARD, code=2)
    assert "say who is looked for" in ann.fails("holder", "find")


@pytest.fixture
def card() -> PivCard:
    return PivCard(guid=bytes.fromhex(GUID), puk=PUK)


@pytest.fixture
def desk(shell: Shell, card: PivCard, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Ann is in the store with her card, which is in the reader."""
    made = Desk(shell, card, monkeypatch)
    done = as_json(shell, "card", "enrol", "40017", "--secret-stdin", *WHY, typed=PUK)
    assert done == {"card": CARD, "holder_id": "40017", "change": "added", "fresh": None}
    return made


def test_a_holder_is_found_by_putting_the_card_in(desk: Desk) -> None:
    assert [one["id"] for one in desk.shell.json("holder", "find", "--in-reader")] == ["40017"]
    desk.swap(PivCard(guid=bytes.fromhex(OTHER)))
    assert desk.shell.json("holder", "find", "--in-reader", "--reader", "Omnikey*") == []
    assert desk.asked_for[-1] == "Omnikey*"


def test_enrolling_has_its_reason(desk: Desk) -> None:
    assert events(desk.shell, "card.enrolled") == [(AN_OFFICER, "T-5512")]
    told = desk.shell.fails("card", "enrol", "40017", "--no-secret", "--reason", "for Ann")
    assert "names the person" in told
    desk.shell.ok("holder", "add", "2", "Bob Smith", *WHY)
    assert events(desk.shell, "holder.added")[-1] == (AN_OFFICER, "T-5512")


def test_a_card_needs_no_secret(desk: Desk) -> None:
    desk.swap(PivCard(guid=bytes.fromhex(OTHER), puk=PUK))
    assert "choose one of" in desk.shell.fails(
        "card", "enrol", "40017", "--no-secret", "--secret-stdin", code=2
    )
    assert "--fresh needs" in desk.shell.fails("card", "enrol", "40017", "--no-secret", "--fresh", code=2)
    desk.shell.ok("card", "enrol", "40017", "--no-secret")
    desk.shell.ok("card", "enrol", "40017", "--secret-stdin", typed=PUK)
    desk.shell.ok("card", "enrol", "40017", "--no-secret")
    listed = desk.shell.json("card", "list")
    assert [one["unblock_secret"] for one in listed] == ["kept", "kept"]


def test_a_new_card_takes_the_place_of_an_old_one(desk: Desk) -> None:
    register(desk.shell)
    new = PivCard(guid=bytes.fromhex(OTHER), puk=FACTORY)
    desk.swap(new)
    told = as_json(
        desk.shell, "card", "replace", GUID, "--fresh", "--secret-stdin", "--reason", "lost", typed=FACTORY
    )
    assert told == {
        "card": f"piv:guid:{OTHER}",
        "holder_id": "40017",
        "change": "added",
        "fresh": "set",
        "revoked": CARD,
    }
    assert new.state().puk != FACTORY
    states = {one["card"]: one["state"] for one in desk.shell.json("card", "list")}
    assert states == {CARD: "revoked", f"piv:guid:{OTHER}": "active"}
    assert events(desk.shell, "card.state-set") == [(AN_OFFICER, "lost")]
    assert events(desk.shell, "card.enrolled")[-1] == (AN_OFFICER, "lost")
    assert desk.shell.json("holder", "show", "40017")["registered"]


def test_a_replacement_that_was_cut_off_is_finished(desk: Desk) -> None:
    new = PivCard(guid=bytes.fromhex(OTHER), puk=FACTORY)
    desk.swap(new)
    call = ("card", "replace", GUID, "--fresh", "--secret-stdin", "--reason", "lost")
    desk.reader.faults.lose_reply(2, ins=0x24)
    assert "give the same command again" in desk.shell.fails(*call, typed=FACTORY)
    desk.reader.insert(new)
    told = desk.shell.ok(*call, typed=FACTORY)
    assert "The fresh PUK of an earlier try is on the card, and is kept." in told
    assert f"Card {CARD} is revoked." in told
    assert len(events(desk.shell, "card.state-set")) == 1


def test_what_cannot_replace_a_card_changes_nothing(desk: Desk) -> None:
    call = ("card", "replace", "--secret-stdin", "--reason", "lost")
    assert "a card cannot take its own place" in desk.shell.fails(*call, GUID, typed=PUK)
    assert f"there is no card piv:guid:{OTHER}" in desk.shell.fails(*call, OTHER, typed=PUK)
    desk.swap(PivCard(guid=bytes.fromhex(OTHER), puk=PUK))
    desk.shell.ok("holder", "add", "2", "Bob Smith")
    desk.shell.ok("card", "enrol", "2", "--secret-stdin", typed=PUK)
    assert "belongs to another holder" in desk.shell.fails(*call, GUID, typed=PUK)
    assert {one["state"] for one in desk.shell.json("card", "list")} == {"active"}


def test_every_other_command_of_an_officer_has_json(desk: Desk) -> None:
    shell = desk.shell
    assert as_json(shell, "holder", "add", "3", "Cat Price") == {"holder_id": "3"}
    shell.query("UPDATE holder SET attempts = 1 WHERE holder_id = '40017'")
    assert as_json(shell, "holder", "clear-block", "40017", *WHY) == {"holder_id": "40017"}
    for command, state in (("suspend", "suspended"), ("revoke", "revoked"), ("activate", "active")):
        assert as_json(shell, "card", command, GUID, *WHY) == {"card": CARD, "state": state}
    assert as_json(shell, "card", "clear-secret", GUID, *WHY) == {"card": CARD}
    forgotten = as_json(shell, "holder", "forget", "3", "--yes", *WHY)
    assert forgotten == {"holder_id": "3", "events_kept": 2}
