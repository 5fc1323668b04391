"""Crowds of idle, stalled and flooding senders are bounded, and the others do not notice."""

import itertools
import json
import resource
import socket
import threading
import time
from contextlib import ExitStack, suppress

import pytest
import requests
from sqlalchemy import func, select

from models import CallOutcome
from models.database import Database
from rig.patience import stretched
from rig.waiting import until
from tests.evidence import terminal
from tests.server import serving

pytestmark = pytest.mark.slow

FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
CROWD = min(10_000, (FILES if FILES != resource.RLIM_INFINITY else 10**6) - 1_000)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    with serving(tmp_path_factory.mktemp("crowds")) as running:
        yield running


@pytest.fixture
def line(served):
    """Opens lines to the server, and closes them at the end."""
    with ExitStack() as lines:
        address = ("127.0.0.1", int(served.url.rpartition(":")[2]))
        yield lambda: lines.enter_context(socket.create_connection(address, 20))


def post(served, number: int) -> float:
    """Deliver one callback on a line of its own; returns how long it took."""
    began = time.monotonic()
    body = json.dumps(terminal(call_id=number, log_id=number))
    assert requests.post(served.callback("terminal"), data=body, timeout=10).status_code == 200
    return time.monotonic() - began


def outcomes(served) -> int:
    database = Database(f"sqlite:///{served.folder}/data/wrapup.db")
    try:
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(CallOutcome))
    finally:
        database.close()


def memory(served) -> int:
    """What the receivers hold, in MB."""
    return sum(
        int(line.split()[1]) // 1024
        for status in served.read("service.passage.receiver", "status")
        for line in status.splitlines()
        if line.startswith("VmRSS")
    )


def test_ten_thousand_idle_lines_hold_up_nobody_and_are_closed(served, line):
    before = memory(served)
    idle = [line() for _ in range(CROWD)]
    for number in range(20):
        post(served, number)
    assert memory(served) - before < 400
    idle[0].settimeout(60)
    assert idle[0].recv(1) == b""  # by the server, in time
    for number in range(20, 40):
        post(served, number)
    until(lambda: outcomes(served) == 40, 30)


@pytest.mark.parametrize(
    "said",
    [
        b"POST /callbacks/ryng/x/terminal HTTP/1.1\r\nHost: x\r\nX-Slow: ",  # stalls within the headers
        b"POST /callbacks/ryng/x/terminal HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf",
        b"POST /callbacks/ryng/x/terminal HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_stalled_senders_in_numbers_hold_up_nobody_and_are_answered(served, line, said):
    stalled = [line() for _ in range(500)]
    for one in stalled:
        one.sendall(said)
    for number in range(100, 120):
        post(served, number)
    for one in stalled[::100]:
        one.settimeout(60)
        answer = b"".join(iter(lambda one=one: one.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b'{"received":true}')


def test_a_flood_of_headers_is_answered_and_holds_up_nobody(served, line):
    flooding = [line() for _ in range(20)]
    for one in flooding:
        one.sendall(b"POST /callbacks/ryng/x/terminal HTTP/1.1\r\n")
        one.sendall(b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(500)))
    post(served, 200)
    for one in flooding:
        one.settimeout(60)
        answer = b"".join(iter(lambda one=one: one.recv(65_536), b""))
        assert b" 200 OK" in answer[:20]


ENDLESS = {
    # header, what is sent again and again, the pause in between, and for how many seconds
    "a length": (b"Content-Length: 1000000000000", bytes(1024 * 1024), 0.0, 2),  # GiB
    "chunks of one byte": (b"Transfer-Encoding: chunked", b"1\r\nx\r\n" * 10_000, 0.01, 5),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_senders_without_an_end_hold_up_nobody_and_fill_no_memory(served, line, name):
    """Fast ones, who go on after the answer, without a token. They find their 200 all the same, when they come to read."""
    header, piece, pause, seconds = ENDLESS[name]
    numbers = itertools.count(1000 if pause else 2000)
    usual, before = max(post(served, next(numbers)) for _ in range(20)), memory(served)
    over, sending = threading.Event(), [line() for _ in range(4)]

    def send(one: socket.socket) -> None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # what lies there at the end is read, too
        one.sendall(b"POST /callbacks/x/y/z HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
        try:
            while not over.wait(pause):
                one.sendall(piece)
        except OSError:  # the line was closed
            return

    threads = [threading.Thread(target=send, args=[one]) for one in sending]
    for thread in threads:
        thread.start()
    try:
        end, slowest, most = time.monotonic() + seconds, 0.0, 0
        while time.monotonic() < end:
            slowest = max(slowest, post(served, next(numbers)))
            most = max(most, memory(served))
    finally:
        over.set()
        for one in sending:
            with suppress(OSError):  # it was closed on the other side
                one.shutdown(socket.SHUT_WR)
        for thread in threads:
            thread.join()
    assert slowest < max(stretched(1.0), 5 * usual)
    assert most - before < 150
    for one in sending:
        answer = b"".join(iter(lambda one=one: one.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), name
        assert answer.endswith(b'{"received":true}')


def test_what_is_too_long_to_be_read_is_answered_to_a_sender_who_reads_late(served, line):
    one, size = line(), 80 * 1024 * 1024
    one.sendall(b"POST /callbacks/x/y/z HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
    for _ in range(size // 1024 // 1024):
        one.sendall(bytes(1024 * 1024))
    answer = b"".join(iter(lambda: one.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer
