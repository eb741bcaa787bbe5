"""The command line. A command loads what it works with when it is called, so that help is at once.

``kiosk.commands`` reads arguments and prints; ``kiosk.office`` does the work.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands import (
    audit,
    backup,
    card,
    db,
    doctor,
    fleet,
    holder,
    initialise,
    report,
    retention,
    staff,
    vault,
)
from kiosk.commands.configuration import AsJson, ReaderPattern, origins_of, settings_of
from kiosk.commands.failures import Commands

if TYPE_CHECKING:
    from kiosk.selftest.report import StepReport

app = typer.Typer(
    cls=Commands,
    help="Unlock Kiosk: where people register their smartcard, and unlock it themselves when it has locked.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # tracebacks without local variables: those may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line and leave with its exit code."""
    app(prog_name="kiosk")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"kiosk {version('unlock-kiosk')}")
        raise typer.Exit


@app.callback()
def _configured(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The configuration. Without it: $KIOSK_CONFIG, ./kiosk.toml, /etc/unlock-kiosk/kiosk.toml, "
            "or the defaults.",
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    context.obj = config


@app.command("run")
def run(context: typer.Context, reader: ReaderPattern = "") -> None:
    """Serve people: the kiosk full-screen on this terminal.

    It needs what 'kiosk init' makes, a reader and a mail server; 'kiosk doctor' checks them all.

    \b
    Example: kiosk --config /etc/unlock-kiosk/kiosk.toml run
    """
    from kiosk.ownership import own_reader
    from kiosk.running import RealKiosk, log_to_journal
    from screens.launch import launch

    settings = settings_of(context, reader=reader)
    log_to_journal()
    kiosk = RealKiosk(settings, origins_of(context, reader=reader))
    with own_reader(settings, "kiosk run"):
        raise typer.Exit(launch(kiosk))


@app.command("desk")
def desk(context: typer.Context, reader: ReaderPattern = "") -> None:
    """The officers' desk, on the RA's own machine.

    Find people, see them on one page, and help them; enrol cards. Administrators make staff accounts here.
    It asks who you are: name and password, or your staff card. It serves nobody else, and is no kiosk. F10
    at the sign-in closes it.

    \b
    Example: kiosk --config /etc/unlock-kiosk/kiosk.toml desk
    """
    import asyncio

    from kiosk.office.signing import require_staff
    from kiosk.ownership import own_reader
    from kiosk.staff.wiring import open_desk
    from screens.launch import launch_desk

    settings = settings_of(context, reader=reader)
    origins = origins_of(context, reader=reader)
    asyncio.run(require_staff(settings))
    with own_reader(settings, "kiosk desk"):
        code = launch_desk(settings, lambda: open_desk(settings, origins=origins))
    if code:  # the screen is gone, and the log with it
        typer.echo(
            "kiosk: something went wrong at the desk. Start it again, and look at whom you had open.",
            err=True,
        )
    raise typer.Exit(code)


@app.command("demo")
def demo(
    history: Annotated[
        bool, typer.Option("--history", help="With half a year of made-up visits, for the reports to show.")
    ] = False,
) -> None:
    """Try the kiosk on virtual parts, with nothing to configure.

    F2 opens a tray of virtual cards to put in, with a crib of what to type for each, and the mailbox in
    which the kiosk's mails arrive. F2 again shows the crib of the card that is in.

    \b
    Examples: kiosk demo
              kiosk demo --history
    """
    from kiosk.demo.running import DemoKiosk
    from screens.launch import launch

    kiosk = DemoKiosk(history=history)
    raise typer.Exit(launch(kiosk, kiosk.desk))


@app.command("selftest")
def selftest(
    context: typer.Context,
    as_json: AsJson = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="On a scratch store and a mail server of its own: needs nothing.")
    ] = False,
) -> None:
    """Register and unlock a virtual card on the real store and mail.

    It goes through the same steps as people do, with a card and a holder of its own that leave with
    it. Its mails go to selftest.address. Every step is named with its time; the first that fails ends
    it with exit code 1.

    \b
    Examples: kiosk selftest
              kiosk selftest --demo --json
    """
    import asyncio

    from kiosk.selftest.run import run_selftest
    from kiosk.settings import Settings

    def told(step: StepReport) -> None:
        if not as_json:
            result = "ok  " if step.ok else "FAIL"
            typer.echo(f"{result}  {step.ms:8.1f} ms  {step.name}{step.detail and f'  ({step.detail})'}")

    settings = Settings() if demo else settings_of(context)
    report = asyncio.run(run_selftest(settings, demo=demo, told=told))
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        typer.echo(
            "The self-test is complete." if report.ok else "The self-test failed at the last step above."
        )
    raise typer.Exit(0 if report.ok else 1)


app.command("init")(initialise.initialise)
app.command("doctor")(doctor.doctor)
app.command("retention")(retention.retention)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(holder.app, name="holder")
app.add_typer(card.app, name="card")
app.add_typer(staff.app, name="staff")
app.add_typer(fleet.app, name="fleet")
app.add_typer(db.app, name="db")
app.add_typer(vault.app, name="vault")
app.add_typer(audit.app, name="audit")
app.add_typer(report.app, name="report")
