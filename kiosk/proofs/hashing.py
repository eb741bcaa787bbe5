"""Hashes of what a person must know: answers and codes.

bcrypt over HMAC-SHA-256 with the site's pepper: a stolen database alone can try nothing, and
bcrypt's limit of 72 bytes is never reached. Work happens in threads; bcrypt releases the GIL.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt
from pydantic import SecretStr

from kiosk.pepper import Pepper

T = TypeVar("T")
Row = tuple[str, SecretStr, str]  # context, value as typed, stored hash


class Hasher:
    """Hashes and compares values. ``cost`` is bcrypt's, the logarithm of the work (4 to 31).

    ``context`` says what a value is (whose, which question), so that equal values never give
    hashes that can be exchanged for one another; it must be the same when set and when checked.
    """

    def __init__(self, pepper: Pepper, cost: int) -> None:
        self._pepper = pepper
        self._cost = cost
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="hashing")
        # A salt of the right cost followed by no hash that any value is known to have.
        self._dummy = bcrypt.gensalt(cost).decode("ascii") + "." * 31

    @property
    def dummy(self) -> str:
        """A hash nothing matches, to check against where there is no row: it takes as long."""
        return self._dummy

    async def hash(self, context: str, value: SecretStr) -> str:
        """The hash to store. Raises ValueError if the context contains NUL."""
        return await self._run(self._hash, _content(context, value))

    async def matches(self, context: str, value: SecretStr, hashed: str) -> bool:
        """Whether the value is the one that was hashed. Raises ValueError on a damaged hash."""
        return await self.all_match([(context, value, hashed)])

    async def all_match(self, rows: Sequence[Row]) -> bool:
        """Whether every value is right. All are checked, in the same time whichever is wrong.

        False where there are no rows. Raises ValueError on a damaged hash.
        """
        checks = [
            self._run(self._check, _content(context, value), hashed.encode("ascii"))
            for context, value, hashed in rows
        ]
        results = await asyncio.gather(*checks)
        return bool(results) and all(results)

    def close(self) -> None:
        """End the threads, once the work under way is done."""
        self._threads.shutdown(cancel_futures=True)

    async def _run(self, work: Callable[..., T], *arguments: bytes) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _hash(self, content: bytes) -> str:
        return bcrypt.hashpw(self._peppered(content), bcrypt.gensalt(self._cost)).decode("ascii")

    def _check(self, content: bytes, hashed: bytes) -> bool:
        return bcrypt.checkpw(self._peppered(content), hashed)

    def _peppered(self, content: bytes) -> bytes:
        return base64.b64encode(self._pepper.digest(content))


def _content(context: str, value: SecretStr) -> bytes:
    if "\0" in context:
        raise ValueError("a hash context cannot contain NUL")
    return f"{context}\0{value.get_secret_value()}".encode(errors="surrogatepass")
