"""Whoever asks and then does not listen is left, and what was held for them is free again: over real HTTP, with real sockets."""

import json
import socket
import time
from contextlib import ExitStack, contextmanager

import pytest

from queries.exports import reading
from rig.waiting import until
from tests.factories import outcome
from tests.web.conftest import client_with
from tests.web.listening import Keeping, listening
from tests.web.test_outcomes import turns_left
from web import exports, idle

PATH = "/api/v1/outcomes/export?format=ndjson"


@pytest.fixture
def endless(app, database, monkeypatch):
    """An export without an end, however much the sockets between hold; how many are open."""
    real, opened = reading.pieces, []

    def pieces(*asked):
        first = next(real(*asked))
        opened.append(1)
        try:
            while True:
                yield first * 500
        finally:
            opened.pop()

    with database.write() as session:
        outcome(session, notes="n" * 2_000)
    monkeypatch.setattr(reading, "pieces", pieces)
    monkeypatch.setattr(exports.EXPORTS, "_rest", 0.0)
    monkeypatch.setattr(idle, "SECONDS", 0.5)
    return opened


@pytest.fixture
def served(app):
    with listening(app, handler=Keeping) as port:
        yield port


@contextmanager
def asked(port: int, key: str):
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    with line:
        line.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
        assert line.recv(20).startswith(b"HTTP/1.1 200")
        yield line


def test_exports_that_nobody_reads_give_their_turns_back(app, database, endless, served):
    admin = client_with(app, database, "admin")
    with ExitStack() as stack:
        for _ in range(exports._AT_ONCE):
            stack.enter_context(asked(served, admin.key))
        assert len(endless) == exports._AT_ONCE
        assert admin.get(PATH).status_code == 429
        until(lambda: not endless, 20)
        assert turns_left(admin) == exports._AT_ONCE


def test_an_export_that_is_read_slowly_goes_on(app, database, endless, served):
    admin = client_with(app, database, "admin")
    with asked(served, admin.key) as line:
        end, read = time.monotonic() + 6 * idle.SECONDS, 0
        while time.monotonic() < end:
            read += len(line.recv(1 << 20))
            time.sleep(0.02)
        assert len(endless) == 1 and read > 1 << 20
    until(lambda: not endless, 20)


def test_a_long_answer_goes_out_in_pieces(app, database):
    admin = client_with(app, database, "admin")
    with database.write() as session:
        for _ in range(100):
            outcome(session, notes="n" * 2_000)
    with admin.get("/api/v1/outcomes?limit=1000") as response:
        pieces = list(response.response)
        assert max(map(len, pieces)) == idle.PIECE and len(pieces) > 2
        assert int(response.headers["Content-Length"]) == sum(map(len, pieces))
        assert len(json.loads(b"".join(pieces))["outcomes"]) == 100
