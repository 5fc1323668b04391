"""A PostgreSQL server of our own, whose role has a password, and what may become of it while it is needed."""

import os
import shlex
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from rig.postgresql import server

ROLE = "wrapup_chaos"
PASSWORD = "the one that is configured"


class PostgreSQL:
    """The server behind ``admin_url``. ``url`` is what Wrapup is given."""

    def __init__(self, admin_url: str):
        self._admin_url = admin_url
        self._started_here = False
        self._sockets = parse_qs(urlsplit(admin_url).query)["host"][0]
        with self._admin() as admin:
            self._data = Path(admin.execute("SHOW data_directory").fetchone()[0])
            self._binaries = Path(os.readlink(f"/proc/{self._postmaster()}/exe")).parent
            rules = self._data / "pg_hba.conf"
            rules.write_text(f"local all {ROLE} scram-sha-256\n" + rules.read_text())
            admin.execute("SELECT pg_reload_conf()")
            admin.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
            admin.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")
        self.url = f"postgresql://{ROLE}:{PASSWORD.replace(' ', '%20')}@/{ROLE}?host={self._sockets}"

    @contextmanager
    def stopped(self):
        """Stopped as by a crash: what it had not written is lost, and it recovers from its log when it is started."""
        self._control("stop", "-m", "immediate")
        try:
            yield
        finally:
            self._start()

    @contextmanager
    def frozen(self):
        """It answers nothing and closes nothing."""
        pids = [self._postmaster(), *_children(self._postmaster())]
        _signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal([*pids, *_children(self._postmaster())], signal.SIGCONT)

    def restart(self) -> None:
        self._control("stop", "-m", "fast")
        self._start()

    def end_sessions(self) -> None:
        with self._admin() as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [ROLE])

    def another_password(self):
        """The password was rotated, and Wrapup still has the old one."""
        return self._changed(f"ALTER ROLE {ROLE} PASSWORD 'another'", f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")

    def one_connection(self):
        """There is one connection for all processes together."""
        return self._changed(f"ALTER ROLE {ROLE} CONNECTION LIMIT 1", f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")

    def no_connections(self):
        """The database takes nobody in."""
        allow = f"ALTER DATABASE {ROLE} ALLOW_CONNECTIONS"
        return self._changed(f"{allow} false", f"{allow} true")

    def read_only(self):
        """It has become a database that may only be read, as after a switch-over to a standby. Sessions that began meanwhile stay
        so: it is ours to leave them."""
        change = f"ALTER DATABASE {ROLE} SET default_transaction_read_only"
        return self._changed(f"{change} = on", f"{change} = off")

    @contextmanager
    def _changed(self, there: str, back: str):
        with self._admin() as admin:
            admin.execute(there)
        self.end_sessions()
        try:
            yield
        finally:
            with self._admin() as admin:
                admin.execute(back)

    def close(self) -> None:
        """Stop a server that was started here: whoever started the first one knows nothing of it."""
        if self._started_here:
            self._control("stop", "-m", "fast")

    def _start(self) -> None:
        options = f"-h '' -k {shlex.quote(self._sockets)}"
        self._control("start", "-o", options, "-l", str(self._data / "log"))
        self._started_here = True

    def _control(self, *words: str) -> None:
        # It refuses to run as root: as whom it runs, its folder says.
        owner = {"user": self._data.stat().st_uid, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [self._binaries / "pg_ctl", "-w", "-t", "60", "-D", self._data, *words]
        subprocess.run(
            command, check=True, cwd=self._data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **owner
        )

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self._admin_url, autocommit=True, connect_timeout=10)

    def _postmaster(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])


@contextmanager
def postgresql():
    """Start a server of our own; it is stopped and removed at the end."""
    with server() as admin_url:
        database = PostgreSQL(admin_url)
        try:
            yield database
        finally:
            database.close()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
