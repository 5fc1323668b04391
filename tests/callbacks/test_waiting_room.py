"""What many send at the same time has a bound in memory, and nobody shuts the others out."""

import io
import socket
from contextlib import ExitStack, closing

import pytest
import requests

from callbacks.http import body as reading
from callbacks.http import line
from lib.waiting_room import Seat, WaitingRoom
from service.supervisor.hooks import Brief
from tests.server import serving


def test_a_room_holds_so_much_and_what_is_given_back_is_free_again():
    room = WaitingRoom(100)
    with closing(Seat(room)) as one, closing(Seat(room)) as other:
        assert one.take(60) and not other.take(41) and other.take(40)
        assert not one.take(1)
        other.close()
        assert one.take(40) and one.size == 100
    assert Seat(room).take(100)


def body(size: int, room: WaitingRoom | None) -> reading.Body:
    return reading.Body({"CONTENT_LENGTH": str(size), "wsgi.input": io.BytesIO(b"x" * size)}, room)


def test_of_strangers_bodies_as_much_is_kept_as_has_room():
    room = WaitingRoom(200_000)
    first, second = body(150_000, room), body(150_000, room)
    assert len(first.bytes) == 150_000
    assert len(second.bytes) < 50_000  # the beginning, in pieces that had room
    assert (second.size, second.whole) == (150_000, True)
    assert len(body(150_000, None).bytes) == 150_000  # who has a right to post is not bounded so
    first.close()
    second.close()
    assert len(body(150_000, room).bytes) == 150_000


@pytest.fixture
def lines(monkeypatch):
    """Opens lines, and closes them at the end: (our side, theirs)."""
    monkeypatch.setattr(line, "HEADS", WaitingRoom(10_000))
    with ExitStack() as opened:

        def open_line() -> tuple[line.Line, socket.socket]:
            ours, theirs = (opened.enter_context(one) for one in socket.socketpair())
            return opened.enter_context(closing(line.Line(ours, 15))), theirs

        yield open_line


def read(one: line.Line, theirs: socket.socket, said: bytes) -> None:
    theirs.sendall(said)
    left = len(said)
    while left:
        left -= len(one.chunk())


def test_large_heads_share_a_room_and_small_ones_need_none(lines):
    (large, sends), (late, sends_late), (small, sends_small) = lines(), lines(), lines()
    for one in (large, late, small):
        one.expect()
    read(large, sends, b"x" * (line.SMALL_HEAD + 9_000))
    with pytest.raises(TimeoutError):
        read(late, sends_late, b"x" * (line.SMALL_HEAD + 2_000))
    read(small, sends_small, b"x" * line.SMALL_HEAD)
    large.expect()  # its request is answered
    later, sends_later = lines()
    later.expect()
    read(later, sends_later, b"x" * (line.SMALL_HEAD + 9_000))


def test_of_chunks_no_more_is_remembered_than_has_room_and_they_are_read_all_the_same(lines):
    one, theirs = lines()
    one.expect()
    read(one, theirs, b"x" * 100)
    one.begin_body(chunked=True)
    read(one, theirs, b"y" * 50_000)
    assert one.framed is None
    one.expect()
    one.begin_body(chunked=True)
    read(one, theirs, b"y" * 5_000)
    assert one.framed == b"y" * 5_000


def test_one_address_has_half_of_the_lines(tmp_path):
    """Somebody who opens as many as there are shuts nobody else out."""
    few = "--worker-connections 60"
    with serving(tmp_path, WRAPUP_WORKERS="1", WRAPUP_TRUSTED_PROXIES="none", GUNICORN_CMD_ARGS=few) as served:
        port = int(served.url.rpartition(":")[2])
        with ExitStack() as opened:
            crowd = [opened.enter_context(socket.create_connection(("127.0.0.1", port), 20)) for _ in range(100)]
            for one in crowd[40:]:
                assert one.recv(1) == b""
            with opened.enter_context(socket.create_connection(("127.0.0.1", port), 20, ("127.0.0.2", 0))) as other:
                path = served.callback("terminal").partition(str(port))[2]
                other.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
                assert other.recv(20).startswith(b"HTTP/1.1 200")
        assert requests.get(served.url + "/healthz", timeout=20).status_code == 200


def test_requests_that_are_none_write_few_and_short_lines(tmp_path):
    with serving(tmp_path, WRAPUP_WORKERS="1") as served:
        port = int(served.url.rpartition(":")[2])
        before = len((served.folder / "err").read_text())
        for _ in range(300):
            with socket.create_connection(("127.0.0.1", port), 20) as one:
                one.sendall(b"GET /" + b"x" * 7_000 + b" \1y HTTP/1.1\r\n\r\n")
                assert one.recv(20).startswith(b"HTTP/1.1 400")
        said = (served.folder / "err").read_text()[before:].splitlines()
    about = [one for one in said if "Invalid request from" in one]
    assert 100 <= len(about) < 200
    assert max(map(len, about)) < Brief.LONGEST + 100
