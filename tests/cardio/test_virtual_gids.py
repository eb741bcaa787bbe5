"""The virtual GIDS card by raw commands: counters, the admin key, files and who may touch them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.tlv import Tlv, find
from cardio.virtual.gids import GidsCard
from cardio.virtual.gids_state import Quirks
from tests.cardio.openssl import openssl_cipher

SELECT = "00A4040009A0000003974254465900"  # without the version
PIN, NEW, BAD = "313233343536", "41424344", "393939393939"
VERIFY, WRONG = "0020008006" + PIN, "0020008006" + BAD
MSE, ASK = "0022C1A403830180", "00870000047C02810000"
RESET = "002C028004" + NEW
KEY = "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123"
AES_KEY = "000102030405060708090A0B0C0D0E0F"
R1 = "101112131415161718191A1B1C1D1E1F"


def powered(card: GidsCard) -> GidsCard:
    card.power_on()
    assert send(card, SELECT).endswith("9000")
    return card


def send(card: GidsCard, apdu: str) -> str:
    return card.transmit(bytes.fromhex(apdu)).hex().upper()


def encipher(plain: str, key: str = KEY) -> str:
    """CBC with an IV of zeros."""
    if key == KEY:
        return openssl_cipher("des-ede3-cbc", key, plain, iv="00" * 8)
    return openssl_cipher("aes-128-cbc", key, plain, iv="00" * 16)


def template(tag: str, value: str) -> str:
    """7C { tag value }, with Lc before and Le behind: the rest of GENERAL AUTHENTICATE."""
    length = len(value) // 2
    return f"{length + 4:02X}7C{length + 2:02X}{tag}{length:02X}{value}00"


def answer(card: GidsCard, key: str = KEY) -> str:
    """Select the admin key, ask for a challenge and answer it with that key."""
    assert send(card, MSE) == "9000"
    challenge = send(card, ASK)
    size = 16 if key == KEY else 32
    assert challenge.startswith(f"7C{size // 2 + 2:02X}81{size // 2:02X}")
    return send(card, "00870000" + template("82", encipher(challenge[8 : 8 + size], key)))


def admin(card: GidsCard) -> GidsCard:
    """Let the administrator in."""
    assert answer(card) == "9000"
    return card


def made(**options: object) -> GidsCard:
    """A card whose admin key is `KEY`, powered and selected."""
    return powered(GidsCard(**{"admin_key": bytes.fromhex(KEY), **options}))  # type: ignore[arg-type]


# -- selection and the passcode -------------------------------------------------------------------


def test_nothing_works_before_select() -> None:
    card = GidsCard()
    card.power_on()
    assert {send(card, apdu) for apdu in (VERIFY, "00200080", MSE, ASK, RESET)} == {"6D00"}


def test_the_answer_to_select_names_the_application() -> None:
    answered = bytes.fromhex(send(made(), SELECT)[:-4])
    assert find(answered, 0x61, 0x4F) == bytes.fromhex("A000000397425446590201")
    whole = "00A404000BA00000039742544659020100"
    assert send(made(), whole).endswith("9000")
    assert send(made(quirks=Quirks(version=1)), whole) == "6A82"


def test_the_passcode_counter() -> None:
    card = made()
    for sw in ("63C2", "63C1", "63C0", "6983"):
        assert send(card, WRONG) == sw
    assert {send(card, VERIFY), send(card, "00200080")} == {"6983"}
    assert card.state().locked


def test_a_right_passcode_gives_the_tries_back() -> None:
    card = made()
    send(card, WRONG)
    assert send(card, "00200080") == "63C2"
    assert send(card, VERIFY) == "9000"
    assert send(card, "00200080") == "63C3"  # the counter, and not that it was verified
    assert card.state().verified


@pytest.mark.parametrize(
    ("quirks", "told"),
    [
        (Quirks(), "7F71069701029301039000"),
        (Quirks(version=1), "7F71079F1701029301039000"),
        (Quirks(pin_status=False), "6A88"),
    ],
)
def test_the_status_object_tells_the_tries(quirks: Quirks, told: str) -> None:
    card = made(quirks=quirks)
    send(card, WRONG)
    assert send(card, "00CB3FFF045C027F7100") == told


@pytest.mark.parametrize("lost_by", ["power_off", "power_on"])
def test_losing_power_forgets_everybody(lost_by: str) -> None:
    card = admin(made())
    send(card, VERIFY)
    getattr(card, lost_by)()
    send(card, SELECT)
    assert not card.state().verified
    assert not card.state().administrator
    assert send(card, RESET) == "6982"


def test_a_logout_ends_the_passcode_and_the_administrator() -> None:
    card = admin(made())
    send(card, VERIFY)
    assert send(card, "00200082") == "9000"
    assert (card.state().verified, card.state().administrator) == (False, False)


def test_the_passcode_can_be_changed_and_the_old_one_ends_where_it_is_long() -> None:
    card = made(pin="1234")
    assert send(card, "002400800831323334" + NEW) == "9000"
    assert card.state().pin == "ABCD"
    assert send(card, "00240080084142434435363738") == "9000"
    assert send(card, "002400800A41424344353637383930") == "63C2"
    assert card.state().pin == "5678"
    assert send(card, "00240080063536373839" + "30") == "6700"  # what is left is no passcode
    assert card.state().pin_tries_left == 3


def test_a_bad_format_may_cost_a_try() -> None:
    fair, harsh = made(), made(quirks=Quirks(bad_format_costs_a_try=True, bad_format=0x6700))
    assert (send(fair, "0020008003313233"), send(harsh, "0020008003313233")) == ("63C3", "6700")
    assert (fair.state().pin_tries_left, harsh.state().pin_tries_left) == (3, 2)


# -- the admin key --------------------------------------------------------------------------------


def test_external_authentication_sets_one_passcode() -> None:
    card = admin(made(pin_tries_left=0))
    assert send(card, RESET) == "9000"
    assert (card.state().pin, card.state().pin_tries_left, card.state().verified) == ("ABCD", 3, False)
    assert send(card, RESET) == "6982"


def test_external_authentication_by_aes() -> None:
    card = powered(GidsCard(cipher="aes", admin_key=bytes.fromhex(AES_KEY)))
    assert answer(card, AES_KEY) == "9000"
    assert send(card, RESET) == "9000"


@pytest.mark.parametrize("p1", ["00", "01", "03"])
def test_a_new_passcode_goes_with_p1_02_alone(p1: str) -> None:
    assert send(admin(made()), f"002C{p1}8004" + NEW) == "6A86"


def test_a_new_passcode_of_a_bad_length_leaves_the_card_locked() -> None:
    card = admin(made(pin_tries_left=0))
    assert send(card, "002C028003414243") == "6700"
    assert card.state().locked
    assert send(card, RESET) == "9000"


def test_a_wrong_answer_opens_nothing() -> None:
    card = made()
    send(card, MSE)
    send(card, ASK)
    assert send(card, "00870000" + template("82", "00" * 8)) == "6982"
    assert not card.state().administrator
    assert send(card, RESET) == "6982"


def test_a_challenge_is_answered_once() -> None:
    card = made()
    send(card, MSE)
    right = encipher(send(card, ASK)[8:24])
    assert send(card, "00870000" + template("82", "00" * 8)) == "6982"
    assert send(card, "00870000" + template("82", right)) == "6985"
    assert len({send(card, MSE) and send(card, ASK) for _ in range(4)}) == 4


def test_nothing_is_challenged_before_the_key_is_selected() -> None:
    assert send(made(), ASK) == "6985"
    assert send(made(), "0022C1A403830181") == "6984"
    assert send(made(), "002241A403830180") == "6A81"


def test_wrong_answers_are_counted_where_the_card_counts() -> None:
    card = made(admin_tries=2)
    assert answer(card) == "9000"
    for left in (1, 0):
        send(card, MSE)
        send(card, ASK)
        assert send(card, "00870000" + template("82", "00" * 8)) == "6982"
        assert card.state().admin_tries_left == left
    send(card, MSE)
    assert send(card, ASK) == "6983"


@pytest.mark.parametrize("key", [KEY, AES_KEY])
def test_mutual_authentication_shows_that_the_card_knows_the_key(key: str) -> None:
    cipher = "3des" if key == KEY else "aes"
    card = made(cipher=cipher, admin_key=bytes.fromhex(key))
    z = "55" * (7 if key == KEY else 15) + "80"
    send(card, MSE)
    r2 = send(card, "00870000" + template("81", R1))[8:40]
    sent = "00870000" + template("82", encipher(r2 + R1 + z, key))
    length = 0x28 if key == KEY else 0x30
    answered = send(card, sent)
    assert answered.startswith(f"7C{length + 2:02X}82{length:02X}")
    # CBC: the card's cryptogram begins as that of R1 and R2 does
    assert answered[8:72] == encipher(R1 + r2, key)
    assert send(card, RESET) == "9000"


@pytest.mark.parametrize("change", ["order", "padding", "length"])
def test_a_wrong_cryptogram_gets_none_in_return(change: str) -> None:
    card = made()
    send(card, MSE)
    r2 = send(card, "00870000" + template("81", R1))[8:40]
    plain = {
        "order": R1 + r2 + "55" * 7 + "80",
        "padding": r2 + R1 + "55" * 8,
        "length": r2 + R1,
    }[change]
    assert send(card, "00870000" + template("82", encipher(plain))) == "6982"
    assert not card.state().administrator


def test_a_card_without_mutual_authentication_gives_no_r2() -> None:
    card = made(mutual=False)
    send(card, MSE)
    assert send(card, "00870000" + template("81", R1)) == "6A80"


# -- files ----------------------------------------------------------------------------------------


def test_anybody_reads_the_card_identifier_and_the_administrator_writes_it() -> None:
    card = made(card_id=bytes(range(16)))
    read = "00CBA012045C02DF2000"
    assert send(card, read) == "DF2010" + bytes(range(16)).hex().upper() + "9000"
    write = "00DBA01213DF2010" + R1
    assert send(card, write) == "6982"
    send(card, VERIFY)
    assert send(card, write) == "6982"
    assert send(admin(card), write) == "9000"
    assert send(card, read) == "DF2010" + R1 + "9000"


def test_what_is_not_there() -> None:
    card = made()
    assert send(card, "00CBA099045C02DF2000") == "6A82"
    assert send(card, "00CBA012045C02DF9900") == "6A88"
    assert send(card, "00CBB080045C02DF2000") == "6A82"  # keys are no data objects


def test_the_administrator_changes_the_admin_key() -> None:
    card = made()
    new = "00" * 23 + "01"
    put = "00DB3FFF26" + "7024840180A51F8718" + new + "8803AABBCC"
    assert send(card, put) == "6982"
    assert send(admin(card), put) == "9000"
    assert card.state().admin_key == bytes.fromhex(new)


def test_a_card_from_the_factory_knows_nobody_and_takes_everything() -> None:
    card = powered(GidsCard(initialised=False))
    assert send(card, ASK) == "6986"
    assert send(card, RESET) == "6986"
    assert send(card, "00E000000E620C8201398302A0128C03032000") == "9000"
    assert send(card, "00DBA01213DF2010" + R1) == "9000"
    assert send(card, "0044000000") == "9000"  # of this file
    assert not card.state().initialised
    assert send(card, "00A40000023FFF") + send(card, "00440000") == "90009000"
    assert card.state().initialised
    assert send(card, "00DBA01213DF2010" + R1) == "6982"
    assert send(card, "00CBA012045C02DF2000") == "DF2010" + R1 + "9000"


def test_data_objects_are_whole() -> None:
    card = admin(made())
    two = (Tlv(0xDF20, bytes(16)).encode() + Tlv(0xDF21, b"x").encode()).hex()
    assert send(card, f"00DBA012{len(two) // 2:02X}{two}") == "6984"


# -- whatever comes -------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_make_the_card_fail(apdus: list[bytes]) -> None:
    card = made()
    for apdu in apdus:
        assert len(card.transmit(apdu)) >= 2


@given(
    st.lists(st.tuples(st.sampled_from([0x87, 0xCB, 0xDB, 0xE0, 0x22]), st.binary(max_size=40)), max_size=6)
)
def test_no_data_of_a_command_make_it_fail(commands: list[tuple[int, bytes]]) -> None:
    card = made(sign_in=None)
    for ins, data in commands:
        card.transmit(bytes([0, ins, 0xA0, 0x12, len(data)]) + data)
    assert len(card.transmit(bytes.fromhex("00200080"))) == 2


@given(st.lists(st.sampled_from([VERIFY, WRONG]), max_size=8))
def test_the_counter_is_true_whatever_comes(apdus: list[str]) -> None:
    card, left = made(sign_in=None), 3
    for apdu in apdus:
        if left:
            left = 3 if apdu == VERIFY else left - 1
        send(card, apdu)
        assert card.state().pin_tries_left == left


def test_secrets_stay_out_of_repr() -> None:
    card = GidsCard(pin="24682468", admin_key=bytes.fromhex(KEY))
    shown = repr(card) + repr(card.state()) + repr(card._admin) + repr(card._pin)
    assert "24682468" not in shown
    assert repr(bytes.fromhex(KEY))[2:-1] not in shown
    assert KEY.lower() not in shown.lower()


@pytest.mark.parametrize(
    "options",
    [{"pin": "123"}, {"pin": "1" * 17}, {"tries": 16}, {"pin_tries_left": 4}, {"admin_key": bytes(16)}],
)
def test_impossible_cards_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"characters|tries|bytes|\(24,\)"):
        GidsCard(**options)  # type: ignore[arg-type]
