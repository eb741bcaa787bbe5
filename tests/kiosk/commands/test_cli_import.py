from __future__ import annotations

import base64
import json
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.applets.piv import PivFamily
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_keys import Algorithm
from kiosk.arrivals import RowFault
from kiosk.office import fields, private
from kiosk.office.rolls import COLUMNS, Roll
from tests.kiosk.commands.shell import GUID, PUK, Shell

HEAD = "holder_id,name,email,family,serial,unblock_secret"
OTHER = "9" * 32
ANN = f"40017,Ann Jones,ann.jones@nhs.net,piv,guid:{GUID},{PUK}"
BOB = f"40018,Bob Smith,bob@nhs.net,piv,{OTHER},00000001"


def file_of(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows]) + "\n"


def faults(shell: Shell, content: str | bytes) -> list[str]:
    """Import from standard input, which has to fail; what is told of each row."""
    told = shell.fails("card", "import", "-", typed=content).splitlines()
    assert told[-1].startswith("kiosk: nothing was brought in: ")
    assert shell.json("card", "list") == []
    return [line.removeprefix("standard input:") for line in told[:-1]]


def test_every_row_is_brought_in(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.touch(0o600)
    file.write_text(file_of(ANN, BOB))
    told = shell.ok("card", "import", str(file))
    assert told == (
        "Cards: 2 added, 0 with a new secret or key, 0 unchanged.\n"
        "2 active cards have an unblock secret but no pinned key; 'kiosk doctor' says what to do.\n"
    )
    assert [one["card"] for one in shell.json("card", "list")] == [f"piv:guid:{GUID}", f"piv:guid:{OTHER}"]
    assert [one["email"] for one in shell.json("holder", "list")] == ["ann.jones@nhs.net", "bob@nhs.net"]
    stored = b"".join(path.read_bytes() for path in shell.state.iterdir())
    assert PUK.encode() not in stored


def test_a_script_is_told_what_came_of_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.touch(0o600)
    file.write_text(file_of(ANN, BOB.replace("piv,", "visa,")))
    fault = {"line": 3, "reason": "family is none of those configured: piv"}
    told = shell.run("card", "import", str(file), "--json")
    assert (told.exit_code, json.loads(told.stdout)) == (1, {"faults": [fault]})
    file.write_text(file_of(ANN, BOB))
    assert shell.json("card", "import", str(file)) == {
        **dict.fromkeys(("renewed", "unchanged", "kept", "refused", "held", "shared"), 0),
        **dict.fromkeys(("added", "unpinned"), 2),
    }


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused_with_the_cure(
    shell: Shell, tmp_path: Path, mode: int
) -> None:
    file = tmp_path / "cards.csv"
    file.write_text(file_of(ANN))
    file.chmod(mode)
    told = shell.fails("card", "import", str(file))
    assert f"mode {mode:04o}); chmod 600 {file}" in told
    assert PUK not in told
    assert shell.json("card", "list") == []


def test_again_it_changes_nothing_and_records_nothing(shell: Shell) -> None:
    shell.ok("card", "import", "-", typed=file_of(ANN, BOB))
    count = "SELECT COUNT(*) FROM audit_event WHERE event <> 'staff.signed-in'"
    before = shell.query(count), shell.query("SELECT * FROM unblock_secret")
    told = shell.ok("card", "import", "-", typed=file_of(ANN, BOB))
    assert told.startswith("Cards: 0 added, 0 with a new secret or key, 2 unchanged.\n")
    after = shell.query(count), shell.query("SELECT * FROM unblock_secret")
    assert after == before


def test_a_new_secret_is_kept_and_an_empty_one_leaves_the_old(shell: Shell) -> None:
    shell.ok("card", "import", "-", typed=file_of(ANN, BOB))
    old = dict(shell.query("SELECT card, ciphertext FROM unblock_secret"))
    changed = file_of(ANN.replace(PUK, ""), BOB.replace("00000001", "00000002"))
    assert "Cards: 0 added, 1 with a new secret" in shell.ok("card", "import", "-", typed=changed)
    new = dict(shell.query("SELECT card, ciphertext FROM unblock_secret"))
    assert (new[1] == old[1], new[2] == old[2]) == (True, False)


def test_running_it_again_does_not_revive_a_refused_secret(shell: Shell) -> None:
    shell.ok("card", "import", "-", typed=file_of(ANN))
    shell.query("UPDATE card SET unblock_state = 'failed', state = 'suspended'")
    shell.ok("card", "import", "-", typed=file_of(ANN))
    (card,) = shell.json("card", "list")
    assert (card["unblock_secret"], card["state"]) == ("refused", "suspended")
    shell.ok("card", "import", "-", typed=file_of(ANN.replace(PUK, "00000002")))
    (card,) = shell.json("card", "list")
    assert (card["unblock_secret"], card["state"]) == ("kept", "suspended")


def test_what_is_not_taken_or_not_sent_is_counted(shell: Shell) -> None:
    shell.ok("card", "import", "-", typed=file_of(ANN, BOB))
    shell.query("UPDATE card SET unblock_state = 'failed', unproven_sends = 2 WHERE serial = ?", OTHER)
    shell.query(
        "INSERT INTO refused_secret SELECT 'piv:guid:' || serial, fingerprint, 1, 0 FROM card "
        "JOIN unblock_secret ON card = id WHERE serial = ?",
        GUID,
    )
    told = shell.ok("card", "import", "-", typed=file_of(ANN, BOB.replace("00000001", "00000002")))
    assert "Cards: 0 added, 1 with a new secret or key, 0 unchanged." in told
    assert "1 have refused before the unblock secret that was given, so it is not taken" in told
    assert "1 have an unblock secret that is not sent before 'kiosk card clear-secret'" in told


def test_a_secret_that_the_card_has_accepted_is_kept_whatever_its_state(shell: Shell) -> None:
    shell.ok("card", "import", "-", typed=file_of(ANN))
    shell.query("UPDATE card SET unblock_state = 'failed', secret_proven = 1")
    before = shell.query("SELECT ciphertext FROM unblock_secret")
    told = shell.ok("card", "import", "-", typed=file_of(ANN.replace(PUK, "00000002")))
    assert "1 have accepted another unblock secret than the one given, and keep it" in told
    assert shell.query("SELECT ciphertext FROM unblock_secret") == before
    assert shell.json("card", "list")[0]["unblock_secret"] == "refused"


def test_two_cards_of_one_holder_and_a_card_without_secret(shell: Shell) -> None:
    second = f"40017,Ann Jones,ann.jones@nhs.net,piv,yubikey-serial:0012345,{''}"
    assert "2 added" in shell.ok("card", "import", "-", typed=file_of(ANN, second))
    listed = {one["card"]: one["unblock_secret"] for one in shell.json("card", "list", "--holder", "40017")}
    assert listed == {f"piv:guid:{GUID}": "kept", "piv:yubikey-serial:12345": "none"}


@pytest.mark.parametrize("algorithm", [Algorithm.RSA_2048, Algorithm.ECC_P256, Algorithm.ECC_P384])
@pytest.mark.parametrize(
    "write", [bytes.hex, lambda key: base64.b64encode(key).decode()], ids=["hex", "base64"]
)
def test_a_cards_key_is_pinned(shell: Shell, algorithm: Algorithm, write: object) -> None:
    key = PivCard(card_key=algorithm).card_key_der
    assert key is not None
    assert callable(write)
    rows = file_of(f"{ANN},{write(key)}", f"{BOB},", head=f"{HEAD},card_key")
    shell.ok("card", "import", "-", typed=rows)
    assert shell.query("SELECT public_key FROM card ORDER BY id") == [(key,), (None,)]


def test_cards_without_a_pinned_key_are_counted_at_the_end(shell: Shell) -> None:
    """Those that can be unlocked here: a copy of their serial would be handed the secret."""
    key = PivCard(card_key=Algorithm.ECC_P256).card_key_der
    assert key is not None
    without_secret = f"40018,Bob Smith,bob@nhs.net,piv,{OTHER},"
    rows = [f"{ANN},{key.hex()}", f"{without_secret},"]
    assert "pinned" not in shell.ok("card", "import", "-", typed=file_of(*rows, head=f"{HEAD},card_key"))
    bare = f"40019,Cai Rees,cai@nhs.net,piv,{'7' * 32},00000002"
    told = shell.ok("card", "import", "-", typed=file_of(bare))
    assert "1 active card has an unblock secret but no pinned key" in told
    shell.ok("card", "suspend", "7" * 32, "--reason", "lost")
    assert "pinned" not in shell.ok("card", "import", "-", typed=file_of(bare))


def test_every_bad_row_is_named_with_its_line_and_all_its_reasons(shell: Shell) -> None:
    rows = file_of(
        ANN,
        f",Bob,bob@nhs.net,piv,{OTHER},00000001",
        f'40019,"Carys\nDavies",carys@example.com,piv,guid:{OTHER[1:]},0000001',
        "",
        "40020,Dan,dan@nhs.net,gids,1,1",
        "40021,Eve,eve@nhs.net,piv",
        f"40022,Fay,fay@nhs.net,piv,guid:{'0' * 32},000000é1",
    )
    assert faults(shell, rows) == [
        "3: holder_id is empty",
        "4: email is not at an approved domain (nhs.net, gov.uk, mod.uk)",
        "4: name contains control characters",
        f"4: serial {PIV_NUMBER}",
        f"4: unblock_secret {EIGHT}",
        "7: family is none of those configured: piv",
        "8: has 4 columns, the heading has 6",
        f"9: serial {PIV_NUMBER}",
        "9: unblock_secret must be plain ASCII characters",
    ]


PIV_NUMBER = (
    "is not the number of a PIV card: guid:32 hexadecimal digits, fasc-n:50 hexadecimal digits or "
    "yubikey-serial:decimal digits"
)
EIGHT = "must have exactly 8 characters (spreadsheets drop leading zeros: format it as text)"


def test_rows_that_contradict_each_other_are_named(shell: Shell) -> None:
    rows = file_of(ANN, f"40017,Ann Smith,ann.jones@nhs.net,piv,{OTHER},{PUK}", f"2,Bob,,piv,{GUID},{PUK}")
    assert faults(shell, rows) == [
        "3: this holder has another name or email address in line 2",
        "4: this card is in line 2 already",
    ]


def test_rows_that_contradict_the_store_are_named_beside_the_bad_ones(shell: Shell) -> None:
    shell.ok("card", "import", "-", typed=file_of(ANN))
    before = shell.json("card", "list"), shell.json("holder", "list")
    rows = file_of(
        f"40017,Ann Smith,ann.smith@nhs.net,piv,{OTHER},{PUK}",
        f"2,Bob,,piv,{GUID},{PUK}",
        f"3,Carys,,piv,nonsense,{PUK}",
    )
    told = shell.fails("card", "import", "-", typed=rows).splitlines()
    assert told == [
        "standard input:2: holder '40017' is in the store with another email address",
        "standard input:2: holder '40017' is in the store with another name",
        "standard input:3: this card belongs to another holder",
        f"standard input:4: serial {PIV_NUMBER}",
        "kiosk: nothing was brought in: 4 faults in standard input",
    ]
    assert (shell.json("card", "list"), shell.json("holder", "list")) == before


def test_a_fault_of_the_store_alone_stops_everything_too(shell: Shell) -> None:
    shell.ok("card", "import", "-", typed=file_of(ANN))
    rows = file_of(BOB, f"2,Carys,,piv,{GUID},{PUK}")
    assert "standard input:3: this card belongs to another holder" in shell.fails(
        "card", "import", "-", typed=rows
    )
    assert [one["id"] for one in shell.json("holder", "list")] == ["40017"]


def test_a_thousand_rows_are_one_import(shell: Shell) -> None:
    rows = [f"H{n:04},Holder {n},h{n}@nhs.net,piv,{n:032X},{n:08}" for n in range(1, 1202)]
    assert "1201 added" in shell.ok("card", "import", "-", typed=file_of(*rows))
    assert shell.query("SELECT COUNT(*) FROM unblock_secret") == [(1201,)]
    bad = file_of(*rows[:1199], rows[1199].replace("Holder", "Other"), rows[1200] + "1")
    told = shell.fails("card", "import", "-", typed=bad).splitlines()
    assert told[0] == "standard input:1201: holder 'H1200' is in the store with another name"
    assert told[1] == f"standard input:1202: unblock_secret {EIGHT}"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", f"1: the heading lacks {', '.join(COLUMNS)}"),
        ("\n\n", f"1: the heading lacks {', '.join(COLUMNS)}"),
        (ANN, f"1: the heading lacks {', '.join(COLUMNS)}"),
        (f"{HEAD},puk\n", "1: the heading has a column that is not known"),
        (f"{HEAD},name\n", "1: the heading names a column twice"),
        (HEAD.replace(",", ";"), "1: the columns must be separated by commas"),
        (f'{HEAD}\n{ANN}\n1,"Bob', "3: cannot be read from here on"),
        (f'{HEAD}\n{ANN}\n1,"Bob"x,,,,\n', "3: cannot be read from here on"),
        (f"{HEAD}\n{ANN}\n1,{'x' * 200_000}\n", "3: cannot be read from here on: field larger"),
        (
            f"{HEAD}\n{ANN}\n1,Bj\xf6rn,,,,\n".encode("latin-1"),
            "3: is not UTF-8: save the file as 'CSV UTF-8'",
        ),
        (f"{HEAD}\n{ANN}\n".encode("utf-16"), "1: is not UTF-8"),
    ],
)
def test_what_is_no_such_table_is_told(shell: Shell, content: str | bytes, told: str) -> None:
    (only,) = faults(shell, content)
    assert only.startswith(told)


def test_spreadsheets_write_it_their_own_way(shell: Shell) -> None:
    head = " Unblock_Secret ,SERIAL,family,email,name,holder_id"
    row = f'{PUK},"guid:{GUID[:8]}-{GUID[8:]}",PIV,," Jones, Ann ",40017'
    shell.ok("card", "import", "-", typed=f"\r\n{head}\r\n{row}\r\n\r\n".encode("utf-8-sig"))
    assert shell.json("holder", "list")[0]["name"] == "Jones, Ann"
    assert shell.json("card", "list")[0]["card"] == f"piv:guid:{GUID}"


@pytest.mark.parametrize("in_memory", [10, 10**6])
def test_what_comes_through_a_pipe_is_gone_through_twice_too(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(private, "_IN_MEMORY", in_memory)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, mode=0o600)
    with ThreadPoolExecutor() as other:
        written = other.submit(pipe.write_text, file_of(ANN, BOB))
        assert "2 added" in shell.ok("card", "import", str(pipe))
        assert written.result() > 0


def test_no_file_no_traceback(shell: Shell, tmp_path: Path) -> None:
    assert "No such file" in shell.fails("card", "import", str(tmp_path / "none.csv"))
    assert "directory" in shell.fails("card", "import", str(tmp_path))


@pytest.mark.parametrize("column", range(6))
def test_a_secret_in_the_wrong_place_is_not_repeated(shell: Shell, column: int) -> None:
    secret = "7rosebud\x07"
    row = ANN.split(",")
    row[column] = secret
    told = shell.run("card", "import", "-", typed=file_of(",".join(row)))
    assert told.exit_code == 1
    assert "rosebud" not in told.output


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_faults(content: bytes) -> None:
    whole = list(Roll(BytesIO(content), [PivFamily()], ["nhs.net"]))
    assert whole
    assert all(isinstance(one, RowFault) for one in whole)  # no such bytes begin with the right heading
    roll = Roll(BytesIO(HEAD.encode() + b"\n" + content), [PivFamily()], ["nhs.net"])
    lines = [one.line for one in roll]
    assert lines == sorted(lines)
    assert all(1 <= line <= roll.lines + 1 for line in lines)
    assert list(roll) == list(roll)  # which is gone through twice


@given(st.text(max_size=60))
def test_a_number_is_one_card_or_none(text: str) -> None:
    try:
        card = fields.card_id(text, PivFamily())
    except ValueError:
        return
    assert fields.card_id(str(card), PivFamily()) == card
    assert fields.card_id(f"{card.kind}:{card.serial}", PivFamily()) == card


@given(st.text(max_size=30), st.sampled_from([fields.holder_id, fields.name, fields.reason]))
def test_what_stands_in_a_line_is_clean_and_stays_as_it_is(text: str, field: object) -> None:
    assert callable(field)
    try:
        clean = field(text)
    except ValueError:
        return
    assert clean == clean.strip() == field(clean)
    assert all(unicodedata.category(character)[0] != "C" for character in clean)
