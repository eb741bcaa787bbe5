"""Passwords typed at a real terminal: asked for hidden, twice where they are new, and over with Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.kiosk.commands.shell import PASSWORD, Shell
from tests.terminal.terminal import ENTER, Terminal

NEW = "copper lantern meadow"
CTRL_C = "\x03"


@contextmanager
def called(shell: Shell, *arguments: str) -> Iterator[Terminal]:
    """A command in a terminal of its own."""
    command = [sys.executable, "-m", "kiosk", "--config", str(shell.config), *arguments]
    terminal = Terminal(command, shell.folder / "log")
    yield terminal
    terminal.close()
    for password in (PASSWORD, NEW):
        assert password.encode() not in terminal.output
        assert password not in (shell.folder / "log").read_text()


def test_the_first_administrator_and_then_an_officer(bare_shell: Shell) -> None:
    with called(bare_shell, "init", "--administrator", "smith") as terminal:
        terminal.wait_for("New password for smith, 12 characters or more:")
        terminal.keys(PASSWORD, ENTER)
        terminal.wait_for("The same again:")
        terminal.keys(NEW, ENTER)
        asked = "New password for smith, 12 characters or more:"
        again = f"{asked} The same again: {asked}"
        terminal.wait_for(again)
        terminal.keys(PASSWORD, ENTER)
        terminal.wait_for(f"{again} The same again:")
        terminal.keys(PASSWORD, ENTER)
        terminal.wait_for("Administrator smith: made")
        assert terminal.wait_for_end() == 0
        assert "That was not the same" in terminal.log.read_text()
    with called(
        bare_shell, "staff", "add", "jones", "--role", "officer", "--password", "--as", "smith"
    ) as terminal:
        terminal.wait_for("Password of smith:")
        terminal.keys(PASSWORD, ENTER)
        terminal.wait_for("New password for jones, 12 characters or more:")
        terminal.keys(NEW, ENTER)
        terminal.wait_for("The same again:")
        terminal.keys(NEW, ENTER)
        terminal.wait_for("Account jones is made")
        assert terminal.wait_for_end() == 0
    added = bare_shell.as_staff("jones", "holder", "add", "1", "Ann Jones", password=NEW)
    assert added.exit_code == 0


def test_whoever_is_shut_out_while_it_asks_does_nothing_more(shell: Shell) -> None:
    """Not even to their own account, which would open it again."""
    with called(shell, "staff", "reset", "adam", "--password", "--as", "adam") as terminal:
        terminal.wait_for("Password of adam:")
        terminal.keys(PASSWORD, ENTER)
        terminal.wait_for("New password for adam, 12 characters or more:")
        shell.query("UPDATE staff SET disabled = 1 WHERE name = 'adam'")
        before = shell.query("SELECT * FROM staff")
        terminal.keys(NEW, ENTER)
        terminal.wait_for("The same again:")
        terminal.keys(NEW, ENTER)
        assert terminal.wait_for_end() == 1
    assert "your own account was changed meanwhile" in (shell.folder / "log").read_text()
    assert shell.query("SELECT * FROM staff") == before


def test_a_weak_one_is_asked_for_again(shell: Shell) -> None:
    with called(shell, "staff", "reset", "tess", "--password", "--as", "adam") as terminal:
        terminal.wait_for("Password of adam:")
        terminal.keys(PASSWORD, ENTER)
        asked = "New password for tess, 12 characters or more:"
        terminal.wait_for(asked)
        terminal.keys("3 seals", ENTER)
        terminal.wait_for(f"{asked} The same again:")
        terminal.keys("3 seals", ENTER)
        terminal.wait_for(f"{asked} The same again: {asked}")
        assert "The password is too short" in (shell.folder / "log").read_text()
        terminal.keys(NEW, ENTER)
        terminal.wait_for(f"{asked} The same again: {asked} The same again:")
        terminal.keys(NEW, ENTER)
        terminal.wait_for("Account tess is reset")
        assert terminal.wait_for_end() == 0


def test_nor_to_the_people(shell: Shell) -> None:
    shell.ok("holder", "add", "1", "Ann Jones")
    with called(shell, "holder", "forget", "1", "--reason", "x", "--as", "olga.price") as terminal:
        terminal.wait_for("Password of olga.price:")
        terminal.keys(PASSWORD, ENTER)
        terminal.wait_for("for good?")
        shell.query("UPDATE staff SET disabled = 1 WHERE name = 'olga.price'")
        terminal.keys("y", ENTER)
        assert terminal.wait_for_end() == 1
    assert "your own account was changed meanwhile" in (shell.folder / "log").read_text()
    assert shell.ok("holder", "show", "1")


@pytest.mark.parametrize("typed", ["", "violet"])
def test_ctrl_c_ends_it(shell: Shell, typed: str) -> None:
    with called(shell, "vault", "rekey", "--as", "adam") as terminal:
        terminal.wait_for("Password of adam:")
        terminal.keys(typed + CTRL_C)
        assert terminal.wait_for_end() != 0
    assert "Traceback" not in (shell.folder / "log").read_text()
    assert shell.query("SELECT * FROM staff_delay") == [], "no try was spent"
