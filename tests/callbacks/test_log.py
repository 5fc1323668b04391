"""What the last rung writes can be read again, whoever else writes to the same pipe, and through whatever it has gone."""

import os
import sys
import time

import orjson
import pytest
import structlog

from callbacks.ladder.last import LastRung, Memory
from callbacks.ladder.tickets import Ticket
from callbacks.recovery import from_log
from service import logs
from tests.callbacks.drafts import draft
from tests.callbacks.spools import finish

LONGEST_WRITE = 4096  # that a pipe keeps in one piece: PIPE_BUF
COUNT = 40


def _body(process: int, number: int, size: int) -> bytes:
    return b"%d %d " % (process, number) + b"x" * size


@pytest.mark.parametrize("size", [100, 3_000, 20_000])
def test_two_processes_write_to_a_slow_pipe_and_every_receipt_is_readable(start, size, tmp_path):
    reader, writer = os.pipe()

    def write(process):
        os.close(reader)
        os.dup2(writer, 2)
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # pytest has put something else there
        logs.configure("info")
        rung = LastRung(Memory(0))
        for number in range(COUNT):
            body = _body(process, number, size)
            rung.put([Ticket(draft(body=body, body_size=len(body)))])
            structlog.get_logger().info("worker_started", long="y" * 9_000)  # in pieces, as the pipe likes it

    processes = [start(lambda n=n: write(n)) for n in range(2)]
    os.close(writer)
    log = tmp_path / "log"
    with log.open("wb") as file:
        while said := os.read(reader, 5_000):
            file.write(said)
            time.sleep(0.0005)  # the pipe is full all the time
    os.close(reader)
    for process in processes:
        finish(process)
    with log.open("rb") as file:
        found = [one and one.body for one in from_log(file)]
    assert sorted(found) == sorted(_body(process, number, size) for process in range(2) for number in range(COUNT))


@pytest.fixture
def written(tmp_path, monkeypatch):
    """written(drafts): the lines that the last rung writes."""

    def write(*drafts) -> list[bytes]:
        with (tmp_path / "err").open("w") as err, monkeypatch.context() as patched:
            patched.setattr("sys.stderr", err)
            logs.configure("info")
            LastRung(Memory(10**7)).put([Ticket(one) for one in drafts])
        return (tmp_path / "err").read_bytes().splitlines(keepends=True)

    return write


DRAFTS = [
    draft(1),
    draft(2, query='"\\' * 4000, headers={"user-agent": "ü" * 3000}),
    draft(3, body=os.urandom(200_000)),
    draft(4, query="receipt_not_stored {", kind='{"receipt":'),
]


def test_no_line_is_longer_than_a_pipe_keeps_whole_and_all_is_in_them(written):
    lines = written(*DRAFTS)
    assert max(map(len, lines)) <= LONGEST_WRITE
    assert list(from_log(lines)) == DRAFTS


@pytest.mark.parametrize(
    "through",
    [
        lambda line: b"Nov 21 10:00:00 host wrapup[77]: " + line,
        lambda line: b"web-1  | 2026-11-21T10:00:00.000000000Z " + line,
        lambda line: orjson.dumps({"log": line.decode(), "stream": "stderr"}) + b"\n",
        lambda line: orjson.dumps({"__CURSOR": "s=1", "MESSAGE": line.decode().rstrip("\n")}) + b"\n",
        lambda line: b'{"event":"other","long":"yyy' + line,  # cut off by ours
    ],
    ids=["journal", "docker compose", "docker json", "journal json", "torn before"],
)
def test_a_log_is_taken_as_it_is(written, through):
    lines = written(*DRAFTS)
    assert [one for one in from_log(map(through, lines))] == DRAFTS
    assert list(from_log([*map(through, lines), *map(through, lines[1:-2])])).count(None) == 0  # a part of it twice


def test_a_piece_that_is_missing_costs_its_receipt_and_no_other(written):
    lines = written(*DRAFTS)
    del lines[-10]
    assert list(from_log(lines)) == [DRAFTS[0], DRAFTS[1], DRAFTS[3], None]
