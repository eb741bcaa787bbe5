"""smartcard-app-openpgp: an OpenPGP 3.4 application. `python -m tests.foreign.smartcard_openpgp --port N`."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from tests.foreign.contacts import arguments, lock, personalise_openpgp, plug

_WRONG = bytes.fromhex("0020008206393939393939")
_MANUFACTURER = bytes.fromhex("FFFE")  # "test card" in the list of manufacturers


class SmartcardCard:
    """A card of the package smartcard with its OpenPGP application, in a database in memory."""

    def __init__(self, serial: bytes) -> None:
        package: Any = import_module("smartcard")
        self._transactions: Any = import_module("smartcard.utils").transaction_manager
        storage = import_module("ZODB.MappingStorage").MappingStorage()
        database = import_module("ZODB.DB").DB(storage=storage, pool_size=1)
        root = database.open(transaction_manager=self._transactions).root
        with self._transactions:
            self._card = root.card = package.Card(name=b"py-openpgp")
            application = _mended()(identifier=b"\x12\x34", manufacturer=_MANUFACTURER, serial=serial)
            application.activateSelf()
            self._card.createFile(self._card.traverse((package.MASTER_FILE_IDENTIFIER,)), application)

    def atr(self) -> bytes:
        """Answer to reset."""
        with self._transactions:
            return bytes(self._card.getATR())

    def power_off(self) -> None:
        """Forget what was verified."""
        with self._transactions:
            self._card.clearVolatile()

    def power_on(self) -> None:
        """Start."""
        self.power_off()

    def reset(self) -> None:
        """Warm reset."""
        self.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command."""
        return bytes(self._card.runAPDU(bytearray(apdu)))


def _mended() -> Any:
    """The application, with the status word that release 0.4 forgets after INTERNAL AUTHENTICATE."""
    application: Any = import_module("smartcard.app.openpgp").OpenPGP
    released = application.internalAuthenticate

    def internal_authenticate(self: Any, **command: Any) -> bytes:
        return bytes(released(self, **command)) + b"\x90\x00"

    application.internalAuthenticate = internal_authenticate
    return application


def main() -> None:
    """Make the card as asked, and plug it in."""
    parser = arguments(__doc__)
    parser.add_argument("--resetting-code", default="")
    parser.add_argument("--key", default="", help="rsa2048 or p256")
    options = parser.parse_args()
    logging.disable()
    card = SmartcardCard(options.serial)
    card.power_on()
    personalise_openpgp(card, options.resetting_code, options.key)
    if options.locked:
        lock(card, _WRONG)
    card.power_off()
    plug(card, options.port)


if __name__ == "__main__":
    main()
