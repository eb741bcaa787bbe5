"""Keys inside a PKCS#11 token (v2.40): used there, and never seen here.

The vault's key wraps with CKM_AES_KEY_WRAP, the pepper makes HMACs with CKM_SHA256_HMAC. A call takes
0.1 ms in SoftHSM 2.6, milliseconds in a token on the network; one session serves one call at a time.
Imported only where keys.token names a module.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, exceptions
from pydantic import SecretBytes, SecretStr

from kiosk.keys import KEY_LENGTH, KeyProblem
from kiosk.wrapping import FileCabinet, Keys, VaultError

T = TypeVar("T")
_MISSING = (
    "`kiosk init` makes it for a new store; for one in use take the token that has it (keys.token_label)"
)
Template = dict[Attribute, Any]

# One call in the process at a time: SoftHSM aborts where two sessions are used at once, and others may.
_MODULE = threading.RLock()
_LOST = (
    exceptions.SessionHandleInvalid,
    exceptions.SessionClosed,
    exceptions.DeviceRemoved,
    exceptions.DeviceError,
    exceptions.TokenNotPresent,
    exceptions.UserNotLoggedIn,
    exceptions.ObjectHandleInvalid,
    exceptions.KeyHandleInvalid,
)
_NEVER_LEAVES: Template = {
    Attribute.TOKEN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
}
_WRAPS: Template = {
    Attribute.WRAP: True,
    Attribute.UNWRAP: True,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
}
_MAKES_HMACS: Template = {Attribute.SIGN: True, Attribute.VERIFY: False}
_DATA_KEY: Template = {Attribute.TOKEN: False, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}


class Token:
    """One token, signed in to when it is first used. Safe to use from several threads."""

    def __init__(self, module: Path, label: str, pin: SecretStr) -> None:
        self._module = module
        self._label = label
        self._pin = pin
        self._session: pkcs11.Session | None = None
        self._found: dict[tuple[KeyType, str], list[pkcs11.SecretKey]] = {}
        self._pin_refused = False

    def use(self, work: Callable[[pkcs11.Session], T]) -> T:
        """Work within the session; one that was lost is opened again, once.

        Raises KeyProblem where the token is out of reach, PKCS11Error for what the work itself met.
        """
        with _MODULE:
            try:
                return work(self._opened())
            except _LOST:
                self._session = None
                self._found.clear()
                return work(self._opened())

    def told(self, work: Callable[[pkcs11.Session], T]) -> T:
        """As `use`, with a KeyProblem for every error."""
        try:
            return self.use(work)
        except exceptions.PKCS11Error as error:
            raise KeyProblem(f"token {self._label!r}: {type(error).__name__} (see keys.token)") from None

    def keys(self, session: pkcs11.Session, kind: KeyType, label: str) -> list[pkcs11.SecretKey]:
        """The secret keys of that kind and label that stay in the token; looked for once a session."""
        if not self._found.get((kind, label)):
            wanted = {
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: kind,
                Attribute.LABEL: label,
                Attribute.TOKEN: True,
            }
            found: list[Any] = list(session.get_objects(wanted))
            self._found[kind, label] = sorted(found, key=lambda key: bytes(key.id), reverse=True)
        return self._found[kind, label]

    def software(self) -> bool:
        """Whether it is a program that keeps its keys in files, under its PIN. Raises KeyProblem."""
        return self.told(lambda session: "softhsm" in session.token.manufacturer_id.lower())

    def look_again(self) -> None:
        """Find keys that were made meanwhile."""
        with _MODULE:
            self._found.clear()

    def _opened(self) -> pkcs11.Session:
        if self._session is not None:
            return self._session
        if self._pin_refused:  # trying it again and again would lock the token
            raise KeyProblem(f"token {self._label!r}: the PIN is wrong; mend it, then restart the kiosk")
        try:
            self._session = self._signed_in()
        except exceptions.PinIncorrect:
            self._pin_refused = True
            raise KeyProblem(f"token {self._label!r}: the PIN is wrong: see keys.token_pin_file") from None
        except exceptions.PinLocked:
            raise KeyProblem(f"token {self._label!r}: its PIN is locked: its officer can reset it") from None
        except exceptions.NoSuchToken:
            raise KeyProblem(
                f"{self._module}: has no token {self._label!r}: plug it in, or see keys.token_label"
            ) from None
        except (exceptions.PKCS11Error, RuntimeError, OSError) as error:
            reason = f"cannot be used as a PKCS#11 module ({type(error).__name__})"
            raise KeyProblem(f"{self._module}: {reason}: see keys.token") from None
        return self._session

    def _signed_in(self) -> pkcs11.Session:
        token = pkcs11.lib(str(self._module)).get_token(token_label=self._label)
        try:
            return token.open(rw=True, user_pin=self._pin.get_secret_value())
        except exceptions.UserAlreadyLoggedIn:  # elsewhere in this process, which counts for all of it
            return token.open(rw=True)


class TokenKey:
    """A key-encrypting key inside a token, named by its CKA_ID."""

    slow = True

    def __init__(self, token: Token, label: str, name: bytes) -> None:
        self._token = token
        self._label = label
        self._name = name

    @property
    def key_id(self) -> str:
        """The CKA_ID, in hexadecimal."""
        return self._name.hex()

    def wrap(self, data_key: bytes) -> bytes:
        """CKM_AES_KEY_WRAP, as RFC 3394 2.2.1. Raises VaultError."""

        def work(session: pkcs11.Session) -> bytes:
            described = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
            within: Any = session.create_object({**described, Attribute.VALUE: data_key, **_DATA_KEY})
            try:
                return bytes(self._key(session).wrap_key(within, mechanism=Mechanism.AES_KEY_WRAP))
            finally:
                within.destroy()

        return self._used(work)

    def unwrap(self, wrapped: bytes) -> bytes:
        """RFC 3394 2.2.2, with the integrity check of 2.2.3. Raises VaultError."""

        def work(session: pkcs11.Session) -> bytes:
            within = self._key(session).unwrap_key(
                ObjectClass.SECRET_KEY,
                KeyType.AES,
                wrapped,
                mechanism=Mechanism.AES_KEY_WRAP,
                template=_DATA_KEY,
            )
            try:
                return bytes(within[Attribute.VALUE])
            finally:
                within.destroy()

        return self._used(work)

    def leaves(self) -> bool:
        """Whether the token would hand the key out. Raises KeyProblem."""
        return self._token.told(lambda session: _may_leave(self._key(session)))

    def _key(self, session: pkcs11.Session) -> Any:
        for key in self._token.keys(session, KeyType.AES, self._label):
            if bytes(key.id) == self._name:
                return key
        raise VaultError(f"key {self.key_id!r} is no longer in the token")

    def _used(self, work: Callable[[pkcs11.Session], bytes]) -> bytes:
        try:
            return self._token.use(work)
        except KeyProblem as problem:
            raise VaultError(str(problem)) from None
        except exceptions.PKCS11Error as error:  # of an altered key SoftHSM says no more than GeneralError
            name = type(error).__name__
            raise VaultError(
                f"its data key was altered, or is wrapped with another key (token: {name})"
            ) from None


class TokenCabinet:
    """The vault's keys in a token, all of one label. The greatest CKA_ID, made of the time, is the newest.

    Key files that are still there open what they have sealed, so that a kiosk can move to a token.
    """

    def __init__(self, token: Token, label: str, files: FileCabinet) -> None:
        self._token = token
        self._label = label
        self._files = files

    def load(self) -> Keys:
        """The keys there are now. Raises KeyProblem."""
        if not (names := self._names()):
            raise KeyProblem(f"the token has no key {self._label!r}: {_MISSING}")
        newest, *older = (TokenKey(self._token, self._label, name) for name in names)
        if not self._files.there():
            return Keys(newest, tuple(older))
        files = self._files.load()
        return Keys(newest, (*older, files.newest, *files.older))

    def there(self) -> bool:
        """Whether the token has a key. Raises KeyProblem."""
        return bool(self._names())

    def waiting(self) -> bool:
        """Never: what is made in the token is in its place."""
        return False

    def make_next(self) -> str:
        """Make a newer key inside the token. Raises KeyProblem."""
        before = max(self._names(), default=b"")
        name = max(time.time_ns() // 1_000_000, int.from_bytes(before) + 1).to_bytes(8)
        self._token.told(lambda session: _generate(session, KeyType.AES, self._label, name, _WRAPS))
        return f"key {name.hex()}: made in the token, which never hands it out"

    def put_in_place(self) -> str:
        """The newest key is in its place already."""
        return (
            f"key {self._names()[0].hex()} is the newest. Once every kiosk and backup does without the "
            "older ones, remove them (pkcs11-tool --delete-object), and key files that are still there"
        )

    def _names(self) -> list[bytes]:
        self._token.look_again()
        return [
            bytes(key.id)
            for key in self._token.told(
                lambda session: self._token.keys(session, KeyType.AES, self._label),
            )
        ]


class TokenPepper:
    """The pepper inside a token."""

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = label

    def digest(self, content: bytes) -> bytes:
        """CKM_SHA256_HMAC: 32 bytes. Raises KeyProblem."""

        def work(session: pkcs11.Session) -> bytes:
            return bytes(self._key(session).sign(content, mechanism=Mechanism.SHA256_HMAC))

        return self._token.told(work)

    def there(self) -> bool:
        """Whether the token has it. Raises KeyProblem."""
        self._token.look_again()
        return bool(self._token.told(self._keys))

    def make(self, given: SecretBytes | None) -> None:
        """Make it inside the token; or put the one that is given there. Raises KeyProblem."""
        kind, label = KeyType.GENERIC_SECRET, self._label
        if given is None:
            self._token.told(lambda session: _generate(session, kind, label, b"", _MAKES_HMACS))
            return
        described = {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: kind,
            Attribute.LABEL: label,
            Attribute.VALUE: given.get_secret_value(),
        }
        self._token.told(
            lambda session: session.create_object({**described, **_NEVER_LEAVES, **_MAKES_HMACS})
        )

    def leaves(self) -> bool:
        """Whether the token would hand it out. Raises KeyProblem."""
        return self._token.told(lambda session: _may_leave(self._key(session)))

    def _keys(self, session: pkcs11.Session) -> list[Any]:
        return list(self._token.keys(session, KeyType.GENERIC_SECRET, self._label))

    def _key(self, session: pkcs11.Session) -> Any:
        found = self._keys(session)
        if len(found) != 1:
            many = f"{len(found)} keys" if found else "no key"
            advice = "keep the right one alone" if found else _MISSING
            raise KeyProblem(f"the token has {many} {self._label!r}: {advice}")
        return found[0]


def _generate(session: pkcs11.Session, kind: KeyType, label: str, name: bytes, uses: Template) -> None:
    session.generate_key(
        kind, 8 * KEY_LENGTH, label=label, id=name, store=True, template={**_NEVER_LEAVES, **uses}
    )


def _may_leave(key: Any) -> bool:
    return bool(key[Attribute.EXTRACTABLE]) or not key[Attribute.SENSITIVE]
