"""The generators, against a small server that does what it is told."""

import re
import shutil
import socketserver
import threading
import time
from contextlib import contextmanager
from itertools import takewhile

import pytest

from bench import bodies, load

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"received":true}'


@contextmanager
def answering(answer=lambda number: ANSWER):
    """A server that keeps the bodies, and answers each by its number. Gives its URL and the bodies."""
    kept: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while head := b"".join(takewhile(lambda line: line not in (b"\r\n", b""), self.rfile)):
                body = self.rfile.read(int(re.search(rb"Content-Length: (\d+)", head, re.IGNORECASE)[1]))
                kept.append(body)
                self.wfile.write(answer(bodies.number(body)))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request, client_address):
            """wrk breaks off its connections at the end."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/callbacks/a/b/c", kept
        finally:
            server.shutdown()


def numbers(run: load.Load) -> set[int]:
    return {first + place for first, count in run.sent for place in range(count)}


@pytest.mark.parametrize("peak", [load.closed, load.wrk])
def test_peak_sends_each_number_once(peak):
    if peak is load.wrk and not shutil.which("wrk"):
        pytest.skip("there is no wrk")
    with answering() as (url, kept):
        run = peak(url, 4, 1)
    assert run.errors == 0
    assert 0 < run.answered <= len(kept)
    assert len(set(kept)) == len(kept)
    assert set(kept) <= {bodies.body(number) for number in numbers(run)}


def test_two_runs_never_share_a_number():
    with answering() as (url, _):
        first, second = load.steady(url, 50, 0.1, 2), load.steady(url, 50, 0.1, 2)
    assert not numbers(first) & numbers(second)


def test_steady_sends_what_is_due():
    with answering() as (url, kept):
        run = load.steady(url, 100, 1, 4)
    assert len(kept) == 100 * (1 + load.WARM_SECONDS)
    assert set(run.answers) == numbers(run)


def test_steady_counts_from_when_a_callback_was_due():
    """A server that stalls once stalls all who were due meanwhile, not only the one that it had taken."""
    stalled: list[int] = []

    def answer(number: int) -> bytes:
        if number % bodies.BLOCK == 150 and not stalled:
            stalled.append(number)
            time.sleep(0.5)
        return ANSWER

    with answering(answer) as (url, _):
        run = load.steady(url, 100, 1, connections=1)
    assert stalled
    assert run.p99_ms > 400  # one of a hundred alone is not the 99th


def test_what_is_not_answered_with_200_is_an_error():
    def answer(number: int) -> bytes:
        return ANSWER.replace(b"200 OK", b"500 No") if number % 2 else ANSWER

    with answering(answer) as (url, _):
        run = load.steady(url, 50, 0.2, 2)
    assert run.errors == run.sent[0][1] // 2
    assert all(number % 2 == 0 for number in run.answers)
    assert run.p99_ms == float("inf")
