"""kiosk.toml: its defaults are the models', and what is wrong in one is said with file, line and key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.privacy import PRIVACY_CY, PRIVACY_EN
from kiosk.settings import Settings, SettingsError, default_file, load

SETTING = re.compile(r"^# (?=[a-z_]+ = )")
BUILT_IN = {'"""..."""': {"text": PRIVACY_EN, "text_cy": PRIVACY_CY}}


def uncommented() -> str:
    """The shipped file with every default taken out of its comment."""
    text = default_file().read_text("utf-8")
    lines = [SETTING.sub("", line) for line in text.splitlines()]
    return "\n".join(line for line in lines if '"""..."""' not in line)  # those stand for a built-in text


def keys(model: dict[str, Any]) -> set[str]:
    """Every key of a dumped model, with its tables."""
    found = set()
    for name, value in model.items():
        found |= {f"{name}.{inner}" for inner in keys(value)} if isinstance(value, dict) else {name}
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file to be written."""
    return tmp_path / "kiosk.toml"


def test_the_shipped_file_changes_nothing() -> None:
    assert load(default_file()) == Settings()


def test_every_default_in_the_file_is_the_models(file: Path) -> None:
    file.write_text(uncommented(), encoding="utf-8")
    assert load(file).model_dump() == Settings().model_dump()


def test_every_setting_is_in_the_file(file: Path) -> None:
    file.write_text(uncommented(), encoding="utf-8")
    written: dict[str, Any] = {}
    for name, table in _tables(uncommented()).items():
        written |= {f"{name}.{key}": None for key in table}
    everything = keys(Settings().model_dump(by_alias=True))
    assert everything - set(written) == {"privacy.text", "privacy.text_cy"}, "which the file mentions too"
    assert set(written) <= everything
    assert default_file().read_text("utf-8").count('"""..."""') == 2


def _tables(text: str) -> dict[str, list[str]]:
    """The keys under each heading, as they are written."""
    found: dict[str, list[str]] = {}
    table = ""
    for line in text.splitlines():
        if heading := re.match(r"\[([\w.]+)\]", line):
            table = heading[1]
        elif key := re.match(r"(\w+) = ", line):
            found.setdefault(table, []).append(key[1])
    return found


EXAMPLE = re.compile(r"^#     (?=\S)")  # the lines of the shipped profile


def profile_of_the_file() -> str:
    """The profile in the shipped file, out of its comments."""
    lines = default_file().read_text("utf-8").splitlines()
    return "\n".join(EXAMPLE.sub("", line) for line in lines if EXAMPLE.match(line))


def test_the_profile_in_the_file_is_one_and_holds_every_key_with_its_default(file: Path) -> None:
    file.write_text(profile_of_the_file(), encoding="utf-8")
    whole = load(file)
    file.write_text(MINIMAL, encoding="utf-8")
    assert load(file).cards.profiles == whole.cards.profiles
    written = {f"{name}.{key}" for name, table in _tables(profile_of_the_file()).items() for key in table}
    table = whole.cards.profiles["student"]
    everything = {f"cards.profiles.student.{key}" for key in keys(table.model_dump())}
    rest = {f"cards.profiles.student.{key}" for key in ("puk.tries", "passcode.tries")}
    assert {key for key in everything - written if ".diversify." not in key} == rest
    assert written <= everything


MINIMAL = """
[cards.profiles.student]
aid = "F04B494F534B01"
serial = { data_object = "5A" }
passcode = { reference = "81" }
puk = { reset_p1 = "00" }
"""

WRONG = [
    ("[codes]\n\nminutes = 15\ntrise = 5\n", 4, "codes.trise", "unknown key"),
    ("[codez]\nminutes = 15\n", 1, "codez", "unknown key"),
    ("[codes]\ntries = 0\n", 2, "codes.tries", "greater than or equal to 1"),
    ('[codes]\ntries = "five"\n', 2, "codes.tries", "valid integer"),
    ('[unlock]\nproofs = ["questions"]\n', 1, "unlock", "proofs must be"),
    ('[unlock]\nattempts = 3\nproofs = ["letter"]\n', 3, "unlock.proofs", "'questions' or 'email-code'"),
    ("[passcode]\nmin_length = 8\nmax_length = 6\n", 1, "passcode", "min_length is greater than max_length"),
    ('[mail]\nhost = "mail.example"\ntls = "off"\n', 1, "mail", "on this machine"),
    ('[site]\n# a remark\nblue = "red"\n', 3, "site.blue", 'must be "#" and six hexadecimal digits'),
    ('[database]\nurl = "kiosk.db"\n', 2, "database.url", 'must be "sqlite:///FILE", or a server'),
    ('[database]\nurl = "mysql://x/y"\n', 2, "database.url", '"postgresql://ROLE@HOST/DATABASE"'),
    ('[cards]\nfamilies = ["PIV"]\n', 2, "cards.families", "must be a name of lower-case letters"),
    ('[cards.piv]\ncard_authentication = "maybe"\n', 2, "cards.piv.card_authentication", "'required'"),
    ("cards.piv.colour = 1\n", 1, "cards.piv.colour", "unknown key"),
    ('[health]\ntextfile = "/tmp/kiosk.txt"\n', 2, "health.textfile", "must end in .prom"),
    ("[hashing]\ncost = 4\n", 2, "hashing.cost", "greater than or equal to 10"),
    ("[patience]\nextensions = 1\n", 2, "patience.extensions", "greater than or equal to 2"),
    ("[unlock]\nmin_unblock_tries = 1\n", 2, "unlock.min_unblock_tries", "greater than or equal to 2"),
    ("[codes]\nassistance_minutes = 1441\n", 2, "codes.assistance_minutes", "less than or equal to 1440"),
]


@pytest.mark.parametrize(("text", "line", "key", "reason"), WRONG, ids=lambda value: str(value)[:24])
def test_what_is_wrong_is_said_with_file_line_key_and_reason(
    file: Path, text: str, line: int, key: str, reason: str
) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(file)
    message = str(refused.value)
    assert message.startswith(f"{file}:{line}: {key}: ")
    assert reason in message


def test_every_fault_is_said_at_once(file: Path) -> None:
    file.write_text("[codes]\ntries = 0\nminutes = 99\n[site]\nnmae = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(file)
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize("text", ["[codes\n", "[codes]\ntries = \n", "tries\n"])
def test_what_is_no_toml_is_said_with_its_line(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"{re.escape(str(file))}: not valid TOML: .*line \d"):
        load(file)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("[site]\nra_contact = 'Café'\n".encode("latin-1"))
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "latin.toml")


def test_missing_sections_are_their_defaults(file: Path) -> None:
    file.write_text("[register]\nhold_hours = 4\n", encoding="utf-8")
    settings = load(file)
    assert settings.registration.hold_hours == 4
    assert settings.registration.overwrite_email
    assert settings.codes == Settings().codes


def test_values_are_not_repeated_in_errors(file: Path) -> None:
    """Somebody may have put a password where none belongs."""
    file.write_text('[mail]\nport = "hunter2"\npassword = "hunter2"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(file)
    assert "hunter2" not in str(refused.value)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().codes.tries = 9  # type: ignore[misc]


def test_changed_settings_are_checked_again() -> None:
    assert Settings().changed(codes={"tries": 3}).codes.tries == 3
    with pytest.raises(ValidationError):
        Settings().changed(codes={"tries": 0})


def test_the_state_directory_of_systemd_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().state_directory == Path("/var/lib/unlock-kiosk")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")
    assert Settings().state_directory == Path("/var/lib/a")
