"""Names of instructions and status words (ISO 7816-4:2013, 5.4.2 and 5.6), for people who read a trace."""

from __future__ import annotations

from enum import IntEnum


class Ins(IntEnum):
    """Instructions; the odd codes of a pair, _BER, carry BER-TLV data (5.4.2)."""

    DEACTIVATE_FILE = 0x04
    VERIFY = 0x20
    VERIFY_BER = 0x21
    MANAGE_SECURITY_ENVIRONMENT = 0x22
    CHANGE_REFERENCE_DATA = 0x24
    CHANGE_REFERENCE_DATA_BER = 0x25
    DISABLE_VERIFICATION = 0x26
    ENABLE_VERIFICATION = 0x28
    PERFORM_SECURITY_OPERATION = 0x2A
    RESET_RETRY_COUNTER = 0x2C
    RESET_RETRY_COUNTER_BER = 0x2D
    ACTIVATE_FILE = 0x44
    GENERATE_KEY_PAIR = 0x46
    GENERATE_KEY_PAIR_BER = 0x47
    MANAGE_CHANNEL = 0x70
    EXTERNAL_AUTHENTICATE = 0x82
    GET_CHALLENGE = 0x84
    GENERAL_AUTHENTICATE = 0x86
    GENERAL_AUTHENTICATE_BER = 0x87
    INTERNAL_AUTHENTICATE = 0x88
    SELECT = 0xA4
    SELECT_DATA = 0xA5
    READ_BINARY = 0xB0
    READ_BINARY_BER = 0xB1
    READ_RECORD = 0xB2
    READ_RECORD_BER = 0xB3
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCA
    GET_DATA_BER = 0xCB
    GET_NEXT_DATA = 0xCC
    WRITE_BINARY = 0xD0
    WRITE_RECORD = 0xD2
    UPDATE_BINARY = 0xD6
    UPDATE_BINARY_BER = 0xD7
    PUT_DATA = 0xDA
    PUT_DATA_BER = 0xDB
    UPDATE_RECORD = 0xDC
    UPDATE_RECORD_BER = 0xDD
    CREATE_FILE = 0xE0
    APPEND_RECORD = 0xE2
    DELETE_FILE = 0xE4
    TERMINATE_DF = 0xE6
    TERMINATE_EF = 0xE8


_STATUS = {
    0x9000: "done",
    0x6281: "part of the data may be corrupted",
    0x6282: "end of file reached",
    0x6283: "file deactivated",
    0x6285: "file terminated",
    0x6300: "verification failed, tries not told",
    0x6400: "execution error, nothing changed",
    0x6581: "memory failure",
    0x6700: "wrong length",
    0x6881: "logical channel not supported",
    0x6882: "secure messaging not supported",
    0x6883: "last command of the chain expected",
    0x6884: "command chaining not supported",
    0x6981: "not for a file of this kind",
    0x6982: "security status not satisfied",
    0x6983: "authentication method blocked",
    0x6984: "reference data not usable",
    0x6985: "conditions of use not satisfied",
    0x6986: "command not allowed, no current EF",
    0x6987: "secure messaging expected",
    0x6988: "secure messaging incorrect",
    0x6999: "application cannot be selected",  # GlobalPlatform and Java Card
    0x6A80: "incorrect data",
    0x6A81: "function not supported",
    0x6A82: "file or application not found",
    0x6A83: "record not found",
    0x6A84: "not enough memory",
    0x6A86: "incorrect P1 P2",
    0x6A87: "Lc does not fit P1 P2",
    0x6A88: "referenced data not found",
    0x6A89: "file exists already",
    0x6B00: "wrong P1 P2",
    0x6D00: "instruction not supported",
    0x6E00: "class not supported",
    0x6F00: "no precise diagnosis",
}
_CLASSES = {
    0x62: "warning, nothing changed",
    0x63: "warning, memory changed",
    0x64: "execution error, nothing changed",
    0x65: "execution error, memory changed",
    0x66: "security-related error",
    0x68: "function of the class byte not supported",
    0x69: "command not allowed",
    0x6A: "wrong parameters",
    0x6F: "no precise diagnosis",
}


def instruction(ins: int) -> str:
    """The name of an instruction, "INS XX" for one that ISO 7816 does not know."""
    try:
        return Ins(ins).name.removesuffix("_BER").replace("_", " ")
    except ValueError:
        return f"INS {ins:02X}"


def status(sw: int) -> str:
    """What a status word says, in words; empty for one that only its vendor knows."""
    if sw in _STATUS:
        return _STATUS[sw]
    if sw & 0xFFF0 == 0x63C0:
        return f"tries left: {sw & 0x0F}"
    if sw >> 8 == 0x61:
        return f"{sw & 0xFF or 256} more bytes to fetch"
    if sw >> 8 == 0x6C:
        return f"wrong Le, {sw & 0xFF or 256} bytes are there"
    return _CLASSES.get(sw >> 8, "")
