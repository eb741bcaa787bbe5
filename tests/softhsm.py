"""SoftHSM2: real PKCS#11 tokens in a folder of this process. It comes from Debian."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pkcs11
import pytest
from pydantic import SecretStr

from kiosk.token import Token

PIN = SecretStr("2846-7193")
_PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


def module() -> Path:
    """The PKCS#11 module. Fails the test where it is missing."""
    found = next((Path(place) for place in _PLACES if Path(place).exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.fail("SoftHSM2 is missing: apt-get install softhsm2")
    return found


def make_token() -> str:
    """An empty token with the PIN; its label, which no other has."""
    _folder()
    label = f"kiosk {secrets.token_hex(6)}"
    pin = PIN.get_secret_value()
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", pin],
        check=True,
        capture_output=True,
    )
    pkcs11.lib(str(module())).reinitialize()  # it looks for tokens only then
    return label


def opened(label: str, pin: SecretStr = PIN) -> Token:
    """A token as a kiosk opens it."""
    return Token(module(), label, pin)


@cache
def _folder() -> Path:
    """Where the tokens of this process are; the module reads the variable when it is first loaded."""
    folder = Path(mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    return folder
