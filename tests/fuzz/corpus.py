"""What fuzzers start from: conversations with our virtual cards, and bytes that once broke something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydantic import SecretBytes

from cardio import apdu
from cardio.apdu import Command, Response
from cardio.applets.gids import GidsFamily
from cardio.applets.iso7816 import ProfileFamily
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.piv import PivFamily
from cardio.card import Family
from cardio.virtual.card import VirtualCard
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from tests.cardio.profiles import PROFILES, make
from tests.fuzz.tape import recorded
from tests.fuzz.targets import use

FOLDER = Path(__file__).parent / "corpus"

Scene = tuple[Family, Callable[[], VirtualCard], bytes]

SCENES: dict[str, Scene] = {
    "piv": (PivFamily(), PivCard, b"12345678"),
    "openpgp": (OpenPgpFamily("resetting-code"), lambda: OpenPgpCard(resetting_code="31415926"), b"31415926"),
    "openpgp-by-admin-pin": (OpenPgpFamily("admin-pin"), OpenPgpCard, b"12345678"),
    "gids": (GidsFamily(), GidsCard, ADMIN_KEY),
    **{
        f"profile-{name}": (ProfileFamily(each), partial(make, each), b"12345678")
        for name, each in PROFILES.items()
    },
}


def kept(target: str) -> list[bytes]:
    """The lines of a target's file, and those for every target: hexadecimal, and a remark after #."""
    found = []
    for name in dict.fromkeys(("any", target)):
        file = FOLDER / f"{name}.txt"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        found += [bytes.fromhex(text) for line in lines if (text := line.partition("#")[0].strip())]
    return found


def conversation(target: str) -> list[bytes]:
    """What honest cards answer, as a tape; for our own cards what they are sent; else each answer alone."""
    if target in SCENES:
        return [recorded(_spoken(SCENES[target])[1])]
    if target.startswith("virtual-"):
        scene = next(scene for name, scene in SCENES.items() if name.startswith(target[8:]))
        return [b"".join(bytes([len(each)]) + each for each in _spoken(scene)[0])]
    if target == "vpcd":
        asked = _spoken(SCENES["piv"])[0]
        return [b"\0\1\4" + b"".join(len(each).to_bytes(2, "big") + each for each in asked)]
    answers = [answer for scene in SCENES.values() for answer in _spoken(scene)[1]]
    return [answer[:-2] for answer in answers if len(answer) > 4]


def seeds(target: str) -> list[bytes]:
    """All that a fuzzer of this target starts from."""
    return [*kept(target), *conversation(target)]


class _Recorder:
    """A channel to a virtual card that keeps what goes over the contacts."""

    atr = b"\x3b\x00"

    def __init__(self, card: VirtualCard) -> None:
        self._card = card
        self.asked: list[bytes] = []
        self.answers: list[bytes] = []

    async def _send(self, command: bytes) -> bytes:
        self.asked.append(command)
        self.answers.append(self._card.transmit(command))
        return self.answers[-1]

    async def transmit(self, command: Command) -> Response:
        """As every channel does."""
        return await apdu.transmit(self._send, command)


def _spoken(scene: Scene) -> tuple[list[bytes], list[bytes]]:
    """The commands and answers of one use of a card."""
    family, card, secret = scene
    made = card()
    made.power_on()
    recorder = _Recorder(made)
    asyncio.run(use(family, recorder, SecretBytes(secret)))
    return recorder.asked, recorder.answers
