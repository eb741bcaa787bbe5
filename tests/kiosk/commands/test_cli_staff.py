"""`kiosk staff` and `kiosk init --administrator`: accounts, as somebody at a terminal makes them."""

from __future__ import annotations

from typing import Any

import pytest

from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from cardio.virtual.unknown import UnknownCard
from kiosk import wiring
from kiosk.ownership import own_reader
from tests.kiosk.commands.shell import (
    ADMINISTRATOR,
    AN_ADMINISTRATOR,
    GUID,
    ME,
    OFFICER,
    PASSWORD,
    TECHNICIAN,
    Shell,
)

NEW = "copper lantern meadow"
PASSCODE = "418305"
ADD = ("staff", "add", "jones", "--role", "officer")


@pytest.fixture
def card() -> PivCard:
    return PivCard(pin=PASSCODE, guid=bytes.fromhex(GUID))


@pytest.fixture
def reader(card: PivCard, monkeypatch: pytest.MonkeyPatch) -> VirtualReader:
    """With a card in it that may become a staff card."""
    made = VirtualReader()
    made.insert(card)
    monkeypatch.setattr(wiring, "pcsc_reader", lambda _: made)
    return made


def account(shell: Shell, name: str) -> dict[str, Any]:
    """That account, as the list has it."""
    (found,) = [one for one in listed(shell) if one["name"] == name]
    return found


def listed(shell: Shell) -> list[dict[str, Any]]:
    import json

    found: list[dict[str, Any]] = json.loads(shell.ok("staff", "list", "--json"))
    return found


def events(shell: Shell, name: str) -> list[tuple[str, ...]]:
    """Who caused these events, why, and what they tell."""
    return shell.query("SELECT actor, reason, detail FROM audit_event WHERE event = ? ORDER BY seq", name)


# -- the first one ---------------------------------------------------------------------------------


def test_the_first_administrator_is_made_with_the_machine(bare_shell: Shell) -> None:
    told = bare_shell.ok("init", "--administrator", "Smith", typed=f"{NEW}\n")
    assert "Administrator smith: made" in told
    assert NEW not in told
    assert events(bare_shell, "staff.added") == [(ME, "", '{"role": "administrator", "staff": "smith"}')]
    assert bare_shell.as_staff("smith", "staff", "list", password=NEW).exit_code == 0
    assert "--administrator" not in bare_shell.ok("init"), "nobody is missing any more"


def test_plain_init_says_how(bare_shell: Shell) -> None:
    assert "'kiosk init --administrator NAME' makes the first" in bare_shell.ok("init")
    assert bare_shell.query("SELECT * FROM staff") == []


def test_a_second_one_is_never_made_so(shell: Shell) -> None:
    before = shell.query("SELECT * FROM staff")
    told = shell.fails("init", "--administrator", "eve", typed=f"{NEW}\n")
    assert "there is an administrator already: 'kiosk staff add'" in told
    assert shell.query("SELECT * FROM staff") == before


def test_where_the_only_one_has_lost_the_password(shell: Shell) -> None:
    """As docs/security.md says: who owns the database shuts that account first."""
    shell.query("UPDATE staff SET disabled = 1 WHERE name = ?", ADMINISTRATOR)
    assert "makes the first" in shell.ok("init")
    assert "'adam' already" in shell.fails("init", "--administrator", ADMINISTRATOR, typed=f"{NEW}\n")
    shell.ok("init", "--administrator", "eve", typed=f"{NEW}\n")
    done = shell.as_staff("eve", "staff", "reset", ADMINISTRATOR, password=NEW)
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [
        ("smith", "3 seals", "too short"),
        ("smith", "passwordpassword", "easily guessed"),
        ("smith", "", "none was given"),
        ("smith", "\xff\xfe" * 8, "none was given"),
        ("a b", NEW, "a staff name has"),
    ],
)
def test_what_cannot_be_the_first_is_refused(bare_shell: Shell, name: str, password: str, told: str) -> None:
    said = bare_shell.fails("init", "--administrator", name, typed=password.encode("latin-1") + b"\n")
    assert told in said
    assert not password or password not in said
    assert not list(bare_shell.state.glob("*")), "nothing was made"


def test_nor_where_everything_else_is_there(bare_shell: Shell) -> None:
    bare_shell.ok("init")
    assert "too short" in bare_shell.fails("init", "--administrator", "smith", typed="3 seals\n")
    assert bare_shell.query("SELECT * FROM staff") == []


# -- add -------------------------------------------------------------------------------------------


def test_an_account_with_a_password(shell: Shell) -> None:
    told = shell.ok(*ADD, "--password", typed=f"{NEW}\n")
    assert told == "Account jones is made, for the role officer.\n"
    assert events(shell, "staff.added") == [(AN_ADMINISTRATOR, "", '{"role": "officer", "staff": "jones"}')]
    made = account(shell, "jones")
    assert (made["role"], made["disabled"], made["password"], made["card"]) == ("officer", False, True, False)
    assert set(made) == {"name", "role", "disabled", "password", "card", "created_at"}
    assert shell.as_staff("Jones", "holder", "add", "1", "Ann", password=NEW).exit_code == 0
    stored = b"".join(path.read_bytes() for path in shell.state.glob("kiosk.db*"))
    assert NEW.encode() not in stored


def test_an_account_with_a_card(shell: Shell, reader: VirtualReader, card: PivCard) -> None:
    told = shell.ok(*ADD, "--card", typed=f"{PASSCODE}\n")
    assert f"Card piv:guid:{GUID}, tries left: 3" in told
    assert PASSCODE not in told
    assert shell.query("SELECT card, card_key FROM staff WHERE name = 'jones'") == [
        (f"piv:guid:{GUID}", card.sign_in_der)
    ]
    made = account(shell, "jones")
    assert (made["password"], made["card"]) == (False, True)
    assert "name or password" in shell.as_staff("jones", "holder", "add", "1", "Ann").stderr
    assert "another account's" in shell.fails(
        "staff", "add", "brown", "--role", "technician", "--card", typed=f"{PASSCODE}\n"
    )


def test_both_at_once(shell: Shell, reader: VirtualReader) -> None:
    shell.ok(*ADD, "--card", "--password", typed=f"{NEW}\n{PASSCODE}\n")
    assert (account(shell, "jones")["password"], account(shell, "jones")["card"]) == (True, True)


def test_a_wrong_passcode_makes_no_account(shell: Shell, reader: VirtualReader, card: PivCard) -> None:
    told = shell.fails(*ADD, "--card", typed="111111\n")
    assert "the card refused this passcode; tries left on the card: 2" in told
    assert "takes no passcode of that length" in shell.fails(*ADD, "--card", typed="1\n")
    card.lock()
    assert "the card is locked" in shell.fails(*ADD, "--card", typed=f"{PASSCODE}\n")
    assert len(listed(shell)) == 3


@pytest.mark.parametrize(
    ("wrong", "told"),
    [(PivCard(sign_in=None), "no key that signs after its passcode"), (UnknownCard(), "cannot be used")],
)
def test_a_card_that_can_be_no_staff_card_is_sent_nothing(
    shell: Shell, reader: VirtualReader, wrong: PivCard, told: str
) -> None:
    reader.remove()
    reader.insert(wrong)
    assert told in shell.fails(*ADD, "--card", typed=f"{PASSCODE}\n")
    assert len(listed(shell)) == 3


def test_beside_a_running_kiosk_it_says_who_holds_the_reader(shell: Shell, reader: VirtualReader) -> None:
    with own_reader(shell.settings, "kiosk run"):
        assert "in use by 'kiosk run'" in shell.fails(*ADD, "--card", typed=f"{PASSCODE}\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "tess", "--role", "officer", "--password"), "there is a staff account 'tess' already"),
        (("add", "x", "--role", "officer", "--password"), "a staff name has"),
        (("reset", "ghost", "--password"), "there is no staff account 'ghost': 'kiosk staff list'"),
        (("disable", "ghost", "--reason", "x"), "there is no staff account 'ghost'"),
        (("disable", TECHNICIAN, "--reason", " "), "the reason is empty"),
        (("disable", ADMINISTRATOR, "--reason", "x"), "is the last administrator"),
    ],
)
def test_what_cannot_be_done_is_told(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    before = shell.query("SELECT * FROM staff")
    assert told in shell.fails("staff", *arguments, typed=f"{NEW}\n")
    assert shell.query("SELECT * FROM staff") == before


def test_an_account_needs_a_way_in_and_a_role(shell: Shell) -> None:
    assert "--password, --card or both" in shell.fails(*ADD, code=2)
    assert "--role" in shell.fails("staff", "add", "jones", "--password", code=2)
    shell.fails("staff", "add", "jones", "--role", "boss", "--password", code=2)


# -- list, disable, reset --------------------------------------------------------------------------


def test_they_are_listed(shell: Shell) -> None:
    assert [(one["name"], one["role"]) for one in listed(shell)] == [
        (ADMINISTRATOR, "administrator"),
        (OFFICER, "officer"),
        (TECHNICIAN, "technician"),
    ]
    told = shell.ok("staff", "list")
    assert "NAME" in told
    assert OFFICER in told
    assert "$2b$" not in told


def test_nobody_signs_in_by_a_disabled_account_until_it_is_reset(shell: Shell) -> None:
    add = ("holder", "add", "1", "Ann Jones")
    assert f"Nobody can sign in as {OFFICER} any more" in shell.ok(
        "staff", "disable", OFFICER, "--reason", "has left"
    )
    assert events(shell, "staff.disabled") == [(AN_ADMINISTRATOR, "has left", f'{{"staff": "{OFFICER}"}}')]
    assert account(shell, OFFICER)["disabled"]
    assert "disabled" in shell.ok("staff", "list")
    assert "name or password is not right" in shell.fails(*add)
    shell.query("DELETE FROM staff_delay")
    shell.ok("staff", "reset", OFFICER)
    shell.ok(*add)


def test_a_password_is_reset(shell: Shell) -> None:
    shell.ok("staff", "reset", OFFICER, "--password", typed=f"{NEW}\n")
    assert events(shell, "staff.reset") == [
        (AN_ADMINISTRATOR, "", f'{{"change": "password", "staff": "{OFFICER}"}}')
    ]
    add = ("holder", "add", "1", "Ann Jones")
    assert shell.as_staff(OFFICER, *add).exit_code == 1
    shell.query("DELETE FROM staff_delay")
    assert shell.as_staff(OFFICER, *add, password=NEW).exit_code == 0


def test_a_lost_card_is_replaced(shell: Shell, reader: VirtualReader) -> None:
    shell.ok("staff", "reset", OFFICER, "--card", typed=f"{PASSCODE}\n")
    old = shell.query("SELECT card FROM staff WHERE name = ?", OFFICER)
    reader.remove()
    reader.insert(PivCard(pin=PASSCODE))
    shell.ok("staff", "reset", OFFICER, "--card", typed=f"{PASSCODE}\n")
    assert shell.query("SELECT card FROM staff WHERE name = ?", OFFICER) != old
    assert account(shell, OFFICER)["password"], "it stays"
    assert shell.as_staff(OFFICER, "holder", "add", "1", "Ann", password=PASSWORD).exit_code == 0
