"""SmtpMailer against a real server, good and bad."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from pydantic import SecretStr

from kiosk.demo.smtp import Encryption
from kiosk.mail import MailNotSent, RecordingMailer, SmtpMailer
from kiosk.settings import Mail
from tests.smtp import DawdlesOverGoodbye, Hangs, HangsUp, RefusesRecipient, mail_server

ANN = "ann.lee@nhs.net"


def letter() -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "self-service@kiosk.example"
    message["Subject"] = "Prawf ŵ"
    message.set_content("Helô ŵ\n.\nstill here\n")
    return message


async def refusal(settings: Mail, password: SecretStr | None, recipient: str = ANN) -> MailNotSent:
    with pytest.raises(MailNotSent) as caught:
        await SmtpMailer(settings, password).send(letter(), recipient)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert "ann.lee" not in f"{error!r} {error.reason}"
    return error


@pytest.mark.parametrize("encryption", ["starttls", "tls", "off"])
async def test_a_mail_arrives_as_it_was_written(tmp_path: Path, encryption: Encryption) -> None:
    async with mail_server(tmp_path, encryption=encryption) as server:
        sent = letter()
        await SmtpMailer(server.settings, server.password).send(sent, ANN)
        [mail] = server.inbox
    assert (mail.recipient, mail.sender) == (ANN, "self-service@kiosk.example")
    assert (mail.subject, mail.text) == ("Prawf ŵ", "Helô ŵ\n.\nstill here\n")
    assert mail.message["To"] == ANN
    assert "To" not in sent  # the caller's message is left as it was: it can be sent again


async def test_the_inbox_tells_of_a_mail(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        arrived = asyncio.Event()
        server.on_change(arrived.set)
        await SmtpMailer(server.settings, server.password).send(letter(), ANN)
        assert arrived.is_set()


async def test_a_server_without_starttls_is_refused(tmp_path: Path) -> None:
    async with mail_server(tmp_path, encryption="off") as server:
        demanding = server.settings.model_copy(update={"tls": "starttls"})
        error = await refusal(demanding, server.password)
        assert server.inbox == []
    assert "STARTTLS" in error.reason


async def test_an_unknown_certificate_is_refused(tmp_path: Path) -> None:
    secured: tuple[Encryption, ...] = ("starttls", "tls")
    for encryption in secured:
        async with mail_server(tmp_path, encryption=encryption) as server:
            trusting_the_system = server.settings.model_copy(update={"ca_file": None})
            error = await refusal(trusting_the_system, server.password)
            assert server.inbox == []
        assert "certificate not accepted" in error.reason


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        # Another way to write 127.0.0.1, and not one of the names in the certificate.
        elsewhere = server.settings.model_copy(update={"host": "127.1"})
        error = await refusal(elsewhere, server.password)
        assert server.inbox == []
    assert "certificate not accepted" in error.reason


async def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        error = await refusal(server.settings, SecretStr("not the password"))
        assert server.inbox == []
    assert error.reason == "SMTPAuthenticationError 535"


async def test_nobody_sends_without_signing_in(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        anonymous = server.settings.model_copy(update={"username": ""})
        error = await refusal(anonymous, None)
        assert server.inbox == []
    assert "530" in error.reason


async def test_a_refused_recipient_is_an_error(tmp_path: Path) -> None:
    async with mail_server(tmp_path, handler=RefusesRecipient()) as server:
        error = await refusal(server.settings, server.password)
    assert (error.reason, error.recipient) == ("recipient refused (550)", True)


async def test_a_refused_recipient_says_nothing_of_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server(tmp_path, handler=RefusesRecipient()) as server:
        await refusal(server.settings, server.password)
    assert not [record for record in caplog.records if record.name == "kiosk.mail"]


async def test_a_server_that_hangs_costs_no_more_than_the_timeout(tmp_path: Path) -> None:
    async with mail_server(tmp_path, handler=Hangs()) as server:
        hasty = server.settings.model_copy(update={"timeout": 0.5})
        async with asyncio.timeout(5):
            error = await refusal(hasty, server.password)
    assert error.reason == "no answer in time"


async def test_a_server_that_hangs_up_is_an_error(tmp_path: Path) -> None:
    async with mail_server(tmp_path, handler=HangsUp()) as server:
        await refusal(server.settings, server.password)


async def test_a_mail_that_was_taken_stays_sent_whatever_the_goodbye(tmp_path: Path) -> None:
    async with mail_server(tmp_path, handler=DawdlesOverGoodbye()) as server:
        async with asyncio.timeout(5):
            await SmtpMailer(server.settings, server.password).send(letter(), ANN)
        assert len(server.inbox) == 1


async def test_no_server_at_all_is_an_error(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        gone = server.settings
    error = await refusal(gone, None)
    assert "SMTPConnectError" in error.reason


async def test_a_missing_ca_file_is_an_error(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        lost = server.settings.model_copy(update={"ca_file": tmp_path / "nowhere.pem"})
        await refusal(lost, server.password)


@pytest.mark.parametrize(
    "recipient",
    [
        "ann.lee@nhs.net, eve@evil.example",
        "ann.lee@nhs.net eve@evil.example",
        "ann.lee@nhs.net\r\nRCPT TO:<eve@evil.example>",
        "Ann <ann.lee@nhs.net>",
        "friends: ann.lee@nhs.net;",
        "ann.lee@",
        "",
        "ann.l\u00e9e@nhs.net",
    ],
)
async def test_anything_but_one_plain_address_is_refused(tmp_path: Path, recipient: str) -> None:
    async with mail_server(tmp_path) as server:
        error = await refusal(server.settings, server.password, recipient)
        assert server.inbox == []
    assert error.reason == "not one plain address"


@pytest.mark.parametrize("header", ["To", "Cc", "Bcc", "Resent-To"])
async def test_a_message_with_recipients_of_its_own_is_refused(tmp_path: Path, header: str) -> None:
    async with mail_server(tmp_path) as server:
        message = letter()
        message[header] = "eve@evil.example"
        with pytest.raises(MailNotSent, match="recipients of its own"):
            await SmtpMailer(server.settings, server.password).send(message, ANN)
        assert server.inbox == []


async def test_probe_signs_in_and_sends_nothing(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        facts = await SmtpMailer(server.settings, server.password).probe()
        assert server.inbox == []
        assert (facts.host, facts.port) == ("127.0.0.1", server.settings.port)
    assert facts.signed_in
    assert facts.tls == "TLSv1.3"
    assert facts.certificate_expires is not None
    assert timedelta(0) < facts.certificate_expires - datetime.now(UTC) < timedelta(days=2)


async def test_probe_in_clear_says_so(tmp_path: Path) -> None:
    async with mail_server(tmp_path, encryption="off") as server:
        facts = await SmtpMailer(server.settings, server.password).probe()
    assert (facts.tls, facts.certificate_expires) == (None, None)


async def test_probe_with_a_wrong_password_fails(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        with pytest.raises(MailNotSent, match="535"):
            await SmtpMailer(server.settings, SecretStr("wrong")).probe()


async def test_the_recorder_keeps_only_what_was_taken(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        recorder = RecordingMailer(SmtpMailer(server.settings, server.password))
        await recorder.send(letter(), ANN)
    with pytest.raises(MailNotSent):
        await recorder.send(letter(), "late@nhs.net")
    assert [mail.recipient for mail in recorder.accepted] == [ANN]
    assert recorder.accepted[0].message["Subject"] == "Prawf ŵ"


async def test_the_private_key_does_not_stay_on_the_disk(tmp_path: Path) -> None:
    async with mail_server(tmp_path):
        files = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    assert list(files) == ["mail-ca.pem"]
    assert b"PRIVATE" not in files["mail-ca.pem"]


async def test_the_log_tells_once_that_mail_is_not_taken_and_that_it_is_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "kiosk.mail")
    async with mail_server(tmp_path) as server:
        mailer = SmtpMailer(server.settings, SecretStr("not this one"))
        for _ in range(2):
            with pytest.raises(MailNotSent):
                await mailer.send(letter(), ANN)
        mailer._password = server.password
        for _ in range(2):
            await mailer.send(letter(), ANN)
        where = f"{server.settings.host}:{server.settings.port}"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"mail is not taken by {where}: SMTPAuthenticationError 535"),
        ("INFO", f"mail is taken again by {where}"),
    ]
