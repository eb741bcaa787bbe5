"""Mail server, clock, languages and terminal."""

from __future__ import annotations

import asyncio
import curses
import os
import shutil
import socket
import sys
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kiosk.audit import newest_event
from kiosk.clock import BUILT, NEAR, Clock
from kiosk.i18n import DOMAIN, LANGUAGES, LOCALES
from kiosk.keys import KeyProblem
from kiosk.mail import MailNotSent, SmtpMailer
from kiosk.office.doctor.finding import Finding, Level, aside
from kiosk.settings import Settings
from kiosk.storage.backend import Backend
from kiosk.storage.place import place
from kiosk.tide import newest_sign
from kiosk.wiring import mail_password

_RESOLVE, _PROBE = 5.0, 8.0  # seconds
_RENEW_BEFORE = timedelta(days=14)
_COLUMNS, _LINES, _COLOURS = 80, 24, 16


async def mail_server(settings: Settings) -> Finding:
    """Whether the mail server takes the connection, the TLS and the sign-in; nothing is sent."""
    name, mail = "mail server", settings.mail
    where = f"{mail.host}:{mail.port}"
    try:
        password = mail_password(settings)
    except KeyProblem as problem:
        return Finding(name, Level.FAIL, str(problem), "put the password there, or empty mail.username")
    try:
        async with asyncio.timeout(_RESOLVE):  # the name first: a resolver that hangs is not the server
            await aside(lambda: socket.getaddrinfo(mail.host, mail.port, type=socket.SOCK_STREAM))
    except (OSError, TimeoutError):
        return Finding(name, Level.FAIL, f"{mail.host}: nobody knows this name", "mend mail.host, or see DNS")
    try:
        short = mail.model_copy(update={"timeout": min(mail.timeout, _PROBE)})
        facts = await SmtpMailer(short, password).probe()
    except MailNotSent as refusal:
        return Finding(name, Level.FAIL, f"{where}: {refusal.reason}", mail_advice(refusal.reason))
    if facts.tls is None:
        return Finding(
            name, Level.WARN, f"{where}: answers, without TLS", 'set mail.tls = "starttls" or "tls"'
        )
    detail = f"{where}: {facts.tls}, {'signed in' if facts.signed_in else 'without signing in'}"
    ends = facts.certificate_expires
    if ends is not None and ends < datetime.now(UTC) + _RENEW_BEFORE:
        advice = "have it renewed: without a valid certificate no mail is sent"
        return Finding(name, Level.WARN, f"{detail}; its certificate ends {ends:%Y-%m-%d}", advice)
    return Finding(name, Level.OK, detail)


def mail_advice(reason: str) -> str:
    """What to do where the mail server does not work, by `MailNotSent.reason`."""
    if "certificate" in reason:
        return (
            "set mail.ca_file where the server has a CA of your own, and mail.host to the certificate's name"
        )
    if "Authentication" in reason:
        return "see mail.username and the password file"
    if "STARTTLS" in reason or "not supported" in reason.lower():
        return 'the server must offer STARTTLS, or set mail.tls = "tls" and its port (465)'
    return "see mail.host, mail.port and mail.tls, and that no firewall is between"


async def clock(settings: Settings) -> Finding:
    """Whether the time can be right: not before this release, nor before what the store has seen.

    Where the store is on a server, its time is that of every kiosk, and this machine's is to be near it.
    """
    watch = Clock()
    newest = await aside(lambda: _newest_moment(place(settings), watch))
    now = f"{watch.now():%Y-%m-%d %H:%M UTC}"
    if watch.is_believable(newest):
        off = watch.error()
        if abs(off) <= NEAR:
            return Finding("clock", Level.OK, now)
        side = "ahead of" if off > timedelta() else "behind"
        detail = f"{abs(off).total_seconds():.0f} s {side} the database's, which is the time at the kiosk"
        return Finding("clock", Level.WARN, detail, "see that time synchronisation runs here and there")
    earliest = max(BUILT, newest or BUILT)
    detail = f"{now}, but it must be after {earliest:%Y-%m-%d %H:%M UTC}"
    advice = "set it, and see that time synchronisation runs (timedatectl)"
    if watch.is_believable():  # but for the events
        advice += "; if it is right now and was wrong before: kiosk doctor --accept-clock --reason TEXT"
    return Finding("clock", Level.FAIL, detail, advice)


def _newest_moment(store: Backend, watch: Clock) -> datetime | None:
    engine = store.plain()
    try:
        with engine.connect() as connection:
            if not store.one_at_a_time:
                watch.heed(connection.execute(text("SELECT clock_timestamp()")).scalar_one())
            moments = [connection.execute(query).scalar() for query in (newest_event(), newest_sign())]
            return max((moment for moment in moments if moment is not None), default=None)
    except SQLAlchemyError:
        return None  # the check of the store tells
    finally:
        engine.dispose()


async def languages(settings: Settings) -> Finding:
    """Whether every language's sentences are there; English is in the program itself."""
    missing = [
        language
        for language in LANGUAGES
        if language != "en" and not (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").exists()
    ]
    if missing:
        detail = f"no sentences in: {', '.join(missing)}; English is shown instead"
        return Finding(
            "languages", Level.WARN, detail, "install the kiosk again ('make messages' in a checkout)"
        )
    return Finding("languages", Level.OK, ", ".join(LANGUAGES))


async def terminal(settings: Settings) -> Finding | None:
    """Whether this terminal can show the kiosk; None where output is no terminal."""
    if not sys.stdout.isatty():
        return None
    name, kind = "terminal", os.environ.get("TERM", "")
    size = shutil.get_terminal_size()
    if sys.stdout.encoding.lower().replace("-", "") != "utf8":
        return Finding(
            name, Level.FAIL, f"not UTF-8 but {sys.stdout.encoding}", "set LANG=C.UTF-8 PYTHONUTF8=1"
        )
    if kind in {"", "dumb"}:
        return Finding(
            name, Level.FAIL, f"TERM is {kind or 'not set'}", "set TERM to what it is, such as linux"
        )
    if size.columns < _COLUMNS or size.lines < _LINES:
        detail = f"{size.columns}x{size.lines}, smaller than {_COLUMNS}x{_LINES}"
        return Finding(name, Level.FAIL, detail, "make it larger, or its letters smaller")
    colours = _colours(kind)
    if colours is None:
        return Finding(
            name, Level.WARN, f"TERM={kind} is not known here", "install ncurses-term, or mend TERM"
        )
    detail = f"{kind}, {size.columns}x{size.lines}, {colours} colours"
    if colours < _COLOURS and kind != "linux":  # the Linux console says 8, and shows 16
        return Finding(name, Level.WARN, detail, "the kiosk wants 16: try TERM=xterm-256color")
    return Finding(name, Level.OK, detail)


def _colours(kind: str) -> int | None:
    try:
        curses.setupterm(kind, sys.stdout.fileno())
    except curses.error:
        return None
    return curses.tigetnum("colors")
