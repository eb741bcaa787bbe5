"""A canary: every family's whole journeys under the tap, and nothing secret in any line of the trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial

import pytest
from pydantic import SecretBytes

from cardio.apdu import Command, Send
from cardio.applets.gids import GidsFamily
from cardio.card import Card, identify
from cardio.errors import CardError
from cardio.tracing import TraceLine, Tracer, trace_line
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.reader import VirtualReader
from cardio.wording import Session
from tests.contracts.specimens import SPECIMENS, Specimen

CARRIES_SECRETS = {0x20, 0x24, 0x2C, 0x82, 0x87, 0x88, 0xDA, 0xDB}

GIDS = Specimen(
    family=GidsFamily(),
    make=GidsCard,
    passcode=SPECIMENS["piv"].passcode,
    secret=SecretBytes(ADMIN_KEY),
    wrong_secret=SecretBytes(bytes(range(24))),
    write_ins=0x2C,
)
CARDS = {
    **SPECIMENS,
    "gids-3des": GIDS,
    "gids-aes": replace(GIDS, make=partial(GidsCard, cipher="aes")),
}


class Tapped:
    """A reader whose trace and whose wire are kept side by side."""

    def __init__(self, specimen: Specimen) -> None:
        self.lines: list[TraceLine] = []
        self.wire: list[bytes] = []
        self.reader = VirtualReader()
        tracer = Tracer(self.lines.append)
        self.reader.tap = lambda send: tracer(self._heard(send))
        self.reader.insert(specimen.make())

    def _heard(self, send: Send) -> Send:
        async def heard(apdu: bytes) -> bytes:
            self.wire.append(apdu)
            return await send(apdu)

        return heard

    @property
    def text(self) -> str:
        """Everything that anybody could be shown, without spaces."""
        return "".join(f"{line}\n{asdict(line)}" for line in self.lines).replace(" ", "").upper()

    def secret_data(self) -> Iterator[bytes]:
        """What went over the wire in commands that carry secrets."""
        for apdu in self.wire:
            command = Command.parse(apdu)
            if command.ins in CARRIES_SECRETS and len(command.data) >= 4:
                yield command.data


async def journeys(card: Card, specimen: Specimen) -> None:
    """Everything that is ever done with a secret; what a family cannot do it refuses."""
    secret, fresh = specimen.secret, specimen.family.secret.fresh()
    with suppress(CardError):
        await card.verify(specimen.wrong_passcode)
    await card.verify(specimen.passcode)
    for use in specimen.family.traits.key_uses:
        if (key := await card.offered_key(use)) is not None:
            await card.prove(use, key.public_key)
    await card.change_passcode(specimen.passcode, specimen.new_passcode)
    with suppress(CardError):
        await card.reset_passcode(specimen.wrong_secret, specimen.passcode)
    with suppress(CardError):
        await card.prove_by_secret(secret)
    await card.reset_passcode(secret, specimen.passcode)
    with suppress(CardError):
        await card.check_secret(secret)
    authority = specimen.authority
    with suppress(CardError):
        await card.replace_secret(authority.value if authority else secret, fresh)
        secret = fresh
    await card.reset_passcode(secret, specimen.new_passcode)


@pytest.mark.parametrize("name", CARDS)
async def test_no_secret_of_any_family_is_in_its_trace(name: str) -> None:
    specimen = CARDS[name]
    tapped = Tapped(specimen)
    async with tapped.reader.session(1) as channel:
        await journeys(await identify(channel, [specimen.family]), specimen)
        # extended over several APDUs, and one that no family sends
        await channel.transmit(Command(0x00, 0xDA, 0x01, 0x01, specimen.secret.get_secret_value() * 40))
        await channel.transmit(Command(0x00, 0xE1, 0x00, 0x00, specimen.secret.get_secret_value()))
    text = tapped.text
    data = list(tapped.secret_data())
    assert len(data) >= 6
    assert len(tapped.lines) == len(tapped.wire)
    for sent in data:
        assert sent.hex().upper() not in text
    for secret in (specimen.secret, specimen.wrong_secret):
        value = secret.get_secret_value()
        assert value.hex().upper() not in text
        assert value.decode("latin-1").upper() not in text
    for passcode in (specimen.passcode, specimen.wrong_passcode, specimen.new_passcode):
        value = passcode.get_secret_value().encode()
        assert value.hex().upper() not in text
        assert value.decode().upper() not in text


async def test_an_extended_apdu_is_masked_like_a_short_one() -> None:
    card = OpenPgpCard()
    tapped = Tapped(replace(SPECIMENS["openpgp"], make=lambda: card))
    secret = b"correct horse battery staple"
    send = tapped.reader.tap
    assert send is not None

    async def answered(_: bytes) -> bytes:
        return secret + b"\x90\x00"  # a card that says it again

    traced = send(answered)
    await traced(Command(0x00, 0xA4, 0x04, 0x00, bytes.fromhex("D27600012401")).encode())
    await traced(Command(0x00, 0x24, 0x00, 0x83, secret * 12, le=0x10000).encode())
    await traced(Command(0x10, 0x2C, 0x00, 0x81, secret).encode())
    assert [line.data for line in tapped.lines[1:]] == ["[masked]", "[masked]"]
    assert [line.answer for line in tapped.lines[1:]] == ["[masked]", "[masked]"]


def test_the_length_of_what_is_masked_is_not_told() -> None:
    told = [
        trace_line(Session(), Command(0x00, 0x20, 0x00, 0x81, passcode).encode(), b"\x90\x00")
        for passcode in (b"123456", b"1234567890")
    ]
    assert told[0] == told[1]
