"""SoftHSM2: a real PKCS#11 token in a folder of this process. It comes from Debian.

One token serves all tests of a process, each with labels of its own: the module looks for tokens only when
it is loaded. ``STRANGE`` is another, which nobody ever signs in to.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from pydantic import SecretStr

from kiosk.token import Token

PIN = SecretStr("2846-7193")
TOKEN, STRANGE = "kiosk", "strange"
_PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


@cache
def module() -> Path:
    """The PKCS#11 module, with both tokens. Fails the test where it is missing."""
    found = next((Path(place) for place in _PLACES if Path(place).exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.fail("SoftHSM2 is missing: apt-get install softhsm2")
    folder = Path(mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)  # read when the module is loaded
    pin = PIN.get_secret_value()
    for label in (TOKEN, STRANGE):
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", pin],
            check=True,
            capture_output=True,
        )
    return found


def fresh(name: str) -> str:
    """A label that no key has yet."""
    return f"{name} {secrets.token_hex(6)}"


def opened(label: str = TOKEN, pin: SecretStr = PIN) -> Token:
    """The token as a kiosk opens it."""
    return Token(module(), label, pin)
