"""The contacts of a virtual card: vpcd (vsmartcard) on one side, a card in this process on the other.

Written from the driver's protocol, and not from `cardio.virtual.vpcd`: each frame is a length of 2 bytes,
big-endian, and that many bytes; one byte alone is a control code, of which only the last is answered.
"""

from __future__ import annotations

import argparse
import select
import signal
import socket
import sys
from collections.abc import Iterable
from typing import NoReturn, Protocol

_OFF, _ON, _RESET, _ATR = 0, 1, 2, 4

Commands = Iterable[bytes]
"""Command APDUs that must succeed before the card is handed over."""

SELECT_OPENPGP = bytes.fromhex("00A4040006D2760001240100")
_VERIFY_ADMIN_PIN = bytes.fromhex("0020008308") + b"12345678"
_ALGORITHMS = {"rsa2048": "010800002000", "ed25519": "162B06010401DA470F01", "p256": "132A8648CE3D030107"}


class Card(Protocol):
    """A card as the driver needs it."""

    def atr(self) -> bytes:
        """Answer to reset."""

    def power_off(self) -> None:
        """Take power away."""

    def power_on(self) -> None:
        """Apply power."""

    def reset(self) -> None:
        """Warm reset."""

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command."""


def arguments(description: str) -> argparse.ArgumentParser:
    """The options that all adapters have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True, help="where vpcd listens")
    parser.add_argument("--serial", type=bytes.fromhex, default=bytes.fromhex("00C0FFEE"), help="4 bytes")
    parser.add_argument("--locked", action="store_true", help="spend every try of the passcode first")
    return parser


def send(card: Card, *commands: bytes) -> None:
    """Send what must succeed. Raises SystemExit with the status word otherwise."""
    for command in commands:
        answer = card.transmit(command)
        if answer[-2:] != b"\x90\x00":
            sys.exit(f"{command[:4].hex()} was answered {answer[-2:].hex()}")


def lock(card: Card, wrong: bytes) -> None:
    """Send a wrong VERIFY until there is no try left: cards have three."""
    for _ in range(3):
        card.transmit(wrong)


def personalise_openpgp(card: Card, resetting_code: str, algorithm: str) -> None:
    """Have an OpenPGP card from the factory take a resetting code and make an authentication key."""
    send(card, SELECT_OPENPGP, _VERIFY_ADMIN_PIN)
    if resetting_code:
        send(card, b"\x00\xda\x00\xd3" + bytes([len(resetting_code)]) + resetting_code.encode("ascii"))
    if algorithm:
        attributes = bytes.fromhex(_ALGORITHMS[algorithm])
        send(card, b"\x00\xda\x00\xc3" + bytes([len(attributes)]) + attributes)
        generate_authentication_key(card)


def generate_authentication_key(card: Card) -> None:
    """GENERATE ASYMMETRIC KEY PAIR; one card makes its keys beforehand, and says 6F00 until it has one."""
    answer = b""
    while not answer or answer[-2:] == b"\x6f\x00":
        answer = card.transmit(bytes.fromhex("0047800002A40000"))
    while answer[-2:-1] == b"\x61":
        answer = card.transmit(b"\x00\xc0\x00\x00" + answer[-1:])
    if answer[-2:] != b"\x90\x00":
        sys.exit(f"GENERATE was answered {answer[-2:].hex()}")


def plug(card: Card, port: int) -> NoReturn:
    """Keep the card in the slot until standard input ends, or SIGTERM comes; say "ready" when it is in.

    A line on standard input pulls the card, and puts it in again; it says "out" when it is out.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        with socket.create_connection(("127.0.0.1", port)) as driver:
            driver.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            print("ready", flush=True)
            while _stays(driver):
                driver.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                answer = _answer(card, _read(driver, int.from_bytes(_read(driver, 2), "big")))
                if answer is not None:
                    driver.sendall(len(answer).to_bytes(2, "big") + answer)
        card.power_off()
        print("out", flush=True)
        _await_a_line()


def _stays(driver: socket.socket) -> bool:
    """Wait for the driver to say something; False if a line comes first."""
    readable, _, _ = select.select([driver, sys.stdin], [], [])
    if sys.stdin in readable:
        _await_a_line()
        return False
    return True


def _await_a_line() -> None:
    if not sys.stdin.readline():
        sys.exit(0)


def _answer(card: Card, message: bytes) -> bytes | None:
    if len(message) != 1:
        return card.transmit(message)
    if message[0] == _ATR:
        return card.atr()
    {_OFF: card.power_off, _ON: card.power_on, _RESET: card.reset}[message[0]]()
    return None


def _read(driver: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = driver.recv(length - len(data))
        if not piece:
            sys.exit("the driver is gone")
        data += piece
    return data
