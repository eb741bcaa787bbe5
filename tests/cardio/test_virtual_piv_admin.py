"""What a card management can do with the virtual PIV card, by raw commands, and what nobody else can."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from cardio.tlv import Tlv, find
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_admin import DEFAULT_MANAGEMENT_KEY
from cardio.virtual.piv_keys import Algorithm, PrivateKey
from tests.cardio.openssl import openssl_cipher

SELECT, PIN = "00A4040005A00000030800", "0020008008313233343536FFFF"
CHUID = "5C035FC102"
PUT = "00DB3FFF17" + CHUID + "5310" + "3402AABB" + "FE00" + "00" * 10
GENERATE = "0047009E05AC03800111"
KEYS = {0x03: bytes(range(0x10, 0x28)), 0x08: bytes(range(16)), 0x0A: bytes(24), 0x0C: bytes(range(32))}
CIPHERS = {0x03: "des-ede3", 0x08: "aes-128-ecb", 0x0A: "aes-192-ecb", 0x0C: "aes-256-ecb"}


def made(algorithm: int = 0x03, **options: object) -> PivCard:
    """A card with a management key of that algorithm, powered and selected."""
    chosen = {"management_key": KEYS[algorithm], "management_algorithm": algorithm, **options}
    card = PivCard(**chosen)  # type: ignore[arg-type]
    card.power_on()
    assert send(card, SELECT).endswith("9000")
    return card


def send(card: PivCard, apdu: str) -> str:
    return card.transmit(bytes.fromhex(apdu)).hex().upper()


def cipher(block: str, algorithm: int = 0x03, *, decrypt: bool = False) -> str:
    return openssl_cipher(CIPHERS[algorithm], KEYS[algorithm].hex(), block, decrypt=decrypt)


def authenticate(items: str, algorithm: int = 0x03) -> str:
    """GENERAL AUTHENTICATE with 9B: 7C { items }."""
    length = len(items) // 2
    return f"0087{algorithm:02X}9B{length + 2:02X}7C{length:02X}{items}00"


def item(tag: str, value: str) -> str:
    return f"{tag}{len(value) // 2:02X}{value}"


def admin(card: PivCard, algorithm: int = 0x03) -> PivCard:
    """Prove the management key (SP 800-73-4 part 2, A.1: single authentication)."""
    challenge = send(card, authenticate("8100", algorithm))[8:-4]
    assert send(card, authenticate(item("82", cipher(challenge, algorithm)), algorithm)) == "9000"
    return card


# -- the management key ---------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", KEYS)
def test_single_authentication(algorithm: int) -> None:
    card = made(algorithm)
    challenge = send(card, authenticate("8100", algorithm))
    block = 8 if algorithm == 0x03 else 16
    assert challenge.startswith(f"7C{block + 2:02X}81{block:02X}")
    right = item("82", cipher(challenge[8:-4], algorithm))
    wrong = right[:-2] + ("01" if right.endswith("00") else "00")
    assert send(card, authenticate(wrong, algorithm)) == "6982"
    assert send(card, authenticate(right, algorithm)) == "6982"  # the challenge is spent
    assert send(card, PUT) == "6982"
    assert send(admin(card, algorithm), PUT) == "9000"


@pytest.mark.parametrize("algorithm", KEYS)
def test_mutual_authentication(algorithm: int) -> None:
    card = made(algorithm)
    block = 8 if algorithm == 0x03 else 16
    witness = send(card, authenticate("8000", algorithm))
    assert witness.startswith(f"7C{block + 2:02X}80{block:02X}")
    known, ours = cipher(witness[8:-4], algorithm, decrypt=True), "A5" * block
    answered = send(card, authenticate(item("80", known) + item("81", ours) + "8200", algorithm))
    assert answered == f"7C{block + 2:02X}" + item("82", cipher(ours, algorithm)) + "9000"
    assert send(card, PUT) == "9000"


def test_a_wrong_witness_gets_no_answer_to_our_challenge() -> None:
    card = made()
    send(card, authenticate("8000"))
    assert send(card, authenticate(item("80", "00" * 8) + item("81", "A5" * 8))) == "6982"
    assert send(card, PUT) == "6982"


def test_an_answer_without_a_challenge_proves_nothing() -> None:
    for answer in (item("82", "00" * 8), item("80", "00" * 8), "8200", ""):
        card = made()
        assert send(card, authenticate(answer)) in {"6982", "6A80"}
        assert send(card, PUT) == "6982"


@pytest.mark.parametrize(("algorithm", "asked"), [(0x03, 0x08), (0x08, 0x03), (0x0C, 0x00), (0x08, 0x0C)])
def test_another_algorithm_than_the_keys_is_refused(algorithm: int, asked: int) -> None:
    assert send(made(algorithm), authenticate("8100", asked)) == "6A86"


@pytest.mark.parametrize("ends_by", ["power", "wrong answer", "new challenge"])
def test_the_administrator_does_not_stay(ends_by: str) -> None:
    card = admin(made())
    if ends_by == "power":
        card.power_off()
        card.power_on()
        send(card, SELECT)
    else:
        send(card, authenticate("8100"))
        if ends_by == "wrong answer":
            send(card, authenticate(item("82", "00" * 8)))
    assert send(card, PUT) == "6982"


def test_the_management_key_can_be_changed() -> None:
    card = made()
    new = "00FFFFFF" + "08" + "9B10" + KEYS[0x08].hex()
    new = new[:8] + f"{len(new[8:]) // 2:02X}" + new[8:]
    assert send(card, new) == "6982"
    assert send(admin(card), new) == "9000"
    admin(card, 0x08)
    assert send(card, "00FFFFFF13" + "03" + "9B10" + "00" * 16) == "6A80"  # no 3DES key
    assert send(card, authenticate("8100")) == "6A86"


def test_a_key_of_another_length_makes_no_card() -> None:
    with pytest.raises(ValueError, match="another length"):
        PivCard(management_key=bytes(16), management_algorithm=0x03)


# -- objects --------------------------------------------------------------------------------------


def test_an_object_is_written_read_and_deleted() -> None:
    card = admin(made())
    get = "00CB3FFF05" + CHUID + "00"
    assert send(card, PUT) == "9000"
    assert send(card, get) == "53103402AABBFE00" + "00" * 10 + "9000"
    assert send(card, "00DB3FFF07" + CHUID + "5300") == "9000"
    assert send(card, get) == "6A82"


@pytest.mark.parametrize(
    "apdu", ["00DB3F0007" + CHUID + "5300", "00DB3FFF025300", "00DB3FFF05" + CHUID, "00DB3FFF015C"]
)
def test_what_is_no_object_is_not_written(apdu: str) -> None:
    card = admin(made(chuid=False))
    assert send(card, apdu) == "6A80"
    assert send(card, "00CB3FFF05" + CHUID + "00") == "6A82"


def test_the_pin_alone_lets_nobody_write() -> None:
    card = made()
    assert send(card, PIN) == "9000"
    assert {send(card, apdu) for apdu in (PUT, GENERATE, "00FA0505", "00FE119E020600")} == {"6982"}


def test_printed_information_is_read_after_the_pin() -> None:
    card = admin(made())
    assert send(card, "00DB3FFF09" + "5C035FC109" + "53020101") == "9000"
    assert send(card, "00CB3FFF055C035FC10900") == "6982"
    send(card, PIN)
    assert send(card, "00CB3FFF055C035FC10900") == "530201019000"


# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "algorithm", [Algorithm.RSA_2048, Algorithm.ECC_P256, Algorithm.ECC_P384, Algorithm.ED25519]
)
def test_a_generated_key_is_the_one_that_signs(algorithm: Algorithm) -> None:
    card = admin(made())
    before = card.card_key_der
    answered = card.transmit(bytes.fromhex(f"0047009E05AC038001{algorithm:02X}00"))
    while answered[-2] == 0x61:
        answered = answered[:-2] + card.transmit(b"\x00\xc0\x00\x00" + answered[-1:])
    assert answered.endswith(b"\x90\x00")
    public = find(answered[:-2], 0x7F49) or b""
    assert card.card_key_der not in (None, before)
    assert (find(public, 0x81) or (find(public, 0x86) or b"")[1:]) in (card.card_key_der or b"")
    assert send(card, GENERATE.replace("9E", "9B")) == "6A80"


def test_imported_keys() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    scalar = curve.private_numbers().private_value.to_bytes(32, "big")
    edwards, big = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)
    primes = big.private_numbers()
    parts: dict[Algorithm, tuple[PrivateKey, list[Tlv]]] = {
        Algorithm.ECC_P256: (curve, [Tlv(0x06, scalar)]),
        Algorithm.ED25519: (edwards, [Tlv(0x07, edwards.private_bytes_raw())]),
        Algorithm.RSA_2048: (
            big, [Tlv(0x01, primes.p.to_bytes(128, "big")), Tlv(0x02, primes.q.to_bytes(128, "big"))],
        ),
    }  # fmt: skip
    card = admin(made())
    for algorithm, (private, objects) in parts.items():
        data = b"".join(one.encode() for one in objects)
        while len(data) > 255:
            assert card.transmit(bytes([0x10, 0xFE, algorithm, 0x9E, 255]) + data[:255]) == b"\x90\x00"
            data = data[255:]
        assert card.transmit(bytes([0x00, 0xFE, algorithm, 0x9E, len(data)]) + data) == b"\x90\x00"
        expected = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert card.card_key_der == expected


@pytest.mark.parametrize(
    "apdu", ["00FE119E00", "00FE119E020600", "00FE9999020600", "00FE119B020601", "00FE079E0401010102"]
)
def test_what_makes_no_key_is_refused(apdu: str) -> None:
    card = admin(made())
    before = card.card_key_der
    assert send(card, apdu) == "6A80"
    assert card.card_key_der == before


def test_the_certificate_of_a_replaced_key_stays_until_another_is_written() -> None:
    card = admin(made())
    get = "00CB3FFF055C035FC10100"
    before = send(card, get)
    assert send(card, GENERATE).endswith("9000")
    assert send(card, get)[:400] == before[:400]
    assert send(card, "00DB3FFF09" + "5C035FC101" + "53027000") == "9000"
    assert send(card, get) == "530270009000"


# -- YubiKey's own --------------------------------------------------------------------------------


def test_tries_are_set_by_who_knows_key_and_pin() -> None:
    card = admin(made(pin="246824"))
    assert send(card, "00FA0508") == "6982"
    assert send(card, "0020008008323436383234FFFF") == "9000"
    assert send(card, "00FA0508") == "9000"
    state = card.state()
    assert (state.pin, state.pin_tries_left, state.puk, state.puk_tries_left) == ("123456", 5, "12345678", 8)


@pytest.mark.parametrize("left", [(3, 0), (0, 3)])
def test_a_card_is_not_reset_while_pin_or_puk_still_work(left: tuple[int, int]) -> None:
    card = made(pin_tries_left=left[0], puk_tries_left=left[1])
    assert send(card, "00FB0000") == "6985"
    assert (card.state().pin_tries_left, card.state().puk_tries_left) == left


def test_a_reset_leaves_nothing_of_before() -> None:
    card = admin(made(pin="246824", pin_tries_left=0, puk_tries_left=0))
    send(card, PUT)
    assert send(card, "00FB0000") == "9000"
    state = card.state()
    assert (state.pin, state.pin_tries_left, state.puk, state.puk_tries_left) == ("123456", 3, "12345678", 3)
    assert card.card_key_der is None
    for wanted in (CHUID, "5C035FC101", "5C035FC105"):
        assert send(card, "00CB3FFF05" + wanted + "00") == "6A82"
    assert send(card, PUT) == "6982"
    assert card._management_key == DEFAULT_MANAGEMENT_KEY


def test_other_cards_have_no_such_commands() -> None:
    card = admin(made(serial=None, pin_tries_left=0, puk_tries_left=0))
    assert {send(card, f"00{ins}0000") for ins in ("FA", "FB", "FE", "FF")} == {"6D00"}
    assert send(card, PUT) == "9000"


@given(
    st.lists(
        st.tuples(st.sampled_from([0x87, 0xDB, 0x47, 0xFE, 0xFF, 0xFA]), st.binary(max_size=40)), max_size=5
    )
)
def test_no_data_of_a_command_make_it_fail(commands: list[tuple[int, bytes]]) -> None:
    card = made(sign_in=None)
    card._authenticated = True
    for ins, data in commands:
        assert len(card.transmit(bytes([0, ins, 0x11, 0x9B, len(data)]) + data)) >= 2
