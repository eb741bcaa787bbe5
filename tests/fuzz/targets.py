"""What is fuzzed. Each target takes bytes and raises nothing, unless something is wrong with the product."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

from pydantic import SecretBytes, SecretStr

from cardio import atr, directory, historical, tlv
from cardio.apdu import Command, Response
from cardio.applets import gids_data, iso7816_data, openpgp_data, openpgp_kdf, openpgp_proof, piv_data
from cardio.applets.gids import GidsFamily
from cardio.applets.iso7816 import ProfileFamily
from cardio.applets.openpgp import OpenPgpFamily
from cardio.applets.piv import PivFamily
from cardio.applets.piv_certificate import piv_trust
from cardio.card import Card, CardId, Family, KeyUse
from cardio.errors import CardError, CardIOError, ProtocolError
from cardio.reader import Channel
from cardio.tracing import Tracer
from cardio.virtual.card import VirtualCard
from cardio.virtual.faults import Faults
from cardio.virtual.gids import ADMIN_KEY, GidsCard
from cardio.virtual.iso7816 import IsoCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_ca import CardCa
from cardio.virtual.vpcd import serve
from tests.cardio.profiles import PROFILES
from tests.fuzz.tape import Tape, TapeChannel

Target = Callable[[bytes], None]

_PIN, _NEW = SecretStr("123456"), SecretStr("739164")
_LOOP = asyncio.new_event_loop()
_SOCKET = socket.socket()
_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_CA = CardCa()
_TRUST = piv_trust(_CA.pem, datetime.now(UTC))
_PINNED = PivCard().card_key_der or b""


def _tlv(data: bytes) -> None:
    with suppress(ProtocolError):
        items = tlv.parse(data)
        assert tlv.parse(b"".join(item.encode() for item in items)) == items
        for item in items:
            assert tlv.find(data, item.tag) is not None
            with suppress(ProtocolError):
                tlv.find(data, item.tag, item.tag)


def _apdu(data: bytes) -> None:
    with suppress(ProtocolError):
        command = Command.parse(data)
        assert Command.parse(command.encode()) == command
    with suppress(ProtocolError):
        assert Response.parse(data).encode() == data
    with suppress(CardIOError):
        channel = TapeChannel(Tape(data))
        _run(channel.transmit(Command(0x00, 0xCB, 0x3F, 0xFF, b"\x5c\x00" * 200, 256)))


def _atr(data: bytes) -> None:
    parsed = atr.parse(data)
    assert all(text.isprintable() for text in parsed.faults)
    for item in historical.read(parsed.historical):
        assert item.meaning.isprintable(), "what a card says of itself goes to a terminal"


def _piv_objects(data: bytes) -> None:
    readers: tuple[Callable[[bytes], object], ...] = (
        piv_data.identity,
        piv_data.certificate,
        piv_data.expiry,
        piv_data.certified_key,
        piv_data.metadata_key,
    )
    for read in readers:
        with suppress(ProtocolError):
            read(data)
    piv_data.metadata_tries(data)


def _openpgp_objects(data: bytes) -> None:
    for read in (
        openpgp_data.flatten,
        openpgp_data.expiry,
        lambda it: openpgp_data.ApplicationData.of(openpgp_data.flatten(it)),
        lambda it: openpgp_data.PasswordStatus.parse(it, (3, 4)),
        lambda it: openpgp_data.PasswordStatus.parse(it, (2, 0)),
        openpgp_kdf.parse_kdf,
        lambda it: openpgp_proof.public_key(it[8:], it[:8]),
        lambda it: openpgp_proof.public_key(it, bytes.fromhex("132A8648CE3D030107")),
    ):
        with suppress(CardError):
            read(data)


def _gids_objects(data: bytes) -> None:
    gids_data.number(data)
    gids_data.default_container(data)
    with suppress(ProtocolError):
        records = gids_data.master_file(data)
        found = gids_data.certificates(records)
        if found:
            gids_data.chosen(found, None)
    for read in (gids_data.tries, gids_data.expiry):
        with suppress(ProtocolError):
            read(data)


def _serial(data: bytes) -> None:
    for written in ("hex", "ascii", "bcd"):
        number = iso7816_data.serial(data, written)
        assert number is None or (number.isascii() and number.isalnum() and number == number.upper())


def _certificate(data: bytes) -> None:
    with suppress(CardError):
        _TRUST.verify(data, CardId("piv", "guid", "00" * 16), KeyUse.FREE, _NOW)


def _directory(data: bytes) -> None:
    async def look(channel: TapeChannel) -> None:
        await directory.well_known(channel)
        await directory.listed(channel)

    with suppress(CardIOError):
        _run(look(TapeChannel(Tape(data))))


def _traced(data: bytes) -> None:
    """The trace names whatever goes over the contacts, both ways."""
    lines: list[str] = []
    tracer = Tracer(lambda line: lines.append(str(line)))

    async def talk() -> None:
        send = tracer(Tape(data[1:]).send)
        for start in range(0, len(data), 9):
            with suppress(CardIOError):
                await send(data[start : start + 9].ljust(4, b"\0"))

    _run(talk())
    assert all(line.isprintable() for told in lines for line in told.splitlines())


async def use(family: Family, channel: Channel, secret: SecretBytes) -> None:
    """Everything that a kiosk and its office do with a card, whatever went wrong before."""
    try:
        card = await family.open(channel)
    except CardIOError:
        return
    if card is None:
        return
    assert card.id.serial.isascii()
    assert card.id.serial.isalnum()
    for step in _steps(card, secret, family):
        with suppress(CardIOError):
            await step()


def _steps(card: Card, secret: SecretBytes, family: Family) -> tuple[Callable[[], Awaitable[object]], ...]:
    return (
        card.tries_left,
        card.unblock_tries_left,
        card.authority_tries_left,
        card.certificate_expiry,
        lambda: card.offered_key(KeyUse.FREE),
        lambda: card.offered_key(KeyUse.PASSCODE),
        lambda: card.prove(KeyUse.FREE, _PINNED),
        lambda: card.verify(_PIN),
        lambda: card.prove(KeyUse.PASSCODE, _PINNED),
        lambda: card.change_passcode(_PIN, _NEW),
        lambda: card.prove_by_secret(secret),
        lambda: card.reset_passcode(secret, _NEW),
        lambda: card.check_secret(secret),
        lambda: card.replace_secret(secret, family.secret.fresh()),
    )


def _family(family: Family, secret: bytes) -> Target:
    return lambda data: _run(use(family, TapeChannel(Tape(data)), SecretBytes(secret)))


def _card(make: Callable[[], VirtualCard]) -> Target:
    """Our own cards answer whatever they are sent: APDUs of a length byte each."""

    def target(data: bytes) -> None:
        card = make()
        card.power_on()
        position = 0
        while position < len(data):
            length = data[position]
            answer = card.transmit(data[position + 1 : position + 1 + length])
            Response.parse(answer)
            position += 1 + length

    return target


def _vpcd(data: bytes) -> None:
    """The driver's side of the wire: frames, controls, lengths that lie, and an end in the middle."""

    async def run() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        sent: list[bytes] = []
        with suppress(asyncio.IncompleteReadError):
            await serve(PivCard(), reader, cast(asyncio.StreamWriter, _Sink(sent)), Faults())
        for frame in sent:
            assert int.from_bytes(frame[:2], "big") == len(frame) - 2

    _run(run())


class _Sink:
    """The half of a stream that is written to."""

    def __init__(self, sent: list[bytes]) -> None:
        self._sent = sent

    def get_extra_info(self, _: str) -> socket.socket:
        """A socket to set options on."""
        return _SOCKET

    def write(self, data: bytes) -> None:
        """Keep it."""
        self._sent.append(data)

    async def drain(self) -> None:
        """Nothing waits."""


def _run(awaitable: Awaitable[object]) -> None:
    _LOOP.run_until_complete(awaitable)


_PROFILE = next(iter(PROFILES.values()))

TARGETS: dict[str, Target] = {
    "tlv": _tlv,
    "apdu": _apdu,
    "atr": _atr,
    "piv-objects": _piv_objects,
    "openpgp-objects": _openpgp_objects,
    "gids-objects": _gids_objects,
    "serial": _serial,
    "certificate": _certificate,
    "directory": _directory,
    "trace": _traced,
    "piv": _family(PivFamily(), b"12345678"),
    "openpgp": _family(OpenPgpFamily("resetting-code"), b"31415926"),
    "openpgp-by-admin-pin": _family(OpenPgpFamily("admin-pin"), b"12345678"),
    "gids": _family(GidsFamily(), ADMIN_KEY),
    **{f"profile-{name}": _family(ProfileFamily(each), b"12345678") for name, each in PROFILES.items()},
    "virtual-piv": _card(PivCard),
    "virtual-openpgp": _card(lambda: OpenPgpCard(resetting_code="31415926")),
    "virtual-gids": _card(GidsCard),
    "virtual-profile": _card(lambda: IsoCard(_PROFILE, serial=b"12345678")),
    "vpcd": _vpcd,
}
"""By name. Those called as a family use a card of that family from the first command to the last."""
