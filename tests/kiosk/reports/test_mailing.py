"""The report by mail: once a period for a whole store, as a mail that hurts nobody; on both databases."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from kiosk.audit import Event, Outcome
from kiosk.mail import SmtpMailer
from kiosk.notices import Notices
from kiosk.reports.writing import write_report
from kiosk.steps import Attract
from kiosk.storage.models import NoticeRow, NoticeState
from tests.kiosk.conftest import Front
from tests.kiosk.reports.conftest import happened, visited, write
from tests.kiosk.test_letters import Page
from tests.smtp import mail_server
from tests.stories.conftest import OpenWorld
from tests.stories.world import World

TWO = ["ra.lead@nhs.net", "estates@nhs.net"]
HOSTILE = '=HYPERLINK("x")<img src=x>&\u202e'


async def opened(open_world: OpenWorld, beside: World | None = None, **reports: Any) -> World:
    """A kiosk that mails reports, on Wednesday, 7 July 2027 about noon."""
    world = await open_world(
        beside=beside,
        reports={"mail_to": TWO, **reports},
        site={"kiosk_name": "Ward 7" if beside else "Library"},
    )
    if beside is None:
        world.hands.forward(days=(date(2027, 7, 7) - world.hands.wall.date()).days)
        await write(world, visited("2027-06-28 12:00"))
    return world


async def queued(world: World) -> list[str]:
    """What the trail says was queued."""
    return [event.reason for event in await world.events("report.queued")]


async def test_once_a_week_whichever_kiosk_does_it(open_world: OpenWorld) -> None:
    first = await opened(open_world)
    second = await opened(open_world, first)
    for world in (first, second, first, second):
        await world.service.report_mail.tend()
    assert await queued(first) == ["week 2027-06-28"]
    subject = "Self-service unlocking: report on 28 June 2027 to 4 July 2027"
    assert sorted(await second.notices()) == sorted(f"{to}: {subject}" for to in TWO)
    assert await first.rows(NoticeRow) == []
    first.hands.forward(days=4)  # Sunday
    for world in (second, first):
        await world.service.report_mail.tend()
    assert len(await queued(first)) == 1
    first.hands.forward(days=1)
    for world in (second, first):
        await world.service.report_mail.tend()
    assert await queued(first) == ["week 2027-06-28", "week 2027-07-05"]
    assert len(await first.notices()) == 4


async def test_kiosks_that_look_at_the_same_moment(open_world: OpenWorld) -> None:
    worlds = [await opened(open_world)]
    worlds += [await opened(open_world, worlds[0]) for _ in range(4)]
    await asyncio.gather(*(world.service.report_mail.tend() for world in worlds))
    assert await queued(worlds[0]) == ["week 2027-06-28"]
    assert len(await worlds[0].rows(NoticeRow)) == 2


async def test_one_that_dies_in_between_leaves_it_to_the_next(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = await opened(open_world)
    second = await opened(open_world, first)
    real, calls = Notices.queue, 0

    async def dies(self: Notices, session: AsyncSession, *arguments: Any) -> None:
        nonlocal calls
        calls += 1
        await real(self, session, *arguments)
        if calls == 2:
            raise RuntimeError("as if it were killed")

    monkeypatch.setattr(Notices, "queue", dies)
    await first.service.report_mail.tend()
    assert "the report was not put among the mails" in caplog.text
    assert (await first.rows(NoticeRow), await queued(first)) == ([], [])
    await second.service.report_mail.tend()
    assert await queued(first) == ["week 2027-06-28"]
    assert len(await first.rows(NoticeRow)) == 2
    await first.service.report_mail.tend()
    assert len(await first.rows(NoticeRow)) == 2


@pytest.mark.parametrize(
    ("every", "about"), [("day", "on 6 July 2027"), ("month", "on 1 June 2027 to 30 June 2027")]
)
async def test_every_day_or_month(open_world: OpenWorld, every: str, about: str) -> None:
    world = await opened(open_world, every=every)
    await world.service.report_mail.tend()
    assert (await world.notices())[0].endswith(about)


async def test_nobody_gets_one_who_did_not_ask(open_world: OpenWorld) -> None:
    world = await opened(open_world, mail_to=[])
    await world.service.report_mail.tend()
    assert (await world.notices(), await queued(world)) == ([], [])


async def test_there_is_none_on_a_time_before_the_store(open_world: OpenWorld) -> None:
    world = await open_world(reports={"mail_to": TWO})
    await world.service.report_mail.tend()
    await write(world, [happened(f"{world.hands.wall:%Y-%m-%d %H:%M}", Event.KIOSK_STARTED)])
    await world.service.report_mail.tend()
    assert await queued(world) == []
    world.hands.forward(days=7)
    await world.service.report_mail.tend()
    assert len(await queued(world)) == 1


async def test_a_store_that_is_away_hurts_nobody(
    open_world: OpenWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = await opened(open_world)
    world.change("ALTER TABLE audit_store RENAME TO other")
    await world.service.report_mail.tend()
    assert "the report was not put among the mails" in caplog.text


async def test_a_mail_server_that_is_down_gets_it_later_and_once(open_world: OpenWorld) -> None:
    world = await opened(open_world)
    world.post.down = True
    await world.service.report_mail.tend()
    assert await world.notices() == []
    world.post.down = False
    world.hands.forward(days=1)
    assert len(await world.notices()) == 2
    assert len(await world.notices()) == 2
    world.post.down = True
    world.hands.forward(days=6)
    await world.service.report_mail.tend()
    world.hands.forward(days=4)
    await world.notices()
    assert {row.state for row in await world.rows(NoticeRow)} == {NoticeState.GIVEN_UP.value}


async def test_the_attendant_sees_to_it(front: Front) -> None:
    """On a store without an address it does nothing; that it is asked is what counts here."""
    asked = asyncio.Event()

    async def tend() -> None:
        asked.set()

    front.world.service.report_mail.tend = tend  # type: ignore[method-assign]
    await front.stage.until(Attract)
    async with asyncio.timeout(20):
        await asked.wait()


# -- what it says ------------------------------------------------------------------------------------


async def letter(open_world: OpenWorld) -> tuple[World, EmailMessage]:
    """A week with something of everything, at kiosks with strange names."""
    world = await opened(open_world)
    noon = "2027-06-29 12:00"
    await write(
        world,
        [
            *visited(noon, 108, kiosk="Ward 7", organisation=HOSTILE),
            *visited("2027-06-30 12:00", 90, kiosk="Ward 7", organisation=HOSTILE),
            happened(noon, Event.REGISTERED, kiosk="Ward 7", own_email=True),
            happened(noon, Event.CARD_REFUSED, outcome=Outcome.REFUSED, reason="no-unblock-secret"),
            happened(noon, Event.CODE_SENT, outcome=Outcome.FAILED, reason="550 <ann@nhs.net> unknown"),
        ],
    )
    return world, await write_report(world.service.store, world.hands.wall)


async def test_what_it_says(open_world: OpenWorld) -> None:
    _, mail = await letter(open_world)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    page = Page(html.get_content())
    for text in (" ".join(plain.get_content().split()), " ".join(page.text.split())):
        assert "1 h 00 min of RA time saved: 3 unlocks at 20 minutes each." in text
        assert "A visit with an unlock took 1 min 30 s" in text
        assert "Figures begin on 28 June 2027." in text
        assert re.search(r"with another address than the RA's ?1\b", text)
        assert "card refused: no unblock secret that may be sent" in text
        assert "code not mailed" in text
        assert "Tue 29/06" in text
        assert "Library" in text


async def test_it_has_no_links_no_pictures_and_nobodys_words_as_html(open_world: OpenWorld) -> None:
    _, mail = await letter(open_world)
    html = mail.get_body(("html",))
    assert html is not None
    page = Page(html.get_content())
    assert not {"img", "a", "script", "link", "style", "iframe"} & set(page.elements)
    assert not {"src", "href", "onerror"} & set(page.attributes)
    assert 'Ward 7, =HYPERLINK("x")<img src=x>&' in page.text
    whole = mail.as_string()
    assert not re.search(r"https?:|www\.|url\(|ann@nhs", whole)
    assert "\u202e" not in html.get_content(), "nor what would turn the line around"


async def test_the_sheet_that_goes_with_it(open_world: OpenWorld) -> None:
    _, mail = await letter(open_world)
    (sheet,) = mail.iter_attachments()
    assert (sheet.get_content_type(), sheet.get_filename()) == ("text/csv", "report-2027-06-28.csv")
    rows = list(csv.DictReader(io.StringIO(sheet.get_content())))
    assert [(row["first_day"], row["kiosk"], row["unlocks"]) for row in rows] == [
        ("2027-06-28", "Library", "1"),
        ("2027-06-29", "Library", "0"),
        ("2027-06-29", "Ward 7", "1"),
        ("2027-06-30", "Ward 7", "1"),
    ]
    assert rows[2]["organisation"].startswith("'=HYPERLINK"), "a spreadsheet does not run it"
    assert (
        rows[1]["failure_reasons"] == "card refused: no unblock secret that may be sent 1, code not mailed 1"
    )
    assert (rows[2]["unlock_visit_seconds"], rows[2]["minutes_saved"]) == ("108", "20")


async def test_half_a_character_that_a_kiosk_has_written_holds_no_report_up(open_world: OpenWorld) -> None:
    """JSON can say it, and no mail: a kiosk in the wrong hands would keep the report from everybody."""
    world = await opened(open_world)
    (ended,) = visited("2027-06-29 12:00", unlocks=False)
    await write(world, [ended._replace(detail=r'{"organisation": "\ud800", "seconds": 60}')])
    await world.service.report_mail.tend()
    assert len(await world.notices()) == 2
    assert await world.rows(NoticeRow) == []


async def test_it_arrives_whole_by_a_real_server(open_world: OpenWorld, tmp_path: Path) -> None:
    world, sent = await letter(open_world)
    folder = tmp_path / "server"
    folder.mkdir()
    async with mail_server(folder) as server:
        await SmtpMailer(server.settings, server.password).send(sent, TWO[0])
        [arrived] = server.inbox
    assert arrived.recipient == TWO[0]
    assert arrived.message["Auto-Submitted"] == "auto-generated"
    assert "1 h 00 min of RA time saved" in arrived.text
    (sheet,) = arrived.message.iter_attachments()
    (before,) = sent.iter_attachments()
    assert sheet.get_content().replace("\r\n", "\n") == before.get_content().replace("\r\n", "\n")
    longest = max(map(len, arrived.message.as_bytes().splitlines()))
    assert longest <= 998, "RFC 5322, 2.1.1"
    assert world.hands.wall - timedelta(days=400) < arrived.at
