"""What a team would write instead: a route that stores nothing, and the textbook route that inserts through the ORM.

``nothing`` is served with our own gunicorn settings: it is what the bare server can do; as ``nothing-stock`` with the worker
class that gunicorn itself has for gevent, in case ours were the slower. ``textbook`` and ``whole`` have the settings that
suit them best: threads, and a database connection for each. ``whole`` does everything within the request: it keeps the body,
reads it, and writes the outcome.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests
from flask import Flask, request
from sqlalchemy import DateTime, Engine, LargeBinary, create_engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from models.database import Database

ROOT = Path(__file__).parent.parent
WORKERS, THREADS = 2, 16
OURS = ["-c", "python:service.supervisor.receivers"]
_SUITS = [
    *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "15"),
    *("--backlog", "2048", "--worker-tmp-dir", "/dev/shm"),
]
CONTENDERS = {
    "nothing": [*OURS, "bench.contenders:nothing()"],
    "nothing-stock": [*OURS, "--worker-class", "gevent", "bench.contenders:nothing()"],
    "textbook": [*_SUITS, "bench.contenders:textbook()"],
}
WHOLE = "whole"
_COMMANDS = CONTENDERS | {WHOLE: [*_SUITS, "bench.contenders:whole()"]}
PATH = "/callbacks/ryng/token/terminal"
STARTED_SECONDS = 30.0  # that one may take until it answers


class Base(DeclarativeBase):
    pass


class Callback(Base):
    __tablename__ = "textbook_callbacks"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Outcome(Base):
    """What the callback says, one row for each call."""

    __tablename__ = "textbook_outcomes"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(unique=True)
    attempt_id: Mapped[str]
    agent_id: Mapped[str]
    agent_username: Mapped[str]
    agent_number: Mapped[str]
    customer_number: Mapped[str] = mapped_column(index=True)
    caller_number: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    disposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    direction: Mapped[str]
    talk_seconds: Mapped[int]
    duration_seconds: Mapped[int]
    disposition: Mapped[str]
    notes: Mapped[str]
    status: Mapped[str]
    recording_url: Mapped[str]


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
    app, engine = Flask("textbook"), _engine()

    @app.post("/callbacks/<path:rest>")
    def receive(rest):
        with Session(engine) as session:
            session.add(Callback(body=request.get_data()))
            session.commit()
        return {"received": True}

    return app


def whole() -> Flask:
    """The body kept, read, and its call's outcome inserted or updated, in one durable commit per request."""
    app, engine = Flask("whole"), _engine()

    @app.post("/callbacks/<path:rest>")
    def receive(rest):
        try:
            _understood(engine, request.get_data())
        except IntegrityError:  # another request has just inserted the same call
            _understood(engine, request.get_data())
        return {"received": True}

    return app


def _understood(engine: Engine, body: bytes) -> None:
    said = json.loads(body)
    call = str(said["callID"])
    with Session(engine) as session:
        session.add(Callback(body=body))
        outcome = session.scalars(select(Outcome).where(Outcome.call_id == call)).one_or_none()
        if outcome is None:
            outcome = Outcome(call_id=call)
            session.add(outcome)
        outcome.attempt_id = str(said["callLogID"])
        outcome.agent_id, outcome.agent_username = str(said["agentID"]), said["agentUsername"]
        outcome.agent_number, outcome.customer_number = said["agentNum"], said["customerNum"]
        outcome.caller_number = said["virtualNum"]
        outcome.created_at, outcome.started_at = _time(said["callCreated"]), _time(said["callStarted"])
        outcome.ended_at, outcome.disposed_at = _time(said["callEnded"]), _time(said["callDisposed"])
        outcome.direction, outcome.status = said["callDirection"], said["status"]
        outcome.talk_seconds, outcome.duration_seconds = said["talktime"], said["callDuration"]
        outcome.disposition, outcome.notes = said["disposition"], said["notes"]
        outcome.recording_url = said["recordingUrl"]
        session.commit()


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _engine() -> Engine:
    engine = create_engine(Database(os.environ["BENCH_DATABASE_URL"]).url, pool_size=THREADS)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    return engine


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
    command = [sys.executable, "-m", "gunicorn", "--bind", bind, *_COMMANDS[name]]
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


def answers(url: str, process: subprocess.Popen) -> None:
    """Wait until something answers at the URL, whatever it says. Raises RuntimeError."""
    end = time.monotonic() + STARTED_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            requests.get(url, timeout=5)
            return
        except requests.RequestException:
            time.sleep(0.1)  # not listening yet
    raise RuntimeError(f"nothing answers at {url}; the process {process.args} has the code {process.poll()}")
