"""Whether a CA vouches for a card: path validation (RFC 5280, 6.1), and what binds a certificate to a card.

The path is built by ``cryptography.x509.verification``: signatures, names, validity, basic constraints with
their path length, name constraints, and no critical extension that it does not know. It asks for no
DNS name here: the certificates of cards have none. What it leaves to its users (key usage, and which card
a certificate is about) is checked here and by a family's `Binding`.

Nothing that a card sends raises anything but NotGenuine and ProtocolError, and no message repeats a name.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import datetime
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import verification

from cardio.card import CardId, KeyUse
from cardio.errors import NotGenuine, ProtocolError

UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What cryptography raises for certificates that are none; their parts are parsed on access."""

Binding = Callable[[x509.Certificate, CardId, KeyUse], None]
"""Raises NotGenuine unless the certificate is about that card and that use. May raise UNREADABLE."""


def load(der: bytes) -> x509.Certificate:
    """Read a certificate that came from a card. Raises ProtocolError."""
    try:
        with warnings.catch_warnings():  # cards in the field have serial numbers that are not positive
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(der)
    except UNREADABLE as error:
        raise ProtocolError("the certificate cannot be read") from error


class Trust:
    """The CAs that a site believes, and what binds their certificates to cards.

    Trust anchors are the self-signed certificates, and those whose issuer is not among the given ones:
    a site may give roots and intermediates, or the issuing CA alone.
    """

    def __init__(self, authorities: list[x509.Certificate], binding: Binding) -> None:
        self._anchors = [one for one in authorities if _is_anchor(one, authorities)]
        self._intermediates = [one for one in authorities if one not in self._anchors]
        self._binding = binding

    @classmethod
    def from_pem(cls, pem: bytes, binding: Binding, at: datetime) -> Self:
        """Read one or more CA certificates.

        Raises ValueError, whose message says which certificate is at fault, and if all of them have
        ended or not begun at ``at``. One CA that has ended beside its successor is no fault.
        """
        authorities = _read(pem)
        trust = cls(authorities, binding)
        current = [one for one in authorities if _is_current(one, at)]
        if not current:
            raise ValueError("none of its certificates is valid now")
        for number, authority in enumerate(authorities, 1):
            if authority in current:
                trust._check_authority(number, authority, at)
        return trust

    def verify(self, certificate: bytes, card: CardId, use: KeyUse, at: datetime) -> None:
        """Check a card's certificate (DER): valid at ``at``, issued by these CAs, for this card and use.

        That the card holds its key is not checked here. Raises NotGenuine and ProtocolError.
        """
        found = load(certificate)
        try:
            if not _is_current(found, at):
                raise NotGenuine("the card's certificate has ended, or not begun")
            self._validate(found, _CARD_POLICY, at)
            self._binding(found, card, use)
        except UNREADABLE as error:
            raise ProtocolError("the certificate cannot be read") from error
        except verification.VerificationError as error:
            raise NotGenuine(f"no configured CA vouches for the card: {_reason(error)}") from None

    def _validate(
        self, certificate: x509.Certificate, policy: verification.ExtensionPolicy, at: datetime
    ) -> None:
        builder = verification.PolicyBuilder().store(verification.Store(self._anchors)).time(at)
        builder = builder.extension_policies(ca_policy=_CA_POLICY, ee_policy=policy)
        builder.build_client_verifier().verify(certificate, self._intermediates)

    def _check_authority(self, number: int, authority: x509.Certificate, at: datetime) -> None:
        """Find out now what would make every card of this CA fail. Raises ValueError."""
        try:
            self._validate(authority, _CA_POLICY, at)
        except verification.VerificationError as error:
            raise ValueError(f"certificate {number} cannot be used as a CA: {_reason(error)}") from None


def _read(pem: bytes) -> list[x509.Certificate]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_pem_x509_certificates(pem)
    except UNREADABLE as error:
        raise ValueError("holds no certificates in PEM form, or one that cannot be read") from error


def _is_anchor(certificate: x509.Certificate, others: list[x509.Certificate]) -> bool:
    if certificate.issuer == certificate.subject:
        return True
    return all(certificate.issuer != other.subject for other in others)


def _is_current(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _signs_certificates(_: verification.Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("its key usage does not allow it to sign certificates")


def _signs_challenges(_: verification.Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.digital_signature:
        raise ValueError("its key usage does not allow it to sign")


def _is_no_authority(
    _: verification.Policy, __: x509.Certificate, constraints: x509.BasicConstraints | None
) -> None:
    if constraints is not None and constraints.ca:
        raise ValueError("it is a CA")


def _reason(error: verification.VerificationError) -> str:
    """Why, up to the place where cryptography repeats the certificate's subject."""
    return str(error).partition(" (encountered")[0].partition("<")[0].removeprefix("validation failed: ")


_CA_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, None)  # cA: always checked
    .may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _signs_certificates)
)
_CARD_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .may_be_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, _is_no_authority)
    .may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _signs_challenges)
)
