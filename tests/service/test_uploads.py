"""Bodies that a receiver holds for the reader: whole, bounded together and for each address, and gone afterwards."""

import io
import os
import socket
import time
from pathlib import Path

import gevent
import pytest
from gevent.socket import socket as LoopSocket
from gunicorn.http.errors import InvalidChunkSize

import callbacks.http.line
import service.passage.uploads
from callbacks.http.line import Line
from service.passage.refusals import TurnedAway, tally
from service.passage.uploads import LARGEST_BYTES, MEMORY_BYTES, SMALL_BYTES, Uploads

MIB = 1024 * 1024
ADDRESS, OTHER = "203.0.113.9", "203.0.113.10"


@pytest.fixture
def line():
    ours, theirs = socket.socketpair()
    yield Line(LoopSocket(fileno=ours.detach()), 15)
    theirs.close()


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path, 16 * MIB, tally(tmp_path))


def anybody() -> None:
    """Everybody may send everything."""


def sent(line, body, announced: int | None = None) -> dict:
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    return {
        "CONTENT_LENGTH": str(len(body) if announced is None else announced),
        "wsgi.input": stream,
        "wrapup.line": line,
    }


def refusal(uploads, environ, address=ADDRESS) -> str:
    with pytest.raises(TurnedAway) as refused:
        uploads.take(environ, address, anybody)
    return refused.value.error_id


def files() -> int:
    """Of this process, those that have no name."""
    found = [Path(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    return sum(1 for one in found if os.path.lexists(one) and "(deleted)" in os.readlink(one))


@pytest.mark.parametrize("size", [0, 1, SMALL_BYTES, SMALL_BYTES + 1, 3 * MIB])
def test_a_body_is_taken_whole_and_leaves_nothing(uploads, line, tmp_path, size):
    body, before = os.urandom(size), files()
    upload = uploads.take(sent(line, body), ADDRESS, anybody)
    assert (upload.size, b"".join(upload.pieces())) == (size, body)
    assert files() - before == (size > SMALL_BYTES)
    assert list(tmp_path.iterdir()) == []  # the file has no name, so that nothing is left of a process that dies
    upload.close()
    upload.close()
    assert (files(), uploads._all, uploads._in_memory, dict(uploads._bytes)) == (before, 0, 0, {})
    assert not line.ends


def test_without_a_body_there_is_none(uploads, line):
    assert uploads.take({"wrapup.line": line, "wsgi.input": io.BytesIO()}, ADDRESS, anybody) is None


class Broken(io.RawIOBase):
    def __init__(self, pieces, error):
        self._pieces, self._error = iter(pieces), error

    def read(self, size=-1):
        for piece in self._pieces:
            return piece
        raise self._error


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        (lambda line: sent(line, b"half", 8), "cut_off"),
        (lambda line: sent(line, b"", 8), "cut_off"),
        (lambda line: sent(line, Broken([b"half"], TimeoutError()), 8), "cut_off"),
        (lambda line: sent(line, Broken([], ConnectionResetError()), 8), "cut_off"),
        (lambda line: sent(line, Broken([b"x" * 100_000] * 9, InvalidChunkSize(b"zz")), 10**6), "cut_off"),
        (lambda line: sent(line, b"", LARGEST_BYTES + 1), "too_large"),
        (lambda line: sent(line, b"", int("9" * 400)), "too_large"),
    ],
)
def test_what_is_short_broken_or_too_large_is_refused_and_ends_the_line(uploads, line, environ, reason, tmp_path):
    assert refusal(uploads, environ(line)) == reason
    assert line.ends
    assert tally(tmp_path).counts()[reason] == 1
    assert (uploads._all, uploads._in_memory, dict(uploads._bytes)) == (0, 0, {})


def test_a_body_in_chunks_is_too_large_when_it_has_come_so_far(line, tmp_path):
    uploads = Uploads(tmp_path, 1024 * MIB, tally(tmp_path))
    endless = Broken([bytes(MIB)] * 100, AssertionError("it went on"))
    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": endless, "wrapup.line": line}
    assert refusal(uploads, environ) == "too_large"
    assert uploads._all == 0


def test_one_address_has_half_of_the_room_and_all_together_the_whole(uploads, line):
    mine = [uploads.take(sent(line, bytes(4 * MIB)), ADDRESS, anybody) for _ in range(2)]
    assert refusal(uploads, sent(line, b"x")) == "busy"
    # Whoever has a network of addresses is one.
    theirs = [uploads.take(sent(line, bytes(4 * MIB)), f"2001:db8::{number}", anybody) for number in range(2)]
    assert refusal(uploads, sent(line, b"x"), "2001:db8::77") == "busy"
    assert refusal(uploads, sent(line, b"x"), OTHER) == "busy"
    mine.pop().close()
    uploads.take(sent(line, b"x"), OTHER, anybody).close()
    for upload in mine + theirs:
        upload.close()
    assert (uploads._all, dict(uploads._bytes)) == (0, {})


def test_many_small_bodies_go_to_the_disk_when_memory_has_enough(line, tmp_path):
    uploads, before = Uploads(tmp_path, 1024 * MIB, tally(tmp_path)), files()
    held = [
        uploads.take(sent(line, bytes(SMALL_BYTES)), ADDRESS, anybody) for _ in range(MEMORY_BYTES // SMALL_BYTES + 5)
    ]
    assert uploads._in_memory == MEMORY_BYTES
    assert files() - before == 5
    for upload in held:
        upload.close()
    assert uploads._in_memory == 0


def test_a_disk_that_has_no_room_but_for_callbacks_takes_nothing(uploads, line, monkeypatch):
    monkeypatch.setattr(service.passage.uploads, "FREE_BYTES", 2**62)
    assert refusal(uploads, sent(line, bytes(MIB))) == "busy"
    uploads.take(sent(line, b"small"), ADDRESS, anybody).close()


def test_a_folder_that_is_gone_takes_nothing(line, tmp_path):
    assert refusal(Uploads(tmp_path / "gone", 16 * MIB, tally(tmp_path)), sent(line, bytes(MIB))) == "busy"


def test_a_sender_has_so_long_for_each_part_however_long_it_is(uploads, line, monkeypatch):
    """By the line's own clock: what is too slow in all, and what is fast but long."""
    monkeypatch.setattr(callbacks.http.line, "LONGEST_SECONDS", 0.3)
    monkeypatch.setattr(service.passage.uploads, "PART", 100)

    class Paced(io.RawIOBase):
        def __init__(self, pieces, pause):
            self._pieces, self._pause = iter(pieces), pause

        def read(self, size=-1):
            gevent.sleep(self._pause)
            if time.monotonic() > line.deadline:  # as ``Line.chunk`` does
                raise TimeoutError
            return next(self._pieces, b"")

    uploads.take(sent(line, Paced([b"x" * 50] * 20, 0.05), 1000), ADDRESS, anybody).close()  # a second in all
    assert refusal(uploads, sent(line, Paced([b"x"] * 50, 0.05), 50)) == "cut_off"


def test_refusals_do_not_fill_the_log(uploads, line, monkeypatch):
    lines = []
    monkeypatch.setattr(service.passage.uploads.log, "warning", lambda event, **more: lines.append(more))
    for _ in range(50):
        refusal(uploads, sent(line, b"half", 8))
    assert [one["unlogged"] for one in lines] == [0] * 10
    uploads._logged.give_back("")
    refusal(uploads, sent(line, b"half", 8))
    assert lines[-1] == {"reason": "cut_off", "address": ADDRESS, "unlogged": 40}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "asked"), [(1, 0), (SMALL_BYTES, 0), (SMALL_BYTES + 1, 1), (3 * MIB, 1)])
def test_somebody_is_asked_once_before_more_than_a_small_body_is_taken(uploads, line, chunked, size, asked):
    calls = []
    environ = sent(line, bytes(size))
    if chunked:
        del environ["CONTENT_LENGTH"]
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    uploads.take(environ, ADDRESS, lambda: calls.append(uploads._all)).close()
    assert len(calls) == asked
    assert all(held <= SMALL_BYTES for held in calls)


def test_who_may_not_send_it_has_sent_it_in_vain(uploads, line):
    def nobody() -> None:
        raise TurnedAway("401 Unauthorized", "key_required", "No.")

    with pytest.raises(TurnedAway) as refused:
        uploads.take(sent(line, bytes(MIB)), ADDRESS, nobody)
    assert refused.value.error_id == "key_required"
    assert line.ends and uploads._all == 0
