"""Whether a CA vouches for a PIV card: paths, dates, uses, and the numbers that name the card."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from cardio.applets.piv_certificate import piv_trust
from cardio.card import CardId, KeyUse
from cardio.errors import NotGenuine, ProtocolError
from cardio.tlv import Tlv
from cardio.virtual.piv import PivCard
from cardio.virtual.piv_ca import CARD_AUTHENTICATION, FASC_N, CardCa, CardNumbers
from tests.cardio.cards import opened

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
LATER = NOW + 100 * DAY
GUID, FASC = bytes(range(0x10, 0x20)), bytes(range(0x30, 0x49))
CARD = CardId("piv", "guid", GUID.hex().upper())
BY_FASC = CardId("piv", "fasc-n", FASC.hex().upper())
BY_SERIAL = CardId("piv", "yubikey-serial", "7654321")
NUMBERS = CardNumbers(GUID, FASC, 7654321)
YUBIKEY_SERIAL = x509.ObjectIdentifier("1.3.6.1.4.1.41482.3.7")
KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
CA = CardCa()


def accepted(certificate: bytes, card: CardId = CARD, use: KeyUse = KeyUse.FREE, *, ca: CardCa = CA) -> bool:
    """Whether the CA alone vouches for it today."""
    try:
        piv_trust(ca.pem, NOW).verify(certificate, card, use, NOW)
    except NotGenuine:
        return False
    return True


def another(use: KeyUse) -> KeyUse:
    return KeyUse.PASSCODE if use is KeyUse.FREE else KeyUse.FREE


def named(*names: x509.GeneralName, serials: tuple[str, ...] = (), extra: tuple[bytes, ...] = ()) -> bytes:
    """A certificate with these other names, subject serial numbers, and YubiKey serial extensions."""
    subject = x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, serial) for serial in serials])
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.UnrecognizedExtension(YUBIKEY_SERIAL, value), False) for value in extra
    ]
    if names:
        extensions.append((x509.SubjectAlternativeName(names), False))
    return CA.issue(KEY, subject, LATER, extensions)


# -- certificates on a card -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, "guid"),
        ({"guid": bytes(16), "fasc_n": FASC}, "fasc-n"),
        ({"guid": bytes(16), "serial": 12345678}, "yubikey-serial"),
        ({"chuid": False, "serial": 12345678}, "yubikey-serial"),
    ],
)
async def test_a_ca_vouches_for_its_card_however_it_is_known(options: dict[str, object], kind: str) -> None:
    trust = piv_trust(CA.pem, NOW)
    async with opened(PivCard(issuer=CA, **options)) as card:  # type: ignore[arg-type]
        assert card.id.kind == kind
        for use in KeyUse:
            key = await card.offered_key(use)
            assert key is not None
            assert key.certificate is not None
            trust.verify(key.certificate, card.id, use, NOW)
            with pytest.raises(NotGenuine, match="for another use"):
                trust.verify(key.certificate, card.id, another(use), NOW)


async def test_a_card_that_vouches_for_itself_is_not_believed() -> None:
    async with opened(PivCard()) as card:
        for use in KeyUse:
            key = await card.offered_key(use)
            assert key is not None
            assert key.certificate is not None
            assert not accepted(key.certificate, card.id, use)


# -- the path -------------------------------------------------------------------------------------


def test_another_ca_of_the_same_name_is_not_believed() -> None:
    certificate = CA.card_authentication(KEY, NUMBERS, LATER)
    assert accepted(certificate)
    assert not accepted(certificate, ca=CardCa())


def test_one_changed_bit_is_not_believed() -> None:
    certificate = CA.card_authentication(KEY, NUMBERS, LATER)
    place = certificate.index(GUID.hex()[:8].encode())
    for changed in (place, len(certificate) - 1):
        other = certificate[:changed] + bytes([certificate[changed] ^ 1]) + certificate[changed + 1 :]
        with pytest.raises((NotGenuine, ProtocolError)):
            piv_trust(CA.pem, NOW).verify(other, CARD, KeyUse.FREE, NOW)


@pytest.mark.parametrize("given_too", ["the chain", "the issuer alone"])
def test_an_issuer_below_a_root(given_too: str) -> None:
    root = CardCa("root")
    issuer = CardCa("issuer", issuer=root, path_length=0)
    certificate = issuer.card_authentication(KEY, NUMBERS, LATER)
    trust = piv_trust(issuer.chain_pem if given_too == "the chain" else issuer.pem, NOW)
    trust.verify(certificate, CARD, KeyUse.FREE, NOW)
    assert not accepted(certificate, ca=root)  # the card does not bring what is between


def test_an_issuer_below_one_that_may_have_none_is_refused_with_its_number() -> None:
    root = CardCa("root", path_length=0)
    middle = CardCa("middle", issuer=root)
    issuer = CardCa("issuer", issuer=middle)
    with pytest.raises(ValueError, match="certificate 1 cannot be used as a CA"):
        piv_trust(issuer.chain_pem, NOW)


def test_a_card_is_no_ca_of_other_cards() -> None:
    usage = (x509.ExtendedKeyUsage([CARD_AUTHENTICATION]), True)
    names = (x509.SubjectAlternativeName(NUMBERS.alternative_names()), False)
    constraints = (x509.BasicConstraints(ca=True, path_length=None), True)
    certificate = CA.issue(KEY, x509.Name([]), LATER, [usage, names, constraints])
    assert not accepted(certificate)


@pytest.mark.parametrize("may_sign", [True, False])
def test_a_ca_must_be_allowed_to_sign_certificates(may_sign: bool) -> None:
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]),
    )
    usage = x509.KeyUsage(True, False, False, False, False, may_sign, False, False, False)
    constraints = (x509.BasicConstraints(ca=True, path_length=None), True)
    issuer = CA.issue(key.public_key(), name, LATER, [constraints], usage=usage)
    pem = x509.load_der_x509_certificate(issuer).public_bytes(serialization.Encoding.PEM)
    names = x509.SubjectAlternativeName(NUMBERS.alternative_names())
    builder = x509.CertificateBuilder(name, x509.Name([]), KEY, 7, NOW - DAY, LATER)
    signed = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    certificate = signed.public_bytes(serialization.Encoding.DER)
    if may_sign:
        piv_trust(CA.pem + pem, NOW).verify(certificate, CARD, KeyUse.FREE, NOW)
    else:
        with pytest.raises(ValueError, match=r"certificate 2 cannot be used as a CA: .*does not allow"):
            piv_trust(CA.pem + pem, NOW)


def test_a_key_that_may_not_sign_is_not_believed() -> None:
    other = x509.KeyUsage(False, False, True, False, False, False, False, False, False)
    names = (x509.SubjectAlternativeName(NUMBERS.alternative_names()), False)
    assert accepted(CA.issue(KEY, x509.Name([]), LATER, [names]))
    assert not accepted(CA.issue(KEY, x509.Name([]), LATER, [names], usage=other))


def test_an_unknown_critical_extension_is_not_believed() -> None:
    names = (x509.SubjectAlternativeName(NUMBERS.alternative_names()), False)
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert accepted(CA.issue(KEY, x509.Name([]), LATER, [names, (strange, False)]))
    assert not accepted(CA.issue(KEY, x509.Name([]), LATER, [names, (strange, True)]))


@pytest.mark.parametrize(("days", "genuine"), [(99, True), (101, False), (-400, False)])
def test_a_certificate_counts_while_it_is_valid(days: int, genuine: bool) -> None:
    ca = CardCa(begins=NOW - 2000 * DAY)
    certificate = ca.card_authentication(KEY, NUMBERS, LATER)
    trust = piv_trust(ca.pem, NOW)
    if genuine:
        trust.verify(certificate, CARD, KeyUse.FREE, NOW + days * DAY)
    else:
        with pytest.raises(NotGenuine, match="has ended, or not begun"):
            trust.verify(certificate, CARD, KeyUse.FREE, NOW + days * DAY)


def test_a_ca_that_has_ended_beside_its_successor() -> None:
    old = CardCa(begins=NOW - 100 * DAY, ends=NOW - DAY)
    with pytest.raises(ValueError, match="none of its certificates is valid now"):
        piv_trust(old.pem, NOW)
    trust = piv_trust(old.pem + CA.pem, NOW)
    trust.verify(CA.card_authentication(KEY, NUMBERS, LATER), CARD, KeyUse.FREE, NOW)
    with pytest.raises(NotGenuine):
        trust.verify(old.card_authentication(KEY, NUMBERS, LATER), CARD, KeyUse.FREE, NOW)


@pytest.mark.parametrize(
    "pem", [b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_ca_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError, match="certificates"):
        piv_trust(pem, NOW)


def test_a_card_s_certificate_is_no_ca() -> None:
    der = CA.card_authentication(KEY, NUMBERS, LATER)
    pem = x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(ValueError, match="certificate 2 cannot be used as a CA"):
        piv_trust(CA.pem + pem, NOW)


# -- the card and the use -------------------------------------------------------------------------


def test_only_its_own_card() -> None:
    certificate = CA.card_authentication(KEY, NUMBERS, LATER)
    assert accepted(certificate)
    assert accepted(certificate, BY_FASC)
    other = CardId("piv", "guid", bytes(16).hex().upper()[:-1] + "1")
    assert not accepted(certificate, other)
    assert not accepted(certificate, CardId("piv", "guid", BY_FASC.serial))
    assert not accepted(certificate, BY_SERIAL)  # it has other numbers: none of them is this one
    assert not accepted(certificate, CardId("piv", "unheard-of", CARD.serial))


@pytest.mark.parametrize(
    ("usages", "free", "passcode"),
    [
        (None, True, True),
        ([CARD_AUTHENTICATION], True, False),
        ([ExtendedKeyUsageOID.CLIENT_AUTH], False, True),
        ([ExtendedKeyUsageOID.CLIENT_AUTH, CARD_AUTHENTICATION], True, False),
    ],
)
def test_only_its_own_use(usages: list[x509.ObjectIdentifier] | None, free: bool, passcode: bool) -> None:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName(NUMBERS.alternative_names()), False)
    ]
    if usages is not None:
        extensions.append((x509.ExtendedKeyUsage(usages), False))
    certificate = CA.issue(KEY, x509.Name([]), LATER, extensions)
    assert accepted(certificate, use=KeyUse.FREE) is free
    assert accepted(certificate, use=KeyUse.PASSCODE) is passcode


UUID = "10111213-1415-1617-1819-1a1b1c1d1e1f"
URI = x509.UniformResourceIdentifier


@pytest.mark.parametrize(
    ("certificate", "card", "genuine"),
    [
        (named(URI("urn:uuid:" + UUID)), CARD, True),
        (named(URI("URN:UUID:" + UUID.upper())), CARD, True),
        (named(URI("urn:uuid:" + GUID.hex())), CARD, True),
        (named(URI("urn:uuid:" + UUID + "0")), CARD, False),
        (named(URI("https://example.org/" + UUID)), CARD, False),
        (named(x509.DNSName(UUID)), CARD, False),
        (named(serials=(UUID,)), CARD, True),  # as PIV-I has it
        (named(serials=("somebody", GUID.hex().upper())), CARD, True),
        (named(serials=("urn:uuid:" + UUID,)), CARD, False),
        (named(x509.OtherName(FASC_N, Tlv(0x04, FASC).encode())), BY_FASC, True),
        (named(x509.OtherName(x509.ObjectIdentifier("1.2.3"), Tlv(0x04, FASC).encode())), BY_FASC, False),
        (named(serials=(FASC.hex(),)), BY_FASC, True),
        (named(serials=("7654321",)), BY_SERIAL, True),
        (named(serials=("07654321",)), BY_SERIAL, True),
        (named(serials=("17654321",)), BY_SERIAL, False),
        (named(extra=(Tlv(0x02, (7654321).to_bytes(4, "big")).encode(),)), BY_SERIAL, True),
        (named(serials=("7654321",), extra=(Tlv(0x02, b"\x01").encode(),)), BY_SERIAL, False),
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_every_way_to_name_a_card(certificate: bytes, card: CardId, genuine: bool) -> None:
    assert accepted(certificate, card) is genuine


@pytest.mark.parametrize(
    ("certificate", "card"),
    [
        (named(x509.OtherName(FASC_N, Tlv(0x0C, FASC).encode())), BY_FASC),
        (named(extra=(b"\x02\x05\x01",)), BY_SERIAL),
        (named(extra=(b"",)), BY_SERIAL),
        (b"", CARD),
        (b"\x30\x03\x02\x01\x00", CARD),
    ],
    ids=itertools.count(),
)
def test_what_cannot_be_read_is_a_protocol_error(certificate: bytes, card: CardId) -> None:
    with pytest.raises(ProtocolError):
        piv_trust(CA.pem, NOW).verify(certificate, card, KeyUse.FREE, NOW)


GENUINE = CA.card_authentication(KEY, NUMBERS, LATER)
TRUST = piv_trust(CA.pem, NOW)


@given(st.integers(0, len(GENUINE) - 1), st.binary(min_size=1, max_size=3))
def test_no_damaged_certificate_is_believed_or_raises_anything_else(place: int, damage: bytes) -> None:
    damaged = GENUINE[:place] + damage + GENUINE[place + len(damage) :]
    if damaged != GENUINE:
        with pytest.raises((NotGenuine, ProtocolError)):
            TRUST.verify(damaged, CARD, KeyUse.FREE, NOW)


def test_no_message_repeats_a_name() -> None:
    stranger = CardCa("A Secret Person")
    for certificate in (
        stranger.piv_authentication(KEY, NUMBERS, "A Secret Person", LATER),
        CA.piv_authentication(KEY, CardNumbers(bytes([7] * 16)), "A Secret Person", LATER),
    ):
        with pytest.raises(NotGenuine) as caught:
            TRUST.verify(certificate, CARD, KeyUse.PASSCODE, NOW)
        assert "Secret" not in str(caught.value)


def test_what_the_virtual_ca_issues_is_signed_with_its_key() -> None:
    found = x509.load_der_x509_certificate(GENUINE)
    authority = CA.certificate.public_key()
    assert isinstance(authority, ec.EllipticCurvePublicKey)
    authority.verify(found.signature, found.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
    assert x509.load_pem_x509_certificates(CA.chain_pem) == [CA.certificate]
