from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.headerregistry import AddressHeader, DateHeader
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from kiosk.i18n import Words, words
from kiosk.letters import NoticeKind, code_letter, notice_letter
from kiosk.settings import Mail, Site
from kiosk.steps import Purpose

CODE = SecretStr("41927305")
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
SITE = Site(
    service_name="Smartcard self-service",
    kiosk_name="Ward 7",
    ra_contact="RA desk",
    ra_phone="0113 496 0000",
    ra_where="Room 12",
    ra_hours="9 to 5",
)
MAIL = Mail(sender="self-service@kiosk.example")
MAILED = [Purpose.REGISTER, Purpose.UNLOCK, Purpose.CHANGE_DETAILS, Purpose.CHANGE_EMAIL, Purpose.WITHDRAW]
ENGLISH = words("en")
NOTICES = [kind for kind in NoticeKind if kind is not NoticeKind.REPORT]  # which is a letter of its own


class Shouting:
    """A catalogue that marks every sentence that went through it."""

    def gettext(self, sentence: str) -> str:
        return f"«{sentence}»"


@pytest.fixture(autouse=True)
def in_leeds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def coded(
    purpose: Purpose = Purpose.UNLOCK, *, name: str = "Ann Lee", site: Site = SITE, words: Words = ENGLISH
) -> EmailMessage:
    return code_letter(purpose, CODE, name=name, until=NOON, site=site, mail=MAIL, words=words)


def noticed(kind: NoticeKind, *, name: str = "Ann Lee", words: Words = ENGLISH) -> EmailMessage:
    return notice_letter(kind, name=name, at=NOON, kiosk="Ward 9", site=SITE, mail=MAIL, words=words)


def every_letter(words: Words = ENGLISH) -> list[EmailMessage]:
    return [coded(purpose, words=words) for purpose in MAILED] + [
        noticed(kind, words=words) for kind in NOTICES
    ]


def part(letter: EmailMessage, kind: str) -> str:
    """A part as a mail program reads it, after a journey over the wire."""
    read = message_from_bytes(letter.as_bytes(), _class=EmailMessage, policy=SMTP)
    body = read.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


class Page(HTMLParser):
    """The text of an HTML mail, and every element in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("purpose", MAILED)
def test_a_code_mail_says_all_it_must(purpose: Purpose) -> None:
    letter = coded(purpose)
    for text in (part(letter, "plain"), Page(part(letter, "html")).text):
        assert "Hello Ann Lee," in text
        assert "at Ward 7 for a code" in text
        assert "4192 7305" in text
        assert "13:00" in text  # noon UTC, on a summer's day in Leeds
        assert "Nobody will ask you for this code" in text
        assert "RA desk, 0113\u00a0496\u00a00000, Room 12, 9 to 5" in text


def test_each_purpose_is_told_from_the_others() -> None:
    assert len({part(coded(purpose), "plain") for purpose in MAILED}) == len(MAILED)


def test_no_code_where_a_locked_phone_shows_it() -> None:
    for purpose in MAILED:
        letter = coded(purpose)
        for header, value in letter.items():
            assert not re.search(r"4192\s*7305", str(value)), header
        preview = " ".join(part(letter, "plain").split())[:100]
        assert "4192" not in preview


@pytest.mark.parametrize("purpose", [Purpose.CHANGE_PASSCODE, Purpose.SETTLE])
def test_a_purpose_without_a_code_has_no_letter(purpose: Purpose) -> None:
    with pytest.raises(KeyError):
        coded(purpose)


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_says_what_when_where_and_whom_to_tell(kind: NoticeKind) -> None:
    text = part(noticed(kind), "plain")
    assert "01/07/2026 13:00" in text
    assert "Ward 9" in text or kind in {
        NoticeKind.ASSISTANCE_ISSUED,
        NoticeKind.EMAIL_SET_BY_RA,
        NoticeKind.EMAIL_IS_THIS,
        NoticeKind.WITHDRAWN_BY_RA,
        NoticeKind.LAPSED,
    }
    assert "RA desk, 0113\u00a0496\u00a00000, Room 12, 9 to 5" in text
    assert "{" not in text


def test_notices_are_told_from_one_another() -> None:
    assert len({part(noticed(kind), "plain") for kind in NOTICES}) == len(NOTICES)


def test_headers_of_every_letter() -> None:
    letters = every_letter()
    for letter in letters:
        sender, date = letter["From"], letter["Date"]
        assert isinstance(sender, AddressHeader)
        assert isinstance(date, DateHeader)
        assert str(sender) == "Smartcard self-service <self-service@kiosk.example>"
        assert date.datetime is not None
        assert abs(date.datetime - datetime.now(UTC)) < timedelta(minutes=1)
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["Content-Language"] == "en"
        assert "To" not in letter  # for the mailer to say
    ids = {letter["Message-ID"] for letter in letters}
    assert len(ids) == len(letters)
    assert all(id.endswith("@kiosk.example>") for id in ids)


def test_no_links_and_no_images_in_any_letter() -> None:
    for letter in every_letter():
        page = Page(part(letter, "html"))
        assert set(page.elements) == {"html", "head", "meta", "title", "body", "p"}
        assert not {"href", "src", "background", "onload"} & set(page.attributes)
        assert not re.search(r"https?:|www\.|url\(", letter.as_string())


def test_every_sentence_is_translated() -> None:
    shouting = Words("cy", Shouting())  # type: ignore[arg-type]
    for letter in every_letter(shouting):
        for paragraph in part(letter, "plain").strip().split("\n\n"):
            translated = paragraph.startswith("«") and paragraph.endswith("»")
            assert translated or paragraph in {"    4192 7305", SITE.service_name}, paragraph
        assert letter["Subject"].startswith("«")
        assert letter["Content-Language"] == "cy"
        assert '<html lang="cy">' in part(letter, "html")


def test_both_parts_say_the_same() -> None:
    for letter in every_letter():
        read = Page(part(letter, "html")).text.split()
        assert read == [*letter["Subject"].split(), *part(letter, "plain").split()]


HOSTILE = st.text(max_size=300) | st.sampled_from(
    [
        "Ann\r\nBcc: eve@evil.example",
        "Ann\nSubject: other",
        "<script>alert(1)</script>",
        "</p><img src=x onerror=y>",
        '" onload="x',
        "{kiosk} {until} %s",
        "\u202egnirts desrever",
        "\x1b[31mred",
        "\u2028line\u2029paragraph\x85next",
        "\ud800",
        "=?utf-8?q?Eve?= <eve@evil.example>",
        "x" * 5000,
    ]
)


@given(HOSTILE)
@example("")
def test_a_hostile_name_stays_one_line_of_text(name: str) -> None:
    for letter in (coded(name=name), noticed(NoticeKind.UNLOCKED, name=name)):
        wire = letter.as_bytes()
        read = message_from_bytes(wire, _class=EmailMessage, policy=SMTP)
        assert read.keys() == letter.keys()
        assert not read.defects
        assert all(len(line) <= 998 for line in wire.split(b"\r\n"))
        page = Page(part(letter, "html"))
        assert set(page.elements) == {"html", "head", "meta", "title", "body", "p"}
        [greeting, *_] = part(letter, "plain").split("\n\n")
        assert greeting.startswith("Hello")
        assert greeting.endswith(",")
        assert len(greeting.splitlines()) == 1
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", greeting)


@given(HOSTILE)
def test_hostile_names_of_site_and_kiosk_stay_in_their_header(name: str) -> None:
    site = SITE.model_copy(update={"service_name": name, "kiosk_name": name, "ra_contact": name})
    letter = coded(site=site)
    read = message_from_bytes(letter.as_bytes(), _class=EmailMessage, policy=SMTP)
    assert read.keys() == letter.keys()
    [sender] = read["From"].addresses
    assert sender.addr_spec == "self-service@kiosk.example"
    assert "\n" not in read["Subject"]
    assert set(Page(part(letter, "html")).elements) == {"html", "head", "meta", "title", "body", "p"}


def test_a_name_is_written_as_it_is() -> None:
    assert "Hello José O'Brien & Söhne," in Page(part(coded(name="José O'Brien & Söhne"), "html")).text
    joined = "\u0646\u0627\u0645\u200c\u0647"  # zero-width non-joiner: part of the spelling
    assert f"Hello {joined}," in part(coded(name=joined), "plain")


def test_the_sites_own_name_for_the_sender() -> None:
    mail = MAIL.model_copy(update={"sender_name": "RA Leeds, ŵ"})
    letter = code_letter(Purpose.UNLOCK, CODE, name="", until=NOON, site=SITE, mail=mail, words=ENGLISH)
    read = message_from_bytes(letter.as_bytes(), _class=EmailMessage, policy=SMTP)
    assert [address.display_name for address in read["From"].addresses] == ["RA Leeds, ŵ"]
    assert part(letter, "plain").startswith("Hello,\n")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        notice_letter(
            NoticeKind.UNLOCKED,
            name="",
            at=datetime(2026, 7, 1, 12, 0),
            kiosk="",
            site=SITE,
            mail=MAIL,
            words=ENGLISH,
        )
