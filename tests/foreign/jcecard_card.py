"""jcecard: OpenPGP 3.4 and PIV applications on one card. `python -m tests.foreign.jcecard_card --port N`."""

from __future__ import annotations

import logging
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.foreign.contacts import SELECT_OPENPGP, arguments, lock, personalise_openpgp, plug, send

_SELECT_PIV = bytes.fromhex("00A4040005A00000030800")
_WRONG_PIV = bytes.fromhex("0020008008393939393939FFFF")
_WRONG_OPENPGP = bytes.fromhex("0020008206393939393939")
_MANUFACTURER = 0xFFFE  # "test card" in the list of manufacturers


class JceCard:
    """The card that jcecard's own TCP server serves, at vpcd's contacts."""

    def __init__(self, serial: bytes, storage: Path) -> None:
        self._card: Any = import_module("jcecard").OpenPGPCard(storage_path=storage)
        self._card.card_state.manufacturer_id = _MANUFACTURER
        self._card.card_state.serial_number = int.from_bytes(serial, "big")
        self._piv: Any = self._card._piv_applet
        self._piv.serial = int.from_bytes(serial, "big")

    def atr(self) -> bytes:
        """Answer to reset."""
        return bytes(self._card.get_atr())

    def power_off(self) -> None:
        """Forget what was verified."""
        self._card.power_off()

    def power_on(self) -> None:
        """Start."""
        self._card.power_on()

    def reset(self) -> None:
        """Warm reset. jcecard's own keeps what was verified, which no chip can (ISO 7816-3, 6.2.3)."""
        self.power_off()
        self.power_on()

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command."""
        return bytes(self._card.process_apdu(apdu))

    def add_chuid(self, guid: uuid.UUID) -> None:
        """Give the PIV application a CHUID; from the factory it has none."""
        chuid = b"\x30\x19" + bytes(25) + b"\x34\x10" + guid.bytes + b"\x35\x0820991231\x3e\x00\xfe\x00"
        self._piv.data_objects.put_data_object(bytes.fromhex("5FC102"), chuid)

    def add_key(self, slot: int, certificate_object: str, guid: uuid.UUID) -> None:
        """Have the PIV application make a P-256 key, and store a certificate of it."""
        piv = import_module("jcecard.piv")
        self._piv._generate_ecc_key(piv.PIVSlot(slot), piv.PIVAlgorithm.ECC_P256)
        certificate = _certificate(self._piv.data_objects.get_key(slot).private_key, guid)
        content = b"\x70\x82" + len(certificate).to_bytes(2, "big") + certificate + b"\x71\x01\x00\xfe\x00"
        self._piv.data_objects.put_data_object(bytes.fromhex(certificate_object), content)


def _certificate(private_key: bytes, guid: uuid.UUID) -> bytes:
    """A certificate that the key signs for itself, DER."""
    x509, hashes = import_module("cryptography.x509"), import_module("cryptography.hazmat.primitives.hashes")
    serialization = import_module("cryptography.hazmat.primitives.serialization")
    key = serialization.load_der_private_key(private_key, None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, str(guid))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1 + guid.int % 2**64, now, now + timedelta(365)
    )
    certificate: bytes = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return certificate


def main() -> None:
    """Make the card as asked, and plug it in."""
    parser = arguments(__doc__)
    parser.add_argument("--resetting-code", default="")
    parser.add_argument("--key", default="", help="of the OpenPGP application: rsa2048 or ed25519")
    parser.add_argument("--guid", type=uuid.UUID, help="of the PIV application; also makes keys 9E and 9A")
    options = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        card = JceCard(options.serial, Path(folder))
        personalise_openpgp(card, options.resetting_code, options.key)
        if options.guid:
            card.add_chuid(options.guid)
            card.add_key(0x9E, "5FC101", options.guid)
            card.add_key(0x9A, "5FC105", options.guid)
        if options.locked:
            lock(card, _WRONG_OPENPGP)
            send(card, _SELECT_PIV)
            lock(card, _WRONG_PIV)
            send(card, SELECT_OPENPGP)
        card.power_off()
        plug(card, options.port)


if __name__ == "__main__":
    main()
