"""``make bench``: measures everything in one run, alternating, on both databases, and prints one table."""

import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, text

import migrations
from bench import load
from bench.contenders import Base, Callback
from lib import clock
from models import CallOutcome, Receipt
from models.database import Database
from outcomes.normalize import normalize_pending
from service.config import load as load_settings

ROOT = Path(__file__).parent.parent
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CONNECTIONS = 64
CONTENDERS = {
    "stores nothing": "bench.contenders:nothing()",
    "textbook": "bench.contenders:textbook()",
    "wrapup": "wsgi:app",
}


def main() -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    print(f"{datetime.now(UTC):%Y-%m-%d} · {machine} · {load.generator()}, {CONNECTIONS} connections")
    print(f"{ROUNDS} rounds of {SECONDS:.0f} s each, alternating; median of the rounds\n")
    print("| database | figure | value | against |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="wrapup-bench-") as folder:
        for kind, url in _databases(Path(folder)):
            for row in _measure(kind, url, Path(folder)):
                print("| " + " | ".join(row) + " |", flush=True)


def _measure(kind: str, url: str, folder: Path) -> Iterator[tuple[str, str, str, str]]:
    database = Database(url)
    migrations.upgrade(database)
    Base.metadata.create_all(database.engine)
    results: dict[str, list[load.Result]] = {name: [] for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, app in CONTENDERS.items():
            results[name].append(_contend(name, app, database, url, folder))
    rate = {name: statistics.median(result.rate for result in found) for name, found in results.items()}
    p99 = {name: statistics.median(result.p99_ms for result in found) for name, found in results.items()}
    for name in CONTENDERS:
        late = sum(result.errors for result in results[name])
        yield kind, f"callbacks/s, {name}", f"{rate[name]:,.0f}", f"p99 {p99[name]:.0f} ms, {late} unanswered in 2 s"
    ours = rate["wrapup"]
    yield kind, "ours / stores nothing", f"{ours / rate['stores nothing']:.2f}", "goal 0.70"
    yield kind, "ours / textbook", f"{ours / rate['textbook']:.2f}", "goal 6"
    normalized, seconds = _normalize(database)
    yield kind, "outcomes/s by one worker", f"{normalized / seconds:,.0f}", f"{normalized:,} receipts"
    yield kind, "outcomes/s / callbacks/s", f"{normalized / seconds / ours:.2f}", "goal 1"
    database.close()


def _contend(name: str, app: str, database: Database, url: str, folder: Path) -> load.Result:
    """Load one contender, and check that it stored what it answered."""
    with _gunicorn(app, url, folder) as address:
        before = _stored(name, database)
        path = "/callbacks/ryng/bench/terminal"
        if name == "wrapup":
            path = load_settings({"WRAPUP_DATA_DIR": str(folder)}).callback_urls()[1][2].split(":8080")[1]
        result = load.run(address + path, CONNECTIONS, SECONDS)
    stored = _stored(name, database) - before
    # The generator stops in the middle of its last requests: those were stored and their answers not counted.
    # wrk gives up on an answer after two seconds: such a request may have been stored, or not.
    low, high = result.requests - result.errors, result.requests + result.errors + 2 * CONNECTIONS
    if name != "stores nothing" and not low <= stored <= high:
        raise SystemExit(f"{name} answered {result.requests} and stored {stored}")
    return result


def _stored(name: str, database: Database) -> int:
    table = {"wrapup": Receipt, "textbook": Callback}.get(name)
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) if table else 0


def _normalize(database: Database) -> tuple[int, float]:
    """How fast one worker works off what the rounds have left pending, up to 50,000."""
    connections = load_settings({"WRAPUP_DATA_DIR": tempfile.mkdtemp()}).connections
    began, taken = time.perf_counter(), 0
    while taken < 50_000 and (batch := normalize_pending(database, connections)):
        taken += batch
    seconds = time.perf_counter() - began
    with database.read() as session:
        outcomes = session.scalar(select(func.count()).select_from(CallOutcome))
    if outcomes != taken:
        raise SystemExit(f"{taken} callbacks of as many calls became {outcomes} outcomes")
    return taken, seconds


@contextmanager
def _gunicorn(app: str, url: str, folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    environ = os.environ | {"WRAPUP_BIND": bind, "WRAPUP_DATABASE_URL": url, "WRAPUP_DATA_DIR": str(folder)}
    environ |= {"BENCH_DATABASE_URL": str(Database(url).url.render_as_string(hide_password=False))}
    environ |= {"PYTHONPATH": str(ROOT), "WRAPUP_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py"), app]
    process = subprocess.Popen(command, env=environ, cwd=folder)
    try:
        end = clock.now().timestamp() + 20
        while clock.now().timestamp() < end:
            try:
                load.run(f"http://{bind}/callbacks/warm/up/now", 2, 1)
                break
            except (subprocess.CalledProcessError, ConnectionError):
                time.sleep(0.2)
        yield f"http://{bind}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder}/wrapup.db"
    given = os.environ.get("WRAPUP_TEST_POSTGRESQL_URL")
    if given:
        yield "PostgreSQL", given
        return
    from tests.postgresql import server

    with server() as url:
        database = Database(url)
        with database.engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar()
        database.close()
        yield f"PostgreSQL {version}", url


if __name__ == "__main__":
    main()
