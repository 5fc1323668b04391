"""A standby of the test session's PostgreSQL, for what is to be read elsewhere than it is written."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg

from models.database import Database
from rig.ports import free_port


class Standby:
    """Of the server behind ``admin_url``, in the folder; on a port of its own."""

    def __init__(self, admin_url: str, folder: Path):
        self.port = free_port()
        self.folder = folder
        with psycopg.connect(admin_url, autocommit=True) as line:
            data = Path(line.execute("SHOW data_directory").fetchone()[0])
        self._owner = {"user": data.stat().st_uid, "extra_groups": []} if os.geteuid() == 0 else {}
        self._programs = Path(os.readlink(f"/proc/{(data / 'postmaster.pid').read_text().split()[0]}/exe")).parent
        folder.mkdir(mode=0o700)
        if self._owner:
            os.chown(folder, self._owner["user"], -1)
        url = Database(admin_url).url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._run("pg_basebackup", "-d", url, "-D", str(folder), "-R", "-X", "stream", "--checkpoint=fast")
        settings = f"\nlisten_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\n"
        with (folder / "postgresql.auto.conf").open("a") as file:
            file.write(settings)
        with (folder / "pg_hba.conf").open("a") as file:
            file.write("host all all 127.0.0.1/32 trust\n")

    @contextmanager
    def running(self):
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-D", str(self.folder), "-l", log, "start")
        try:
            yield self
        finally:
            self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.folder), "stop")

    def url(self, database: Database, *more: str) -> str:
        """The same database here; ``more`` are hosts to be asked after it."""
        query = {"host": (f"127.0.0.1:{self.port}", *more)}
        return database.url.set(host=None, port=None, query=query).render_as_string(hide_password=False)

    def ask(self, statement: str):
        with psycopg.connect(
            f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True, connect_timeout=5
        ) as line:
            return line.execute(statement).fetchone()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words], cwd="/", capture_output=True, text=True, **self._owner
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def standby_of(postgresql_server: str):
    """One until the end of the block; in a folder of its own, which whoever PostgreSQL runs as can reach."""
    folder = Path(tempfile.mkdtemp(prefix="wrapup-standby-"))
    folder.chmod(0o755)
    try:
        with Standby(postgresql_server, folder / "data").running() as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
