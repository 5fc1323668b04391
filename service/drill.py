"""``wrapup restore-drill``: a backup is put back to one side, started, asked, and taken away again.

Nothing leaves the copy (``WRAPUP_OUTSIDE``), nothing of ours is touched: it has a folder and a database of its own.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

import migrations
from lib import child_processes, clock
from lib.http import wire
from lib.text import many
from models import schema
from models.base import SQLITE
from models.database import Database
from outcomes import feed
from outcomes.decisions import Decided
from queries.feed import cursor
from service import erasing
from service.settings import config
from service.settings.mistakes import BadSettings
from upkeep.backups import beside, counting, folders, manifest, restoring
from upkeep.backups.manifest import Content, Manifest
from upkeep.backups.refused import Refused, told
from upkeep.verifying import folding
from web.keys import create_key

# Of our environment: the backup's own count, or none; whoever reads elsewhere would show what lives.
NOT_OF_THE_COPY = ("WRAPUP_SECRET_KEY", "WRAPUP_CONFIG", "WRAPUP_READER_URL")
START_SECONDS, STOP_SECONDS, LOOK_SECONDS = 120.0, 15.0, 0.2
ANSWER_SECONDS = 60.0
SPOOL_SECONDS = 60.0


@dataclass(frozen=True)
class Line:
    """One thing that was tried, whether it went well, and what was seen."""

    what: str
    ok: bool
    said: str


class Drill:
    """Of one backup. ``server``: the URL of a PostgreSQL server, of any database there, on which one may be made."""

    def __init__(self, backup: Path, scratch: Path | None, server: str | None, sample: int):
        self._backup, self._scratch, self._server, self._sample = backup, scratch, server, sample
        self._before: feed.State | None = None

    def run(self) -> Iterator[Line]:
        """Line by line, as it goes on; after one that is not ok only what still makes sense. Raises Refused where nothing could
        be tried."""
        found = manifest.load(self._backup)
        if found.database is None:
            raise Refused(f"{self._backup} was made --without-database: there is nothing to start.")
        wrong = manifest.damage(self._backup, found)
        age = clock.ago(clock.read(found.made_at), clock.now())
        whole = f"{self._backup.name}, {age}, {folders.size(found.bytes())} in {many(len(found.files), 'file')}"
        yield Line("backup", not wrong, "; ".join(wrong) or f"{whole}: each is what it was")
        if wrong:
            return
        with told("Making a folder for the copy"):
            folder = Path(tempfile.mkdtemp(prefix="wrapup-drill-", dir=self._scratch))
        try:
            with self._database(folder, found.database) as url, closing(Database(url)) as database:
                yield from self._tried(folder, database, found, found.database)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        yield Line("removed", not folder.exists(), "what was made for this is gone")

    def _tried(self, folder: Path, database: Database, found: Manifest, content: Content) -> Iterator[Line]:
        with told("Putting it back"):
            self._put(folder, database, content)
        yield from self._compared(database, content)
        migrations.upgrade(database)
        with database.read() as session:
            self._before = feed.state(session)
        yield Line("schema", True, f"{content.revision}, brought to {max(schema.known())}")
        environ = self._environment(folder, database)
        try:
            settings = config.load(environ)
        except BadSettings as error:
            yield Line("settings", False, str(error))
            return
        named = many(len(settings.connections), "connection")
        yield Line("settings", True, f"{named}, {many(len(settings.destinations), 'destination')}")
        # As it was then: what had to wait on that day was still waiting.
        at = clock.read(found.made_at)
        for one in folding.calls(database, Decided(database, settings.connections), self._sample, at, pause=0):
            notes = "".join(f"; {note}" for note in one.notes)
            line = f"{one.looked_at:,} folded again from their receipts, {one.count:,} wrong{notes}"
            yield Line("outcomes", one.ok, "; ".join([line, *one.wrong]))
        with database.write() as session:
            began = feed.begin_epoch(session, clock.now(), feed.Place(content.place, content.epoch))
            key = create_key(session, "restore-drill", ["read"])
        yield Line("feed", True, f"epoch {began.epoch} begun above place {began.begins_above}")
        with told("Taking out whoever was erased since"), closing(settings.database()) as own:
            again = erasing.begin_again(settings, own)
        yield Line("erasures", True, f"{many(again, 'person')} erased since: taken out of calls, leads and lists")
        yield from self._started(folder, environ, settings, key, content)

    @contextmanager
    def _database(self, folder: Path, content: Content) -> Iterator[str]:
        """The URL of an empty one, which is gone at the end. Raises Refused."""
        if content.kind == SQLITE:
            folders.refuse_without_room(folder, (self._backup / manifest.SQLITE_FILE).stat().st_size)
            yield f"sqlite:///{folder / 'wrapup.db'}"
            return
        server = self._server or config.places().database_url
        if make_url(server).get_backend_name() == SQLITE:
            raise Refused(
                "The backup is of PostgreSQL: name a server with --server, such as postgresql://user@host/postgres."
            )
        name = f"wrapup_drill_{uuid4().hex[:12]}"
        with closing(Database(server)) as where:
            _administer(where, f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
            try:
                yield where.url.set(database=name).render_as_string(hide_password=False)
            finally:
                _administer(where, f"DROP DATABASE {name} WITH (FORCE)")

    def _put(self, folder: Path, database: Database, content: Content) -> None:
        if database.is_sqlite:
            restoring.put_sqlite(self._backup, Path(database.url.database or ""))
        else:
            restoring.put_postgresql(self._backup, database, content)
        restoring.put_beside(self._backup, folder, folder / "aside")
        # As after a restore, who was erased since is known by the ledger that is there now.
        beside.put_ledger(beside.ledger_lines(folder, config.places().data_dir), folder)
        if (self._backup / beside.SETTINGS).is_file():
            beside.written(self._backup / beside.SETTINGS, folder / beside.SETTINGS)

    def _compared(self, database: Database, content: Content) -> Iterator[Line]:
        with database.snapshot() as session:
            now = counting.content(session.connection())
        wrong = counting.differences(content, now)
        rows = many(sum(now.counts.values()), "row")
        yield Line("counts", not wrong, "; ".join(wrong) or f"{rows} in {many(len(now.counts), 'table')}, as then")
        same = (now.epoch, now.place) == (content.epoch, content.place)
        yield Line("place", same, f"epoch {now.epoch}, place {now.place}; then {content.epoch}, {content.place}")

    def _environment(self, folder: Path, database: Database) -> Mapping[str, str]:
        """Of the copy: what the settings file names comes from ours, all else from the backup."""
        environ = {name: value for name, value in os.environ.items() if name not in NOT_OF_THE_COPY}
        environ |= {
            "WRAPUP_OUTSIDE": "off",
            "WRAPUP_DATA_DIR": str(folder),
            "WRAPUP_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "WRAPUP_BIND": f"127.0.0.1:{_free_port()}",
            "WRAPUP_WORKERS": "1",
            "WRAPUP_MIRROR": "never",
            "WRAPUP_LOG_LEVEL": "warning",
            "PYTHONSAFEPATH": "1",
            "PYTHONPATH": child_processes.python_path(),
        }
        if (folder / beside.SETTINGS).is_file():
            environ["WRAPUP_CONFIG"] = str(folder / beside.SETTINGS)
        return environ

    def _started(
        self, folder: Path, environ: Mapping[str, str], settings: config.Settings, key: str, content: Content
    ) -> Iterator[Line]:
        url, began = f"http://{environ['WRAPUP_BIND']}", time.monotonic()
        log = folder / "drill.log"
        with log.open("wb") as out:
            serving = subprocess.Popen(
                [sys.executable, "-c", "from service.main import main; main()", "serve"],
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        try:
            ready = _until(lambda: serving.poll() is not None or _status(url + "/readyz") == 200, START_SECONDS)
            if not ready or serving.poll() is not None:
                yield Line("started", False, f"it does not answer: {_last(log)}")
                return
            took = time.monotonic() - began
            yield Line("started", True, f"on {environ['WRAPUP_BIND']} after {took:.1f} s; nothing may leave it")
            yield from self._asked(url, settings, key, content)
            yield self._drained(folder)
        finally:
            child_processes.end(serving, STOP_SECONDS)

    def _asked(self, url: str, settings: config.Settings, key: str, content: Content) -> Iterator[Line]:
        api = {"Authorization": f"Bearer {key}"}
        question = f"{url}/api/v1/outcomes?limit=1"
        _until(lambda: _status(question, api) == 200, START_SECONDS)  # the reader starts after the receivers
        status = _status(question, api)
        yield Line("API", status == 200, f"GET /api/v1/outcomes: {status}")
        before = self._before
        if before is not None:
            status = _status(
                f"{url}/api/v1/outcomes/changes?after={cursor(content.place, before.epoch, before.start)}", api
            )
            yield Line("readers", status == 409, f"one that was ahead gets {status}, and begins again")
        status = _status(f"{url}/api/v1/outcomes/changes?after=", api)
        yield Line("change feed", status == 200, f"from its beginning: {status}")
        for urls in list(settings.callbacks_of().values())[:1]:
            path = next(iter(urls.values())).removeprefix(settings.public_url).rpartition("/")[0]
            status = _status(f"{url}{path}/check", json={})
            yield Line("callbacks", status == 200, f"one to the first connection, by its own URL: {status}")

    def _drained(self, folder: Path) -> Line:
        there = list((self._backup / beside.SPOOL).glob(beside.SEGMENTS))
        spool = folder / beside.SPOOL
        empty = _until(lambda: not list(spool.glob(beside.SEGMENTS)), SPOOL_SECONDS)
        return Line("spool", empty, f"{many(len(there), 'file')} of it taken in" if empty else "it is not taken in")


def _administer(server: Database, statement: str) -> None:
    """Raises Refused."""
    try:
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        why = str(error.orig).strip().partition("\n")[0].removesuffix(".")
        todo = "Give the role CREATEDB, or name another server with --server."
        raise Refused(f"A database for the drill cannot be made or removed: {why}. {todo}") from None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _status(url: str, headers: Mapping[str, str] | None = None, json: Any = None) -> int | None:
    """What it answers, to a POST where there is ``json``; None where it does not. Neither a proxy of the environment is asked,
    nor a .netrc, which would replace the key."""
    try:
        with wire.opened(None) as line:
            verb = "GET" if json is None else "POST"
            return line.request(verb, url, headers=headers, json=json, timeout=ANSWER_SECONDS).status_code
    except requests.RequestException:
        return None


def _until(reached: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _last(log: Path) -> str:
    """The last that it said."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if not lines:
        return "it said nothing"
    try:
        told_last = json.loads(lines[-1])
        return f"{told_last.get('event')}: {told_last.get('said', '')}"
    except ValueError:
        return lines[-1]
