"""The login prompt beside the kiosk, by a real agetty on a real virtual terminal, for a real caller."""

from __future__ import annotations

import asyncio
import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import login_vt
from deploy.login_vt import Consoles
from kiosk.settings import Settings
from kiosk.staff.account import Account, NotAllowed, Role, StaffProblem
from kiosk.staff.prompting import ask_for_prompt
from kiosk.staff.rooms.service import ServiceDesk
from tests.prompting import VT, listening, on_the_screen
from tests.stories.world import new_world


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that this process is not told of."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _read_all(terminal: str) -> bytes:
    """What a process of somebody's reads there until it is hung up."""
    with Path(terminal).open("rb", buffering=0) as opened:
        return subprocess.run(["cat"], stdin=opened, capture_output=True).stdout


async def test_a_prompt_in_front_and_the_kiosk_again_when_nobody_types(
    consoles: Consoles, tmp_path: Path
) -> None:
    before = consoles.active()
    async with listening(tmp_path / "socket", "--vt", str(VT), "--idle", "3") as started:
        await ask_for_prompt(tmp_path / "socket")
        assert consoles.active() == VT
        await until(lambda: "login:" in on_the_screen(VT))
        with pytest.raises(StaffProblem, match="there is one already"):
            await ask_for_prompt(tmp_path / "socket")
        await until(lambda: started[0].poll() is not None)
        assert started[0].returncode == 0
        assert consoles.active() == before
        await ask_for_prompt(tmp_path / "socket")  # and again
        assert consoles.active() == VT
        await until(lambda: started[1].poll() is not None)
        assert consoles.active() == before


async def test_whoever_has_the_terminal_open_is_hung_up(consoles: Consoles, tmp_path: Path) -> None:
    async with listening(tmp_path / "socket", "--vt", str(VT), "--idle", "3") as started:
        await ask_for_prompt(tmp_path / "socket")
        left = await asyncio.to_thread(_read_all, f"/dev/tty{VT}")
        assert left == b""  # an end of file: it reads from nothing any more
        await until(lambda: started[0].poll() is not None)


async def test_a_service_that_is_stopped_leaves_no_terminal_open(consoles: Consoles, tmp_path: Path) -> None:
    """`systemctl stop`, with KillMode=mixed: it alone is told, and what login began may be no part of it."""
    before = consoles.active()
    async with listening(tmp_path / "socket", "--vt", str(VT)) as started:
        await ask_for_prompt(tmp_path / "socket")
        prompts = Path(f"/proc/{started[0].pid}/task/{started[0].pid}/children")
        await until(lambda: prompts.read_text() != "")
        terminal = os.open(f"/dev/tty{VT}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            with pytest.raises(BlockingIOError):
                os.read(terminal, 1)
            started[0].terminate()
            await until(lambda: started[0].poll() is not None)
            assert os.read(terminal, 1) == b"", "whoever had it open was hung up"
        finally:
            os.close(terminal)
        assert consoles.active() == before


async def test_what_a_killed_service_has_left_is_tidied_up(
    tmp_path: Path, consoles: login_vt.Consoles
) -> None:
    """What ExecStopPost= does after an end of which the service itself cannot know."""
    before = consoles.active()
    async with listening(tmp_path / "socket", "--vt", str(VT)) as started:
        await ask_for_prompt(tmp_path / "socket")
        await until(lambda: "login:" in on_the_screen(VT))
        children = Path(f"/proc/{started[0].pid}/task/{started[0].pid}/children")
        prompts = (await asyncio.to_thread(children.read_text)).split()
        started[0].kill()
        await until(lambda: started[0].poll() is not None)
        assert consoles.active() == VT
        tidy = ["--vt", str(VT), "--note", str(tmp_path / "note"), "--tidy"]
        for _ in range(2):  # systemd calls it after every end
            assert login_vt.main(tidy) == 0
            assert consoles.active() == before
        await until(lambda: not any(Path(f"/proc/{prompt}").exists() for prompt in prompts))


async def test_what_nobody_tidied_up_does_not_keep_the_kiosks_screen_away(
    tmp_path: Path, consoles: login_vt.Consoles
) -> None:
    """Where --tidy was killed, too, the next call finds the prompt's own terminal in front."""
    before, note = consoles.active(), tmp_path / "note"
    note.write_text(str(before))
    consoles.show(VT)
    try:
        async with listening(tmp_path / "socket", "--vt", str(VT), "--idle", "2") as started:
            await ask_for_prompt(tmp_path / "socket")
            assert consoles.active() == VT
            await until(lambda: started[0].poll() is not None)
            assert consoles.active() == before
    finally:
        consoles.show(before)
    note.write_text("")  # killed between making it and writing it
    assert login_vt.main(["--vt", str(VT), "--note", str(note), "--tidy"]) == 0
    assert (note.exists(), consoles.active()) == (False, before)


def test_an_account_that_could_log_in(tmp_path: Path) -> None:
    me = pwd.getpwuid(os.getuid())
    shadow = tmp_path / "shadow"
    for password, may in (
        ("$y$j9T$abc", True),
        ("", True),
        ("*", False),
        ("!", False),
        ("!$y$j9T$abc", False),
    ):
        shadow.write_text(f"nobody:*:1::::::\n{me.pw_name}:{password}:20000:0:99999:7:::\n")
        assert login_vt.may_log_in(me.pw_uid, shadow) is may, password
    shadow.write_text("nobody:*:1::::::\n")
    assert login_vt.may_log_in(me.pw_uid, shadow), "its password may be kept elsewhere, such as in LDAP"
    shadow.write_text(f"{me.pw_name}::20000:0:99999:7:::\n")
    assert not login_vt.may_log_in(pwd.getpwnam("nobody").pw_uid, shadow)  # it has no shell


async def test_what_the_service_says_is_told(tmp_path: Path) -> None:
    async def refuse(_: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        answers.write(b"the account of the kiosk could log in\x1b[2J\n")
        answers.close()

    server = await asyncio.start_unix_server(refuse, tmp_path / "socket")
    async with server:
        with pytest.raises(StaffProblem) as told:
            await ask_for_prompt(tmp_path / "socket")
    assert str(told.value) == "no login prompt: the account of the kiosk could log in[2J"
    with pytest.raises(StaffProblem, match=r"unlock-kiosk-login\.socket"):
        await ask_for_prompt(tmp_path / "nothing")


async def test_administrators_alone_and_on_record(tmp_path: Path) -> None:
    async with new_world(tmp_path, Settings()) as world:
        store = world.parts.service.store

        def desk(role: Role, where: Path | None) -> ServiceDesk:
            account = Account(role.value, role, False, True, False, world.hands.wall)
            return ServiceDesk(account, store, lambda: None, where)

        for role in (Role.TECHNICIAN, Role.OFFICER):
            with pytest.raises(NotAllowed):
                await desk(role, tmp_path / "socket").login_prompt()
        with pytest.raises(StaffProblem, match=r"staff\.login_socket"):
            await desk(Role.ADMINISTRATOR, None).login_prompt()
        assert not await world.events("kiosk.login-prompted")
        with pytest.raises(StaffProblem):
            await desk(Role.ADMINISTRATOR, tmp_path / "socket").login_prompt()

        async def shown(_: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
            answers.write(b"shown\n")
            answers.close()

        async with await asyncio.start_unix_server(shown, tmp_path / "socket"):
            await desk(Role.ADMINISTRATOR, tmp_path / "socket").login_prompt()
        told = [(one.actor, one.outcome) for one in await world.events("kiosk.login-prompted")]
        assert told == [("administrator", "ok"), ("administrator", "failed"), ("administrator", "ok")]
