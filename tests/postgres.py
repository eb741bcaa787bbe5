"""A real PostgreSQL for the tests: one server for each test process, in memory, a database for each test."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from kiosk.clock import BUILT
from kiosk.settings import Settings
from kiosk.storage import roles
from kiosk.storage.postgres import Postgres
from kiosk.storage.schema import upgrade

ACCOUNT = "postgres"  # the server refuses to run as root
QUICK: dict[str, Any] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": 300,
}
_TEMPLATE = "kiosk_template"


class Server:
    """A server on a socket in a folder of its own. A missing PostgreSQL is a failure, not a skip."""

    def __init__(
        self, primary: Server | None = None, *, within: Path | None = None, **settings: object
    ) -> None:
        """``primary``: the running server whose standby it becomes; ``within``: a folder, not in memory."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of our own in it
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-", dir=within or memory))
        self.data = self.folder / "data"
        self.port = _free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, ACCOUNT)
        if primary is None:
            self._run(
                "initdb",
                "--auth=trust",
                "--no-sync",
                f"--username={ACCOUNT}",
                "--encoding=UTF8",
                "--locale=C",
            )
        else:
            source = f"host=127.0.0.1 port={primary.port} user={ACCOUNT} application_name=standby"
            self._run("pg_basebackup", f"--dbname={source}", "--write-recovery-conf", "--checkpoint=fast")
        self.configure(listen_addresses="127.0.0.1", unix_socket_directories=str(self.folder), **settings)
        self._numbers = count(1)

    def configure(self, **settings: object) -> None:
        """Add lines to postgresql.conf; for the next start."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._run(
            "pg_ctl", "start", "--wait", "--silent", f"--options=-p {self.port}", f"--log={self.folder}/log"
        )

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; "immediate" is a crash."""
        self._run("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}")

    def promote(self) -> None:
        """Make a standby the primary."""
        self._run("pg_ctl", "promote", "--wait", "--silent")

    def remove(self) -> None:
        """Stop it, if it runs, and leave nothing behind."""
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str, user: str = ACCOUNT) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def empty(self) -> str:
        """The URL of a new database without a table."""
        name = f"kiosk_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def fresh(self) -> str:
        """The URL of a new database with every table and no row."""
        return self.copy(self.url(_TEMPLATE))

    def copy(self, url: str) -> str:
        """The URL of a new database with all that is in another one, to which nobody is connected."""
        name, source = f"kiosk_{next(self._numbers)}", url.rsplit("/", 1)[1]
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy".encode())
        return self.url(name)

    def drop(self, url: str) -> None:
        """Take a database away again."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)".encode())

    def make_template(self) -> None:
        """Make the database that `fresh` copies: migrations take too long to run for each story."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {_TEMPLATE}".encode())
        upgrade(Postgres(self.url(_TEMPLATE)))
        set_up(self.url(_TEMPLATE))

    def _run(self, name: str, *arguments: str) -> None:
        command = [program(name), f"--pgdata={self.data}", *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups", *command]
        done = subprocess.run(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stderr or done.stdout}"


class Pair:
    """A primary whose commits return when its standby has them too, and that standby."""

    def __init__(self) -> None:
        self.primary = Server(max_connections=100)
        self.primary.start()
        self.primary.make_template()
        self._one = self.primary.fresh()
        self.standby = Server(self.primary)
        self.standby.start()
        with psycopg.connect(self.primary.url("postgres"), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            admin.execute("SELECT pg_reload_conf()")
            while admin.execute("SELECT sync_state FROM pg_stat_replication").fetchall() != [("sync",)]:
                admin.execute("SELECT pg_sleep(0.05)")

    @property
    def url(self) -> str:
        """The database, at whichever of the two takes writes."""
        both = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        return self._one.replace(f"127.0.0.1:{self.primary.port}", both)

    def fail_over(self) -> None:
        """The primary crashes, and the standby takes its place."""
        self.primary.stop("immediate")
        self.standby.promote()

    def remove(self) -> None:
        """Leave nothing behind."""
        self.standby.remove()
        self.primary.remove()


def set_up(url: str) -> None:
    """Make the roles of a fleet, and the clock as the hands of a story begin."""
    roles.set_up(Postgres(url), ("questions", "email-code"), minutes=30, per_hour=10_000)
    as_kiosk(url, Settings())
    with psycopg.connect(url, autocommit=True) as admin:  # as the hands of a story begin
        now = f"SELECT timestamptz '{BUILT + timedelta(days=30)}'"
        admin.execute(
            "CREATE OR REPLACE FUNCTION unlock_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            f"$$ {now} $$".encode()
        )


def as_kiosk(url: str, settings: Settings) -> str:
    """The URL of the same database, for the role of the kiosk that these settings are of."""
    kiosk, rules = settings.site.kiosk_name, settings.unlock
    role = roles.role_of(kiosk)
    with psycopg.connect(url, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            admin.execute(f"CREATE ROLE {role} IN ROLE {roles.KIOSKS}".encode())
        admin.execute(f"ALTER ROLE {role} LOGIN".encode())
        admin.execute(f"GRANT {roles.KIOSKS} TO {role}".encode())  # an earlier test may have revoked it
        asked = admin.execute("SELECT has_table_privilege(%s, 'audit_event', 'INSERT')", [roles.KIOSKS])
        if asked.fetchone() == (False,):  # no copy of the template
            roles.set_up(Postgres(url), rules.proofs, rules.proofs_valid_minutes, per_hour=10_000)
        admin.execute(
            "INSERT INTO fleet_member (role, kiosk, added_at) VALUES (%s, %s, now()) ON CONFLICT DO NOTHING",
            [role, kiosk],
        )
        admin.execute(
            "UPDATE fleet_rule SET proofs = %s, proofs_valid_minutes = %s",
            [",".join(rules.proofs), rules.proofs_valid_minutes],
        )
    return url.replace(f"//{ACCOUNT}@", f"//{role}@")


@cache
def server() -> Server:
    """The server of this test process."""
    made = Server(**QUICK)
    atexit.register(made.remove)
    made.start()
    made.make_template()
    return made


def program(name: str) -> str:
    """Debian keeps the server's programs out of the way."""
    there = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(there[-1]) if there else shutil.which(name)
    assert found, f"{name} is missing: make setup installs PostgreSQL"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
