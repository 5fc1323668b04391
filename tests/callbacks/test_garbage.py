"""Whatever is sent to a callback's URL: 200, kept once, and nothing behind it waits. Real processes, raw sockets."""

import itertools
import json
import re
import socket
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from models import CallOutcome, Receipt
from models.database import Database
from rig.waiting import until
from tests.conftest import empty_database
from tests.evidence import terminal
from tests.fuzz import shapes
from tests.fuzz.shapes import BODIES, FRAMES, LINES, STRANGE, Shape, filled
from tests.server import Served, serving

pytestmark = pytest.mark.slow

ANSWER = b'{"received":true}'
STATUS = re.compile(rb"HTTP/1\.[01] ([2-5]\d\d) ")  # an interim 100 is no answer
SECONDS = 40
BROKEN = ("malformed_request", "cut_off", "unknown_connection", "wrong_token")
MEMORY = 128 * 1024 * 1024  # of all our processes; the bomb would need a thousand MiB

_numbers = itertools.count(1)


class Ledger:
    """A running Wrapup, and what must be found in its database."""

    def __init__(self, served: Served, database: Database):
        self.served = served
        self.database = database
        self.kept = 0
        self.good: list[str] = []  # calls that must be outcomes in the end
        parts = urlsplit(served.callback("terminal"))
        self.address, self.path = (parts.hostname, parts.port), parts.path
        self.workers: list[int] | None = None  # until all of them have been started

    def pids(self) -> list[int]:
        """Every process of it, and none that is just starting another."""
        return sorted(self.served.pids("gunicorn") + self.served.pids("service.worker"))

    def last(self) -> uuid.UUID:
        with self.database.read() as session:
            return session.scalar(select(Receipt.id).order_by(Receipt.id.desc()).limit(1)) or uuid.UUID(int=0)

    def since(self, last: uuid.UUID) -> list[Receipt]:
        with self.database.read() as session:
            found = list(session.scalars(select(Receipt).where(Receipt.id > last).order_by(Receipt.id)))
            session.expunge_all()
        return found

    def say(self, raw: bytes, answers: int, half: bool = False, bodiless: bool = False) -> tuple[list[int], bytes]:
        """(the statuses that came back, all bytes of it), after so many whole answers or at the end of the line."""
        said = b""
        with socket.create_connection(self.address, timeout=SECONDS) as line:
            try:
                line.sendall(raw)
                if half:
                    line.shutdown(socket.SHUT_WR)
            except OSError:  # refused before all was said: what was answered can still be read
                pass
            end = b"\r\n\r\n" if bodiless else ANSWER
            try:
                while (not answers or said.count(end) < answers) and (piece := line.recv(65_536)):
                    said += piece
            except ConnectionResetError:
                pass
        return [int(status) for status in STATUS.findall(said)], said

    def still_works(self) -> None:
        """A good callback on a fresh line is answered and kept, by the same processes as before."""
        call, last = f"good-{next(_numbers)}", self.last()
        answer = requests.post(
            self.served.callback("terminal"), json=terminal(call_id=call, log_id=call), timeout=SECONDS
        )
        assert (answer.status_code, answer.content) == (200, ANSWER)
        self.kept += 1
        self.good.append(call)
        self.arrived(last, 1)
        assert self.workers in (None, self.pids()), "a process was killed"

    def shown(self) -> bool:
        """Whether every good callback has become an outcome."""
        with self.database.read() as session:
            return set(self.good) <= set(session.scalars(select(CallOutcome.call_id)))

    def arrived(self, last: uuid.UUID, number: int) -> list[Receipt]:
        """The receipts since then, when there are so many: on a machine that is busy for a second, the spool had them first."""
        until(lambda: len(self.since(last)) >= number, SECONDS)
        return self.since(last)

    def concluded(self, last: uuid.UUID, number: int) -> list[Receipt]:
        """The receipts since then: exactly so many, each understood or quarantined with a reason."""
        found = self.arrived(last, number)
        assert len(found) == number, [(one.state, one.reason, one.body[:100]) for one in found]
        until(lambda: not [one for one in self.since(last) if one.state == "pending"], SECONDS)
        self.kept += number
        for one in self.since(last):
            assert one.state != "quarantined" or one.reason
            assert one.reason not in ("reading_failed", "folding_failed", "refused_by_database"), one.detail
        return self.since(last)


KINDS = ("sqlite", "postgresql")
# Where gunicorn's parser in C cannot be compiled, the one in Python stands in front of us.
PARSED_IN_PYTHON = "parsed in python"
PROCESSES = 6  # two receivers and a reader, the masters of both, and the worker


@contextmanager
def running(request, folder, kind: str):
    settings = {"WRAPUP_STRANGER_RECEIPTS": "100000", "WRAPUP_STRANGER_BYTES": str(2**30)}
    if kind == PARSED_IN_PYTHON:
        kind, settings["GUNICORN_CMD_ARGS"] = "sqlite", "--http-parser=python"
    with empty_database(request, folder, kind) as url, serving(folder, url, **settings) as served:
        database = Database(url)
        ledger = Ledger(served, database)
        ledger.still_works()
        until(ledger.shown, SECONDS)
        until(lambda: len(ledger.pids()) == PROCESSES, SECONDS)
        ledger.workers = ledger.pids()
        yield ledger
        until(ledger.shown, SECONDS)
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Receipt)) == ledger.kept, "something was kept twice"
        database.close()
        assert "receipt_not_stored" not in (folder / "err").read_text()


@pytest.fixture(scope="module", params=KINDS)
def ledger(request, tmp_path_factory):
    """One at a time: pytest puts the tests of each together."""
    with running(request, tmp_path_factory.mktemp("garbage"), request.param) as found:
        yield found


@pytest.mark.parametrize("name", BODIES)
def test_every_body_is_answered_kept_once_and_blocks_nothing(ledger, name):
    answered_and_kept_once(ledger, BODIES[name])


FRAMED = {
    **{f"frame: {name}": shape for name, shape in FRAMES.items()},
    **{f"line: {name}": shape for name, shape in LINES.items()},
}


# How a request is framed, only the server sees: once with each parser is enough. What is in its body, both databases hold.
@pytest.mark.parametrize("ledger", ["sqlite", PARSED_IN_PYTHON], indirect=True)
@pytest.mark.parametrize("name", FRAMED)
def test_every_frame_is_answered_kept_once_and_blocks_nothing(ledger, name):
    answered_and_kept_once(ledger, FRAMED[name])


def answered_and_kept_once(ledger: Ledger, shape: Shape) -> None:
    raw, body = filled(shape, ledger.path, f"m{next(_numbers)}")
    last = ledger.last()
    statuses, said = ledger.say(raw, shape.answers, shape.half, bodiless=raw.startswith(b"HEAD"))
    assert statuses[: shape.answers] == [200] * shape.answers, said
    receipts = ledger.concluded(last, shape.answers)
    for receipt in receipts:
        # Understood as HTTP, cut at 1 MiB or by its sender, or kept with the head that nobody could tell apart from it.
        whole = receipt.body == body
        cut = receipt.truncated and receipt.body == body[: len(receipt.body)]
        broken = receipt.reason in BROKEN and body in receipt.body
        assert whole or cut or broken, (receipt.state, receipt.reason, receipt.body[:200], receipt.body[-200:])
    ledger.still_works()


# Nothing of these comes near a database.
@pytest.mark.parametrize("ledger", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_callback_is_refused_and_harms_nobody(ledger, name):
    last = ledger.last()
    statuses, said = ledger.say(STRANGE[name], 0, half=True)
    assert [status for status in statuses if not 400 <= status < 500] == [], said[:500]
    assert ledger.since(last) == []
    ledger.still_works()


def test_a_bomb_is_never_inflated(ledger):
    before, last = _memory(ledger.workers), ledger.last()
    for _ in range(3):
        answer = requests.post(
            ledger.served.callback("terminal"),
            data=shapes.bomb(),
            headers={"Content-Encoding": "gzip"},
            timeout=SECONDS,
        )
        assert (answer.status_code, answer.content) == (200, ANSWER)
    for receipt in ledger.concluded(last, 3):
        assert receipt.body == shapes.bomb()
        assert receipt.headers["content-encoding"] == "gzip"
    ledger.still_works()
    grown = {pid: size - before[pid] for pid, size in _memory(ledger.workers).items()}
    assert sum(grown.values()) < MEMORY, grown


def _memory(pids: list[int]) -> dict[int, int]:
    """The most memory that each process ever had, in bytes."""
    status = {pid: Path(f"/proc/{pid}/status").read_text() for pid in pids}
    return {pid: int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) * 1024 for pid, text in status.items()}


def test_a_body_without_an_end_holds_nobody_up(ledger):
    """Chunks for as long as anybody takes them, from several senders; the others go on meanwhile."""
    last = ledger.last()
    lines = [socket.create_connection(ledger.address, timeout=SECONDS) for _ in range(6)]
    try:
        for line in lines:
            line.sendall(f"POST {ledger.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            line.setblocking(False)
        piece, end, asked = b"1000\r\n" + b"e" * 4096 + b"\r\n", time.monotonic() + 5, 0.0
        while time.monotonic() < end:
            for line in lines:
                try:
                    line.send(piece)
                except OSError:  # the other side has not taken it, or will not any more
                    continue
            if time.monotonic() > asked + 0.5:
                assert requests.post(ledger.served.callback("connect"), data=b"{}", timeout=SECONDS).status_code == 200
                ledger.kept += 1
                asked = time.monotonic()
    finally:
        for line in lines:
            line.close()
    until(lambda: len([one for one in ledger.since(last) if one.body.startswith(b"eeee")]) == len(lines), SECONDS)
    ledger.kept += len(lines)
    ledger.still_works()


# hypothesis -----------------------------------------------------------------------------------------------------------
PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"\r\n", b"\n", b"\r", b": ", b"0\r\n\r\n", b"\x00", b" ", b"\t", b"{length}", b"{size}\r\n", b"{body}"]
    ),
    st.sampled_from(
        [b"Content-Length: ", b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Connection: close"]
    ),
    st.sampled_from(
        [b"Host: x", b"Content-Length: {length}\r\n", b"\r\n\r\n{body}", b"HTTP/1.1", b"GET / HTTP/1.1\r\n"]
    ),
)


# Not shrunk: each try is a request, and some of them take seconds.
PROPERTY = settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_whatever_follows_a_first_line_is_answered(ledger):
    """The first line names a callback; what comes after it is anything."""

    @PROPERTY
    @given(st.lists(PIECES, max_size=12))
    def holds(pieces):
        raw = b"POST {path} HTTP/1.1\r\n" + b"".join(pieces)
        raw, _ = filled(Shape(raw), ledger.path, f"h{next(_numbers)}")
        last = ledger.last()
        statuses, said = ledger.say(raw, 0, half=True)
        assert statuses[:1] == [200], said
        found = ledger.arrived(last, said.count(ANSWER))
        # A request may have stood in what came behind: every 200 has its receipt, nothing has two.
        assert len(found) == statuses.count(200) == said.count(ANSWER)
        ledger.kept += len(found)

    holds()
    ledger.still_works()


def test_any_damage_to_a_good_request_is_answered_or_refused(ledger):
    """Bytes of a good request are taken out, doubled or changed; a 200 has its receipt, and everything else has none."""
    good, _ = filled(shapes.sent(json.dumps(terminal()).encode()), ledger.path, "damage")

    @PROPERTY
    @given(
        st.lists(st.tuples(st.integers(0, len(good)), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=4)
    )
    def holds(damages):
        raw = good
        for at, gone, put in damages:
            raw = raw[:at] + put + raw[at + gone :]
        last = ledger.last()
        statuses, said = ledger.say(raw, 0, half=True)
        assert {status for status in statuses if status != 200} <= {400, 401, 403, 404, 405, 408, 414, 417, 431}, said
        found = ledger.arrived(last, said.count(ANSWER))
        assert len(found) == said.count(ANSWER), said
        ledger.kept += len(found)

    holds()
    ledger.still_works()
