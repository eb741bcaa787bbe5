"""The virtual PIV card keeps true counters and speaks the standard, byte for byte where it matters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardio.virtual.piv import PivCard
from cardio.virtual.piv_quirks import Quirks
from cardio.virtual.reference import Reference

SELECT = "00A4040005A00000030800"
PIN = "313233343536FFFF"
PUK = "3132333435363738"
NEW = "393837363534FFFF"
BAD = "303030303030FFFF"


def powered(card: PivCard) -> PivCard:
    card.power_on()
    assert send(card, SELECT).endswith("9000")
    return card


def send(card: PivCard, apdu: str) -> str:
    return card.transmit(bytes.fromhex(apdu)).hex().upper()


def test_nothing_works_before_select() -> None:
    card = PivCard()
    card.power_on()
    assert send(card, "00200080") == "6D00"


def test_another_aid_is_not_found_and_disturbs_nothing() -> None:
    card = powered(PivCard())
    assert send(card, "00A4040006D2760001240100") == "6A82"
    assert send(card, "00200080") == "63C3"


def test_the_passcode_counter() -> None:
    card = powered(PivCard())
    for sw in ("63C2", "63C1", "63C0", "6983"):
        assert send(card, "0020008008" + BAD) == sw
    assert send(card, "0020008008" + PIN) == "6983"
    assert send(card, "00200080") == "6983"
    assert card.state().locked


def test_a_right_passcode_gives_the_tries_back() -> None:
    card = powered(PivCard())
    send(card, "0020008008" + BAD)
    assert send(card, "0020008008" + PIN) == "9000"
    assert send(card, "00200080") == "9000"
    assert (card.state().pin_tries_left, card.state().verified) == (3, True)


@pytest.mark.parametrize("lost_by", ["power_off", "power_on"])
def test_losing_power_forgets_what_was_verified(lost_by: str) -> None:
    card = powered(PivCard())
    send(card, "0020008008" + PIN)
    getattr(card, lost_by)()
    send(card, SELECT)
    assert send(card, "00200080") == "63C3"


def test_a_wrong_passcode_and_a_logout_forget_it_too() -> None:
    card = powered(PivCard())
    for forget in ("0020008008" + BAD, "0020FF80"):
        send(card, "0020008008" + PIN)
        send(card, forget)
        assert not card.state().verified


def test_the_puk_counter_is_its_own() -> None:
    card = powered(PivCard(pin_tries_left=0))
    assert send(card, "002C008010" + BAD + NEW) == "63C2"
    assert send(card, "00F7008100").startswith("0101FF05010106020302")
    assert send(card, "002C008010" + PUK + NEW) == "9000"
    assert (card.state().pin_tries_left, card.state().puk_tries_left, card.state().verified) == (3, 3, False)
    assert send(card, "0020008008" + NEW) == "9000"


def test_a_spent_puk_stays_spent() -> None:
    card = powered(PivCard(pin_tries_left=0, puk_tries_left=0))
    assert send(card, "002C008010" + PUK + NEW) == "6983"


def test_a_right_puk_with_a_bad_passcode_changes_nothing() -> None:
    card = powered(PivCard(pin_tries_left=0))
    assert send(card, "002C008010" + PUK + "31323334FFFFFFFF") == "6A80"
    assert card.state().locked
    assert card.state().puk_tries_left == 3


def test_puk_and_passcode_can_be_changed() -> None:
    card = powered(PivCard())
    assert send(card, "0024008110" + PUK + NEW) == "9000"
    assert send(card, "0024008010" + PIN + NEW) == "9000"
    assert (card.state().pin, card.state().puk) == ("987654", "987654")
    assert send(card, "0024008110" + PUK + NEW) == "63C2"


def test_a_bad_format_may_cost_a_try() -> None:
    fair, harsh = powered(PivCard()), powered(PivCard(quirks=Quirks(bad_format_costs_a_try=True)))
    assert send(fair, "0020008004" + PIN[:8]) == send(harsh, "0020008004" + PIN[:8]) == "6A80"
    assert (fair.state().pin_tries_left, harsh.state().pin_tries_left) == (3, 2)


def test_long_answers_come_in_pieces() -> None:
    card = powered(PivCard())
    first = send(card, "00CB3FFF055C035FC10500")
    assert len(first) == 2 * 258
    assert first[-4:-2] == "61"
    rest = send(card, "00C00000" + first[-2:])
    assert rest.endswith("9000")
    assert len(rest) == 2 * int(first[-2:], 16) + 4


def test_another_command_drops_the_rest_of_an_answer() -> None:
    card = powered(PivCard())
    send(card, "00CB3FFF055C035FC10500")
    send(card, "00200080")
    assert send(card, "00C0000000") == "6D00"


def test_a_chained_command_is_put_together() -> None:
    card = powered(PivCard())
    assert send(card, "1020008004" + PIN[:8]) == "9000"
    assert send(card, "0020008004" + PIN[8:]) == "9000"


def test_an_endless_chain_is_refused() -> None:
    card = powered(PivCard())
    answers = {send(card, "10870711FF" + "00" * 255) for _ in range(100)}
    assert answers == {"9000", "6700"}


def test_key_9a_wants_the_passcode_and_9e_does_not() -> None:
    card = powered(PivCard())
    ask = "0087119A267C2482008120" + "07" * 32 + "00"
    assert send(card, ask) == "6982"
    assert send(card, ask.replace("119A", "119E")).endswith("9000")
    send(card, "0020008008" + PIN)
    assert send(card, ask).endswith("9000")


@pytest.mark.parametrize("ask", ["0087079E", "0087119D", "0087119E047C0282 00", "0087119E 057C038101 07 00"])
def test_bad_challenges_are_refused(ask: str) -> None:
    assert send(powered(PivCard()), ask) in {"6A86", "6A88", "6A80"}


def test_a_plain_piv_card_has_no_yubikey_commands() -> None:
    card = powered(PivCard(serial=None))
    assert {send(card, f"00{ins}000000") for ins in ("F7", "F8", "FD")} == {"6D00"}


def test_metadata_can_be_switched_off_alone() -> None:
    card = powered(PivCard(metadata=False, serial=77))
    assert send(card, "00F7008100") == "6D00"
    assert send(card, "00F8000000") == "0000004D9000"


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_make_the_card_fail(apdus: list[bytes]) -> None:
    card = powered(PivCard())
    for apdu in apdus:
        assert len(card.transmit(apdu)) >= 2


RIGHT, WRONG, WRONG_PUK = "0020008008" + PIN, "0020008008" + BAD, "002C008010" + BAD + PIN


@given(st.lists(st.sampled_from([RIGHT, WRONG, WRONG_PUK]), max_size=12))
def test_counters_are_true_whatever_comes(apdus: list[str]) -> None:
    card = powered(PivCard())
    pin, puk = 3, 3
    for apdu in apdus:
        if apdu == WRONG_PUK:
            puk = max(0, puk - 1)
        elif pin:
            pin = 3 if apdu == RIGHT else pin - 1
        send(card, apdu)
        assert (card.state().pin_tries_left, card.state().puk_tries_left) == (pin, puk)


def test_secrets_stay_out_of_repr() -> None:
    card = PivCard(pin="24682468", puk="13571357")
    shown = repr(card) + repr(card.state()) + repr(card._pin)
    assert "24682468" not in shown
    assert "13571357" not in shown


@pytest.mark.parametrize(
    ("text", "tries", "left"), [("12345", 3, 3), ("123456789", 3, 3), ("123456", 3, 4), ("123456", 16, 16)]
)
def test_impossible_references_are_refused(text: str, tries: int, left: int) -> None:
    with pytest.raises(ValueError, match=r"characters|tries"):
        Reference.padded(text, 8, tries, left)
