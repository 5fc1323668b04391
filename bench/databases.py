"""The two databases: where they are, how they are taken away for a while, and how their statements are counted.

``SQLite`` is the embedded one. ``PostgreSQL`` is a server of our own, or the one that WRAPUP_TEST_POSTGRESQL_URL names;
that one is neither stopped nor has its log changed, so the figures that need this are not measured there.
"""

import mmap
import os
import shlex
import sqlite3
import struct
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import OperationalError

from bench.table import Void
from models.database import Database
from rig.waiting import until

HERE = Path(__file__).parent
ASIDE = "not measured: the server belongs to somebody else"


class Embedded:
    """SQLite in the data folder of each installation."""

    name = "SQLite"
    outage = "another process holds the write lock"

    def __init__(self, folder: Path):
        self.counts = folder / "statements"

    def url(self, purpose: str) -> str | None:
        """Of a database for the installation of this purpose: None, its own."""
        return None

    @contextmanager
    def away(self, database: Database) -> Iterator[None]:
        """Nobody else can write until the end of the block."""
        connection = sqlite3.connect(database.url.database, timeout=10, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    def tracing(self) -> dict[str, str]:
        """Environment variables with which the processes of an installation count their statements."""
        self.counts.mkdir(exist_ok=True)
        return {"PYTHONPATH": str(HERE / "traced"), "BENCH_STATEMENTS": str(self.counts)}

    @contextmanager
    def counting(self, database: Database) -> Iterator[Database]:
        """Count until the end of the block; gives the database to look at meanwhile, whose looks are not counted."""
        yield database

    def statements(self) -> int:
        """How many statements were run so far."""
        found = 0
        for file in self.counts.iterdir():
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 8, access=mmap.ACCESS_READ) as count:
                found += struct.unpack("<Q", count)[0]
        return found


class Server:
    """A PostgreSQL server on which databases may be made."""

    outage = "pg_ctl stop -m immediate"

    def __init__(self, url: str, own: bool):
        self.server, self.own, self._restarted = Database(url).url, own, False
        self._admin = create_engine(self.server, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        self.name = f"PostgreSQL {self._ask('SHOW server_version').split()[0]}"
        if own:
            self.data = Path(self._ask("SHOW data_directory"))
            self._binary = Path(f"/proc/{self._postmaster()}/exe").readlink().parent / "pg_ctl"

    def url(self, purpose: str) -> str:
        """Of a new database for the installation of this purpose."""
        name = f"bench_{purpose}_{uuid.uuid4().hex[:8]}"
        self._ask(f"CREATE DATABASE {name}", False)
        return _text(self.server.set(database=name))

    @contextmanager
    def away(self, database: Database) -> Iterator[None]:
        """The server is killed at once, and started again at the end of the block."""
        if not self.own:
            raise Void(ASIDE)
        self._control("stop", "-m", "immediate")
        try:
            yield
        finally:
            self.start()

    def start(self) -> None:
        self._restarted = True
        line = shlex.split((self.data / "postmaster.opts").read_text())
        self._control("start", "-l", str(self.data / "log"), "-o", shlex.join(line[1:]))
        until(self._answers, 30, lambda: "that the server has read its log")

    def stop(self) -> None:
        """At the end of a run. Whoever started it takes it for stopped once it was restarted."""
        self._admin.dispose()
        if self._restarted:
            self._control("stop", "-m", "fast")

    def tracing(self) -> dict[str, str]:
        return {}

    @contextmanager
    def counting(self, database: Database) -> Iterator[Database]:
        """The server writes a line to its log for each statement that this database runs."""
        if not self.own:
            raise Void(ASIDE)
        self._mark = f"bench-{uuid.uuid4().hex[:8]} "
        settings = {"log_statement": "all", "log_line_prefix": f"{self._mark}%d ", "log_parameter_max_length": "0"}
        self._counted = f"{self._mark}{database.url.database} LOG:  ".encode()
        for name, value in settings.items():
            self._ask(f"ALTER SYSTEM SET {name} = '{value}'", False)
        self._ask("SELECT pg_reload_conf()")
        time.sleep(0.5)  # each session of the server reads its settings when it next has a moment
        uncounted = Database(_text(database.url.update_query_dict({"options": "-c log_statement=none"})))
        try:
            yield uncounted
        finally:
            uncounted.close()
            for name in settings:
                self._ask(f"ALTER SYSTEM RESET {name}", False)
            self._ask("SELECT pg_reload_conf()")

    def statements(self) -> int:
        """How many statements this database has run since counting began."""
        kinds = tuple(self._counted + kind for kind in (b"statement: ", b"execute "))
        with open(self.data / "log", "rb") as log:
            return sum(line.startswith(kinds) for line in log)

    def _answers(self) -> bool:
        try:
            self._admin.dispose()
            return bool(self._ask("SELECT 1"))
        except OperationalError:  # it is still reading its log
            return False

    def _ask(self, statement: str, answers: bool = True):
        with self._admin.connect() as connection:
            result = connection.execute(text(statement))
            return result.scalar() if answers else None

    def _postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def _control(self, *arguments: str) -> None:
        owner = self.data.stat()  # PostgreSQL does not run as root
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [str(self._binary), "-w", "-t", "60", "-D", str(self.data), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **as_owner)


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@contextmanager
def databases(folder: Path, wanted: set[str]) -> Iterator[list[Embedded | Server]]:
    """Those that are wanted, of ``sqlite`` and ``postgresql``."""
    found: list[Embedded | Server] = [Embedded(folder)] if "sqlite" in wanted else []
    if "postgresql" not in wanted:
        yield found
        return
    given = os.environ.get("WRAPUP_TEST_POSTGRESQL_URL")
    if given:
        yield [*found, Server(given, own=False)]
        return
    from rig.postgresql import server

    with server() as url:
        own = Server(url, own=True)
        try:
            yield [*found, own]
        finally:
            own.stop()
