"""This machine: versions, disk, folders, ports, limits."""

import json
import os
import platform
import resource
import shutil
import socket
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from callbacks.ladder import spooled
from callbacks.spool import Spool, segments
from lib import clock, locks, private
from lib.http import wire
from lib.text import many
from service.doctor.line import AS_ITS_USER, FAIL, OK, WARN, Line
from service.settings.config import Places
from service.supervisor import folder
from upkeep.alerts.conditions import NAMED
from upkeep.backups import beside, noted
from upkeep.backups.folders import size
from upkeep.metrics.machine import is_elsewhere

LEAST_BYTES, FEW_BYTES, FEW_SHARE = 200_000_000, 2_000_000_000, 0.1
FEW_INODES = 0.05
LEAST_FILES = 4096
# https://sqlite.org/wal.html#walresetbug
WAL_RESET_FIXED = (3, 51, 3)
ALSO_FIXED = {(3, 50): 7, (3, 44): 6}
OLD_BACKUP, OLD_DRILL = (timedelta(seconds=NAMED[one].bound) for one in ("backup_old", "restore_drill_old"))
LOOK_SECONDS = 3.0
SPOOLING = "spooling"  # as /readyz says it


def has_wal_reset_bug(found: tuple[int, ...]) -> bool:
    """Whether this version of SQLite can lose what was committed where one process checkpoints while another writes."""
    return found < WAL_RESET_FIXED and found[2] < ALSO_FIXED.get((found[0], found[1]), 1000)


def versions(is_sqlite: bool) -> Iterator[Line]:
    yield Line(
        "Wrapup", OK, f"{version('wrapup')}, Python {platform.python_version()} on {platform.platform(terse=True)}."
    )
    said = f"SQLite {sqlite3.sqlite_version}."
    if is_sqlite and has_wal_reset_bug(sqlite3.sqlite_version_info):
        yield Line(
            "SQLite",
            WARN,
            f"{said} Before 3.51.3 it can lose commits, in a moment so rare that few have seen it.",
            "A Python with a newer SQLite, or PostgreSQL; let nothing but Wrapup open the file: docs/backups.md.",
        )
    elif is_sqlite:
        yield Line("SQLite", OK, said)


def disks(data_dir: Path, database: Path | None) -> Iterator[Line]:
    """That of the data folder, and that of SQLite's file where it is another one."""
    path = _there(data_dir)
    yield from _disk(path, "", "the data folder", "callbacks are kept here while the database is away.")
    if database is not None and is_elsewhere(where := _there(database.parent), path):
        yield from _disk(where, "database ", "SQLite's file", "without it the database takes no writes.")


def _disk(path: Path, whose: str, what: str, why: str) -> Iterator[Line]:
    use, files = shutil.disk_usage(path), os.statvfs(path)
    said, todo = f"{size(use.free)} of {size(use.total)} free where {what} is.", f"Make room: {why}"
    if use.free < LEAST_BYTES:
        yield Line(f"{whose}disk", FAIL, said, todo)
    elif use.free < FEW_BYTES or use.free < FEW_SHARE * use.total:
        yield Line(f"{whose}disk", WARN, said, todo)
    else:
        yield Line(f"{whose}disk", OK, said)
    said = f"{files.f_favail:,} of {files.f_files:,} free."
    if files.f_files and files.f_favail < FEW_INODES * files.f_files:  # some file systems count none
        yield Line(f"{whose}inodes", WARN, said, "Remove files: none can be made soon.")
    elif files.f_files:
        yield Line(f"{whose}inodes", OK, said)


def folders(places: Places) -> Iterator[Line]:
    data_dir = places.data_dir
    if not data_dir.exists():
        yield Line("data folder", WARN, f"{data_dir} is not there yet.", "The first start makes it.")
        return
    found = data_dir.stat()
    may_use = os.access(data_dir, os.R_OK | os.W_OK | os.X_OK)
    if found.st_uid != os.geteuid():
        owner = f"It belongs to user {found.st_uid}, and this command runs as {os.geteuid()}."
        yield Line("data folder", WARN, f"{data_dir}: {owner}", AS_ITS_USER)
        if not may_use:  # which is right so: nobody else is to look into it
            return
    if not may_use:
        yield Line("data folder", FAIL, f"{data_dir} cannot be written.", "Give it to Wrapup's user.")
    elif found.st_mode & private.OTHERS:
        yield Line("data folder", WARN, f"Others can look into {data_dir}.", f"chmod 0700 {data_dir}")
    else:
        yield Line("data folder", OK, f"{data_dir}, read by its owner alone.")
    secrets = data_dir / beside.SECRETS
    if secrets.is_dir():
        if not os.access(secrets, os.R_OK | os.X_OK):
            told = "Nobody can say who reads them: this command's user cannot look into the folder."
            yield Line("secrets", WARN, told, AS_ITS_USER)
        elif loose := [
            path.name for path in sorted(secrets.glob("*")) if path.is_file() and path.stat().st_mode & private.OTHERS
        ]:
            yield Line("secrets", FAIL, f"Others can read {', '.join(loose)}.", f"chmod -R go= {secrets}")
        else:
            yield Line("secrets", OK, "Read by their owner alone.")
    if places.file is not None and os.path.exists(places.file):  # not one in a folder that we may not look into
        if places.file.stat().st_mode & stat.S_IROTH:
            yield Line("settings file", WARN, f"Everybody can read {places.file}.", f"chmod 0640 {places.file}")


def processes(data_dir: Path) -> Iterator[Line]:
    """Whether a Wrapup works with the data folder on this host."""
    try:
        file = os.open(data_dir / folder.FILE, os.O_RDONLY | os.O_CLOEXEC)  # its disk may be read-only by now
    except FileNotFoundError:
        yield Line("processes", WARN, "No Wrapup has been started here yet.", "wrapup serve, or systemctl start wrapup")
        return
    except OSError as error:
        told = f"Nobody can say whether a Wrapup works with the data folder: {error.strerror}."
        yield Line("processes", WARN, told, AS_ITS_USER)
        return
    try:
        running = not locks.take(file)
    finally:
        os.close(file)
    if running:
        yield Line("processes", OK, "A Wrapup works with the data folder.")
    else:
        yield Line(
            "processes", WARN, "No Wrapup works with the data folder.", "wrapup serve, or systemctl start wrapup"
        )


def port(bind: str) -> Iterator[Line]:
    """Free, or ours."""
    host, _, number = bind.rpartition(":")
    local = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    try:
        with socket.create_connection((local.strip("[]"), int(number)), LOOK_SECONDS):
            pass
    except ConnectionRefusedError:
        yield Line("port", OK, f"{bind} is free: nobody listens there.")
        return
    except OSError as error:
        told = f"Nobody can say who listens on {bind}: {error.strerror or 'no answer in time'}."
        yield Line("port", WARN, told, "Is it an address of this machine, and does a firewall stand before it?")
        return
    (lives, alive), (ready, ready_said) = (_asked(f"http://{local}:{number}/{name}") for name in ("healthz", "readyz"))
    if lives != 200 or alive.keys() != {"status"}:  # much else answers 200 whatever it is asked
        todo = "Stop it, or choose another WRAPUP_BIND."
        yield Line("port", FAIL, f"Something else than Wrapup listens on {bind}.", todo)
    elif ready != 200:
        todo = "Is the database up, and has the disk room?"
        yield Line("port", FAIL, f"Wrapup answers on {bind}, and cannot store (/readyz: {ready}).", todo)
    elif ready_said.get("status") == SPOOLING:
        todo = "Is the database up, and can it be written? What waits is taken in by itself."
        said = "and keeps callbacks in the spool: the database does not take them."
        yield Line("port", WARN, f"Wrapup answers on {bind}, {said}", todo)
    else:
        yield Line("port", OK, f"Wrapup answers on {bind}, and can store.")


def _asked(url: str) -> tuple[int | None, Mapping[str, Any]]:
    """The status, and what is said, where it is said in JSON as Wrapup does. Asked without the environment's proxy: from there
    this machine's own addresses lead elsewhere."""
    try:
        with wire.opened(None) as line:
            answer = line.get(url, timeout=LOOK_SECONDS, allow_redirects=False, stream=True)
            said = answer.raw.read(1_000, decode_content=True)
    except (requests.RequestException, HTTPError):
        return None, {}
    try:
        told = json.loads(said)
    except ValueError:
        return answer.status_code, {}
    return answer.status_code, told if isinstance(told, dict) else {}


def limits() -> Iterator[Line]:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < LEAST_FILES:
        todo = "LimitNOFILE=65536 in the unit, --ulimit nofile for a container: every open connection takes a file."
        yield Line("open files", WARN, f"{files:,} in this shell; the service may have more.", todo)
    else:
        yield Line("open files", OK, "Enough.")


def spool(data_dir: Path) -> Iterator[Line]:
    """What waits because the database does not take it: of this very moment it is no trouble."""
    folder = data_dir / beside.SPOOL
    try:
        waiting, is_damaged = spooled.waiting(Spool(folder), LOOK_SECONDS), (folder / beside.DAMAGED).exists()
        closed = sum(not _can_be_read(path) for path in segments(folder))
    except OSError:
        told = "Nobody can say whether callbacks wait: this command's user cannot look into it."
        yield Line("spool", WARN, told, AS_ITS_USER)
        return
    if closed:
        told = f"{many(closed, 'file')} of it cannot be read: what is in there waits, and all else is taken in."
        todo = (
            f"Whose are they? chown Wrapup's user {folder}/*.spool; else the disk fails: what does the log say of them?"
        )
        yield Line("spool", FAIL, told, todo)
    elif waiting:
        todo = "Is the database up, and does a worker run? They are taken in by themselves."
        yield Line("spool", WARN, f"{size(waiting)} of callbacks wait for the database.", todo)
    else:
        yield Line("spool", OK, "Nothing waits there for longer than a moment.")
    if is_damaged:
        todo = "See docs/operations.md, 'When the database is away'; remove the file when you have."
        yield Line("spool", WARN, "It has a file with lines that nobody could read.", todo)


def _can_be_read(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:  # taken in a moment ago
        return True
    except OSError:
        return False
    return True


def backups(data_dir: Path, now: datetime) -> Iterator[Line]:
    last = noted.read(data_dir, noted.BACKUP)
    if noted.is_unreadable(data_dir, noted.BACKUP):
        told = f"Nobody can say when one was made: {noted.BACKUP} of the data folder cannot be read."
        yield Line("backup", WARN, told, "Run commands as Wrapup's user; else make one: wrapup backup DIR.")
    elif last is None:
        yield Line(
            "backup", WARN, "No whole one is noted on this host.", "wrapup backup DIR, each night: docs/backups.md"
        )
    elif noted.is_to_come(last, now):
        told = f"The last is noted as of {last['at']:%Y-%m-%d %H:%M} UTC, which is still to come: a clock was set."
        yield Line("backup", WARN, told, "Is the clock right? Then make one: wrapup backup DIR.")
    else:
        beside_it = "" if last.get("database", True) else ", without the database, which other tools have to save"
        said = f"The last was made {clock.ago(last['at'], now)}{beside_it}."
        state, todo = (OK, "") if now - last["at"] <= OLD_BACKUP else (WARN, "systemctl status wrapup-backup.timer")
        yield Line("backup", state, said, todo)
    drill, failed = noted.read(data_dir, noted.DRILL), noted.read(data_dir, noted.FAILED_DRILL)
    if failed is not None and (drill is None or failed["at"] > drill["at"]):
        told = f"{failed.get('backup')} was tried {clock.ago(failed['at'], now)}, and did not hold."
        yield Line("restore drill", FAIL, told, "wrapup restore-drill DIR says what is wrong; make another backup.")
    elif last is not None and (drill is None or now - drill["at"] > OLD_DRILL):
        when = "never tried" if drill is None else f"tried {clock.ago(drill['at'], now)}"
        yield Line("restore drill", WARN, f"Whether a backup holds was {when}.", "wrapup restore-drill DIR")
    elif drill is not None:
        yield Line("restore drill", OK, f"A backup was tried {clock.ago(drill['at'], now)}, and held.")


def _there(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not path.exists():
        path = path.parent
    return path
