"""Plug a virtual card into a slot of a real PC/SC service, through the vpcd driver (vsmartcard).

The driver listens, the card calls: TCP port 35963 for slot 0, the next port for slot 1. Each frame
is a length (2 bytes, big-endian) and that many bytes. A frame of one byte from the driver is a
control code; any other is a command APDU. Only the request for the ATR and APDUs are answered.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from enum import IntEnum

from cardio.virtual.card import VirtualCard
from cardio.virtual.faults import Faults, Strike

VPCD_PORT = 35963
_RETRY_SECONDS = 0.1
_NO_ATR = bytes(64)  # vpcd takes an empty ATR for an empty slot, and one over 33 bytes for a mute card


class _Control(IntEnum):
    OFF = 0
    ON = 1
    RESET = 2
    ATR = 4


class _Pulled(Exception):
    """A planned fault took the card out."""


async def plug(
    card: VirtualCard,
    host: str = "127.0.0.1",
    slot: int = 0,
    *,
    faults: Faults | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> None:
    """Keep a card in a slot until cancelled, or until one of ``faults`` pulls it.

    Waits for the service where it is not running (``waiting`` is called once, if it is not there at
    first), and comes back when it was restarted.
    """
    faults = faults or Faults()
    told = False
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, VPCD_PORT + slot)
        except OSError:
            if not told:
                waiting()
            told = True
            await asyncio.sleep(_RETRY_SECONDS)
            continue
        told = True
        try:
            await serve(card, reader, writer, faults)
        except _Pulled:
            return
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(_RETRY_SECONDS)  # the service is stopping, or the slot is taken
        finally:
            card.power_off()
            writer.close()


async def serve(
    card: VirtualCard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, faults: Faults
) -> None:
    """Be that card for one connection of the driver. Raises IncompleteReadError or OSError when it ends."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        _acknowledge_quickly(connection)
        length = int.from_bytes(await reader.readexactly(2), "big")
        message = await reader.readexactly(length)
        answer = _control(card, message[0]) if length == 1 else await _command(card, message, faults)
        if answer is not None:
            writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()


def _acknowledge_quickly(connection: socket.socket) -> None:
    """Switch delayed ACKs off, which cost 44 ms per APDU; Linux switches them on again by itself."""
    if hasattr(socket, "TCP_QUICKACK"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _control(card: VirtualCard, code: int) -> bytes | None:
    if code == _Control.ATR:
        return card.atr or _NO_ATR
    if code in (_Control.OFF, _Control.RESET):
        card.power_off()
    if code in (_Control.ON, _Control.RESET):
        card.power_on()
    return None


async def _command(card: VirtualCard, apdu: bytes, faults: Faults) -> bytes:
    strike = faults.next_strike(apdu)
    if strike is Strike.PULL:
        raise _Pulled
    answer = card.transmit(apdu)
    if faults.delay:
        await asyncio.sleep(faults.delay)
    faults.record(apdu, None if strike is Strike.LOSE_REPLY else answer)
    if strike is Strike.LOSE_REPLY:
        raise _Pulled
    return answer
