"""What an OpenPGP card's data objects say, and what its KDF makes of a password (OpenPGP card 3.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.applets import openpgp_data
from cardio.applets.openpgp_data import ApplicationData, Identifier, PasswordStatus
from cardio.applets.openpgp_kdf import Kdf, Password, parse_kdf
from cardio.errors import CardUnsupported
from cardio.tlv import Tlv

AID = bytes.fromhex("D2760001240103040006123456780000")
STATUS = bytes.fromhex("00404040030003")
# A KDF-DO with the hashes of 123456 and 12345678 that other implementations are held to as well
SPEC_KDF = (
    "810103" "820108" "8304000186A0" "84083031323334353637" "85083838383838383838" "86084142434445464748"
    "8820" "2675D6164A0D4827D1D00C7EEA620D015C00030A1CAB38B4D0DD600B27DC9630"
)  # fmt: skip
HASHED_PW1 = "773784A602B6C81E3F092F4D7D00E17CC822D88F7360FCF2D2EF2D9D901F44B6"
HASHED_PW3 = "2675D6164A0D4827D1D00C7EEA620D015C00030A1CAB38B4D0DD600B27DC9630"


def kdf(text: str) -> Kdf:
    found = parse_kdf(bytes.fromhex(text))
    assert found is not None
    return found


# -- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "000612345678",
        "serial:000612345678",
        "SERIAL: 0006 1234 5678 ",
        "00:06:12:34:56:78",
        "D2760001240103040006123456780000",
        "d276 0001 2401 0304 0006 1234 5678 0000",
    ],
)
def test_how_people_write_a_number(text: str) -> None:
    assert openpgp_data.parse_number(text) == "000612345678"


@pytest.mark.parametrize(
    "text",
    [
        "", "12345678", "00061234567", "0006123456789", "0006G2345678", "000600000000",
        "guid:000612345678", "D276000124010304000612345678", "0006123456780000",
        "D3760001240103040006123456780000", "D2760001240103040006123456780001",
    ],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="OpenPGP card") as caught:
        openpgp_data.parse_number(text)
    assert len(text) < 4 or text not in str(caught.value)


@pytest.mark.parametrize(
    ("aid", "version", "number"),
    [
        (AID, (3, 4), "000612345678"),
        (bytes.fromhex("D2760001240102010005000000010000"), (2, 1), "000500000001"),
        (bytes.fromhex("D276000124010304FFFE000000000000"), (3, 4), "FFFE00000000"),
    ],
)
def test_an_application_identifier(aid: bytes, version: tuple[int, int], number: str) -> None:
    found = Identifier.parse(aid)
    assert found == Identifier(version, number)
    assert found.nameless == (number[4:] == "00000000")


@pytest.mark.parametrize("aid", [b"", AID[:-1], AID + b"\0", b"\xd3" + AID[1:], bytes(16)])
def test_other_identifiers(aid: bytes) -> None:
    assert Identifier.parse(aid) is None


# -- passwords ------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [STATUS, b"\xc4\x07" + STATUS])
def test_the_password_status(content: bytes) -> None:
    assert PasswordStatus.parse(content, (3, 4)) == PasswordStatus(3, 0, 3, 64, 64, 64, pin_block=False)


@pytest.mark.parametrize("content", [b"", STATUS[:-1], STATUS + b"\0", b"\xc4\x06" + STATUS[:-1]])
def test_what_is_no_password_status(content: bytes) -> None:
    assert PasswordStatus.parse(content, (3, 4)) is None


@pytest.mark.parametrize(
    ("content", "version", "longest", "pin_block"),
    [
        ("00202020030003", (2, 0), (32, 32, 32), False),
        ("00FE2020030003", (2, 1), (254, 32, 32), False),  # before version 3 a length and nothing else
        ("00A02020030003", (3, 0), (160, 32, 32), True),
        ("0020A0A0030003", (3, 4), (32, 160, 160), True),
        ("00000000030003", (3, 4), (32, 32, 32), False),  # nothing sensible
        ("0005077F030003", (3, 4), (32, 32, 127), False),
    ],
)
def test_the_longest_passwords(
    content: str, version: tuple[int, int], longest: tuple[int, ...], pin_block: bool
) -> None:
    found = PasswordStatus.parse(bytes.fromhex(content), version)
    assert found is not None
    assert (found.pw1_max, found.code_max, found.pw3_max) == longest
    assert found.pin_block is pin_block


# -- application related data -----------------------------------------------------------------------

C0 = Tlv(0xC0, bytes.fromhex("7D000BFE080000FF0000"))
C4 = Tlv(0xC4, STATUS)
PLAIN = Tlv(0x4F, AID), Tlv.of(0x73, [C0, C4])


@pytest.mark.parametrize(
    "content",
    [
        Tlv.of(0x6E, PLAIN).encode(),
        b"".join(item.encode() for item in PLAIN),
        Tlv.of(0x6E, [PLAIN[0], C0, C4]).encode(),
        b"".join(item.encode() for item in (PLAIN[0], C0, C4)),
        Tlv.of(0x6E, [Tlv.of(0x73, [C4, C0, PLAIN[0]])]).encode(),
        Tlv.of(0x6E, [C4, *PLAIN, Tlv(0xC4, bytes(7))]).encode(),  # the first of two counts
    ],
)
def test_whatever_is_nested_in_what(content: bytes) -> None:
    objects = openpgp_data.flatten(content)
    assert (objects[0x4F], objects[0xC0], objects[0xC4]) == (AID, C0.value, STATUS)
    assert ApplicationData.of(objects) is not None


@pytest.mark.parametrize("content", [b"", b"\x6e", b"\x6e\x82\xff\xff\x00", bytes(5)])
def test_what_is_no_data_object_at_all(content: bytes) -> None:
    assert ApplicationData.of(openpgp_data.flatten(content)) is None


@pytest.mark.parametrize(("abilities", "expected"), [("7D", True), ("7C", False), ("", True)])
def test_whether_there_may_be_a_kdf_object(abilities: str, expected: bool) -> None:
    found = ApplicationData.of({0x4F: AID, 0xC0: bytes.fromhex(abilities)})
    assert found is not None
    assert found.may_have_kdf is expected


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("content", [b"", b"\xc4\x00\x01", b"\x81\x02\x00", STATUS])
def test_with_or_without_its_tag(content: bytes, wrapped: bool) -> None:
    answered = Tlv(0xF9, content).encode() if wrapped else content
    assert openpgp_data.unwrapped(0xF9, answered) == content


@given(st.binary(max_size=60))
def test_hostile_data_raise_nothing(content: bytes) -> None:
    ApplicationData.of(openpgp_data.flatten(content))
    ApplicationData.of({0x4F: AID, **openpgp_data.flatten(content)})
    PasswordStatus.parse(content, (3, 4))
    openpgp_data.expiry(content)


# -- KDF ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [SPEC_KDF, Tlv(0xF9, bytes.fromhex(SPEC_KDF)).encode().hex()])
def test_the_example_that_other_implementations_are_held_to(content: str) -> None:
    found = kdf(content)
    assert found.derive(Password.PW1, b"123456").hex().upper() == HASHED_PW1
    assert found.derive(Password.PW3, b"12345678").hex().upper() == HASHED_PW3
    code = found.derive(Password.RESETTING_CODE, b"12345678")
    assert code not in (found.derive(Password.PW1, b"12345678"), bytes.fromhex(HASHED_PW3))


def test_a_single_salt_is_for_all_three() -> None:
    found = kdf("8101038201088304000186A084083031323334353637")
    for password in Password:
        assert found.derive(password, b"123456").hex().upper() == HASHED_PW1


def test_sha_512_and_a_count_below_one_repetition() -> None:
    found = kdf("81010382010A8304000004008408E67D136B39E34405")
    derived = found.derive(Password.PW1, b"Long_sentence_used_as_passphrase")
    assert derived.hex().upper().startswith("C8CD4BA4F3F1D5B05906F0BB89346AAD")
    once = kdf("81010382010883040000000184083031323334353637")
    whole = kdf("81010382010883040000000E84083031323334353637")
    assert once.derive(Password.PW1, b"123456") == whole.derive(Password.PW1, b"123456")


@pytest.mark.parametrize("content", ["", "810100", "F903810100", "F900"])
def test_passwords_that_are_sent_as_they_are(content: str) -> None:
    assert parse_kdf(bytes.fromhex(content)) is None


@pytest.mark.parametrize(
    "content",
    [
        "810101" "820108" "8304000186A0" "84083031323334353637",  # a kind not in the specification
        "810103" "820102" "8304000186A0" "84083031323334353637",  # SHA-1
        "810103" "820108" "83040FFFFFFF" "84083031323334353637",  # would take for ever
        "810103" "820108" "830400000000" "84083031323334353637",
        "810103" "820108" "84083031323334353637",
        "810103" "820108" "8304000186A0",  # no salt
        "810103" "820108" "8304000186A0" "86084142434445464748",
        "810103" "820108" "8304000186A0" "84083031323334353637" "8500",
        "820108",
        "8101",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_no_reason_to_guess(content: str) -> None:
    with pytest.raises(CardUnsupported):
        parse_kdf(bytes.fromhex(content))


@given(st.binary(max_size=60))
def test_a_hostile_kdf_object_raises_only_card_unsupported(content: bytes) -> None:
    try:
        parse_kdf(content)
    except CardUnsupported:
        return


def test_salts_stay_out_of_repr() -> None:
    assert "01234567" not in repr(kdf(SPEC_KDF))
    assert "ABCDEFGH" not in repr(kdf(SPEC_KDF))


@pytest.mark.parametrize("content", [b"", b"\x7f\x21\x00", b"no certificate", b"\x30\x03\x02\x01\x00"])
def test_certificates_that_are_none(content: bytes) -> None:
    assert openpgp_data.expiry(content) is None
