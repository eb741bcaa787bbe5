"""`kiosk audit`: whether the audit trail is whole, what is in it, and its oldest part out of the way."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.configuration import AsJson, settings_of
from kiosk.commands.printing import as_json as print_json
from kiosk.commands.printing import counting, harmless, table, when
from kiosk.reasons import counted

if TYPE_CHECKING:
    from kiosk.chain import Head
    from kiosk.office.auditing import Verdict, Wanted

app = typer.Typer(
    help="Verify, show, export and close the audit trail.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write it as 2027-01-31 or 2027-01-31T14:30 (UTC)") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="TIME", parser=_moment, help="From then on: 2027-01-31[T14:30], UTC."),
]
Until = Annotated[
    datetime | None, typer.Option("--until", metavar="TIME", parser=_moment, help="Before that time, UTC.")
]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", metavar="EVENT", help="Only this, such as card.unlocked; may be repeated."),
]
Holder = Annotated[str, typer.Option("--holder", metavar="ID", help="Only of this holder.")]
Card = Annotated[
    str, typer.Option("--card", metavar="SERIAL", help="Only of this card, as 'kiosk card list' writes it.")
]
OfVisit = Annotated[
    str, typer.Option("--visit", metavar="REFERENCE", help="Only of this visit, as the screen showed it.")
]
Alarms = Annotated[bool, typer.Option("--alarms", help="Only alarms.")]
NewFile = Annotated[Path, typer.Argument(metavar="FILE", help="A new file; nothing is written over.")]


@app.command("verify")
def verify(
    context: typer.Context,
    head: Annotated[
        str,
        typer.Option(
            metavar="SEQ:MAC",
            help="A head from the journal or a mail, with which the trail is compared.",
        ),
    ] = "",
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Verify this export (JSON lines) instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow the chain and name its first bad link.

    It begins at the newest checkpoint, if there is one. Only --head shows that the end was cut off: the
    journal has heads (journalctl | grep "audit head"), and audit.head_mail sends them. Exit code 1 where
    the trail is not whole.

    \b
    Examples: kiosk audit verify
              kiosk audit verify --head 1234:5f0c...
              kiosk audit verify --file audit-1-90000.jsonl
    """
    from kiosk.office import auditing

    settings, expected = settings_of(context), _head(head)
    if file is None:
        with counting(asyncio.run(auditing.events_in(settings)), "Verifying") as heard:
            verdict = asyncio.run(auditing.verify(settings, expected, heard))
    else:
        verdict = asyncio.run(auditing.verify_file(settings, file, expected, lambda _: None))
    if as_json:
        print_json(_facts(verdict))
    else:
        _tell(verdict)
    raise typer.Exit(1 if verdict.fault else 0)


def _head(text: str) -> Head | None:
    from kiosk.chain import Head

    try:
        return Head.parse(text) if text else None
    except ValueError as wrong:
        raise typer.BadParameter(f"--head {wrong}") from None


def _tell(verdict: Verdict) -> None:
    verified = verdict.verified
    if verified.start.seq:
        typer.echo(f"It begins after event {verified.start.seq}, where what was before was closed.")
    if verdict.segment is not None:
        segment = verdict.segment
        typer.echo(f"It is the segment that was closed on {when(segment.at)} by {harmless(segment.by)}.")
    count = counted(verified.count, "event")
    whole = f"{count} from {verified.start.seq + 1} to {verified.head.seq}" if verified.count else "no event"
    if verdict.fault:
        typer.echo(f"The first bad link: {verdict.fault}.")
    typer.echo(f"{'Whole before that' if verdict.fault else 'Whole'}: {whole}, head {verified.head}")


def _facts(verdict: Verdict) -> dict[str, object]:
    verified = verdict.verified
    return {
        "whole": not verdict.fault,
        "events": verified.count,
        "after": verified.start.seq,
        "head": str(verified.head),
        "flaw": verified.fault.flaw.value if verified.fault else "cut" if verdict.fault else None,
        "fault": verdict.fault or None,
    }


@app.command("show")
def show(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    event: Events = None,
    holder: Holder = "",
    card: Card = "",
    visit: OfVisit = "",
    alarms: Alarms = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The last so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show events, the newest last.

    Holders and cards are named as long as the store knows them; of a forgotten one a bare key is left.

    \b
    Examples: kiosk audit show --holder 40017 --since 2027-01-01
              kiosk audit show --alarms --limit 10
    """
    from kiosk.office import auditing

    wanted = _wanted(since, until, event, holder, card, visit, alarms)
    found = asyncio.run(auditing.show(settings_of(context), wanted, limit))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table(
        ("NO", "AT", "EVENT", "OUTCOME", "REASON", "HOLDER", "CARD", "KIOSK", "BY", "VISIT", "DETAIL"),
        [
            (
                str(one.seq),
                f"{one.at:%Y-%m-%d %H:%M:%S}",
                *(text or "-" for text in (one.event, one.outcome, one.reason, one.who, one.card)),
                *(text or "-" for text in (one.kiosk, one.actor, one.visit, one.detail)),
            )
            for one in found
        ],
    )


def _wanted(
    since: datetime | None,
    until: datetime | None,
    events: list[str] | None,
    holder: str,
    card: str,
    visit: str,
    alarms: bool,
) -> Wanted:
    from kiosk.office.auditing import Wanted
    from kiosk.visit import reference_in

    visit = reference_in(visit) or visit.strip()
    return Wanted(since, until, tuple(events or ()), holder, card, visit, alarms)


@app.command("export")
def export(
    context: typer.Context,
    file: NewFile,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="jsonl (can be verified) or csv.")
    ] = "jsonl",
    since: Since = None,
    until: Until = None,
    event: Events = None,
    holder: Holder = "",
    card: Card = "",
    visit: OfVisit = "",
    alarms: Alarms = False,
) -> None:
    """Write events to a file, oldest first.

    Holders and cards stand in it by their keys only. JSON lines hold all that 'kiosk audit verify --file'
    needs, as long as no option leaves events out.

    \b
    Examples: kiosk audit export audit.jsonl
              kiosk audit export new.csv --format csv --since 2027-01-01
    """
    from kiosk.office import auditing
    from kiosk.office.exporting import Format
    from kiosk.office.operator import operator

    if form not in {one.value for one in Format}:
        raise typer.BadParameter("--format is jsonl or csv")
    settings, wanted = settings_of(context), _wanted(since, until, event, holder, card, visit, alarms)
    with counting(asyncio.run(auditing.events_in(settings)), "Writing") as heard:
        count = asyncio.run(auditing.export(settings, file, Format(form), wanted, heard, by=operator()))
    typer.echo(f"{file}: {counted(count, 'event')}.")


@app.command("close")
def close(context: typer.Context, file: NewFile) -> None:
    """Export the events that are old enough, and drop them.

    Those are the ones older than retention.audit_days.

    What was written is verified first; a signed checkpoint takes the place of the events, and 'kiosk
    audit verify' begins there. The file is the only copy from then on: keep it where it is backed up. On
    PostgreSQL this needs a role that the kiosk does not have (docs/audit.md).

    \b
    Example: kiosk audit close /srv/archive/audit-2027.jsonl
    """
    from kiosk.office import auditing, closing
    from kiosk.office.operator import operator

    settings = settings_of(context)
    with counting(asyncio.run(auditing.events_in(settings)), "Writing") as heard:
        done = asyncio.run(closing.close(settings, lambda _first, _last: file, heard, by=operator()))
    if done is None:
        typer.echo("Nothing is to be closed: no event is older than retention.audit_days.")
        return
    made = done.checkpoint
    events = counted(made.count, "event")
    typer.echo(f"Closed: {events} from {made.first_seq} to {made.last_seq}, now in {done.file}.")
    typer.echo(f"SHA-256 of the file: {made.sha256}")


@app.command("checkpoints")
def checkpoints(context: typer.Context, as_json: AsJson = False) -> None:
    """List what was closed, and the key of the signatures.

    --json also prints what is signed (statement) and the signature (Ed25519), for whoever is to check it
    without the store.

    \b
    Example: kiosk audit checkpoints --json
    """
    from kiosk.office import auditing

    key, rows = asyncio.run(auditing.checkpoints(settings_of(context)))
    if as_json:
        signed = [row.model_dump() | {"statement": statement} for row, statement in rows]
        print_json({"public_key": key, "checkpoints": signed})
        return
    typer.echo(key)
    table(
        ("EVENTS", "CLOSED", "BY", "SHA-256 OF THE EXPORT"),
        [(f"{row.first_seq} to {row.last_seq}", when(row.at), row.by, row.sha256) for row, _ in rows],
    )
