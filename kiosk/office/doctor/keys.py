"""The vault's keys and the pepper: whether they are there, safe, and the right ones."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kiosk.keyring import file_cabinet, pepper_of, token, token_keys
from kiosk.keys import KeyProblem, key_source
from kiosk.office.doctor.finding import Finding, Level, aside
from kiosk.origin import PUT_RIGHT, pepper_place, written_with
from kiosk.pepper import Pepper
from kiosk.persons import DATA_KEY
from kiosk.settings import Settings, SettingsError
from kiosk.storage.backend import StoreUnavailable
from kiosk.storage.place import place, sqlite_file
from kiosk.unblock import FIELD
from kiosk.vault import Sealed, VaultError, opened
from kiosk.wrapping import KeyEncryptingKey, Keys

_WITHOUT_VAULT = "mend it: without it no card can be unlocked, and no name or address read"
_PERSONS = text("SELECT key_id, wrapped_key FROM data_key WHERE name = :name")
_NEWEST_SECRET = text(
    "SELECT card.audit_key, key_id, wrapped_key, nonce, ciphertext FROM unblock_secret "
    "JOIN card ON card.id = unblock_secret.card ORDER BY card.id DESC LIMIT 1"
)
# One sentence for both keys: the health board says it once.
_BIND_KEYS = "bind keys to the machine by LoadCredentialEncrypted=, or use a token: docs/security.md"
_USED = text("SELECT key_id FROM unblock_secret UNION SELECT key_id FROM next_unblock_secret")
_WITHOUT_PEPPER = "mend it: without it nobody's answers can be checked"


async def vault_key(settings: Settings) -> Finding:
    """Whether the newest vault key wraps, and the keys open what is in the store."""
    name = "vault key"
    try:
        told = await aside(lambda: _vault_key(settings))
    except KeyProblem as problem:
        return Finding(name, Level.FAIL, str(problem), _WITHOUT_VAULT)
    except VaultError as error:
        advice = (
            "put back the key it was made with, from your backup, or copy it from the machine where 'kiosk "
            "vault rekey' was run, as vault.key.next ('kiosk vault status' names it)"
        )
        return Finding(name, Level.FAIL, f"it does not open what is in the store: {error}", advice)
    if told is not None:
        return told
    return _where(settings, name, settings.keys.vault, "vault-key")


async def pepper_key(settings: Settings) -> Finding:
    """Whether the key that answers and codes are hashed with is there, the right one, and safe."""
    try:
        return await aside(lambda: _pepper_key(settings))
    except KeyProblem as problem:
        return Finding("pepper key", Level.FAIL, str(problem), _WITHOUT_PEPPER)


def _pepper_key(settings: Settings) -> Finding:
    """Raises KeyProblem."""
    name, configured, credential = "pepper key", settings.keys.pepper, "pepper-key"
    pepper = pepper_of(settings)
    if _strange(settings, pepper):
        detail = f"{pepper_place(settings)}: not the one that this store was written with"
        return Finding(name, Level.FAIL, detail, PUT_RIGHT)
    if settings.keys.token is not None:
        return _token_pepper(settings)
    return _where(settings, name, configured, credential)


def _strange(settings: Settings, pepper: Pepper) -> bool:
    """Whether there is a store that was written with another pepper."""
    try:
        store = place(settings)
    except (KeyProblem, SettingsError):
        return False  # the check of the store tells, here and below
    try:
        return not written_with(store, pepper)
    except StoreUnavailable:
        return False


def _vault_key(settings: Settings) -> Finding | None:
    """What a token's keys are like; None where they are in files. Raises KeyProblem, VaultError."""
    in_token = settings.keys.token is not None
    cabinet = token_keys(settings)[0] if in_token else file_cabinet(settings)
    keys = cabinet.load()
    _round_trip(keys.newest)
    _open_something(settings, keys)
    if not in_token:
        return None
    from kiosk.token import TokenKey

    if any(isinstance(key, TokenKey) and key.leaves() for key in (keys.newest, *keys.older)):
        return _leaves("vault key")
    advice = "'kiosk vault rekey' takes everything into the token; then "
    if plain := _plain(settings, settings.keys.vault):
        detail = f"in the token, but {plain[0]} is still there"
        return Finding("vault key", Level.RISK, detail, advice + _removed(plain[0]))
    files = sum(not isinstance(key, TokenKey) for key in keys.older)
    if files:
        detail = f"in the token; {files} older in files that systemd hands over"
        return Finding("vault key", Level.WARN, detail, f"{advice}take those away")
    return _in_token(settings, "vault key")


def _token_pepper(settings: Settings) -> Finding:
    _, pepper = token_keys(settings)
    pepper.digest(os.urandom(32))
    if pepper.leaves():
        return _leaves("pepper key")
    if plain := _plain(settings, settings.keys.pepper):
        detail = f"in the token, but {plain[0]} is still there"
        return Finding("pepper key", Level.RISK, detail, _removed(plain[0]))
    return _in_token(settings, "pepper key")


def _in_token(settings: Settings, name: str) -> Finding:
    """Of a key that the token never hands out. One of software keeps it in files that the PIN opens."""
    pin = settings.state_directory / settings.keys.token_pin_file
    if pin.exists() and token(settings).software():
        detail = f"in a token of software, whose PIN is in {pin}: whoever takes this disk has the key"
        advice = f"{_bound('token-pin')}, then shred -u {pin}; or use a token of hardware"
        return Finding(name, Level.RISK, detail, advice)
    return Finding(name, Level.OK, f"in the token {settings.keys.token_label!r}, and stays there")


def _leaves(name: str) -> Finding:
    return Finding(
        name,
        Level.RISK,
        "in the token, but the token would hand it out",
        "make keys with 'kiosk init' or 'kiosk vault rekey': not extractable, and sensitive",
    )


def _round_trip(key: KeyEncryptingKey) -> None:
    data_key = os.urandom(32)
    if key.unwrap(key.wrap(data_key)) != data_key:
        raise VaultError(f"key {key.key_id!r} does not give back what it was given")


def _open_something(settings: Settings, keys: Keys) -> None:
    """Open the newest unblock secret, and the data key of names. Raises VaultError.

    A kiosk of a fleet may not read a secret: there the keys that secrets are under have to be here.
    """
    try:
        engine = place(settings).plain()
    except (KeyProblem, SettingsError):
        return  # the check of the store tells
    try:
        with engine.connect() as connection:
            names = connection.execute(_PERSONS, {"name": DATA_KEY}).first()
            row, used = None, []
            try:
                row = connection.execute(_NEWEST_SECRET).first()
            except DBAPIError:
                connection.rollback()
                used = list(connection.execute(_USED).scalars())
    except DBAPIError:
        return  # the check of the store tells
    finally:
        engine.dispose()
    if row is not None:
        audit_key, key_id, *rest = row
        opened(_named(keys, key_id), audit_key, FIELD, Sealed(key_id, *rest))
    if names is not None:
        _named(keys, names[0]).unwrap(names[1])
    for key_id in used:
        _named(keys, key_id)


def _named(keys: Keys, name: str) -> KeyEncryptingKey:
    if (key := keys.named(name)) is None:
        raise VaultError(f"it is sealed with key {name!r}, and the newest here is {keys.newest.key_id!r}")
    return key


def _where(settings: Settings, name: str, configured: Path, credential: str) -> Finding:
    """Of a key that no token has: whether systemd alone hands it over."""
    plain = _plain(settings, configured)
    if not plain:
        return Finding(name, Level.OK, "handed over by systemd")
    path = plain[0]
    if key_source(settings.state_directory, configured, credential) not in plain:
        used = "" if path.name == configured.name else "once 'kiosk vault status' shows nothing under it, "
        detail = f"handed over by systemd, but {path} is still there"
        return Finding(name, Level.RISK, detail, used + _removed(path))
    database = sqlite_file(settings)
    if database is not None and database.exists() and path.stat().st_dev == database.stat().st_dev:
        detail = f"plain file: whoever takes this disk has everything: {path}"
    else:
        detail = f"plain file: whoever takes this disk has the key: {path}"
    return Finding(name, Level.RISK, detail, _BIND_KEYS)


def _plain(settings: Settings, configured: Path) -> list[Path]:
    """The files of a key: the present one, and those that `kiosk vault rekey` makes of it."""
    path = settings.state_directory / configured
    named = (path, path.with_name(f"{path.name}.next"), *sorted(path.parent.glob(f"{path.name}.old-*")))
    return [one for one in named if one.exists()]


def _bound(credential: str) -> str:
    return (
        "bind it to this machine: systemd-creds encrypt --with-key=tpm2, and "
        f"LoadCredentialEncrypted={credential}:..."
    )


def _removed(path: Path) -> str:
    return f"keep a copy in a safe place, and remove it here: shred -u {path}"
