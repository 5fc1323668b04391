"""What a team would write instead: a route that stores nothing, and the textbook route that inserts through the ORM.

``nothing`` is served with our own gunicorn settings: it is what the bare server can do; as ``nothing-stock`` with the worker
class that gunicorn itself has for gevent, in case ours were the slower. ``textbook`` has the settings that
suit it best: threads, and a database connection for each.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from flask import Flask, request
from sqlalchemy import LargeBinary, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from models.database import Database

ROOT = Path(__file__).parent.parent
WORKERS, THREADS = 2, 16
OURS = ["-c", "python:service.supervisor.receivers"]
CONTENDERS = {
    "nothing": [*OURS, "bench.contenders:nothing()"],
    "nothing-stock": [*OURS, "--worker-class", "gevent", "bench.contenders:nothing()"],
    "textbook": [
        *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "15"),
        *("--backlog", "2048", "--worker-tmp-dir", "/dev/shm", "bench.contenders:textbook()"),
    ],
}
PATH = "/callbacks/ryng/token/terminal"


class Base(DeclarativeBase):
    pass


class Callback(Base):
    __tablename__ = "textbook_callbacks"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


def nothing() -> Flask:
    """Reads the body and answers."""
    app = Flask("nothing")

    @app.post("/callbacks/<path:rest>")
    def receive(rest):
        request.get_data()
        return {"received": True}

    return app


def textbook() -> Flask:
    """One ORM insert and one durable commit per request."""
    app = Flask("textbook")
    engine = create_engine(Database(os.environ["BENCH_DATABASE_URL"]).url, pool_size=THREADS)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)

    @app.post("/callbacks/<path:rest>")
    def receive(rest):
        with Session(engine) as session:
            session.add(Callback(body=request.get_data()))
            session.commit()
        return {"received": True}

    return app


def _durable(connection, _record) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


@dataclass(frozen=True)
class Served:
    """A contender that runs: the URL of its route, and its first process."""

    url: str
    pid: int


@contextmanager
def served(name: str, port: int, folder: Path, database_url: str) -> Iterator[Served]:
    """Run a contender until the end of the block."""
    bind = f"127.0.0.1:{port}"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("WRAPUP_")}
    environ |= {"WRAPUP_BIND": bind, "BENCH_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gunicorn", "--bind", bind, *CONTENDERS[name]]
    with open(folder / f"{name}.log", "wb") as log:
        process = subprocess.Popen(command, env=environ, cwd=folder, stdout=log, stderr=log)
    try:
        answers(f"http://{bind}{PATH}", process)
        yield Served(f"http://{bind}{PATH}", process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        finally:
            process.kill()


def answers(url: str, process: subprocess.Popen, seconds: float = 30.0) -> None:
    """Wait until something answers at the URL, whatever it says. Raises RuntimeError."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            requests.get(url, timeout=5)
            return
        except requests.RequestException:
            time.sleep(0.1)  # not listening yet
    raise RuntimeError(f"nothing answers at {url}; the process {process.args} has the code {process.poll()}")
