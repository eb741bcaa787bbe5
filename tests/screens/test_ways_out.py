"""No way out of the app, and no way for what is on it to get out: each hole of a default app, closed."""

from __future__ import annotations

import asyncio
import inspect
import io
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest
from textual.app import App

from kiosk.dialogue import Stage
from kiosk.steps import Attract, ConfirmEmail
from screens.app import KioskApp
from screens.environment import scrub
from screens.failures import EX_SOFTWARE, record
from screens.frame import KioskScreen
from screens.widgets.fields import Entry
from tests.screens.gallery import DOMAINS, GALLERY
from tests.screens.hall import hall, look, wait_until

_KEYS = (
    *(f"ctrl+{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    *("ctrl+backslash", "ctrl+underscore", "ctrl+at", "alt+f4", "f10", "f11", "f12", "super+c", "super+v"),
)
_SECRET = "zebra-80418041"


@pytest.mark.parametrize("name", ["attract", "answers", "new-passcode", "welcome-registered"])
async def test_no_key_leads_out(name: str) -> None:
    async with hall() as there:
        await there.hang(next(sample for sample in GALLERY if sample.name == name))
        shown = there.screen
        await there.pilot.press(*_KEYS)
        assert there.app.is_running
        assert there.screen is shown
        assert len(there.app.screen_stack) == 2
        assert there.app.clipboard == ""


async def test_no_action_but_the_kiosks_own_can_be_run() -> None:
    """Through a key, a link in a text or whatever Textual thinks of: the list is Textual's, the gate ours."""
    allowed = KioskApp.ALLOWED_ACTIONS
    names = {
        name.removeprefix("_").removeprefix("action_")
        for name, _ in inspect.getmembers(App, inspect.isfunction)
        if name.startswith(("action_", "_action_"))
    }
    assert {"quit", "command_palette", "screenshot", "suspend_process", "simulate_key", "notify"} <= names
    async with hall() as there:
        there.stage.show(Attract())
        await there.settle()
        for name in sorted(names - allowed):
            assert not await there.app.run_action(name), name
            assert not await there.app.run_action(f"app.{name}"), name


async def test_nothing_is_copied_opened_or_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hall() as there:
        driver = there.app._driver
        assert driver is not None

        def leak(*_: Any, **__: Any) -> None:
            pytest.fail("something got out")

        for name in ("write", "open_url", "deliver_binary"):
            monkeypatch.setattr(driver, name, leak)
        there.app.copy_to_clipboard(_SECRET)
        there.app.open_url("https://example.org")
        there.app.deliver_text(io.StringIO(_SECRET))
        there.app.deliver_binary(io.BytesIO(_SECRET.encode()))
        assert there.app.clipboard == ""
        assert list(there.app.get_system_commands(there.app.screen)) == []


async def test_there_is_no_palette() -> None:
    assert not KioskApp.ENABLE_COMMAND_PALETTE
    assert not KioskApp.COMMANDS
    async with hall() as there:
        await there.hang(GALLERY[0])
        await there.pilot.press("ctrl+p")
        assert isinstance(there.app.screen, KioskScreen)


async def test_nothing_can_be_selected() -> None:
    async with hall() as there:
        await there.hang(GALLERY[0])
        heading = there.screen.query_one(".heading")
        for _ in range(2):
            await there.touch(heading)
        assert not there.screen.selections
        assert not heading.allow_select or not there.app.ALLOW_SELECT


async def test_a_field_neither_copies_nor_cuts_nor_pastes_nor_selects_by_key() -> None:
    async with hall() as there:
        there.stage.pose(ConfirmEmail(masked=None, may_overwrite=True, domains=DOMAINS, typed=_SECRET))
        await there.settle()
        entry = there.screen.query_one(Entry)
        there.app._clipboard = "from outside"
        await there.pilot.press(
            "ctrl+a", "ctrl+c", "ctrl+x", "ctrl+v", "shift+home", "ctrl+shift+a", "ctrl+u"
        )
        assert entry.value == _SECRET
        assert entry.selected_text == ""
        assert there.app.clipboard == "from outside"
        assert set(entry._bindings.key_to_bindings) == {
            *("left", "right", "home", "end", "backspace", "delete", "enter")
        }


async def test_no_screen_of_ours_keeps_textuals_bindings() -> None:
    async with hall() as there:
        for sample in {type(sample.shown): sample for sample in GALLERY}.values():
            await there.hang(sample)
            keys = set(there.screen._bindings.key_to_bindings)
            assert not [key for key in keys if key.startswith(("ctrl+", "super+", "alt+"))], sample.name


def _app(attend: Any) -> KioskApp:
    return KioskApp(look(), attend)


async def _attend_and_fail(stage: Stage) -> int:
    passcode = _SECRET
    raise RuntimeError(f"about {passcode}")


async def test_a_failing_attendant_ends_with_70_and_tells_nothing(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    app = _app(_attend_and_fail)
    assert await app.serve(headless=True) == EX_SOFTWARE
    _only_type_and_place(caplog, capfd, "RuntimeError")


async def test_a_failing_handler_ends_with_70_and_tells_nothing(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    ended = asyncio.Event()

    async def attend(stage: Stage) -> int:
        def handler() -> None:
            passcode = _SECRET
            raise ValueError(passcode)

        app.call_later(handler)
        await ended.wait()
        return 0

    app = KioskApp(look(), attend, on_signal=ended.set)
    assert await app.serve(headless=True) == EX_SOFTWARE
    assert ended.is_set(), "the attendant was told, and waited for"
    _only_type_and_place(caplog, capfd, "ValueError")


@pytest.mark.parametrize("where", ["task", "thread"])
async def test_a_task_or_thread_that_dies_ends_the_app_with_70(
    where: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    ended = asyncio.Event()

    def die() -> None:
        raise KeyError(_SECRET)

    async def die_too() -> None:
        die()

    async def attend(stage: Stage) -> int:
        if where == "thread":
            threading.Thread(target=die).start()
        else:
            task = asyncio.create_task(die_too())
            await asyncio.wait({task})
            del task
        await ended.wait()
        return 0

    app = KioskApp(look(), attend, on_signal=ended.set)
    assert await app.serve(headless=True) == EX_SOFTWARE
    _only_type_and_place(caplog, capfd, "KeyError")


async def test_a_broken_connection_is_noted_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()

    async def attend(stage: Stage) -> int:
        context = {"message": _SECRET, "exception": ConnectionResetError(_SECRET), "transport": object()}
        asyncio.get_running_loop().call_exception_handler(context)
        asyncio.get_running_loop().call_exception_handler({"message": _SECRET})
        await done.wait()
        return 5

    app = _app(attend)
    serving = asyncio.create_task(app.serve(headless=True))
    await wait_until(lambda: len(caplog.records) == 2)
    done.set()
    assert await serving == 5
    assert _SECRET not in caplog.text


async def test_the_app_exits_with_the_attendants_code() -> None:
    async def attend(stage: Stage) -> int:
        stage.show(Attract())
        return 75

    assert await _app(attend).serve(headless=True) == 75


async def test_panic_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    async def attend(stage: Stage) -> int:
        app.panic(_SECRET)
        await ended.wait()
        return 0

    ended = asyncio.Event()
    app = KioskApp(look(), attend, on_signal=ended.set)
    assert await app.serve(headless=True) == EX_SOFTWARE
    assert _SECRET not in "".join(capfd.readouterr())


def _only_type_and_place(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    printed = "".join(capfd.readouterr())
    assert _SECRET not in printed + caplog.text
    assert "Traceback" not in printed + caplog.text
    assert kind in caplog.text
    assert "test_ways_out.py" in caplog.text


def test_the_log_follows_causes_and_leaves_messages_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        try:
            try:
                raise ValueError(_SECRET)
            except ValueError as error:
                raise RuntimeError(_SECRET) from error
        except RuntimeError as error:
            record(error, "here")
    assert "RuntimeError" in caplog.text
    assert "ValueError" in caplog.text
    assert _SECRET not in caplog.text


def test_the_environment_is_scrubbed() -> None:
    kept = {"PATH": "/bin", "TERM": "linux", "LANG": "C.UTF-8"}
    bad = (
        "TEXTUAL",
        "TEXTUAL_LOG",
        "TEXTUAL_DEBUG",
        "TEXTUAL_DRIVER",
        "TEXTUAL_PRESS",
        "TEXTUAL_ALLOW_SIGNALS",
    )
    environ = kept | dict.fromkeys((*bad, "COLUMNS", "LINES", "BROWSER", "ESCDELAY", "JUPYTER_COLUMNS"), "1")
    scrub(environ)
    assert environ == kept


def test_scrubbing_loads_no_textual() -> None:
    code = "import sys, screens.environment; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
