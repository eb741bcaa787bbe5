"""Profiles for tests: each another way in which cards differ, with a maker of cards for it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from pydantic import SecretBytes, SecretStr

from cardio.applets.iso7816 import ProfileApplication, ProfileFamily
from cardio.card import Card, CardId, identify
from cardio.profile import Coding, PasscodeRules, Profile, PukRules
from cardio.source import Source
from cardio.virtual.card import VirtualCard
from cardio.virtual.iso7816 import IsoCard
from cardio.virtual.reader import VirtualReader
from tests.cardio.cards import ScriptedChannel

PASSCODE, WRONG = SecretStr("123456"), SecretStr("975318")
RIGHT_PUK, WRONG_PUK = SecretBytes(b"12345678"), SecretBytes(b"87654321")
AID = bytes.fromhex("F04B494F534B01")
PADDED = Coding(pad=0xFF, size=8)

PUK_AND_NEW = Profile(
    name="student",
    aid=AID,
    serial=Source(data_object=b"\x5a"),
    passcode=PasscodeRules(0x81, coding=PADDED, status_query=True),
    puk=PukRules(0x82, coding=PADDED, status_query=True, replaceable=True),
)
"""One command with PUK and new passcode (P1 00), both filled up with FF; the serial by GET DATA."""

PUK_ALONE = Profile(
    name="visitor",
    aid=AID,
    serial=Source(file=(bytes.fromhex("3F00"), bytes.fromhex("2F02")), tlv=(0x5A,)),
    written="bcd",
    kind="iccsn",
    passcode=PasscodeRules(0x01, status_query=True, change_p1=1),
    puk=PukRules(0x02, reset_p1=1, status_query=True, replaceable=True),
)
"""The PUK (P1 01), then the new passcode; nothing filled up; the serial in a file."""

NEW_ALONE = Profile(
    name="national",
    aid=AID,
    serial=Source(short_ef=3, offset=2, length=9),
    written="ascii",
    kind="document",
    select_p2=0x0C,
    select_le=False,
    passcode=PasscodeRules(
        0x01,
        coding=Coding("bcd", 0xFF, 8),
        tries=Source(header_list=bytes.fromhex("7006BF810102A080"), tlv=(0x70, 0xBF8101, 0xA0, 0x9B)),
    ),
    puk=PukRules(
        0x02,
        reset_p1=2,
        coding=Coding("bcd", 0xFF, 8),
        tries=Source(header_list=bytes.fromhex("7006BF810202A080"), tlv=(0x70, 0xBF8102, 0xA0, 0x9B)),
    ),
)
"""VERIFY of the PUK, then the new passcode (P1 02); digits in BCD; the tries in data objects."""

SILENT = Profile(
    name="badge",
    aid=AID,
    serial=Source(data_object=bytes.fromhex("9F7F"), cla=0x80, offset=4, length=8),
    passcode=PasscodeRules(0x01, coding=Coding("pin-block")),
    puk=PukRules(coding=Coding("pin-block")),
)
"""Tells no tries but in its answer to a wrong passcode; both in PIN blocks."""

PROFILES: dict[str, Profile] = {
    "P1-00": PUK_AND_NEW,
    "P1-01": PUK_ALONE,
    "P1-02": NEW_ALONE,
    "silent": SILENT,
}


def make(profile: Profile, **card: Any) -> IsoCard:
    """A card of that profile; its serial number is random where none is given."""
    digits = "".join(secrets.choice("123456789") for _ in range(20))
    serials = {
        "hex": secrets.token_bytes(8),
        "bcd": bytes.fromhex(digits),
        "ascii": f"KI{digits[:7]}".encode(),
    }
    return IsoCard(profile, **{"serial": serials[profile.written], **card})


def asked_in_vain(profile: Profile) -> Profile:
    """The same cards, by a site that calls no question safe."""
    return replace(
        profile,
        passcode=replace(profile.passcode, status_query=False, tries=None),
        puk=replace(profile.puk, status_query=False, tries=None),
    )


def application(channel: ScriptedChannel, profile: Profile = PUK_AND_NEW) -> ProfileApplication:
    """A card of that profile on a scripted channel, as if it had been identified."""
    return ProfileApplication(channel, CardId(profile.name, profile.kind, "00"), profile)


def sent(channel: ScriptedChannel) -> list[str]:
    """What went over a scripted channel, in hexadecimal."""
    return [command.encode().hex().upper() for command in channel.sent]


@asynccontextmanager
async def opened(
    card: VirtualCard, profile: Profile, reader: VirtualReader | None = None
) -> AsyncIterator[Card]:
    """Put a card into a virtual reader (a new one by default) and identify it by that profile."""
    reader = reader or VirtualReader()
    reader.insert(card)
    async with reader.session(reader.presence.insertion) as channel:
        yield await identify(channel, [ProfileFamily(profile)])
