"""The virtual OpenPGP card by raw commands: counters, passwords, data objects, and the end of its life."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.applets.openpgp_kdf import Password
from cardio.tlv import find
from cardio.virtual.openpgp import OpenPgpCard, Quirks
from cardio.virtual.openpgp_keys import Algorithm

SELECT = "00A4040006D2760001240100"
PIN, ADMIN, CODE, NEW = "313233343536", "3132333435363738", "3237313832383138", "393837363534"
PW1, SIGNING, PW3 = "0020008206" + PIN, "0020008106" + PIN, "0020008308" + ADMIN
BAD, BAD_ADMIN = "0020008206393939393939", "00200083083939393939393939"
STATUS, COUNTERS = "00CA00C400", slice(8, 14)
RESET = "002C00810E" + CODE + NEW


def made(**options: object) -> OpenPgpCard:
    """A card without keys, powered and selected."""
    card = OpenPgpCard(**{"algorithm": None, "manufacturer": 6, "serial": 0x12345678, **options})  # type: ignore[arg-type]
    card.power_on()
    assert send(card, SELECT).endswith("9000")
    return card


def send(card: OpenPgpCard, apdu: str) -> str:
    return card.transmit(bytes.fromhex(apdu)).hex().upper()


def counters(card: OpenPgpCard) -> str:
    """Of PW1, the resetting code and PW3, as C4 tells them."""
    return send(card, STATUS)[COUNTERS]


# -- selection and what it says of itself -----------------------------------------------------------


def test_nothing_works_before_select() -> None:
    card = OpenPgpCard()
    card.power_on()
    assert {send(card, apdu) for apdu in (PW1, STATUS, "0088000020" + "00" * 33)} == {"6D00"}


def test_another_aid_is_not_found_and_disturbs_nothing() -> None:
    card = made()
    assert send(card, PW1) == "9000"
    assert send(card, "00A4040005A00000030800") == "6A82"
    assert card.state().verified


@pytest.mark.parametrize(
    ("version", "kdf", "longest"), [((2, 1), 0, 0x20), ((3, 0), 0, 0x7F), ((3, 4), 1, 0x7F)]
)
def test_the_application_related_data(version: tuple[int, int], kdf: int, longest: int) -> None:
    card = made(version=version)
    answered = bytes.fromhex(send(card, "00CA006E00")[:-4])
    assert find(answered, 0x6E, 0x4F) == bytes.fromhex("D27600012401") + bytes(version) + bytes.fromhex(
        "0006123456780000"
    )
    capabilities = find(answered, 0x6E, 0x73, 0xC0) or b""
    assert (len(capabilities), capabilities[0] & 0x01) == (10, kdf)
    assert find(answered, 0x6E, 0x73, 0xC4) == bytes([0, longest, longest, longest, 3, 0, 3])
    assert (find(answered, 0x6E, 0x73, 0xDE) is not None) == (version >= (3, 4))
    assert (send(card, "00CA00F900") != "6A88") == bool(kdf)


def test_unknown_commands_and_objects() -> None:
    card = made()
    assert send(card, "00CA123400") == "6A88"
    assert send(card, "00C4000000") == "6D00"
    assert send(card, "00200084") == "6A88"


# -- passwords ------------------------------------------------------------------------------------


def test_the_passcode_counter_is_one_for_81_and_82() -> None:
    card = made()
    assert send(card, BAD) == "6982"
    assert send(card, BAD.replace("0082", "0081")) == "6982"
    assert counters(card) == "010003"
    assert send(card, BAD) == "6982"
    assert {send(card, PW1), send(card, SIGNING)} == {"6983"}
    assert counters(card) == "000003"


def test_81_does_not_open_what_82_opens() -> None:
    card = made(algorithm=Algorithm.ED25519)
    sign = "0088000003ABCDEF00"
    assert send(card, sign) == "6982"
    assert send(card, SIGNING) == "9000"
    assert send(card, sign) == "6982"
    assert send(card, PW1) == "9000"
    assert send(card, sign).endswith("9000")
    assert send(card, BAD) == "6982"
    assert send(card, sign) == "6982"


@pytest.mark.parametrize(("version", "before", "after"), [((3, 4), "63C3", "9000"), ((2, 1), "6A80", "6A80")])
def test_an_empty_verify(version: tuple[int, int], before: str, after: str) -> None:
    card = made(version=version)
    assert send(card, "00200082") == before
    send(card, PW1)
    assert send(card, "00200082") == after
    assert counters(card) == "030003"


def test_a_logout_of_newer_cards() -> None:
    card = made()
    send(card, PW1)
    assert send(card, "0020FF82") == "9000"
    assert not card.state().verified
    assert send(made(version=(2, 1)), "0020FF82") == "6A86"


@pytest.mark.parametrize("lost_by", ["power_off", "power_on"])
def test_losing_power_forgets_what_was_verified(lost_by: str) -> None:
    card = made()
    send(card, PW1)
    send(card, PW3)
    getattr(card, lost_by)()
    send(card, SELECT)
    assert not card.state().verified
    assert send(card, "00DA00D308" + CODE) == "6982"


def test_passwords_are_changed_where_the_present_one_ends() -> None:
    card = made()
    assert send(card, "002400810C" + PIN + NEW) == "9000"
    assert card.knows(Password.PW1, "987654")
    assert send(card, "002400810C" + PIN + NEW) == "6982"
    assert send(card, "0024008310" + ADMIN + CODE) == "9000"
    assert card.knows(Password.PW3, "27182818")
    assert send(card, "002400820C" + NEW + PIN) == "6A86"  # there is no 82 to change


@pytest.mark.parametrize(
    ("apdu", "left"), [("002400810A" + PIN + "31323334", "030003"), ("0024008308" + ADMIN, "030003")]
)
def test_new_passwords_that_are_too_short(apdu: str, left: str) -> None:
    card = made()
    assert send(card, apdu) == "6A80"
    assert counters(card) == left
    assert (card.state().pin, card.state().admin_pin) == ("123456", "12345678")


def test_the_resetting_code() -> None:
    card = made(pin_tries_left=0)
    assert send(card, RESET) == "6983"  # none is set
    assert send(card, "00DA00D308" + CODE) == "6982"
    assert send(card, PW3) == "9000"
    assert send(card, "00DA00D307" + CODE[:14]) == "6A80"
    assert send(card, "00DA00D308" + CODE) == "9000"
    assert counters(card) == "000303"
    assert send(card, RESET.replace(CODE, ADMIN)) == "6982"
    assert counters(card) == "000203"
    assert send(card, RESET) == "9000"
    assert counters(card) == "030303"
    assert card.knows(Password.PW1, "987654")
    assert not card.state().verified
    assert send(card, "00DA00D300") == "9000"  # deleted
    assert counters(card) == "030003"


def test_a_right_code_with_a_bad_passcode_leaves_it_locked() -> None:
    card = made(pin_tries_left=0, resetting_code="27182818")
    assert send(card, "002C00810C" + CODE + NEW[:8]) == "6A80"
    assert counters(card) == "000303"


def test_the_admin_pin_sets_a_passcode_too() -> None:
    card = made(pin_tries_left=0)
    assert send(card, "002C028106" + NEW) == "6982"
    send(card, PW3)
    assert send(card, "002C028106" + NEW) == "9000"
    assert (counters(card), card.state().pin) == ("030003", "987654")
    assert {send(card, f"002C{p1p2}06" + NEW) for p1p2 in ("0181", "0282", "0083")} == {"6A86"}


def test_the_admin_pin_locks_for_itself() -> None:
    card = made()
    for left in ("030002", "030001", "030000"):
        assert send(card, BAD_ADMIN) == "6982"
        assert counters(card) == left
    assert send(card, PW3) == "6983"
    assert send(card, PW1) == "9000"


@pytest.mark.parametrize(
    ("quirks", "answers"),
    [
        (Quirks(wrong=None), ["63C2", "63C1", "63C0", "6983"]),
        (Quirks(locked_at_once=True), ["6982", "6982", "6983", "6983"]),
        (Quirks(wrong=0x6300, locked=0x6984), ["6300", "6300", "6300", "6984"]),
    ],
)
def test_what_cards_answer_differently(quirks: Quirks, answers: list[str]) -> None:
    card = made(quirks=quirks)
    assert [send(card, BAD) for _ in answers] == answers


def test_objects_that_a_card_may_lack() -> None:
    assert send(made(quirks=Quirks(no_count=True)), STATUS) == "6A88"
    assert send(made(quirks=Quirks(no_application_data=True)), "00CA006E00") == "6A88"
    assert not send(made(quirks=Quirks(flat=True)), "00CA006E00").startswith("6E")


# -- objects, keys, and the end -------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["005B", "5F50", "0102"])
def test_what_the_admin_pin_writes(tag: str) -> None:
    card = made()
    write, read = f"00DA{tag}03414243", f"00CA{tag}00"
    assert send(card, write) == "6982"
    send(card, PW1)
    assert send(card, write) == "6982"
    send(card, PW3)
    assert send(card, write) == "9000"
    assert send(card, read) == "4142439000"


def test_private_objects_are_read_by_their_own_password() -> None:
    card = made()
    assert {send(card, "00CA010300"), send(card, "00CA010400")} == {"6982"}
    send(card, PW1)
    assert send(card, "00DA010302AABB") == "9000"
    assert (send(card, "00CA010300"), send(card, "00CA010400")) == ("AABB9000", "6982")


def test_a_key_is_made_by_the_admin_pin_and_another_algorithm_deletes_it() -> None:
    card = made(algorithm=Algorithm.ECC_P256)
    read, make = "0047810002A40000", "0047800002A40000"
    assert send(card, make) == "6982"
    before = send(card, read)
    send(card, PW3)
    assert send(card, make)[:10] == before[:10]
    assert send(card, read) != before
    assert send(card, "00DA00C30A" + Algorithm.ED25519.value.hex()) == "9000"
    assert send(card, read) == "6A88"
    assert card.authentication_key_der is None
    assert send(card, "00DA00C303130102") == "6A80"
    assert send(card, make).startswith("7F49228620")


def test_kdf_gives_the_passwords_their_initial_values() -> None:
    card = made(pin="654321", resetting_code="27182818")
    send(card, PW3)
    kdf = "8101038201088304000004008408A1A2A3A4A5A6A7A8"
    assert send(card, f"00DA00F9{len(kdf) // 2:02X}{kdf}") == "9000"
    assert send(card, "00CA00F900") == kdf + "9000"
    assert card.knows(Password.PW1, "123456")
    assert not card.knows(Password.RESETTING_CODE, "27182818")
    assert send(card, "00DA00F903810109") == "6A80"  # no kind of KDF
    assert {send(card, PW1), send(card, PW3)} == {"6982"}  # sent as they are
    assert send(made(version=(3, 0)), "00CA00F900") == "6A88"


def test_a_terminated_card_starts_anew() -> None:
    card = made(pin="654321", resetting_code="27182818", algorithm=Algorithm.ED25519)
    assert send(card, "00E60000") == "6982"
    for _ in range(3):
        send(card, BAD)
        send(card, BAD_ADMIN)
    assert send(card, "00E60000") == "9000"
    assert {send(card, PW1), send(card, STATUS), send(card, SELECT)} == {"6285"}
    assert send(card, "00440000") == "9000"
    assert (counters(card), card.state().pin, card.authentication_key_der) == ("030003", "123456", None)


# -- whatever comes -------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_make_the_card_fail(apdus: list[bytes]) -> None:
    card = made()
    for apdu in apdus:
        assert len(card.transmit(apdu)) >= 2


COMMANDS = (0x20, 0x22, 0x24, 0x2A, 0x2C, 0x47, 0x84, 0x88, 0xA5, 0xCA, 0xDA)


@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.binary(min_size=2, max_size=40)), max_size=6))
def test_no_data_of_a_command_make_it_fail(commands: list[tuple[int, bytes]]) -> None:
    card = made()
    send(card, PW3)
    for ins, data in commands:
        assert len(card.transmit(bytes([0, ins]) + data[:2] + bytes([len(data)]) + data)) >= 2


@given(st.lists(st.sampled_from([PW1, SIGNING, BAD, PW3, BAD_ADMIN]), max_size=10))
def test_counters_are_true_whatever_comes(apdus: list[str]) -> None:
    card, left = made(), {"PW1": 3, "PW3": 3}
    for apdu in apdus:
        which = "PW3" if apdu in (PW3, BAD_ADMIN) else "PW1"
        if left[which]:
            left[which] = left[which] - 1 if apdu in (BAD, BAD_ADMIN) else 3
        send(card, apdu)
        assert counters(card) == f"{left['PW1']:02X}00{left['PW3']:02X}"


def test_secrets_stay_out_of_repr() -> None:
    card = OpenPgpCard(pin="24682468", resetting_code="13571357", admin_pin="97539753")
    shown = repr(card) + repr(card.state()) + repr(card._passwords) + repr(card._passwords._references)
    assert not any(secret in shown for secret in ("24682468", "13571357", "97539753"))


@pytest.mark.parametrize(
    "options",
    [
        {"pin": "12345"}, {"admin_pin": "1234567"}, {"resetting_code": "1234567"}, {"pin": "1" * 128},
        {"version": (2, 1), "pin": "1" * 33}, {"pin_tries_left": 4}, {"tries": 256},
    ],
)  # fmt: skip
def test_impossible_cards_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"characters|tries"):
        OpenPgpCard(**options)  # type: ignore[arg-type]
