from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import i18n
from kiosk.audit import Event, Subject
from kiosk.mail import MailFacts, SmtpMailer
from kiosk.office.doctor import Finding, Level, surroundings
from kiosk.office.office import office
from kiosk.settings import Settings
from tests.kiosk.commands.shell import Shell
from tests.smtp import mail_server

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL


# -- mail server ----------------------------------------------------------------------------------


async def test_a_mail_server_that_takes_the_sign_in_gets_no_mail(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        settings = with_mail(tmp_path, server.settings.model_dump(), server.password.get_secret_value())
        found = await surroundings.mail_server(settings)
        assert found.level is WARN  # its certificate ends tomorrow
        assert "TLSv1.3, signed in; its certificate ends" in found.detail
        assert server.inbox == []


async def test_a_certificate_that_lasts_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    async def probe(_: SmtpMailer) -> MailFacts:
        return MailFacts("localhost", 587, "TLSv1.3", datetime.now(UTC) + timedelta(days=15), False)

    monkeypatch.setattr(SmtpMailer, "probe", probe)
    found = await surroundings.mail_server(Settings())
    assert found == Finding("mail server", OK, "localhost:587: TLSv1.3, without signing in")


@pytest.mark.parametrize(
    ("encryption", "change", "password", "told"),
    [
        ("starttls", {}, "wrong", "mail.username"),
        ("starttls", {"ca_file": None}, None, "mail.ca_file"),
        ("off", {"tls": "starttls"}, None, "STARTTLS"),
        ("starttls", {"port": 1}, None, "mail.port"),
        ("starttls", {"host": "nowhere.invalid"}, None, "mail.host"),
    ],
)
async def test_a_mail_server_that_does_not_work(
    encryption: Any, change: dict[str, Any], password: str | None, told: str, tmp_path: Path
) -> None:
    async with mail_server(tmp_path, encryption=encryption) as server:
        mail = {**server.settings.model_dump(), **change}
        found = await surroundings.mail_server(
            with_mail(tmp_path, mail, password or server.password.get_secret_value())
        )
    assert found.level is FAIL
    assert told in found.advice
    assert server.password.get_secret_value() not in str(found)


async def test_a_mail_server_without_tls_is_a_warning(tmp_path: Path) -> None:
    async with mail_server(tmp_path, encryption="off") as server:
        settings = with_mail(tmp_path, server.settings.model_dump(), server.password.get_secret_value())
        found = await surroundings.mail_server(settings)
    assert found.level is WARN
    assert "without TLS" in found.detail


async def test_a_password_that_is_missing(tmp_path: Path) -> None:
    settings = Settings().changed(state={"directory": tmp_path}, mail={"username": "kiosk"})
    found = await surroundings.mail_server(settings)
    assert (found.level, "smtp-password: is missing" in found.detail) == (FAIL, True)


def with_mail(folder: Path, mail: dict[str, Any], password: str) -> Settings:
    """Settings that lead to a mail server, with the password where it belongs."""
    (folder / "smtp-password").write_text(f"{password}\n")
    (folder / "smtp-password").chmod(0o600)
    return Settings().changed(state={"directory": folder}, mail=mail)


# -- clock, languages, terminal -------------------------------------------------------------------


async def test_a_clock_that_is_behind_the_store(shell: Shell) -> None:
    assert (await surroundings.clock(shell.settings)).level is OK
    future = datetime.now(UTC) + timedelta(days=2)
    async with office(shell.settings) as parts, parts.service.store.work() as session:
        parts.service.store.audit.record(session, Event.KIOSK_STARTED, Subject(), at=future)
    found = await surroundings.clock(shell.settings)
    assert found.level is FAIL
    assert f"must be after {future:%Y-%m-%d %H:%M}" in found.detail


async def test_a_clock_before_there_is_a_store(bare_shell: Shell) -> None:
    assert (await surroundings.clock(bare_shell.settings)).level is OK


async def test_languages_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "LOCALES", tmp_path)
    missing = await surroundings.languages(Settings())
    assert (missing.level, missing.detail) == (WARN, "no sentences in: cy; English is shown instead")
    (tmp_path / "cy" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "cy" / "LC_MESSAGES" / f"{i18n.DOMAIN}.mo").touch()
    assert (await surroundings.languages(Settings())).level is OK


class Screen:
    """Standard output as a terminal of some kind."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding

    def isatty(self) -> bool:
        """It is one."""
        return True

    def fileno(self) -> int:
        """Some open descriptor; terminfo is a file."""
        return 1


@pytest.mark.parametrize(
    ("kind", "colours", "size", "encoding", "level", "told"),
    [
        ("xterm-256color", 256, (80, 24), "utf-8", OK, "xterm-256color, 80x24, 256 colours"),
        ("linux", 8, (128, 48), "UTF-8", OK, "linux, 128x48, 8 colours"),
        ("xterm", 8, (80, 24), "utf-8", WARN, "xterm, 80x24, 8 colours"),
        ("xterm-256color", 256, (79, 24), "utf-8", FAIL, "79x24, smaller than 80x24"),
        ("xterm-256color", 256, (80, 23), "utf-8", FAIL, "80x23, smaller than 80x24"),
        ("xterm-256color", 256, (80, 24), "ANSI_X3.4-1968", FAIL, "not UTF-8"),
        ("dumb", 0, (80, 24), "utf-8", FAIL, "TERM is dumb"),
        ("", None, (80, 24), "utf-8", FAIL, "TERM is not set"),
        ("teletype-33", None, (80, 24), "utf-8", WARN, "TERM=teletype-33 is not known here"),
    ],
)
async def test_a_terminal_has_to_be_large_enough_and_speak_utf8(
    kind: str,
    colours: int | None,
    size: tuple[int, int],
    encoding: str,
    level: Level,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TERM", kind)
        patched.setattr(surroundings, "_colours", lambda _: colours)
        patched.setattr(shutil, "get_terminal_size", lambda: os.terminal_size(size))
        patched.setattr(sys, "stdout", Screen(encoding))
        found = await surroundings.terminal(Settings())
    assert found is not None
    assert found.level is level
    assert told in found.detail


@pytest.mark.parametrize(
    ("kind", "colours"), [("xterm-256color", "256"), ("linux", "8"), ("teletype-33", "None")]
)
def test_colours_are_what_terminfo_says(kind: str, colours: str) -> None:
    ask = f"from kiosk.office.doctor.surroundings import _colours; print(_colours({kind!r}))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == colours  # in a process of its own: curses looks a terminal up only once


async def test_no_terminal_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", io.StringIO())
        assert await surroundings.terminal(Settings()) is None
