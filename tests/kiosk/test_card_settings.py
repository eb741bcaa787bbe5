"""[cards] of kiosk.toml: families, profiles, tables of other packages; faults with file, line and key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cardio.applets.gids import GidsFamily
from cardio.applets.iso7816 import ProfileFamily
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.piv import PivFamily
from cardio.profile import Coding
from kiosk.card_settings import FamilyTable, OtherTable, ProfileTable
from kiosk.families import by_name, families
from kiosk.settings import Settings, SettingsError, load

PROFILE = """[cards]
families = ["student"]

[cards.profiles.student]
aid = "F0:4B 49 4f 53 4B 01"

[cards.profiles.student.serial]
data_object = "5A"

[cards.profiles.student.passcode]
reference = "81"
pad = "FF"
pad_to = 8

[cards.profiles.student.puk]
reference = "82"
reset_p1 = "00"
lengths = [8]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file to be written."""
    return tmp_path / "kiosk.toml"


def refused(file: Path, text: str) -> str:
    """What loading it says, without the name of the file."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file)
    return str(error.value).replace(f"{file}:", "")


def changed(old: str, new: str) -> str:
    assert PROFILE.count(old) == 1
    return PROFILE.replace(old, new)


def test_a_profile_becomes_a_family(file: Path) -> None:
    file.write_text(PROFILE, encoding="utf-8")
    settings = load(file)
    (family,) = families(settings)
    assert isinstance(family, ProfileFamily)
    assert by_name([family], "student") is family
    table = settings.cards.table("student")
    assert isinstance(table, ProfileTable)
    profile = table.profile("student")
    assert profile.aid == bytes.fromhex("F04B494F534B01")
    assert (profile.passcode.reference, profile.puk.reference) == (0x81, 0x82)
    assert profile.passcode.coding == Coding("ascii", 0xFF, 8)
    assert settings.changed(codes={"tries": 3}).cards == settings.cards


def test_families_come_in_the_order_of_the_file() -> None:
    chosen = families(Settings().changed(cards={"families": ["gids", "piv", "openpgp"]}))
    assert [type(family) for family in chosen] == [GidsFamily, PivFamily, OpenPgpFamily]
    assert [family.name for family in chosen] == ["gids", "piv", "openpgp"]


@pytest.mark.parametrize("with_", ["resetting-code", "admin-pin"])
def test_openpgp_is_unlocked_with_what_the_file_says(with_: str) -> None:
    chosen = families(Settings().changed(cards={"families": ["openpgp"], "openpgp": {"unlock_with": with_}}))
    assert chosen[0].secret.name == OpenPgpFamily(unlock_with=with_).secret.name  # type: ignore[arg-type]


def test_tables_of_every_kind(file: Path) -> None:
    file.write_text(changed('["student"]', '["student", "elsewhere", "bare"]') + ELSEWHERE, encoding="utf-8")
    cards = load(file).cards
    assert {cards.table(name).card_authentication for name in ("piv", "openpgp", "gids")} == {"if-possible"}
    elsewhere = cards.table("elsewhere")
    assert isinstance(elsewhere, OtherTable)
    assert elsewhere.card_authentication == "required"
    assert elsewhere.options == {"colour": "blue", "places": {"north": 1}}
    assert cards.table("bare") == OtherTable()
    for name in ("unheard-of", "families", "profiles", "model_config"):
        with pytest.raises(KeyError):
            cards.table(name)
    assert isinstance(cards.table("bare"), FamilyTable)


ELSEWHERE = """
[cards.elsewhere]
card_authentication = "required"
colour = "blue"
places = { north = 1 }
"""

WRONG = [
    ('"F0:4B 49 4f 53 4B 01"', '"F04B49"', 5, "aid", "must have 10 to 32 hexadecimal digits"),
    ('"F0:4B 49 4f 53 4B 01"', '"student"', 5, "aid", "bytes in hexadecimal"),
    ('data_object = "5A"', "", 7, "serial.file", "give one of file, short_ef"),
    ('data_object = "5A"', 'file = ["2F2"]', 8, "serial.file", "bytes in hexadecimal"),
    ('data_object = "5A"', 'file = ["2F02"]\nshort_ef = 2', 8, "serial.file", "give one of"),
    ('data_object = "5A"', "short_ef = 31", 8, "serial.short_ef", "less than or equal to 30"),
    (
        'data_object = "5A"',
        'data_object = "5A"\nwritten = "utf-8"',
        9,
        "serial.written",
        "'hex', 'ascii' or 'bcd'",
    ),
    ('data_object = "5A"', 'data_object = "5A"\nkind = "Card No"', 9, "serial.kind", "must be a name"),
    ('reference = "81"', 'reference = "1"', 11, "passcode.reference", "bytes in hexadecimal"),
    ('reference = "81"', "", 10, "passcode.reference", "Field required"),
    ('pad = "FF"\n', "", 12, "passcode.pad_to", "go together"),
    ("pad_to = 8", "pad_to = 7", 13, "passcode.pad_to", "takes 8 bytes"),
    ("pad_to = 8", 'pad_to = 8\nencoding = "pin-block"', 12, "passcode.pad", "never filled up"),
    ("pad_to = 8", "pad_to = 8\nmin_length = 9", 10, "passcode.max_length", "must lie within"),
    ("pad_to = 8", 'pad_to = 8\nlocked = ["6982"]', 14, "passcode.locked", "6982 cannot mean two things"),
    ("pad_to = 8", 'pad_to = 8\nwrong = ["6"]', 14, "passcode.wrong", "bytes in hexadecimal"),
    ("pad_to = 8", "pad_to = 8\nstatus_query = 'maybe'", 14, "passcode.status_query", "valid boolean"),
    ("pad_to = 8", "pad_to = 8\ntries = {short_ef = 1}", 14, "passcode.tries.file", "only a data object"),
    ("pad_to = 8", "pad_to = 8\npading = 1", 14, "passcode.pading", "unknown key"),
    ('reset_p1 = "00"', 'reset_p1 = "03"', 17, "puk.reset_p1", "'00', '01' or '02'"),
    ('reset_p1 = "00"', 'reset_p1 = "01"', 17, "puk.reset_p1", "sets no new passcode"),
    ('reference = "82"\nreset_p1 = "00"', 'reset_p1 = "02"', 16, "puk.reset_p1", "needs the reference"),
    ('reference = "82"', 'reference = "81"', 16, "puk.reference", "is the passcode's"),
    ("lengths = [8]", "lengths = [8, 40]", 18, "puk.lengths", "must lie within"),
    ("lengths = [8]", "lengths = []", 18, "puk.lengths", "must lie within"),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "reason"), WRONG, ids=lambda value: str(value)[:24])
def test_a_bad_profile_is_said_with_line_key_and_reason(
    file: Path, old: str, new: str, line: int, key: str, reason: str
) -> None:
    said = refused(file, changed(old, new))
    assert said.startswith(f"{line}: cards.profiles.student.{key}: ")
    assert reason in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("puk", "key", "reason"),
    [
        ("", "card_authentication", "no card of a profile can prove itself"),
        ("", "rotate", "needs puk.replaceable"),
        ("replaceable = true\n", "rotate", "needs puk.status_query or puk.tries"),
    ],
)
def test_what_no_card_of_a_profile_can_do_is_not_asked_of_it(
    file: Path, puk: str, key: str, reason: str
) -> None:
    wanted = {"card_authentication": '"required"', "rotate": "true"}[key]
    said = refused(file, changed('aid = "', f'{key} = {wanted}\naid = "') + puk)
    assert said.startswith(f"5: cards.profiles.student.{key}: ")
    assert reason in said


def test_a_rotation_needs_tries_that_can_be_asked_for_after_use(file: Path) -> None:
    asked = "replaceable = true\nstatus_query = true\n"
    rotating = changed('aid = "', 'rotate = true\naid = "')
    file.write_text(rotating + asked, encoding="utf-8")
    assert families(load(file))[0].traits.replaceable
    said = refused(file, (rotating + asked).replace('reset_p1 = "00"', 'reset_p1 = "02"'))
    assert "cards.profiles.student.rotate: needs puk.tries" in said


STUDENT = PROFILE[PROFILE.index("[cards.profiles") :]
NAMES = [
    ('["piv", "piv"]', "", "2: cards.families: names a family twice"),
    ("[]", "", "2: cards.families: "),
    ('["PIV"]', "", "2: cards.families: must be a name of lower-case letters"),
    ('["piv"]', "[cards.pvi]\nrotate = true\n", "3: cards.pvi: unknown key; a family's table has its name"),
    ('["piv"]', "rotate = true\n", "3: cards.rotate: unknown key"),
    ('["other"]', "[cards.other]\nrotate = 3\n", "4: cards.other.rotate: "),
    ('["other"]', "[cards.other]\ndiversify = { kdf = 1 }\n", "4: cards.other.diversify.kdf: "),
    ('["piv"]', "[cards.profiles.student]\n", "3: cards.profiles.student.aid: Field required"),
    (
        '["student"]',
        STUDENT + "[cards.student]\nrotate = true\n",
        "profile's table is cards.profiles.student",
    ),
    ('["piv"]', STUDENT.replace("student", "piv"), "3: cards.profiles.piv: a name that the kiosk needs"),
    ('["piv"]', STUDENT.replace("student", "profiles"), "3: cards.profiles.profiles: a name that"),
    (
        '["piv"]',
        STUDENT.replace("student", "Student"),
        "cards.profiles.Student: must be a name of",
    ),
]


@pytest.mark.parametrize(("names", "tables", "reason"), NAMES, ids=lambda value: str(value)[:24])
def test_names_that_cannot_be(file: Path, names: str, tables: str, reason: str) -> None:
    assert reason in refused(file, f"[cards]\nfamilies = {names}\n{tables}")


def test_a_family_that_nobody_provides() -> None:
    with pytest.raises(SettingsError) as error:
        families(Settings().changed(cards={"families": ["piv", "badge"]}))
    said = str(error.value)
    assert said.startswith("cards.families: there is no card family 'badge'; there are gids, openpgp, piv")
    assert "kiosk.card_families" in said
    assert "[cards.profiles.badge]" in said


def test_a_start_loads_no_family_that_nobody_configured() -> None:
    program = (
        "import sys; from kiosk.settings import Settings; from kiosk.families import families\n"
        "families(Settings())\n"
        "print(sorted(name for name in sys.modules if name.startswith('cardio.applets.')))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "'cardio.applets.piv'" in run.stdout
    assert not any(name in run.stdout for name in ("openpgp", "gids", "'cardio.applets.iso7816'"))
