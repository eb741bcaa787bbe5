"""Email addresses: exactly one, at an approved domain, and how one is shown.

Only plain addresses pass (RFC 5321 4.1.2 Dot-string, ASCII): no display names, quotes, comments,
source routes or address literals. The domain is compared in its IDNA form, label by label.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import idna

from kiosk.refusals import EmailRule

MAX_LENGTH = 254  # RFC 5321 4.5.3.1.3: a path of 256, less its brackets
MAX_LOCAL = 64  # RFC 5321 4.5.3.1.1

# atext of RFC 5322 3.2.3, without "%" and "!", which some relays still read as a route elsewhere, "|",
# which some hand to a program, and a "-" in front, which a program may take for an option.
_LOCAL = re.compile(r"(?!-)[A-Za-z0-9#$&'*+/=?^_`{}~-]+(\.[A-Za-z0-9#$&'*+/=?^_`{}~-]+)*")
_ENCODED = "=?"  # begins an encoded word (RFC 2047), which a mail program shows as something else
_HIDDEN = "····"


class EmailRefused(Exception):
    """An address that may not be used, and the rule it breaks. Does not hold the address."""

    def __init__(self, rule: EmailRule) -> None:
        super().__init__(rule.value)
        self.rule = rule


def parse(text: str, domains: Sequence[str]) -> str:
    """The one address in ``text``, in lower case, its domain in ASCII (IDNA 2008, UTS 46).

    ``domains`` are the approved ones; each stands for itself and its subdomains. Mailboxes are
    taken not to depend on case, as on every server in use, so that equal addresses compare equal.
    Raises EmailRefused; ValueError if an approved domain is not one.
    """
    typed = text.strip(" ")
    if len(typed) > 2 * MAX_LENGTH:  # IDNA takes its time with long input
        raise EmailRefused(EmailRule.TOO_LONG)
    local, at, domain = typed.partition("@")
    if (
        not at
        or _ENCODED in typed
        or not _LOCAL.fullmatch(local)
        or any(unicodedata.category(c)[0] in "CZ" for c in domain)
    ):
        raise EmailRefused(EmailRule.NOT_ONE_ADDRESS)
    try:
        ascii_domain = canonical_domain(domain)
    except ValueError:
        raise EmailRefused(EmailRule.NOT_ONE_ADDRESS) from None
    address = f"{local.lower()}@{ascii_domain}"
    if len(local) > MAX_LOCAL or len(address) > MAX_LENGTH:
        raise EmailRefused(EmailRule.TOO_LONG)
    if not any(_within(ascii_domain, canonical_domain(approved)) for approved in domains):
        raise EmailRefused(EmailRule.DOMAIN)
    return address


def canonical(text: str) -> str:
    """An address as `parse` gives it, at whatever domain; empty for what is no address."""
    domain = text.strip(" ").rpartition("@")[2]
    try:
        return parse(text, [domain])
    except (EmailRefused, ValueError):
        return ""


@lru_cache(maxsize=256)  # IDNA takes its time, and a million holders have few domains
def canonical_domain(domain: str) -> str:
    """A domain in lower-case ASCII labels. Raises ValueError if it is not one, or ends in a dot."""
    ascii_domain = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    if ascii_domain.endswith("."):
        raise ValueError("a domain of an email address does not end in a dot")
    return ascii_domain


def mask(address: str) -> str:
    """The address as a screen shows it: "a····n@nhs.net". Does not tell how long it is."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}{_HIDDEN}{local[-1:]}@{domain}"


def _within(domain: str, approved: str) -> bool:
    labels, wanted = domain.split("."), approved.split(".")
    return labels[-len(wanted) :] == wanted
