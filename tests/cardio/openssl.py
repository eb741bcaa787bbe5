"""The openssl command, for cryptograms that the library in use here has not made. It comes from Debian."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def openssl_cipher(name: str, key: str, blocks: str, *, iv: str = "", decrypt: bool = False) -> str:
    """Encipher whole blocks, without padding; keys and blocks in hexadecimal. ``name`` is openssl's."""
    program = shutil.which("openssl")
    if program is None:
        pytest.fail("openssl is missing: apt-get install openssl")
    command = [program, "enc", f"-{name}", "-K", key, "-nopad"]
    command += (["-iv", iv] if iv else []) + (["-d"] if decrypt else [])
    done = subprocess.run(command, input=bytes.fromhex(blocks), capture_output=True, check=True)
    return done.stdout.hex().upper()
